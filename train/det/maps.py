"""Label maps of differentiable binarisation: shrunk texts, their borders, and where nothing is to be learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from .numbers import DbTargets

Map = NDArray[np.float32]
Polygon = NDArray[np.float32]


@dataclass(frozen=True)
class DbMaps:
    """(H, W) float32 each.

    shrunk: 1 inside shrunk texts; care: 0 where texts are ignored; border: between low and high; near: 1 where the
    border map counts.
    """

    shrunk: Map
    care: Map
    border: Map
    near: Map


def db_maps(polygons: Sequence[Polygon], ignored: Sequence[bool], size: tuple[int, int], config: DbTargets) -> DbMaps:
    """The maps of a picture of `size` = (H, W). polygons: (N, 2) px, clockwise, on the picture or over its edge."""
    shrunk, near = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    care, border = np.ones(size, np.uint8), np.zeros(size, np.float32)
    shapes = shapely.make_valid([shapely.Polygon(p) for p in polygons])
    offsets = np.asarray(shapely.area(shapes)) * (1 - config.shrink**2) / np.maximum(shapely.length(shapes), 1e-6)
    inner = shapely.buffer(shapes, -offsets, join_style="round")
    for polygon, ignore, offset, core in zip(polygons, ignored, offsets, inner, strict=True):
        corners = np.rint(polygon).astype(np.int32)
        span = np.ptp(polygon, axis=0)
        if ignore or min(span) < config.smallest or core.is_empty:
            cv2.fillPoly(care, [corners], 0)
            continue
        for part in shapely.get_parts(core):
            cv2.fillPoly(shrunk, [np.rint(part.exterior.coords).astype(np.int32)], 1)
        _border(polygon, float(offset), border, near)
    scaled = (border * (config.high - config.low) + config.low).astype(np.float32)
    return DbMaps(shrunk.astype(np.float32), care.astype(np.float32), scaled, near.astype(np.float32))


def _border(polygon: Polygon, offset: float, border: Map, near: NDArray[np.uint8]) -> None:
    """Raise the border map to 1 - distance / offset around the polygon's edge, and mark how far it reaches."""
    reach = int(np.ceil(offset)) + 1
    low = np.maximum(np.floor(polygon.min(0)).astype(int) - reach, 0)
    high = np.minimum(np.ceil(polygon.max(0)).astype(int) + reach + 1, border.shape[::-1])
    if (high <= low).any():
        return
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    edge = np.full((high[1] - low[1], high[0] - low[0]), 255, np.uint8)
    cv2.polylines(edge, [np.rint(polygon - low).astype(np.int32)], True, 0)
    distance = cv2.distanceTransform(edge, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The last bit of OpenCV's roots depends on where the array lies in memory; the squares are whole numbers.
    value = (1 - np.sqrt(np.rint(distance**2)) / max(offset, 1e-6)).astype(np.float32)
    np.maximum(border[window], value, out=border[window])
    near[window] |= value > 0
