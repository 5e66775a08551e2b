"""Label files of one text a line: coordinates, then what each dataset says of it, then the text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..records import Refusal, Region
from .folder import FolderReader, Parse
from .labels import Labels, label_lines
from .regions import Points, ignore_reason, region

# float() would take '1_0', 'nan' and digits of other scripts.
NUMBER = re.compile(r"\s*[-+]?\d{1,9}(\.\d*)?\s*", re.ASCII)
CORNERS = re.compile(r'\s*(-?\d{1,9})[,\s]+(-?\d{1,9})[,\s]+(-?\d{1,9})[,\s]+(-?\d{1,9})[,\s]+"(.*)"\s*', re.ASCII)
MASKED = re.compile(r"\*+")
SHAPE = {8: "x1,y1,…,x4,y4", 28: "x1,y1,…,x14,y14"}


class Text(NamedTuple):
    """What one line says. ignore: a reason beside what the text itself gives."""

    points: Points
    text: str
    ignore: str | None = None
    language: str | None = None


def by_lines(parse: Callable[[str], Text]) -> Parse:
    """A parser of files from one of lines, which raises ValueError for a malformed one."""

    def parse_file(labels: Labels, file: Path) -> Iterator[Region | Refusal]:
        """The regions of one file; lines that `parse` cannot read are refused by number."""
        for number, line in label_lines(file):
            try:
                points, text, ignore, language = parse(line)
            except ValueError as error:
                yield labels.malformed(file, number, str(error))
            else:
                origin = f"{file.name} line {number}"
                yield region(points, text, ignore_reason(text) or ignore, origin, language)

    return parse_file


def split(line: str, count: int, fields: str = "") -> tuple[Points, list[str]]:
    """`count` coordinates, then the named fields; the last is all the rest: '100,000' stays whole.

    Raises ValueError.
    """
    names = [*(fields.split(",") if fields else ()), "text"]
    what = f"{count} coordinates, then the text are expected ({SHAPE[count]},{','.join(names)})"
    parts = line.split(",", count + len(names) - 1)
    for part in parts[:count]:
        if not NUMBER.fullmatch(part):
            raise ValueError(f"{what}; {part[:40]!r} is no number")
    if len(parts) < count + len(names):
        raise ValueError(f"{what}; there are {len(parts)} fields")
    numbers = [float(p) for p in parts[:count]]
    return list(zip(numbers[::2], numbers[1::2], strict=True)), parts[count:]


def unquoted(text: str) -> str:
    """Without exactly one pair of outer quotes, whatever stands between."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Two corners as four, from the upper left."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _icdar2015(line: str) -> Text:
    points, (text,) = split(line, 8)
    return Text(points, text)


def _icdar2013(line: str) -> Text:
    found = CORNERS.fullmatch(line)
    if not found:
        raise ValueError(f'x1 y1 x2 y2 "text" is expected, with or without commas, not {line[:60]!r}')
    x0, y0, x1, y1 = (float(found[i]) for i in range(1, 5))
    return Text(box(x0, y0, x1, y1), found[5])


def _mlt(line: str) -> Text:
    points, (script, text) = split(line, 8, "script")
    return Text(points, text, None, script.strip())


def _rctw(line: str) -> Text:
    points, (difficult, text) = split(line, 8, "difficult")
    if difficult.strip() not in ("0", "1"):
        raise ValueError(f"'difficult' must be 0 or 1, not {difficult[:20]!r}")
    return Text(points, unquoted(text), "difficult" if difficult.strip() == "1" else None)


def _mtwi(line: str) -> Text:
    points, (text,) = split(line, 8)
    return Text(points, html.unescape(text))


def _sroie(line: str) -> Text:
    points, (text,) = split(line, 8)
    return Text(points, text, "masked" if MASKED.fullmatch(text.strip()) else None)


def _ctw1500(line: str) -> Text:
    points, (text,) = split(line, 28)
    if not text.startswith("####"):
        raise ValueError(f"four '#' are expected before the text, not {text[:20]!r}")
    return Text(points, text[4:])


def _folder_of(name: str, file: str) -> str:
    return f"{name} labels are a folder of {file} files"


icdar2015 = FolderReader(by_lines(_icdar2015), _folder_of("ICDAR2015", "gt_img_N.txt"))
icdar2013 = FolderReader(by_lines(_icdar2013), _folder_of("ICDAR2013", "gt_N.txt"))
mlt = FolderReader(by_lines(_mlt), _folder_of("MLT", "gt_img_N.txt or tr_img_N.txt"))
rctw = FolderReader(by_lines(_rctw), _folder_of("RCTW-17", "image_N.txt"))
mtwi = FolderReader(by_lines(_mtwi), _folder_of("MTWI", "NAME.jpg.txt"), prefix="")
sroie = FolderReader(by_lines(_sroie), _folder_of("SROIE", "XNUMBER.txt"), (".txt", ".csv"), prefix="")
ctw1500_lines = by_lines(_ctw1500)
