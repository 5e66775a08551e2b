"""Explains an LMDB of somebody else: what trainers would make of it, and what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import lmdb

from ..datasets.images import BadImage, decode
from ..errors import UserError
from .layout import Layout, json_label, layout_of, transaction
from .store import lmdb_folders, open_lmdb

REPACK = "repack it with `ocrdata pack`"
USUAL_IMAGES, USUAL_LABELS = "image-%09d", "label-%09d"
HUGE_MAP = 1 << 34
SLACK = 10
# In this order: the first that decodes every label wins; the last decodes nearly anything.
ENCODINGS = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252")
NAMED = 10
ENCODED_KEPT = 1000
PROGRESS_EVERY = 256

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is unusual. error: samples are lost or labels false; warning: a surprise, nothing more."""

    place: str
    severity: Severity
    sentence: str
    suggestion: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}; {self.suggestion}"


def diagnose(path: Path, progress: Callable[[int], None] = lambda samples: None) -> list[Finding]:
    """What is wrong with the LMDBs at or below `path`, all of them read; nothing for a sound one.

    Raises UserError where there is none.
    """
    if not path.exists():
        raise UserError(f"{path}: no such folder")
    folders = lmdb_folders(path)
    if not folders:
        raise UserError(f"{path}: no LMDB (a file data.mdb) in this folder or below")
    findings = []
    for folder in folders:
        place = folder.relative_to(path).as_posix() if folder != path else folder.name
        try:
            findings += list(_findings(place, folder, progress))
        except UserError as error:
            findings.append(Finding(place, "error", str(error).removeprefix(f"{folder}: "), "fetch or copy it again"))
    return findings


def _findings(place: str, folder: Path, progress: Callable[[int], None]) -> Iterator[Finding]:
    layout = layout_of(folder)
    yield from _of_size(place, folder)
    yield from _of_names(place, layout)
    yield from _of_count(place, layout)
    if not layout.is_counted:
        yield Finding(place, "error", "the numbers in its keys are not a running count", "write label lines from it")
        return
    seen = _Seen()
    with transaction(folder) as reading:
        for at, number in enumerate(layout.numbers, 1):
            seen.add(layout, number, reading)
            if at % PROGRESS_EVERY == 0 or at == len(layout.numbers):
                progress((at - 1) % PROGRESS_EVERY + 1)
    yield from seen.findings(place, layout)


def _of_size(place: str, folder: Path) -> Iterator[Finding]:
    environment = open_lmdb(folder)
    used = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    environment.close()
    size = (folder / "data.mdb").stat().st_size
    if size > SLACK * used and size > 1 << 24:
        yield Finding(place, "warning", f"data.mdb takes {_si(size)} for {_si(used)} of content", REPACK)
    elif (mapped := _written_map(folder)) >= HUGE_MAP and mapped > SLACK * used:
        sentence = f"it was written with a map of {_si(mapped)} for {_si(used)} of content"
        yield Finding(place, "warning", sentence, f"some systems reserve all of that: {REPACK}")


def _written_map(folder: Path) -> int:
    """The map size that the writer chose, bytes: a map of 0 asks LMDB to take what the file says."""
    try:
        with lmdb.open(str(folder), map_size=0, readonly=True, lock=False, create=False) as environment:
            return int(environment.info()["map_size"])
    except lmdb.Error:  # more than this system's address space
        return 1 << 62


