"""Polygons of text on a photo: whether they make sense, and which of their edges are the line's two ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon as Shape
from shapely import box

Points = NDArray[np.float64]
SAME_POINT = 1e-3
# A box whose larger half is off the photo shows less than half of its text.
MIN_INSIDE = 0.5
STEPS_PER_SEGMENT = 16


class BadRegion(Exception):
    """No readable crop can be made of this region. `reason` is the refusal's name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Outline:
    """A simple polygon, clockwise on the screen, without repeated points.

    reversed: it was annotated counter-clockwise; read as it stood, the crop would be mirrored.
    """

    points: Points
    reversed: bool


def outline(polygon: NDArray[np.float32]) -> Outline:
    """(N, 2) pixels to a checked outline. Raises BadRegion: bad_coordinates, degenerate, self_crossing, not_convex."""
    if polygon.ndim != 2 or polygon.shape[1] != 2:
        raise BadRegion("bad_coordinates", "a polygon is N pairs of numbers")
    # Nearly every region has four points, where plain numbers are several times as fast as arrays.
    pairs = polygon.tolist()
    if len(pairs) == 4 and _plainly_convex(*pairs):
        return Outline(polygon.astype(np.float64), False)
    if not math.isfinite(sum(x + y for x, y in pairs)):
        raise BadRegion("bad_coordinates", "a polygon is pairs of finite numbers")
    pairs = [p for i, p in enumerate(pairs) if _apart(p, pairs[i - 1])]
    if len(pairs) < 4:
        raise BadRegion("degenerate", f"{len(pairs)} different points: at least 4 are needed")
    _check_simple(pairs)
    area = signed_area(pairs)
    xs, ys = zip(*pairs, strict=True)
    extent = max(max(xs) - min(xs), max(ys) - min(ys))
    if abs(area) < max(1e-6, 1e-4 * extent * extent) and abs(area) < extent:
        raise BadRegion("degenerate", f"an area of {abs(area):.1f} px over {extent:.0f} px of length")
    if area < 0:  # keep the first corner: that is where the text begins
        pairs = [pairs[0], *pairs[:0:-1]]
    return Outline(np.array(pairs), area < 0)


def _plainly_convex(a: list[float], b: list[float], c: list[float], d: list[float]) -> bool:
    """Whether four points run clockwise around a quad that is far from degenerate: nothing else need be checked."""
    extent = max(a[0], b[0], c[0], d[0]) - min(a[0], b[0], c[0], d[0])
    extent = max(extent, max(a[1], b[1], c[1], d[1]) - min(a[1], b[1], c[1], d[1]))
    turns = _cross(a, b, c), _cross(b, c, d), _cross(c, d, a), _cross(d, a, b)
    # Not so for infinite and missing numbers, for which no comparison holds.
    return min(turns) > 0.01 * extent and extent < math.inf and turns[0] + turns[2] > 2 * extent


def _apart(a: list[float], b: list[float]) -> bool:
    return abs(a[0] - b[0]) > SAME_POINT or abs(a[1] - b[1]) > SAME_POINT


def signed_area(pairs: list[list[float]]) -> float:
    """Pixels; positive where the points run clockwise on the screen (y downwards)."""
    return 0.5 * sum(pairs[i - 1][0] * y - x * pairs[i - 1][1] for i, (x, y) in enumerate(pairs))


def _check_simple(p: list[list[float]]) -> None:
    if len(p) > 4:
        if not Shape(p).is_valid:
            raise BadRegion("self_crossing")
        return
    turns = [_cross(p[i - 1], p[i], p[(i + 1) % 4]) for i in range(4)]
    left, right = sum(t < 0 for t in turns), sum(t > 0 for t in turns)
    if left == right == 2:
        raise BadRegion("self_crossing")
    if left and right:
        raise BadRegion("not_convex", "four points with a dent have no perspective view")


def _cross(a: list[float], b: list[float], c: list[float]) -> float:
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def check_inside(points: Points, width: int, height: int) -> None:
    """Raises BadRegion outside_photo where less than half of the polygon is on a photo of this size."""
    if all(0 <= x <= width and 0 <= y <= height for x, y in points.tolist()):
        return
    shape = Shape(points)
    inside = shape.intersection(box(0, 0, width, height)).area / shape.area
    if inside < MIN_INSIDE:
        raise BadRegion("outside_photo", f"{inside:.0%} of the region is on the photo of {width}x{height}")


