"""PaddleOCR label lines: `path<TAB>[{"transcription", "points"}, …]` for photos, `path<TAB>text` for line crops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import UserError
from ..places import PhotosByPath, Place, path_parts
from ..records import Photo, Refusal, Region
from .labels import Labels, label_lines
from .regions import annotation, ignore_reason, region

MARKS = frozenset({"###", "*"})
PLACEHOLDERS = frozenset({"待识别", "TEMPORARY"})  # what PPOCRLabel writes for a box that nobody transcribed
Parse = Callable[[str, str], list[Region | Refusal]]


def read_detection(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos in the file's order. Ignored: `###`, `*`, `difficult`, `not_transcribed`, `empty`."""
    return _read(labels, _regions)


def read_recognition(labels: Labels) -> Iterator[Photo | Refusal]:
    """Line crops in the file's order, each with one region that is the whole picture.

    The first field may be a JSON list of paths that share the text.
    """
    return _read(labels, _whole)


def _read(labels: Labels, parse: Parse) -> Iterator[Photo | Refusal]:
    path = labels.path
    roots = (*labels.images, path.parent)
    photos = PhotosByPath(roots)
    claimed: dict[Place, tuple[str, int]] = {}
    empty = True
    for number, line in label_lines(path):
        empty = False
        written, tab, value = line.partition("\t")
        if not tab:
            yield labels.malformed(path, number, f"PATH<TAB>LABEL is expected; there is no tab in {line[:60]!r}")
            continue
        try:
            names = _names(written)
            parsed = [(name, parse(value, f"{path.name} line {number}")) for name in names]
        except ValueError as error:
            yield labels.malformed(path, number, str(error))
            continue
        for name, regions in parsed:
            file = photos.find(name)
            key = file or Path(name)
            if key in claimed:
                yield _duplicate(path, number, name, file, claimed[key])
                continue
            claimed[key] = (name, number)
            yield from labels.photo(file, _short(name, file, roots), regions)
    if empty:
        raise UserError(f"{path}: the label file is empty")


def _duplicate(path: Path, number: int, name: str, file: Place | None, first: tuple[str, int]) -> Refusal:
    if name != first[0]:
        # Two photos of one name, and only one is there: at least one of the labels would be false.
        raise UserError(
            f"{path} lines {first[1]} and {number}: {first[0]!r} and {name!r} both lead to {file}; "
            "name the folder of photos that the paths start from"
        )
    return Refusal("duplicate_photo", f"{path.name} line {number}", f"{name!r} stands already on line {first[1]}")


def _names(written: str) -> list[str]:
    if not written.startswith("["):
        return [written]
    try:
        names = json.loads(written)
    except (RecursionError, ValueError):
        return [written]  # a file name may begin with a bracket
    if not names or not all(isinstance(n, str) for n in names):
        raise ValueError("the list before the tab must hold paths")
    return list(dict.fromkeys(names))


def _short(name: str, file: Place | None, roots: tuple[Path, ...]) -> str:
    """A name that is the same on every machine: the path below a root, else as written."""
    for root in roots:
        if isinstance(file, Path) and file.is_relative_to(root):
            return file.relative_to(root).as_posix()
    return "/".join(path_parts(name))


def _regions(value: str, origin: str) -> list[Region | Refusal]:
    try:
        objects = json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"the label is not valid JSON at its character {error.pos + 1}: {error.msg} ({value[:40]!r})"
        ) from None
    except RecursionError:
        raise ValueError(f"lists in lists in lists ({value[:40]!r})") from None
    if not isinstance(objects, list):
        raise ValueError('a list [{"transcription", "points"}, …] is expected after the tab')
    regions = []
    for index, item in enumerate(objects, 1):
        try:
            points, text = annotation(item)
        except ValueError as error:
            raise ValueError(f"text {index}: {error}") from None
        ignore = ignore_reason(text, MARKS) or ("not_transcribed" if text in PLACEHOLDERS else None)
        if ignore is None and item.get("difficult"):
            ignore = "difficult"
        regions.append(region(points, text, ignore, f"{origin} text {index}"))
    return regions


def _whole(value: str, origin: str) -> list[Region | Refusal]:
    if "\t" in value:
        raise ValueError(f"PATH<TAB>TEXT is expected; there is a second tab in {value[:60]!r}")
    return [Region(None, value, ignore_reason(value))]
