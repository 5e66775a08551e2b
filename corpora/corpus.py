"""`ocrdata corpus`: texts in, one clean text a line out, every step declared and counted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from ..config import Config
from ..errors import UserError
from ..files import whole_file
from .charset import Charset
from .coverage import ranked
from .seen import Seen
from .texts import Text, counted, places

BATCH = 8192
EXAMPLES = 3
LINE_BREAKING = {"\u2028", "\u2029", "\ufeff"}
STEPS = {
    "normalized": "changed to Unicode NFC",
    "controls_removed": "control characters (category Cc), line separators or byte order marks taken out",
    "trimmed": "white space at the ends taken off",
    "ignored": "left out: annotated as not to be learnt (###, * or difficult)",
    "empty": "left out: nothing remains",
    "too_short": "left out: shorter than min_length",
    "too_long": "left out: longer than max_length",
    "outside_dictionary": "holds characters that are not in the dictionary",
    "duplicate": "left out: was there before",
}


class CorpusConfig(Config):
    """How texts are cleaned, in this order: nfc, control characters, trim, empty, lengths, dictionary, duplicates.

    outside: what becomes of a text with characters outside the dictionary: "report" counts it and keeps it, "drop"
    leaves it out. Lengths are in characters.
    """

    nfc: bool = False
    trim: bool = False
    min_length: int = Field(default=1, ge=1)
    max_length: int | None = Field(default=None, ge=1)
    outside: Literal["report", "drop"] = "report"
    unique: bool = False

    @model_validator(mode="after")
    def _lengths(self) -> CorpusConfig:
        if self.max_length is not None and self.max_length < self.min_length:
            raise ValueError(f"max_length {self.max_length} is below min_length {self.min_length}")
        return self


@dataclass
class CorpusReport:
    """What was read, changed, left out and written. steps: names of STEPS; examples: the first few texts of each."""

    read: int = 0
    written: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Text]] = field(default_factory=dict)
    characters: Counter[str] = field(default_factory=Counter)

    def note(self, step: str, text: Text) -> None:
        """Count that a step did something to a text."""
        self.steps[step] += 1
        kept = self.examples.setdefault(step, [])
        if len(kept) < EXAMPLES:
            kept.append(text)

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values."""
        return {
            "read": self.read,
            "written": self.written,
            "sources": dict(self.sources),
            "steps": {
                step: {"count": self.steps[step], "meaning": meaning, "examples": places(self.examples.get(step, []))}
                for step, meaning in STEPS.items()
                if self.steps[step]
            },
            "characters": dict(ranked(self.characters)),
        }


def clean(texts: Iterable[Text], config: CorpusConfig, charset: Charset | None, report: CorpusReport) -> Iterator[Text]:
    """The texts that remain, in order; what happened is added to `report`. Memory does not grow with their number,
    but for 8 bytes a text where `config.unique` is set."""
    seen = Seen()
    stream = iter(texts)
    while batch := list(islice(stream, BATCH)):
        report.read += len(batch)
        for text in batch:
            report.sources[text.source] += 1
        kept = [t for t in (_clean_one(text, config, charset, report) for text in batch) if t is not None]
        if config.unique:
            first = seen.first_times([t.text for t in kept])
            for text, new in zip(kept, first, strict=True):
                if new:
                    yield text
                else:
                    report.note("duplicate", text)
        else:
            yield from kept


def _clean_one(text: Text, config: CorpusConfig, charset: Charset | None, report: CorpusReport) -> Text | None:
    if text.ignored:
        report.note("ignored", text)
        return None
    value = text.text
    if config.nfc and not unicodedata.is_normalized("NFC", value):
        value = unicodedata.normalize("NFC", value)
        report.note("normalized", text)
    if not value.isprintable() and (without := _without_controls(value)) != value:
        value = without
        report.note("controls_removed", text)
    if config.trim and value.strip() != value:
        value = value.strip()
        report.note("trimmed", text)
    reason = _reason(value, config)
    outside = not reason and charset is not None and bool(charset.unknown(value))
    if outside:
        reason = "outside_dictionary"
    if reason:
        report.note(reason, text)
    if reason and (not outside or config.outside == "drop"):
        return None
    return text if value == text.text else Text(value, text.source, text.line)


def _reason(value: str, config: CorpusConfig) -> str:
    if not value:
        return "empty"
    if len(value) < config.min_length:
        return "too_short"
    return "too_long" if config.max_length is not None and len(value) > config.max_length else ""


def _without_controls(value: str) -> str:
    return "".join(c for c in value if c not in LINE_BREAKING and unicodedata.category(c) != "Cc")


def write_corpus(
    texts: Iterable[Text],
    out: Path,
    config: CorpusConfig | None = None,
    charset: Charset | None = None,
    progress: Callable[[int], None] = lambda texts: None,
) -> CorpusReport:
    """Clean `texts` and write them to `out`, UTF-8, one a line; an existing file is replaced at the very end.

    progress: called with the number of texts read since the last call. Raises UserError where nothing remains.
    """
    report = CorpusReport()
    if out.is_dir():
        raise UserError(f"{out} is a folder: the name of a file is expected")
    with whole_file(out) as file:
        for text in clean(counted(texts, progress), config or CorpusConfig(), charset, report):
            file.write(text.text + "\n")
            report.written += 1
            report.characters.update(text.text)
        if not report.written:
            why = ", ".join(f"{step} {n}" for step, n in report.steps.most_common()) or "the inputs are empty"
            raise UserError(f"{out}: no text remains of {report.read} ({why})")
    return report