@dataclass(frozen=True, slots=True)
class Strip:
    """A curved line between two chains of points that run the same way, `upper` on the left hand of the way.

    on_end: the text's first corner is the strip's upper end, so the upright picture is the strip turned
    90 degrees clockwise (a column that is read downwards).
    """

    upper: Points
    lower: Points
    on_end: bool


def strip(points: Points) -> Strip:
    """Pairs the two long sides of a clockwise outline of more than four points."""
    first, second = _ends(points)
    count = len(points)
    side = points[first + 1 : second + 1]
    other = np.roll(points, -(second + 1), axis=0)[: count - (second - first)]
    if second == count - 1:  # the usual order: `other` begins with the text's first corner
        return Strip(other, side[::-1], False)
    if first == 0:
        return Strip(side, other[::-1], True)
    # The first point lies within a side, so the order says nothing: take text as it mostly stands on photos.
    dx, dy = side[-1] - side[0]
    if abs(dx) >= abs(dy):
        return Strip(side, other[::-1], False) if dx > 0 else Strip(other, side[::-1], False)
    return Strip(side, other[::-1], True) if dy > 0 else Strip(other, side[::-1], True)


def _ends(points: Points) -> tuple[int, int]:
    """The two edges (i joins points i and i + 1) that are the line's ends: a corner at either side, and short."""
    count = len(points)
    edges = np.roll(points, -1, 0) - points
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    before = np.roll(edges, 1, 0)
    turn = np.arctan2(before[:, 0] * edges[:, 1] - before[:, 1] * edges[:, 0], (before * edges).sum(1))
    corner = np.clip(turn, -math.pi / 2, math.pi / 2)
    score = corner + np.roll(corner, -1) - lengths / lengths.sum() * math.pi / 2
    usual = (count // 2 - 1, count - 1) if count % 2 == 0 else None

    def quality(pair: tuple[int, int]) -> float:
        return float(score[pair[0]] + score[pair[1]]) + (math.pi / 2 if pair == usual else 0.0)

    pairs = [(a, b) for a in range(count) for b in range(a + 2, count) if count - (b - a) >= 2]
    return max(pairs, key=quality)


def smooth(chain: Points) -> Points:
    """A dense polyline through all points of the chain, without kinks (cubic, centripetal)."""
    if len(chain) < 3:
        return chain
    steps = np.sqrt(np.hypot(*np.diff(chain, axis=0).T))[:, None]
    slopes = np.diff(chain, axis=0) / steps
    inner = (steps[:-1] * slopes[1:] + steps[1:] * slopes[:-1]) / (steps[:-1] + steps[1:])
    tangents = np.concatenate([2 * slopes[:1] - inner[:1], inner, 2 * slopes[-1:] - inner[-1:]])
    t = np.linspace(0, 1, STEPS_PER_SEGMENT, endpoint=False)[None, :, None]
    p0, p1 = chain[:-1, None], chain[1:, None]
    m0, m1 = (tangents[:-1] * steps)[:, None], (tangents[1:] * steps)[:, None]
    curve = (1 + 2 * t) * (1 - t) ** 2 * p0 + t * (1 - t) ** 2 * m0 + t * t * (3 - 2 * t) * p1 + t * t * (t - 1) * m1
    return np.concatenate([curve.reshape(-1, 2), chain[-1:]])


def length(chain: Points) -> float:
    """Arc length, pixels."""
    return float(np.hypot(*np.diff(chain, axis=0).T).sum())


def resample(chain: Points, fractions: NDArray[np.float64]) -> Points:
    """Points at these fractions of the arc length; below 0 and above 1 straight on along the end's direction."""
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(chain, axis=0).T))])
    far = max(0.0, -float(fractions.min()), float(fractions.max()) - 1) * at[-1]
    if far:
        head, tail = chain[0] - chain[1], chain[-1] - chain[-2]
        chain = np.concatenate(
            [chain[:1] + head / np.hypot(*head) * far, chain, chain[-1:] + tail / np.hypot(*tail) * far]
        )
        at = np.concatenate([[-far], at, [at[-1] + far]])
        total = at[-2]
    else:
        total = at[-1]
    where = fractions * total
    return np.stack([np.interp(where, at, chain[:, 0]), np.interp(where, at, chain[:, 1])], 1)
