"""Texts of one photo on another: more texts, in places where none was."""

from __future__ import annotations

import cv2
import numpy as np

from ...datasets.images import Image
from .augment import Placed, Polygon
from .photos import Texts

MARGIN = 0.15  # of a text's height; its ground comes along
TRIES = 10  # places that are looked at for each text
SMALLEST = 8.0  # px; shorter sides are not worth it


def pasted(placed: Placed, image: Image, texts: Texts, most: int, random: np.random.Generator) -> Placed:
    """`placed` with up to `most` texts of the photo `image`, where they cover none of its own."""
    good = [p for p, ignore in zip(texts.polygons, texts.ignored, strict=True) if not ignore]
    good = [p for p in good if min(np.ptp(p, axis=0)) >= SMALLEST]
    picture, polygons = placed.image.copy(), list(placed.polygons)
    for polygon in (good[i] for i in random.permutation(len(good))[: int(random.integers(most + 1))]):
        new = _put(picture, polygons, image, polygon, random)
        if new is not None:
            polygons.append(new)
    return Placed(picture, polygons, placed.ignored + [False] * (len(polygons) - len(placed.polygons)))


def _put(
    picture: Image, polygons: list[Polygon], image: Image, polygon: Polygon, random: np.random.Generator
) -> Polygon | None:
    """Put one text somewhere, in its own size; returns where, or None where no place was found."""
    margin = int(MARGIN * min(np.ptp(polygon, axis=0))) + 1
    low = np.maximum(np.floor(polygon.min(0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(polygon.max(0)).astype(int) + margin, image.shape[1::-1])
    width, height = high - low
    room = picture.shape[1] - width, picture.shape[0] - height
    if min(room) < 0 or min(width, height) < 2:
        return None
    for _ in range(TRIES):
        left, top = int(random.integers(room[0] + 1)), int(random.integers(room[1] + 1))
        if any(_touches(p, (left, top, left + width, top + height)) for p in polygons):
            continue
        moved = (polygon + np.array([left, top]) - low).astype(np.float32)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.rint(polygon - low).astype(np.int32)], 255)
        mask = cv2.dilate(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
        window = picture[top : top + height, left : left + width]
        cv2.copyTo(image[low[1] : high[1], low[0] : high[0]], mask, window)
        return moved
    return None


def _touches(polygon: Polygon, box: tuple[int, int, int, int]) -> bool:
    low, high = polygon.min(0), polygon.max(0)
    return bool(low[0] < box[2] and high[0] > box[0] and low[1] < box[3] and high[1] > box[1])
