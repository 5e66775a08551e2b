"""Reading texts line by line: plain files, label files, detection labels. Every mistake names file and line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ..errors import UserError

Form = Literal["auto", "text", "labels", "detection"]
LONGEST_LINE = 4 << 20
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")
UNREADABLE = {"###", "*"}
"""What annotators write for a text that must not be learnt."""
ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "a gzip archive", b"PK": "a ZIP archive"}


@dataclass(frozen=True, slots=True)
class Text:
    """One text and where it stands. line: from 1; ignored: annotated as not to be learnt."""

    text: str
    source: str
    line: int
    ignored: bool = False


def read_texts(path: Path, form: Form = "auto") -> Iterator[Text]:
    """The texts of one file, in order, without holding the file in memory.

    form: "text" is one text a line, "labels" is `picture<TAB>label`, "detection" is PaddleOCR's
    `photo<TAB>[{"transcription": ..., "points": ...}]`; "auto" lets the first line decide for the whole file.
    Only line ends are taken off. Raises UserError naming file, line and byte.
    """
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        return
    if form == "auto":
        form = form_of(first[1])
    for number, line in chain([first], lines):
        if form == "text":
            yield Text(line, str(path), number)
        elif line:
            yield from _labelled(path, number, line, form)


def form_of(line: str) -> Form:
    """What kind of file begins with this line."""
    before, tab, after = line.partition("\t")
    if tab and after.startswith(("[{", "[]")):
        return "detection"
    if tab and (before.lower().endswith(PICTURES) or before.startswith('["')):
        return "labels"
    return "text"


def _labelled(path: Path, number: int, line: str, form: Form) -> Iterator[Text]:
    _, tab, after = line.partition("\t")
    if not tab:
        raise UserError(f"{path} line {number}: no tab between picture and label: {line[:60]!r}")
    if form == "labels":
        yield Text(after, str(path), number, after in UNREADABLE)
        return
    try:
        regions = json.loads(after)
        found = [(str(r["transcription"]), bool(r.get("difficult", False))) for r in regions]
    except json.JSONDecodeError as error:
        raise UserError(f"{path} line {number}: not valid JSON after the tab: {error.msg}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f'{path} line {number}: a list of {{"transcription", "points"}} is expected') from error
    for text, difficult in found:
        yield Text(text, str(path), number, difficult or text in UNREADABLE)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of a UTF-8 file (BOM allowed) with `\\n` or `\\r\\n`; nothing else ends a line."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    with file:
        yield from _decoded(path, file)


def _decoded(path: Path, file: BinaryIO) -> Iterator[tuple[int, str]]:
    number, offset = 0, 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            raise UserError(f"{path} line {number}: longer than {LONGEST_LINE >> 20} MiB: not one text a line")
        bom = 3 if number == 1 and raw.startswith(b"\xef\xbb\xbf") else 0
        line = raw[bom:].removesuffix(b"\n").removesuffix(b"\r")
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            kind = next((k for start, k in ENCODINGS.items() if number == 1 and raw.startswith(start)), "")
            hint = f"; this looks like {kind}" if kind else ""
            at = offset + bom + error.start
            raise UserError(
                f"{path} line {number}: not UTF-8 at byte {at} of the file (0x{line[error.start]:02x}){hint}; "
                "convert the file to UTF-8 first"
            ) from error
        offset += len(raw)


def counted(texts: Iterable[Text], progress: Callable[[int], None], every: int = 1000) -> Iterator[Text]:
    """The same texts; `progress` is called with the number of texts since the last call."""
    number = 0
    for number, text in enumerate(texts, 1):
        yield text
        if number % every == 0:
            progress(every)
    progress(number % every)


def places(texts: list[Text]) -> list[dict[str, Any]]:
    """Texts as JSON values, with where they stand."""
    return [{"text": t.text, "source": t.source, "line": t.line} for t in texts]
