"""From a region of a photo to the upright picture of one line: perspective for four points, a strip for more."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ..datasets.images import Image
from ..datasets.records import Polygon
from .geometry import BadRegion, Points, check_inside, length, outline, resample, smooth, strip

Vertical = Literal["rotate90", "keep", "skip"]

VERTICAL_RATIO = 1.5
# A box from 10 to 50 covers the pixels 10 to 49: corners lie between pixels, OpenCV counts from their centres.
PIXEL_CENTRE = 0.5
MAX_SIDE = 16_384
MAX_PIXELS = 1 << 26
Interpolation = Literal["linear", "cubic"]
INTERPOLATIONS: dict[Interpolation, int] = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
# Cubic interpolation reads two pixels beyond the outermost point.
MARGIN = 3
THICKNESS_SAMPLES = 16


@dataclass(frozen=True, slots=True)
class Crop:
    """(H, W, 3) uint8 BGR, and what was done to get it: "curved", "reversed", "vertical_rotated", "vertical_kept"."""

    image: Image
    notes: tuple[str, ...] = ()


def rectify(
    photo: Image,
    polygon: Polygon,
    padding: float = 0.0,
    min_side: float = 3.0,
    interpolation: Interpolation = "linear",
) -> Crop:
    """The region as a picture whose upper left is the text's first corner, whatever lies off the photo replicated.

    padding: added on all four sides, as a share of the line's thickness.
    min_side: pixels of the region's shorter side. Raises BadRegion.
    """
    shape = outline(polygon)
    check_inside(shape.points, photo.shape[1], photo.shape[0])
    notes = ("reversed",) if shape.reversed else ()
    way = INTERPOLATIONS[interpolation]
    if len(shape.points) == 4:
        return Crop(_perspective(photo, shape.points, padding, min_side, way), notes)
    return Crop(_unbend(photo, shape.points, padding, min_side, way), ("curved", *notes))


def apply_policy(crop: Crop, text: str, policy: Vertical) -> Crop:
    """Lays a column of text down, leaves it, or raises BadRegion `vertical`; single characters stay as they are."""
    height, width = crop.image.shape[:2]
    if height < VERTICAL_RATIO * width or is_single_character(text):
        return crop
    if policy == "skip":
        raise BadRegion("vertical", f"{width}x{height} pixels for {len(text)} characters")
    if policy == "keep":
        return Crop(crop.image, (*crop.notes, "vertical_kept"))
    return Crop(_turn(crop.image, cv2.ROTATE_90_COUNTERCLOCKWISE), (*crop.notes, "vertical_rotated"))


def is_single_character(text: str) -> bool:
    """Whether a reader sees one character: marks, joiners, selectors and jamo belong to what precedes them."""
    clusters = 0
    previous = ""
    for character in text.strip():
        if not _extends(previous, character):
            clusters += 1
        previous = character
    return clusters == 1


def _extends(previous: str, character: str) -> bool:
    if not previous:
        return False
    joined = previous == "\u200d" or character == "\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff"
    flag = all("\U0001f1e6" <= c <= "\U0001f1ff" for c in (previous, character))
    jamo = "\u1100" <= previous <= "\u11ff" and "\u1160" <= character <= "\u11ff"
    return joined or flag or jamo or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _size(width: float, height: float, padding: float, min_side: float) -> tuple[int, int, int]:
    """Width and height of the picture, padding on each side included, and that padding; pixels."""
    if min(width, height) < min_side:
        raise BadRegion("too_small", f"{width:.1f}x{height:.1f} pixels")
    pad = round(padding * min(width, height))
    columns, rows = max(1, round(width)) + 2 * pad, max(1, round(height)) + 2 * pad
    if max(columns, rows) > MAX_SIDE or columns * rows > MAX_PIXELS:
        raise BadRegion("too_large", f"{columns}x{rows} pixels")
    return columns, rows, pad


def _perspective(photo: Image, quad: Points, padding: float, min_side: float, way: int) -> Image:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    width = max(math.hypot(bx - ax, by - ay), math.hypot(cx - dx, cy - dy))
    height = max(math.hypot(dx - ax, dy - ay), math.hypot(cx - bx, cy - by))
    columns, rows, pad = _size(width, height, padding, min_side)
    left, right, bottom = pad - PIXEL_CENTRE, columns - pad - PIXEL_CENTRE, rows - pad - PIXEL_CENTRE
    corners = np.array([[left, left], [right, left], [right, bottom], [left, bottom]], np.float32)
    grow = 2 * padding * max(width, height)
    xs, ys = (ax, bx, cx, dx), (ay, by, cy, dy)
    view, origin = _view(photo, (min(xs) - grow, min(ys) - grow), (max(xs) + grow, max(ys) + grow))
    x0, y0 = origin[0] + PIXEL_CENTRE, origin[1] + PIXEL_CENTRE
    seen = np.array([[ax - x0, ay - y0], [bx - x0, by - y0], [cx - x0, cy - y0], [dx - x0, dy - y0]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(  # type: ignore[return-value]
        view, matrix, (columns, rows), flags=way | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def _unbend(photo: Image, points: Points, padding: float, min_side: float, way: int) -> Image:
    sides = strip(points)
    upper, lower = smooth(sides.upper), smooth(sides.lower)
    samples = np.linspace(0, 1, THICKNESS_SAMPLES)
    thickness = float(np.hypot(*(resample(lower, samples) - resample(upper, samples)).T).mean())
    columns, rows, pad = _size((length(upper) + length(lower)) / 2, thickness, padding, min_side)
    along = (np.arange(columns) + PIXEL_CENTRE - pad) / (columns - 2 * pad)
    across = ((np.arange(rows) + PIXEL_CENTRE - pad) / (rows - 2 * pad))[:, None, None]
    top, bottom = resample(upper, along), resample(lower, along)
    where = top[None] + (bottom - top)[None] * across - PIXEL_CENTRE
    view, origin = _view(photo, where.min((0, 1)).tolist(), where.max((0, 1)).tolist())
    # Two maps: OpenCV 5.0 reads beyond the end of one map of pairs when it interpolates linearly.
    xs, ys = (np.ascontiguousarray(where[..., axis] - origin[axis], np.float32) for axis in (0, 1))
    image: Image = cv2.remap(view, xs, ys, way, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    return _turn(image, cv2.ROTATE_90_CLOCKWISE) if sides.on_end else image


def _view(photo: Image, low: Sequence[float], high: Sequence[float]) -> tuple[Image, tuple[int, int]]:
    """The part of the photo between two points, and its upper left: OpenCV warps at most 32,767 pixels a side."""
    x0, x1 = _span(low[0], high[0], photo.shape[1])
    y0, y1 = _span(low[1], high[1], photo.shape[0])
    return photo[y0:y1, x0:x1], (x0, y0)


def _span(low: float, high: float, limit: int) -> tuple[int, int]:
    start = max(0, min(limit - 1, math.floor(low) - MARGIN))
    return start, max(start + 1, min(limit, math.ceil(high) + MARGIN + 1))


def _turn(image: Image, code: int) -> Image:
    return cv2.rotate(image, code)  # type: ignore[return-value]
