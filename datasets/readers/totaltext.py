"""Total-Text: a file for each photo, of records `x: [[…]], y: [[…]], ornt: [u'c'], transcriptions: [u'…']`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ..records import Refusal, Region
from .folder import FolderReader
from .labels import Labels, label_text
from .regions import ignore_reason, region

# A record may run over several lines; the next one begins with `x:` at a line's start.
START = re.compile(r"^x:", re.MULTILINE)
RECORD = re.compile(
    r"x:\s*\[\[([^\]]*)\]\],\s*y:\s*\[\[([^\]]*)\]\],\s*ornt:\s*\[[^\]]*\],\s*transcriptions:\s*(\[.*\])\s*", re.S
)
LONGEST = 10_000


def _parse(labels: Labels, file: Path) -> Iterator[Region | Refusal]:
    text = label_text(file)
    starts = [m.start() for m in START.finditer(text)]
    if not starts and text.strip():
        yield labels.malformed(file, 1, f"a record 'x: [[…]], y: [[…]], …' is expected, not {text[:60]!r}")
    for number, (begin, end) in enumerate(pairwise([*starts, len(text)]), 1):
        try:
            points, word = _record(text[begin:end])
        except ValueError as error:
            line = text.count("\n", 0, begin) + 1
            yield labels.malformed(file, line, str(error))
            continue
        yield region(points, word, ignore_reason(word, frozenset({"#", "###"})), f"{file.name} text {number}")


def _record(record: str) -> tuple[list[tuple[float, float]], str]:
    found = RECORD.fullmatch(record) if len(record) < LONGEST else None
    if not found:
        raise ValueError(f"x, y, ornt, transcriptions are expected in this order, not {record[:80]!r}")
    xs, ys = _numbers(found[1]), _numbers(found[2])
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} x and {len(ys)} y")
    try:
        words = ast.literal_eval(found[3])
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"the transcription is no list of texts: {found[3][:60]!r}") from error
    if not all(isinstance(w, str) for w in words):
        raise ValueError(f"the transcription is no list of texts: {found[3][:60]!r}")
    return list(zip(xs, ys, strict=True)), ",".join(words)


def _numbers(text: str) -> list[float]:
    parts = text.replace(",", " ").split()
    if not all(re.fullmatch(r"-?\d{1,9}", p, re.ASCII) for p in parts):
        raise ValueError(f"coordinates are whole numbers, not {text[:40]!r}")
    return [float(p) for p in parts]


totaltext = FolderReader(_parse, "Total-Text labels are a folder of poly_gt_imgN.txt files", prefix="poly_gt_")
