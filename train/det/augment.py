"""Changes of training photos: drawn first, then one warp for all that moves, and what changes colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...config import Config
from ...datasets.images import Image

Polygon = NDArray[np.float32]
Matrix = NDArray[np.float64]
Share = Annotated[float, Field(ge=0, le=1)]

SMOOTH = 0.6  # below this scale a photo is shrunk by areas first: a warp would skip pixels


class DetAugment(Config):
    """How training photos are changed.

    flip: share that is mirrored (text is then unreadable, but still text); rotation: degrees at most, both ways;
    scale: range of the factor; tries: of drawing a window that cuts no text; smallest: of a window's sides, as a
    share of the photo's; cut: share that shows a window of the training size instead, which may cut text: only there
    text is as large as the factor says, because windows without cut text are enlarged or shrunk to fit;
    brightness, contrast: at most, as a share; noise: standard deviation in grey levels, at most;
    blur: standard deviation in px, at most; paste: texts of another photo that are put beside a photo's own, at most.
    """

    flip: Share = 0.5
    rotation: float = Field(default=10.0, ge=0, le=180)
    scale: tuple[float, float] = (0.5, 3.0)
    tries: int = Field(default=10, ge=1, le=1000)
    smallest: float = Field(default=0.1, gt=0, le=1)
    cut: Share = 0
    brightness: float = Field(default=0.15, ge=0, lt=1)
    contrast: float = Field(default=0.25, ge=0, lt=1)
    noise: float = Field(default=0.0, ge=0, le=50)
    blur: float = Field(default=0.0, ge=0, le=5)
    paste: int = Field(default=0, ge=0, le=20)


@dataclass(frozen=True)
class Placed:
    """A training picture, at most `side` px high and wide, with its texts. polygons: those inside, px."""

    image: Image
    polygons: list[Polygon]
    ignored: list[bool]


def changed(
    image: Image, polygons: Sequence[Polygon], ignored: Sequence[bool], side: int, draw: DetAugment, seed: Sequence[int]
) -> Placed:
    """A photo turned, scaled, cut to a window whose longer side becomes `side` px, with other colours.

    No text is cut where the photo has such a window and `draw.cut` does not allow it. The same seed gives the same
    picture.
    """
    random = np.random.default_rng(tuple(seed))
    moving, size = _moved(image.shape[:2], draw, random)
    moved = [_through(moving, p) for p in polygons]
    if draw.cut and random.random() < draw.cut:
        left, top, right, bottom = _square(moved, ignored, size, side, random)
        factor = 1.0
    else:
        left, top, right, bottom = _window(moved, ignored, size, draw, random)
        factor = side / max(right - left, bottom - top)
    final = np.array([[factor, 0, -left * factor], [0, factor, -top * factor], [0, 0, 1]]) @ moving
    kept = [i for i, p in enumerate(moved) if _inside(p, (left, top, right, bottom))]
    extent = max(1, round((right - left) * factor)), max(1, round((bottom - top) * factor))
    picture = _coloured(_warped(image, final, extent), draw, random)
    return Placed(picture, [_through(final, polygons[i]) for i in kept], [ignored[i] for i in kept])


def _moved(size: tuple[int, ...], draw: DetAugment, random: np.random.Generator) -> tuple[Matrix, tuple[int, int]]:
    """The map to the mirrored, turned and scaled photo, and that photo's (width, height)."""
    height, width = size
    mirror = -1.0 if random.random() < draw.flip else 1.0
    angle = np.deg2rad(random.uniform(-draw.rotation, draw.rotation))
    factor = random.uniform(*draw.scale)
    turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([mirror, 1])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T
    low, high = corners.min(0), corners.max(0)
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, -low
    return matrix, (max(1, int(high[0] - low[0])), max(1, int(high[1] - low[1])))


