"""SAST's label maps, and from its maps to polygons: for texts that are curved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from ...prep.geometry import BadRegion, outline, resample, strip
from .east import CELL, chosen_quads, clockwise_quad
from .numbers import SastPost, SastTargets
from .post import Found, Points

Maps = NDArray[np.float32]
Floats = NDArray[np.float64]

# The maps: a score; from the pixel, in px, dx and dy to the edge above and below, to four corners, to the centre.
BORDER, CORNERS, CENTRE = slice(1, 5), slice(5, 13), slice(13, 15)
OUTPUTS = 15
# Behind them in the label maps: by what the ways are weighed, and where it counts.
PER_HEIGHT, PER_SIDE, CARE = 15, 16, 17

SAMPLES = np.linspace(0, 1, 33)  # of a text's length, where its edges are known
COLUMN = 1.5  # of a text's height; a quad above it is read downwards
NEAR = 0.75 * CELL  # px; pixels of the strip that take part in a point
KNOTS, BENDS = 8, 2  # of the line through a bent strip, and how often it is drawn anew
LEAST, MOST = 0.5 * CELL, 3.0 * CELL  # px; how far edges move when they are expanded


@dataclass(frozen=True)
class _Line:
    """upper, lower: (SAMPLES, 2) px, opposite points of the two long edges; box: (4, 2) px, from the first corner."""

    upper: Floats
    lower: Floats
    box: Floats

    @property
    def side(self) -> float:
        """px, the shorter side of the box."""
        sides = np.hypot(*(np.roll(self.box, -1, 0) - self.box).T)
        return float(min(sides[0] + sides[2], sides[1] + sides[3]) / 2)


def sast_maps(polygons: Sequence[Points], ignored: Sequence[bool], size: tuple[int, int], config: SastTargets) -> Maps:
    """(18, H / 4, W / 4): OUTPUTS maps; 2 / a text's height and 1 / its box's shorter side, in cells; where it counts.

    Polygons may have any number of points. Those without a readable shape do not count.
    """
    maps = np.zeros((CARE + 1, size[0] // CELL, size[1] // CELL), np.float32)
    maps[CARE] = 1
    for polygon, ignore in zip(polygons, ignored, strict=True):
        line = None if ignore else _line(polygon)
        if line is None or not config.smallest <= line.side <= config.largest:
            cv2.fillPoly(maps[CARE], [np.rint(polygon / CELL).astype(np.int32)], 0)
        else:
            _draw(line, maps, config)
    return maps


def _line(polygon: Points) -> _Line | None:
    try:
        points = outline(polygon).points
    except BadRegion:
        return None
    if len(points) == 4:
        sides = np.hypot(*(np.roll(points, -1, 0) - points).T)
        box = np.roll(points, -1, 0) if sides[1] + sides[3] > COLUMN * (sides[0] + sides[2]) else points
        upper, lower = box[:2], box[:1:-1]
    else:
        edges = strip(points)
        upper, lower = edges.upper, edges.lower
        box = _box(points, np.array([upper[0], upper[-1], lower[-1], lower[0]]))
    return _Line(resample(upper, SAMPLES), resample(lower, SAMPLES), box)


def _box(points: Floats, corners: Floats) -> Floats:
    """The smallest rectangle around points, from the corner that lies at the first of the text's four."""
    around = clockwise_quad(cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32))).astype(np.float32))
    turns = [np.roll(around, -k, 0).astype(np.float64) for k in range(4)]
    return min(turns, key=lambda turn: float(np.hypot(*(turn - corners).T).sum()))


def _draw(line: _Line, maps: Maps, config: SastTargets) -> None:
    """Draw one text."""
    across = line.lower - line.upper
    heights = np.hypot(*across.T)
    middle = line.upper + across / 2
    length = float(np.hypot(*np.diff(middle, axis=0).T).sum())
    cut = config.ends * min(heights[0], heights[-1], length) / max(length, 1e-6)
    edges = [
        resample(line.upper + across * (0.5 + s * config.height / 2), cut + SAMPLES * (1 - 2 * cut)) for s in (-1, 1)
    ]
    mask = np.zeros(maps.shape[1:], np.uint8)
    cv2.fillPoly(mask, [np.rint(np.concatenate([edges[0], edges[1][::-1]]) / CELL).astype(np.int32)], 1)
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns, rows], 1).astype(np.float64) * CELL
    above, below = _opposite(line, middle, pixels)
    corners = (line.box[None] - pixels[:, None]).reshape(-1, 8)
    values = np.concatenate([above - pixels, below - pixels, corners, line.box.mean(0) - pixels], axis=1)
    maps[0, rows, columns] = 1
    maps[1:OUTPUTS, rows, columns] = values.T
    maps[PER_HEIGHT, rows, columns] = 2 / max(float(heights.mean()) / CELL, 1.0)
    maps[PER_SIDE, rows, columns] = 1 / max(line.side / CELL, 1.0)


