"""ICDAR2015 detection: a folder of gt_img_N.txt, one `x1,y1,x2,y2,x3,y3,x4,y4,text` a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from ..records import Photo, Refusal, Region
from .labels import Labels, label_lines, natural_key, photos_by_stem, unlabelled
from .regions import ignore_reason, region

COORDINATES = 8
# float() would take '1_0', 'nan' and digits of other scripts.
NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?\s*", re.ASCII)


def read(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos in numeric order. An empty file is a photo without text; `###` is ignored.

    Raises UserError for a folder without label files, a malformed line (when strict) or a missing folder.
    """
    files = label_files(labels.path)
    folders = labels.images or (labels.path,)
    photos = {} if labels.keep_missing and not any(f.is_dir() for f in folders) else photos_by_stem(folders)
    for name, file in files.items():
        regions = [_line(labels, file, number, line) for number, line in label_lines(file)]
        yield from labels.photo(photos.get(name), name, regions)
    yield from unlabelled(photos, set(files))


def label_files(folder: Path) -> dict[str, Path]:
    """Label files by the name of their photo, in numeric order: `gt_img_1.txt`, or `img_1.txt` where none starts so."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; ICDAR2015 labels are a folder of gt_img_N.txt files")
    files = [p for p in folder.iterdir() if p.suffix.lower() == ".txt" and not p.name.startswith(".")]
    named = [p for p in files if p.name.startswith("gt_")]
    if not files:
        raise UserError(f"{folder}: holds no .txt file; ICDAR2015 labels are a folder of gt_img_N.txt files")
    stems = {p.stem.removeprefix("gt_"): p for p in named or files}
    return {stem: stems[stem] for stem in sorted(stems, key=natural_key)}


def _line(labels: Labels, file: Path, number: int, line: str) -> Region | Refusal:
    fields = line.split(",", COORDINATES)  # the text is everything after the eighth comma: '100,000' stays whole
    for field in fields[:COORDINATES]:
        if not NUMBER.fullmatch(field):
            return labels.malformed(
                file, number, f"8 coordinates, then the text are expected (x1,y1,…,x4,y4,text); {field!r} is no number"
            )
    if len(fields) <= COORDINATES:
        return labels.malformed(
            file,
            number,
            f"8 coordinates, then the text are expected (x1,y1,…,x4,y4,text); there are {len(fields)} fields",
        )
    numbers = [float(f) for f in fields[:COORDINATES]]
    text = fields[COORDINATES]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return region(points, text, ignore_reason(text), f"{file.name} line {number}")
