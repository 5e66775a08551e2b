"""From a map of shrunk texts to boxes or polygons."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from .numbers import DbPost

Map = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """A text that was found. points: (N, 2) px, clockwise from its first corner; score: 0 to 1."""

    points: Points
    score: float


def db_boxes(probability: Map, config: DbPost) -> list[Found]:
    """The texts of one (H, W) map, in its pixels."""
    binary = (probability > config.threshold).astype(np.uint8)
    contours, _ = cv2.findContours(binary, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours[: config.candidates]:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) + 1 < config.smallest:  # a row of single pixels has no width for OpenCV
            continue
        outline = contour[:, 0].astype(np.float32)
        quad = cv2.boxPoints(rectangle).astype(np.float32)
        score = _mean(probability, outline if config.polygons or config.score == "outline" else quad)
        if score < config.box_threshold:
            continue
        points = _grown_outline(outline, config.unclip) if config.polygons else _grown(rectangle, config.unclip)
        if points is not None:
            found.append(Found(points, score))
    return found


def _mean(probability: Map, points: Points) -> float:
    """The mean of the map inside a polygon."""
    height, width = probability.shape
    low = np.clip(np.floor(points.min(0)).astype(int), 0, [width - 1, height - 1])
    high = np.clip(np.ceil(points.max(0)).astype(int) + 1, 1, [width, height])
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint(points - low).astype(np.int32)], 1)
    return float(cv2.mean(probability[low[1] : high[1], low[0] : high[0]], mask)[0])


def _grown(rectangle: cv2.typing.RotatedRect, unclip: float) -> Points:
    """A rectangle whose edges move out by area * unclip / perimeter."""
    centre, (width, height), angle = rectangle
    offset = width * height * unclip / max(2 * (width + height), 1e-6)
    corners = cv2.boxPoints((centre, (width + 2 * offset, height + 2 * offset), angle))
    return clockwise(corners.astype(np.float32))


def _grown_outline(outline: Points, unclip: float) -> Points | None:
    """An outline that moves out, with the points that its shape needs; None for what has no area."""
    if len(outline) < 4:
        return None
    shape = shapely.make_valid(shapely.Polygon(outline))
    offset = shape.area * unclip / max(shape.length, 1e-6)
    grown = shapely.get_parts(shape.buffer(offset, join_style="round", quad_segs=4))
    parts = [p for p in grown if p.geom_type == "Polygon"]
    if not parts:
        return None
    largest = max(parts, key=lambda part: part.area).exterior
    simple = np.array(largest.simplify(max(0.5, 0.002 * largest.length)).coords[:-1], np.float32)
    return simple if len(simple) > 3 else None


def clockwise(quad: Points) -> Points:
    """A (4, 2) rectangle clockwise on the screen from its corner nearest to the upper left."""
    centre = quad.mean(0)
    around = np.argsort(np.arctan2(quad[:, 1] - centre[1], quad[:, 0] - centre[0]))
    ordered = quad[around]
    return np.roll(ordered, -int(ordered.sum(1).argmin()), axis=0)