def _opposite(line: _Line, middle: Floats, pixels: Floats) -> tuple[Floats, Floats]:
    """For each pixel the points of both long edges on the cross line through it; all (N, 2) px.

    Cross lines join the samples of the edges. A pixel lies on none of them but between two near the nearest sample,
    and there the signed distance to them is as good as linear.
    """
    last = len(middle) - 1
    nearest = ((pixels[:, None] - middle[None]) ** 2).sum(2).argmin(1).clip(1, last - 1)
    at = nearest[:, None] + np.arange(-1, 2)
    across, away = (line.lower - line.upper)[at], pixels[:, None] - line.upper[at]
    signed = across[..., 0] * away[..., 1] - across[..., 1] * away[..., 0]
    slope = (signed[:, 2] - signed[:, 0]) / 2
    step = -signed[:, 1] / np.where(np.abs(slope) < 1e-9, np.inf, slope)
    where = (nearest + step.clip(-1.5, 1.5)).clip(0, last)
    first = np.minimum(where.astype(np.int64), last - 1)
    part = (where - first)[:, None]
    above, below = (edge[first] * (1 - part) + edge[first + 1] * part for edge in (line.upper, line.lower))
    return above, below


def sast_boxes(maps: Maps, config: SastPost) -> list[Found]:
    """The texts of one photo's (15, h, w) maps, in px of the network's input."""
    rows, columns = np.nonzero(maps[0] > config.threshold)
    if not len(rows):
        return []
    values = maps[:, rows, columns].T
    pixels = np.stack([columns, rows], 1).astype(np.float32) * CELL
    quads = values[:, CORNERS].reshape(-1, 4, 2) + pixels[:, None]
    quads = chosen_quads(quads, values[:, 0], (rows, columns), config.overlap, config.candidates)
    centres = shapely.STRtree(shapely.points(quads.mean(1)))
    owners = centres.nearest(shapely.points(pixels + values[:, CENTRE]))
    edges = pixels[:, None] + _expanded(values[:, BORDER].reshape(-1, 2, 2), config.expand)
    axes = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
    axes /= np.maximum(np.hypot(*axes.T), 1e-6)[:, None]
    along = (pixels * axes[owners]).sum(1)
    order = np.lexsort((along, owners))
    texts, starts = np.unique(owners[order], return_index=True)
    found = []
    for text, chosen in zip(texts, np.split(order, starts[1:]), strict=True):
        score = values[chosen, 0]
        if _plausible(quads[text], float(score.sum()), config):
            if config.pairs > 2:
                chosen, way = _bent(chosen, pixels[chosen], along[chosen])
            else:
                way = along[chosen]
            found.append(Found(_polygon(way, edges[chosen], axes[text], config), float(score.mean())))
    return found


def _expanded(ways: Points, expand: float) -> Points:
    if expand == 1:
        return ways
    lengths = np.maximum(np.hypot(ways[..., 0], ways[..., 1]), 1e-6)[..., None]
    further = np.clip(lengths * (expand - 1), LEAST, MOST)
    return (ways * (1 + further / lengths)).astype(np.float32)


def _plausible(quad: Points, score: float, config: SastPost) -> bool:
    """Whether a box is large enough and its strip fills enough of it. score: the sum over the strip."""
    sides = np.hypot(*(np.roll(quad, -1, 0) - quad).T)
    area = abs(cv2.contourArea(quad)) / CELL**2
    return bool(sides.min() >= config.smallest and score >= config.cover * area)


def _bent(chosen: NDArray[np.int64], pixels: Points, along: Points) -> tuple[NDArray[np.int64], Points]:
    """Where pixels lie along a bent strip, ascending, from where they lie along a straight line; and their order."""
    count = min(KNOTS, len(pixels) // 4)
    for _ in range(BENDS if count > 2 else 0):
        knots = np.array([part.mean(0) for part in np.array_split(pixels, count)])
        ways = np.diff(knots, axis=0)
        lengths = np.maximum(np.hypot(*ways.T), 1e-6)
        part = ((pixels[:, None] - knots[:-1]) * ways).sum(2) / lengths**2
        low, high = np.zeros(len(ways)), np.ones(len(ways))
        low[0], high[-1] = -np.inf, np.inf  # the ends go straight on
        part = part.clip(low, high)
        nearest = ((knots[:-1] + part[..., None] * ways - pixels[:, None]) ** 2).sum(2).argmin(1)
        starts = np.concatenate([[0.0], lengths.cumsum()])[nearest]
        along = (starts + part[np.arange(len(part)), nearest] * lengths[nearest]).astype(np.float32)
        order = np.argsort(along, kind="stable")
        chosen, pixels, along = chosen[order], pixels[order], along[order]
    return chosen, along


def _polygon(along: Points, edges: Points, axis: Points, config: SastPost) -> Points:
    """(2 * pairs, 2) px, clockwise. along: where each pixel of a strip lies, ascending; edges: (N, 2, 2), its points
    on the two long edges; axis: of the text, for strips of one pixel."""
    places = np.linspace(along[0], along[-1], config.pairs)
    first = np.minimum(np.searchsorted(along, places - NEAR), len(along) - 1)
    last = np.maximum(np.searchsorted(along, places + NEAR, "right"), first + 1)
    sums = np.concatenate([np.zeros((1, 2, 2)), edges.cumsum(0, dtype=np.float64)])
    sides = ((sums[last] - sums[first]) / (last - first)[:, None, None]).transpose(1, 0, 2)
    for end, inner in ((0, 1), (-1, -2)):
        height = float(np.hypot(*(sides[1, end] - sides[0, end])))
        outwards = sides[:, end] - sides[:, inner]
        step = float(np.hypot(*outwards.T).mean())
        if step < NEAR:
            outwards, step = np.tile(axis if end else -axis, (2, 1)).astype(np.float64), 1.0
        sides[:, end] += outwards * (config.ends * height / step)
    return np.concatenate([sides[0], sides[1, ::-1]]).astype(np.float32)
