"""The real crops beside the repository, ../shared/data, that models trained on synthetic lines are scored on.

Half of the photos were looked at while recipes were made: those where the number's first three digits (of plates: the
place in the sorted list) are odd. The other half was scored only; nothing was trained on either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ocrdata.datasets.images import read_image
from ocrdata.train.lines import Line

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TURNED = Path(__file__).with_name("wire_tags_orientation.tsv")
NUMBER = re.compile(r"wire_(\d{1,3})")


@dataclass(frozen=True)
class Crop:
    """A line, how it stands (upright, upside-down, sideways), and whether its half was looked at."""

    line: Line
    stands: str
    seen: bool


def digits() -> Iterator[Crop]:
    """The 598 crops of cable labels that hold digits alone."""
    return (crop for crop in alnum() if crop.line.label.isascii() and crop.line.label.isdigit())


def alnum() -> Iterator[Crop]:
    """All 2,187 crops of cable labels."""
    folder = DATA / "wire_tags"
    rows = [row for row in TURNED.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    turned = dict(row.split("\t") for row in rows)
    for row in (folder / "rec_gt.txt").read_text(encoding="utf-8").splitlines():
        name, _, label = row.partition("\t")
        number = NUMBER.search(name)
        assert number, name
        line = Line(str(folder / name), read_image(folder / name), label)
        yield Crop(line, turned.get(name, "upright"), int(number[1]) % 2 == 1)


def plates() -> Iterator[Crop]:
    """500 licence plates; their labels leave out the dot."""
    for place, path in enumerate(sorted((DATA / "plates").glob("*.jpg"))):
        yield Crop(Line(str(path), read_image(path), path.stem), "upright", place % 2 == 1)
