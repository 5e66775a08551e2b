"""Text that photos show already: it is left alone, and stays in the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.dataset import find_labels, open_labels
from ...datasets.records import Photo
from ...errors import UserError
from ..rng import Floats
from .labels import Entry, clip, outside
from .recipe import DetRecipe


@dataclass(frozen=True, slots=True)
class Known:
    """A text on a photo: (k, 2) px of the photo; ignored: it must not be learnt from."""

    polygon: Floats
    text: str
    ignored: bool


def read_known(labels: Path, photos: Sequence[Path]) -> dict[Path, list[Known]]:
    """The texts on those of the photos that the labels list. Raises UserError where they list none of them."""
    wanted = {photo.resolve(): photo for photo in photos}
    found: dict[Path, list[Known]] = {}
    for item in open_labels(*find_labels(labels, images=tuple({photo.parent: None for photo in photos}))):
        photo = wanted.get(item.path.resolve()) if isinstance(item, Photo) and isinstance(item.path, Path) else None
        if photo is not None and isinstance(item, Photo):
            found[photo] = [
                Known(r.polygon.astype(np.float64), r.text, r.ignore is not None)
                for r in item.regions
                if r.polygon is not None
            ]
    if not found:
        raise UserError(f"backgrounds.photos.labels: {labels} lists none of the {len(photos)} photos of the folder")
    return found


def shown(recipe: DetRecipe, known: Sequence[Known], place: Floats, width: int, height: int) -> list[Entry]:
    """The texts in a piece of the photo; place: (3, 3) map of the photo's px to the scene's, of one scale."""
    entries = []
    for one in known:
        polygon = one.polygon * place[[0, 1], [0, 1]] + place[:2, 2]
        part = clip(polygon, width, height)
        if not len(part):
            continue
        low = _thickness(polygon) < recipe.least_height(one.text)
        ignored = one.ignored or low or bool(outside(polygon[None], width, height)[0] > recipe.scene.max_cut)
        entries.append(Entry(one.text, part if ignored else polygon, ignored, [], np.zeros((0, 4, 2))))
    return entries


def _thickness(polygon: Floats) -> float:
    """Px, roughly: the area over half of the way around, less what the ends add."""
    x, y = polygon[:, 0], polygon[:, 1]
    area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    around = float(np.linalg.norm(polygon - np.roll(polygon, -1, axis=0), axis=1).sum())
    # Of a rectangle with sides a <= b: a is the smaller root of a * a - a * around / 2 + area.
    half = around / 4
    return half - float(np.sqrt(max(half * half - area, 0)))
