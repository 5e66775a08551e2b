"""XML ground truth: SVT (one file for all photos) and CTW1500 (one for each; its test set has lines)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ...errors import UserError
from ..places import PhotosByPath
from ..records import Photo, Refusal, Region
from .folder import FolderReader
from .labels import Labels, open_label
from .lines import NUMBER, box, ctw1500_lines
from .regions import ignore_reason, region

Element = ElementTree.Element


def svt(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos in the file's order. Texts are upper case, whatever the photo shows.

    Raises UserError for what is no such XML.
    """
    path = labels.path
    photos = PhotosByPath(labels.images or (path.parent,))
    number = 0
    for number, image in enumerate(_root(path).iter("image"), 1):
        name = (image.findtext("imageName") or "").strip()
        where = f"image {number}"
        if not name:
            yield labels.malformed(path, where, "'imageName' is missing")
            continue
        regions = [_rectangle(labels, where, e) for e in image.iter("taggedRectangle")]
        yield from labels.photo(photos.find(name), name, regions)
    if not number:
        raise UserError(f"{path}: no 'image' in it, so it holds no labels of SVT")


def _rectangle(labels: Labels, where: str, element: Element) -> Region | Refusal:
    values = [element.get(key, "") for key in ("x", "y", "width", "height")]
    if not all(map(NUMBER.fullmatch, values)):
        return labels.malformed(labels.path, where, f"x, y, width, height must be numbers, not {values}")
    x, y, width, height = map(float, values)
    text = element.findtext("tag") or ""
    return region(box(x, y, x + width, y + height), text, ignore_reason(text), where)


def _ctw1500_file(labels: Labels, file: Path) -> Iterator[Region | Refusal]:
    if file.suffix.lower() == ".txt":
        yield from ctw1500_lines(labels, file)
        return
    for number, element in enumerate(_root(file).iter("box"), 1):
        where = f"{file.name} box {number}"
        text = element.findtext("label") or ""
        values = (element.findtext("segs") or "").strip().split(",")
        if len(values) < 6 or len(values) % 2 or not all(map(NUMBER.fullmatch, values)):
            yield labels.malformed(file, f"box {number}", f"'segs' must be pairs of numbers, not {values[:4]}…")
            continue
        numbers = [float(v) for v in values]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        yield region(points, text, ignore_reason(text), where)


ctw1500 = FolderReader(
    _ctw1500_file, "CTW1500 labels are a folder of NUMBER.xml or NUMBER.txt files", (".xml", ".txt"), prefix=""
)


def _root(path: Path) -> Element:
    """The root of a file without entities of its own: they can make a small file huge. Raises UserError."""
    with open_label(path) as file:
        data = file.read()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise UserError(f"{path}: it declares a document type or entities, which label files do not need: refused")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise UserError(f"{path}: not valid XML: {error}") from error