def _si(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _of_names(place: str, layout: Layout) -> Iterator[Finding]:
    images, labels = layout.images, layout.labels
    if images is None and labels is None:
        yield Finding(place, "error", "no key holds a number, so there are no samples", "it is no recognition data")
    elif images is None:
        yield Finding(
            place,
            "error",
            "it holds labels but no pictures",
            "write `path<TAB>label` lines for the pictures, pack those",
        )
    elif labels is None:
        yield Finding(place, "error", "it holds pictures but no labels", "find the label file that belongs to it")
    for family, usual in ((images, USUAL_IMAGES), (labels, USUAL_LABELS)):
        if family and family.shown != usual:
            sentence = f"its keys are named {family.shown}, trainers read {usual}"
            yield Finding(place, "error", sentence, REPACK)
        if family and family.first == 0:
            sentence = f"{family.shown} counts from 0: trainers count from 1, so sample 0 is never read"
            yield Finding(place, "error", f"{sentence} by PaddleOCR and others", REPACK)
    if layout.others:
        shown = ", ".join(k.decode(errors="replace") for k in layout.others[:NAMED])
        yield Finding(place, "warning", f"there are keys that no trainer reads: {shown}", f"they are dropped: {REPACK}")


def _of_count(place: str, layout: Layout) -> Iterator[Finding]:
    family = layout.images or layout.labels
    if family is None:
        return
    if layout.declared is None:
        yield Finding(place, "error", "the count num-samples is missing: trainers stop with an error", REPACK)
    elif not layout.declared.strip().isdigit():
        yield Finding(place, "error", f"the count num-samples is {layout.declared[:40]!r}, not a number", REPACK)
    elif int(layout.declared) != family.count:
        what = "pictures" if layout.images else "labels"
        sentence = f"num-samples says {int(layout.declared):,}, but there are {family.count:,} {what}"
        yield Finding(place, "error", sentence, REPACK)


@dataclass
class _Seen:
    """What reading every sample showed; lists hold the first few."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[str]] = field(default_factory=dict)
    not_utf8: list[bytes] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, key: bytes) -> None:
        self.counts[what] += 1
        keys = self.first.setdefault(what, [])
        if len(keys) < NAMED:
            keys.append(key.decode(errors="replace"))

    def add(self, layout: Layout, number: int, reading: Any) -> None:
        """Look at one sample."""
        if layout.images:
            key = layout.images.key(number)
            image = reading.get(key)
            if image is None:
                self.note("no_image", key)
            else:
                self._image(key, image)
        if layout.labels:
            key = layout.labels.key(number)
            label = reading.get(key)
            if label is None:
                self.note("no_label", key)
            else:
                self._label(key, label)

    def _image(self, key: bytes, image: bytes) -> None:
        try:
            decode(image)
        except BadImage as error:
            self.note("broken", key)
            self.reasons[error.reason] += 1

    def _label(self, key: bytes, label: bytes) -> None:
        if not label.strip():
            self.note("empty", key)
        elif label.endswith((b"\n", b"\r", b"\0")):
            self.note("line_end", key)
        elif label.startswith(b"\xef\xbb\xbf"):
            self.note("bom", key)
        if json_label(label) is not None:
            self.note("json", key)
        try:
            label.decode()
        except UnicodeDecodeError:
            self.note("not_utf8", key)
            if len(self.not_utf8) < ENCODED_KEPT:
                self.not_utf8.append(label)

    def findings(self, place: str, layout: Layout) -> Iterator[Finding]:
        """What all samples together show."""
        if self.counts["broken"]:
            reasons = ", ".join(f"{n} {r}" for r, n in self.reasons.most_common())
            sentence = f"{self._shown('broken', 'picture')} cannot be decoded ({reasons})"
            yield Finding(place, "error", sentence, f"they are refused and counted: {REPACK}")
        for what, noun, sentence in (
            ("no_image", "number", "have no picture"),
            ("no_label", "picture", "have no label"),
            ("empty", "label", "are empty"),
        ):
            if self.counts[what]:
                yield Finding(place, "error", f"{self._shown(what, noun)} {sentence}", f"refused and counted: {REPACK}")
        if self.counts["json"]:
            yield self._json(place, layout)
        if self.counts["not_utf8"]:
            yield self._encoding(place)
        for what, sentence in (
            ("line_end", "end in a line end or a zero byte"),
            ("bom", "begin with a byte order mark"),
        ):
            if self.counts[what]:
                sentence = f"{self._shown(what, 'label')} {sentence}, which a model would have to spell"
                yield Finding(place, "error", sentence, "write label lines without it and pack those")

    def _shown(self, what: str, noun: str) -> str:
        count, keys = self.counts[what], self.first[what]
        more = ", …" if count > len(keys) else ""
        return f"{count:,} {noun}{'s' if count > 1 else ''} ({', '.join(keys)}{more})"

    def _json(self, place: str, layout: Layout) -> Finding:
        if layout.text_key is None:
            sentence = f"{self._shown('json', 'label')} look like JSON objects, the others do not"
            return Finding(place, "warning", sentence, "they are kept as they are: check that they are texts")
        sentence = (
            f"the labels are JSON objects whose '{layout.text_key}' is the text: PaddleOCR would learn the braces"
        )
        mend = f"{REPACK}, which takes the text out" if layout.images else "take the texts out into label lines"
        return Finding(place, "error", sentence, mend)

    def _encoding(self, place: str) -> Finding:
        sentence = f"{self._shown('not_utf8', 'label')} are not UTF-8"
        for encoding in ENCODINGS:
            try:
                texts = [label.decode(encoding) for label in self.not_utf8]
            except UnicodeDecodeError:
                continue
            sentence += f"; as {encoding} the first reads {texts[0][:30]!r}"
            return Finding(
                place, "error", sentence, f"if that is right, repack it with `ocrdata pack --encoding {encoding}`"
            )
        return Finding(place, "error", sentence, f"they are refused and counted: {REPACK}")
