"""Labelled line pictures from wherever they lie: packs, LMDBs of other tools, label files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..datasets.dataset import find_labels, open_labels
from ..datasets.images import BadImage, Image, decode, read_image
from ..datasets.records import Refusal
from ..errors import UserError
from ..prep.store import Pack, image_key


@dataclass(frozen=True)
class Line:
    """A labelled line picture; origin says where it lies, source where it was cut from, as far as its pack knows."""

    origin: str
    image: Image
    label: str
    source: str = ""


def open_lines(path: Path) -> Iterator[Line | Refusal]:
    """The lines of a pack (or any LMDBs), or of a label file `path<TAB>label`. Bad pictures are refusals."""
    if path.is_dir() and any(path.rglob("data.mdb")):
        return _pack_lines(Pack(path))
    return _label_lines(path)


def _pack_lines(pack: Pack) -> Iterator[Line | Refusal]:
    for index, sample in enumerate(pack):
        folder, number = pack.locate(index)
        origin = f"{folder}: {image_key(number).decode()}"
        try:
            yield Line(origin, decode(sample.image), sample.label, sample.origin)
        except BadImage as error:
            yield Refusal(error.reason, origin, error.detail, sample.label)


def _label_lines(path: Path) -> Iterator[Line | Refusal]:
    for photo in open_labels(*find_labels(path)):
        if isinstance(photo, Refusal):
            yield photo
            continue
        for region in photo.regions:
            if region.polygon is not None:
                raise UserError(
                    f"{path} labels regions of photos, and lines are read here: `ocrdata crop` cuts them out"
                )
            if region.ignore:
                yield Refusal(f"ignored_{region.ignore}", photo.name, text=region.text)
                continue
            try:
                yield Line(str(photo.path), read_image(photo.path), region.text)
            except BadImage as error:
                yield Refusal(error.reason, str(photo.path), error.detail, region.text)
