"""From annotated points and text to a region: orientation, degenerate polygons, ignored texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from shapely.geometry import LinearRing

from ..records import Refusal, Region

Points = Sequence[tuple[float, float]]
SMALLEST_AREA = 1.0  # square pixels
FARTHEST = 1e7  # pixels; beyond, float32 cannot tell two neighbours apart


def region(points: Points, text: str, ignore: str | None, origin: str, language: str | None = None) -> Region | Refusal:
    """A region whose polygon runs clockwise on the screen from the first annotated point.

    Refused: `bad_coordinates` (not finite, or farther out than any photo is large), `too_few_points` (fewer than
    three distinct ones), `degenerate_polygon` (area below one pixel), `crossing_polygon` (edges cross, so that
    neither order nor reading direction is known).
    """
    if not all(-FARTHEST <= c <= FARTHEST for point in points for c in point):
        return Refusal("bad_coordinates", origin, f"among {list(points)[:4]}"[:200], text)
    kept = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    while len(kept) > 1 and kept[-1] == kept[0]:
        kept.pop()
    if len(kept) < 3:
        return Refusal("too_few_points", origin, f"{len(kept)} distinct points", text)
    if not _convex_quad(kept):  # nearly all are: asking shapely about each would take most of a reader's time
        ring = LinearRing(kept)
        if ring.convex_hull.area < SMALLEST_AREA:
            return Refusal("degenerate_polygon", origin, f"all on one line: {kept}", text)
        if not ring.is_simple:
            return Refusal("crossing_polygon", origin, f"the edges cross: {kept}", text)
    area = signed_area(kept)
    if abs(area) < SMALLEST_AREA:
        return Refusal("degenerate_polygon", origin, f"no area: {kept}", text)
    if area < 0:
        # The first point carries the reading direction: it stays, only the order turns round.
        kept = [kept[0], *kept[:0:-1]]
    return Region(np.array(kept, np.float32), text, ignore, language)


def signed_area(points: Points) -> float:
    """Square pixels of a polygon, positive when clockwise on a screen whose y points down."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(points)) / 2


def _edges(points: Points) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    return ((points[i - 1], point) for i, point in enumerate(points))


def _convex_quad(points: Points) -> bool:
    """Four points that turn the same way at each corner: such a quad neither crosses itself nor lies on a line."""
    if len(points) != 4:
        return False
    sides = [(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in _edges(points)]
    turns = [ux * vy - uy * vx for (ux, uy), (vx, vy) in _edges(sides)]
    return all(t > 0 for t in turns) or all(t < 0 for t in turns)


def ignore_reason(text: str, marks: frozenset[str] = frozenset({"###"})) -> str | None:
    """Why `text` must not be learnt from: the don't-care mark that it is, or `empty`."""
    if text in marks:
        return text
    return None if text.strip() else "empty"


def annotation(value: Any) -> tuple[Points, str]:
    """Points and text of one JSON object as LSVT and PaddleOCR write it. Raises ValueError with the reason."""
    if not isinstance(value, dict):
        raise ValueError("an object with 'transcription' and 'points' is expected")
    text, points = value.get("transcription"), value.get("points")
    if not isinstance(text, str):
        raise ValueError("'transcription' is missing or not a string")
    if not isinstance(points, list):
        raise ValueError("'points' is missing or not a list")
    for point in points:
        if not (isinstance(point, list) and len(point) == 2 and all(map(_is_number, point))):
            raise ValueError(f"'points' must hold [x, y] pairs of numbers, not {point!r}")
    return [(x, y) for x, y in points], text


def flat_points(values: list[Any], count: int | None = None) -> Points:
    """`[x1, y1, x2, y2, …]` as points. count: of the numbers, where it is fixed. Raises ValueError."""
    if not all(map(_is_number, values)) or len(values) % 2 or count not in (None, len(values)):
        raise ValueError(f"points must be {count or 'an even count of'} numbers, not {str(values)[:60]}")
    return list(zip(values[::2], values[1::2], strict=True))


def _is_number(value: Any) -> bool:
    # An integer of a thousand digits is no float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
