"""A contact sheet of scenes with the polygons of their lines and characters drawn in."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from ...errors import UserError
from ..rng import Floats
from .recipe import DetRecipe
from .synth import Scene, prepare_scenes

CELL = 480  # px; the longer side of a scene on the sheet
ACROSS = 4
GAP = 8
LINE, CHARACTER, IGNORED, START = (0, 160, 0), (220, 120, 0), (120, 120, 120), (0, 0, 230)


def preview(recipe: DetRecipe, n: int = 12) -> Image:
    """(H, W, 3) BGR: the first `n` scenes of the recipe, four in a row.

    Lines in green with a red dot at the first corner, characters in blue, lines that are not to be learnt from in grey.
    Raises UserError as `synth_scenes` does.
    """
    if n < 1:
        raise UserError(f"the number of scenes to show must be 1 or more (is {n})")
    engine = prepare_scenes(recipe).engine
    cells = [cell(scene) for scene, _ in engine.pictures(np.arange(n, dtype=np.int64))]
    rows = [cells[i : i + ACROSS] for i in range(0, n, ACROSS)]
    width = GAP + max(sum(c.shape[1] + GAP for c in row) for row in rows)
    sheet = np.full((GAP + sum(max(c.shape[0] for c in row) + GAP for row in rows), width, 3), 255, np.uint8)
    y = GAP
    for row in rows:
        x = GAP
        for picture in row:
            sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
            x += picture.shape[1] + GAP
        y += max(c.shape[0] for c in row) + GAP
    return sheet


def cell(scene: Scene, side: int = CELL) -> Image:
    """A scene with its polygons, its longer side `side` px."""
    scale = side / max(scene.image.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(scene.image, None, fx=scale, fy=scale, interpolation=way)
    for entry in scene.known + scene.entries:
        if not entry.ignored:
            shapes = [_whole(quad, scale) for quad in entry.quads]
            cv2.polylines(picture, shapes, True, CHARACTER, 1, cv2.LINE_AA)
        outline = _whole(entry.polygon, scale)
        cv2.polylines(picture, [outline], True, IGNORED if entry.ignored else LINE, 1, cv2.LINE_AA)
        cv2.circle(picture, tuple(outline[0].tolist()), 2, START, -1)
    return np.asarray(picture, np.uint8)


def _whole(polygon: Floats, scale: float) -> NDArray[np.int32]:
    return np.rint(polygon * scale).astype(np.int32)