def _through(matrix: Matrix, polygon: Polygon) -> Polygon:
    moved = (polygon @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)
    if np.linalg.det(matrix[:2, :2]) > 0:
        return moved
    return np.roll(moved[::-1], len(moved) // 2, axis=0)  # mirrored: clockwise again, and the upper edge first


Window = tuple[int, int, int, int]


def _window(
    polygons: Sequence[Polygon],
    ignored: Sequence[bool],
    size: tuple[int, int],
    draw: DetAugment,
    random: np.random.Generator,
) -> Window:
    """A window (left, top, right, bottom) whose edges cross no text and that holds one that counts.

    After `tries` draws without one, the whole picture.
    """
    whole = (0, 0, *size)
    counting = [p for p, ignore in zip(polygons, ignored, strict=True) if not ignore]
    if not counting:
        return whole
    free = [_gaps(polygons, axis, size[axis]) for axis in (0, 1)]
    if not all(free):
        return whole
    for _ in range(draw.tries):
        left, right = _edges(free[0], random)
        top, bottom = _edges(free[1], random)
        if right - left < draw.smallest * size[0] or bottom - top < draw.smallest * size[1]:
            continue
        if any(_inside(p, (left, top, right, bottom)) for p in counting):
            return left, top, right, bottom
    return whole


def _square(
    polygons: Sequence[Polygon],
    ignored: Sequence[bool],
    size: tuple[int, int],
    side: int,
    random: np.random.Generator,
) -> Window:
    """A window of at most `side` px along each axis, on a point of a text that counts, if there is one."""
    counting = [p for p, ignore in zip(polygons, ignored, strict=True) if not ignore]
    low, high = np.zeros(2), np.array(size, float)
    if counting:
        chosen = counting[int(random.integers(len(counting)))]
        low, high = chosen.min(0), chosen.max(0)
    middle = random.uniform(low, np.maximum(high, low)) + side * random.uniform(-0.4, 0.4, 2)
    extent = np.minimum(size, side)
    left, top = np.clip(middle - extent / 2, 0, size - extent).astype(int).tolist()
    return left, top, left + int(extent[0]), top + int(extent[1])


def _gaps(polygons: Sequence[Polygon], axis: int, length: int) -> list[tuple[int, int]]:
    """Stretches (first, last) of an axis that no text covers."""
    covered = np.zeros(length + 2, bool)
    covered[[0, -1]] = True
    for polygon in polygons:
        low, high = int(polygon[:, axis].min()), int(np.ceil(polygon[:, axis].max()))
        covered[max(low, 0) + 1 : max(min(high, length - 1), -1) + 2] = True
    steps = np.diff(covered.astype(np.int8))
    return list(zip(np.flatnonzero(steps == -1).tolist(), (np.flatnonzero(steps == 1) - 1).tolist(), strict=True))


def _edges(gaps: list[tuple[int, int]], random: np.random.Generator) -> tuple[int, int]:
    """Two places in gaps, in order."""
    places = []
    for _ in range(2):
        first, last = gaps[int(random.integers(len(gaps)))]
        places.append(int(random.integers(first, last + 1)))
    return min(places), max(places) + 1


def _inside(polygon: Polygon, window: Window) -> bool:
    low, high = polygon.min(0), polygon.max(0)
    left, top, right, bottom = window
    return bool(low[0] < right and high[0] > left and low[1] < bottom and high[1] > top)


def _warped(image: Image, matrix: Matrix, extent: tuple[int, int]) -> Image:
    factor = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if factor < SMOOTH:
        size = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        back = np.diag([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0], 1])
        image, matrix = small, matrix @ back  # type: ignore[assignment]
    return cv2.warpAffine(image, matrix[:2], extent, flags=cv2.INTER_LINEAR, borderValue=(127, 127, 127))  # type: ignore[return-value]


def _coloured(image: Image, draw: DetAugment, random: np.random.Generator) -> Image:
    gain = 1 + random.uniform(-draw.contrast, draw.contrast)
    shift = 255 * random.uniform(-draw.brightness, draw.brightness) + 127 * (1 - gain)
    sigma, grain = random.uniform(0, draw.blur), random.uniform(0, draw.noise)
    image = cv2.LUT(image, np.clip(np.arange(256) * gain + shift, 0, 255).astype(np.uint8))  # type: ignore[assignment]
    if sigma > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), sigma)  # type: ignore[assignment]
    if grain > 0.5:
        noise = random.normal(0, grain, image.shape).astype(np.float32)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
