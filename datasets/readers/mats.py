"""Ground truth in MATLAB files: SynthText and IIIT5K."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import UserError
from ..places import PhotosByPath
from ..records import Photo, Refusal, Region
from .labels import Labels, open_label
from .matlab import MatFile
from .regions import ignore_reason, region


def synthtext(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos in the order of gt.mat, read a photo at a time: the whole would take gigabytes.

    Refused: `count_mismatch`, a photo whose words and boxes are not as many. Raises UserError for another file.
    """
    photos = PhotosByPath(labels.images or (labels.path.parent,))
    try:
        with open_label(labels.path) as file:
            mat = MatFile(file)
            columns = [mat.cells(name) for name in ("imnames", "wordBB", "txt")]
            for name, boxes, groups in zip(*columns, strict=True):
                yield from _scene(labels, photos, _text_of(name), boxes, groups)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{labels.path}: not SynthText's gt.mat: {error}") from error


def _scene(labels: Labels, photos: PhotosByPath, name: str, boxes: Any, groups: Any) -> Iterator[Photo | Refusal]:
    if not isinstance(boxes, np.ndarray) or boxes.shape[:2] != (2, 4) or boxes.ndim > 3:
        raise ValueError(f"{name}: boxes of 2x4xN numbers are expected")
    boxes = boxes.reshape(2, 4, -1)  # a single word's have no third dimension
    texts = [word for group in groups if isinstance(group, str) for word in group.split()]
    if len(texts) != boxes.shape[2]:
        yield Refusal("count_mismatch", name, f"{len(texts)} words and {boxes.shape[2]} boxes")
        return
    quads = boxes.transpose(2, 1, 0).tolist()
    regions = [
        region([(x, y) for x, y in quad], text, None, f"{name} word {i}")
        for i, (quad, text) in enumerate(zip(quads, texts, strict=True), 1)
    ]
    yield from labels.photo(photos.find(name), name, regions)


def iiit5k(labels: Labels) -> Iterator[Photo | Refusal]:
    """Words of traindata.mat, testdata.mat or one of the CharBound files, whole pictures."""
    photos = PhotosByPath(labels.images or (labels.path.parent,))
    try:
        with open_label(labels.path) as file:
            for record in MatFile(file).records(("ImgName", "GroundTruth", "chars")):
                name, text = _text_of(record["ImgName"]), _text_of(record.get("GroundTruth", record.get("chars")))
                yield from labels.photo(photos.find(name), name, [Region(None, text, ignore_reason(text))])
    except (ValueError, EOFError, OSError, KeyError) as error:
        raise UserError(f"{labels.path}: no .mat file of IIIT5K: {error}") from error


def _text_of(value: Any) -> str:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise ValueError(f"a text is expected, not {str(value)[:60]}")
    return value[0]
