"""Datasets whose file names are the labels: MJSynth and CCPD. They are large, so nothing is kept but hashes."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ..places import IMAGE_SUFFIXES, PhotosByPath, Place, natural_key, path_parts, pictures_inside
from ..records import Photo, Refusal, Region
from .labels import Labels, label_lines
from .lines import NUMBER
from .regions import region

MJSYNTH = re.compile(r"(?P<name>\S+) (?P<word>\d+)\s*", re.ASCII)
WORD = re.compile(r"\d+_(?P<text>.+)_\d+", re.ASCII)


def mjsynth(labels: Labels) -> Iterator[Photo | Refusal]:
    """Words of `annotation*.txt` (`./1/2/77_heretical_35885.jpg 35885`), whole pictures.

    Photos in an archive come as they lie there, else in the file's order. Memory: 9 bytes a line.
    """
    inside = [m for root in labels.images if (m := pictures_inside(root)) is not None]
    if not inside:
        photos = PhotosByPath(labels.images or (labels.path.parent,))
        for line in _listed(labels):
            yield from (line,) if isinstance(line, Refusal) else labels.photo(photos.find(line), line, [_word(line)])
        return
    wanted = _Wanted(labels)
    yield from wanted.malformed
    for members in inside:
        for member in members:
            name = wanted.take(member.name)
            if name is not None:
                yield from labels.photo(member, name, [_word(name)])
    yield from wanted.missing()


def named_as_word(name: str) -> re.Match[str] | None:
    """A picture's path, where it is named NUMBER_WORD_NUMBER.jpg."""
    return WORD.fullmatch(name.rpartition("/")[2].rpartition(".")[0])


def _word(name: str) -> Region | Refusal:
    found = named_as_word(name)
    if not found:
        return Refusal("malformed_name", name, "NUMBER_WORD_NUMBER.jpg is expected")
    return Region(None, found["text"])


def _listed(labels: Labels) -> Iterator[str | Refusal]:
    number = 0
    for number, line in label_lines(labels.path):
        found = MJSYNTH.fullmatch(line)
        if found:
            yield "/".join(path_parts(found["name"]))
        else:
            yield labels.malformed(
                labels.path, number, f"./PATH/NUMBER_WORD_NUMBER.jpg NUMBER is expected: {line[:60]!r}"
            )
    if not number:
        raise UserError(f"{labels.path}: the label file is empty")


class _Wanted:
    """The names in a list, as hashes, and which of them came."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.malformed: list[Refusal] = []
        hashes = array("q")
        for line in _listed(labels):
            if isinstance(line, Refusal):
                self.malformed.append(line)
            else:
                hashes.append(hash(line))
        self.keys: NDArray[np.int64] = np.unique(np.frombuffer(hashes, np.int64)) if hashes else np.empty(0, np.int64)
        self.came = np.zeros(len(self.keys), bool)
        self.skip = 0  # folders before the listed path

    def take(self, name: str) -> str | None:
        """The listed name of an archive's file, or None for one that is not listed."""
        parts = name.split("/")
        for skip in dict.fromkeys((self.skip, *range(len(parts)))):
            short = "/".join(parts[skip:])
            at = self._find(short)
            if at is not None:
                self.skip = skip
                self.came[at] = True
                return short
        return None

    def _find(self, name: str) -> int | None:
        key = np.int64(hash(name))
        at = int(np.searchsorted(self.keys, key))
        return at if at < len(self.keys) and self.keys[at] == key else None

    def missing(self) -> Iterator[Photo | Refusal]:
        """What is listed and did not come, in the list's order."""
        if self.came.all():
            return
        for line in _listed(self.labels):
            if isinstance(line, str) and (at := self._find(line)) is not None and not self.came[at]:
                self.came[at] = True
                yield from self.labels.photo(None, line, [_word(line)])


PROVINCES = "皖沪津渝冀晋蒙辽吉黑苏浙京闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新警学O"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZO"
CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789O"


def ccpd(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos of one licence plate each. labels.path: a list of names (`splits/train.txt`), or the photos' folder.

    A name holds seven fields: area, tilt, box, corners, plate, brightness, blur. Another name is a photo
    without a plate (`ccpd_np`).
    """
    if labels.path.is_file() and labels.path.suffix.lower() == ".txt":
        photos = PhotosByPath(labels.images or (labels.path.parent,))
        for _, line in label_lines(labels.path):
            yield from labels.photo(photos.find(line.strip()), line.strip(), _plate(labels, line.strip()))
        return
    for name, place in _all_photos(labels.images or (labels.path,)):
        yield from labels.photo(place, name, _plate(labels, name))


def _all_photos(roots: tuple[Path, ...]) -> Iterator[tuple[str, Place]]:
    for root in roots:
        inside = pictures_inside(root)
        if inside is not None:
            yield from ((m.name, m) for m in inside)
        elif root.is_dir():
            paths = (p for p in root.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
            names = sorted((p.relative_to(root).as_posix() for p in paths), key=natural_key)
            yield from ((n, root / n) for n in names)
        else:
            raise UserError(f"{root}: no such folder of photos, nor an archive")


def _plate(labels: Labels, name: str) -> list[Region | Refusal]:
    fields = PurePosixPath(name).stem.split("-")
    if len(fields) < 5:
        return []
    try:
        corners = [tuple(map(_number, c.split("&"))) for c in fields[3].split("_")]
        if len(corners) != 4 or any(len(c) != 2 for c in corners):
            raise ValueError(f"four corners x&y are expected, not {fields[3][:40]!r}")
        text = _plate_text([int(_number(i)) for i in fields[4].split("_")])
    except ValueError as error:
        return [Refusal("malformed_name", name, str(error))]
    # The corners begin at the lower right; the text begins at the upper left.
    points = [(c[0], c[1]) for c in (*corners[2:], *corners[:2])]
    return [region(points, text, None, name)]


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no number")
    return float(text)


def _plate_text(indices: list[int]) -> str:
    if not 7 <= len(indices) <= 8:
        raise ValueError(f"a plate has 7 or 8 characters, not {len(indices)}")
    alphabets = (PROVINCES, LETTERS, *[CHARACTERS] * 6)
    if any(not 0 <= i < len(a) - 1 for i, a in zip(indices, alphabets, strict=False)):  # the last means "none"
        raise ValueError(f"a character's number is out of range: {indices}")
    return "".join(a[i] for i, a in zip(indices, alphabets, strict=False))
