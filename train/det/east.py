"""EAST's label maps, and from its maps to boxes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from .numbers import EastPost, EastTargets
from .post import Found, Points, clockwise

CELL = 4  # px of the photo to a cell of the maps
Maps = NDArray[np.float32]


def east_maps(polygons: Sequence[Points], ignored: Sequence[bool], size: tuple[int, int], config: EastTargets) -> Maps:
    """(11, H / 4, W / 4): score, dx and dy to four corners in px, 1 / the shorter side in px, and where it counts.

    Texts with more than four corners are learnt by the rectangle around them.
    """
    height, width = size[0] // CELL, size[1] // CELL
    maps = np.zeros((11, height, width), np.float32)
    maps[10] = 1
    rows, columns = np.mgrid[:height, :width].astype(np.float32) * CELL
    for polygon, ignore in zip(polygons, ignored, strict=True):
        quad = polygon if len(polygon) == 4 else clockwise(cv2.boxPoints(cv2.minAreaRect(polygon)).astype(np.float32))
        sides = np.hypot(*(np.roll(quad, -1, 0) - quad).T)
        outline = [np.rint(quad / CELL).astype(np.int32)]
        if ignore or min(np.ptp(quad, axis=0)) < config.smallest:
            cv2.fillPoly(maps[10], outline, 0)
            continue
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.rint(_shrunk(quad, config.shrink) / CELL).astype(np.int32)], 1)
        inside = mask == 1
        cv2.fillPoly(maps[10], outline, 0)  # between core and edge it may say what it likes
        maps[10][inside] = 1
        maps[0][inside] = 1
        for corner in range(4):
            maps[1 + 2 * corner][inside] = quad[corner, 0] - columns[inside]
            maps[2 + 2 * corner][inside] = quad[corner, 1] - rows[inside]
        maps[9][inside] = 1 / max(float(sides.min()), 1.0)
    return maps


def _shrunk(quad: Points, share: float) -> Points:
    """Each corner moves along its two edges by a share of the shorter of them."""
    to_next, to_last = np.roll(quad, -1, 0) - quad, np.roll(quad, 1, 0) - quad
    lengths = np.hypot(*to_next.T), np.hypot(*to_last.T)
    step = share * np.minimum(*lengths)
    unit = [v / np.maximum(n, 1e-6)[:, None] for v, n in zip((to_next, to_last), lengths, strict=True)]
    return (quad + step[:, None] * (unit[0] + unit[1])).astype(np.float32)


def east_boxes(maps: Maps, config: EastPost) -> list[Found]:
    """The texts of one photo's (9, h, w) maps, in px of the network's input."""
    rows, columns = np.nonzero(maps[0] > config.threshold)
    if not len(rows):
        return []
    pixels = np.stack([columns, rows], 1).astype(np.float32) * CELL
    quads = maps[1:, rows, columns].T.reshape(-1, 4, 2) + pixels[:, None]
    found = []
    for quad in chosen_quads(quads, maps[0, rows, columns], (rows, columns), config.overlap, config.candidates):
        score = _mean(maps[0], quad / CELL)
        if score >= config.cover:
            found.append(Found(clockwise_quad(quad), min(score, 1.0)))
    return found


def chosen_quads(
    quads: Points, scores: Points, places: tuple[NDArray[np.int64], NDArray[np.int64]], overlap: float, candidates: int
) -> Points:
    """Of the (N, 4, 2) quads that pixels at `places` (rows, columns, row by row) mean, one for each text."""
    merged, strengths, starts = _along_rows(quads, scores, *places, overlap)
    order = _turns(strengths, _blobs(*places)[starts])[:candidates]
    order = order[np.argsort(-strengths[order], kind="stable")]
    return merged[order[_strongest(merged[order], overlap)]]


def _blobs(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int32]:
    """(N,) numbers of the connected groups that pixels belong to."""
    mask = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), np.uint8)
    mask[rows, columns] = 1
    return np.asarray(cv2.connectedComponents(mask, connectivity=4)[1][rows, columns], np.int32)


def _turns(strengths: Points, blobs: NDArray[np.int32]) -> NDArray[np.int64]:
    """Indices: the strongest of each group, then the second of each, and so on.

    Large texts mean the same thing in many rows, which would else leave no candidates for the small ones of a page.
    """
    order = np.lexsort((-strengths, blobs))
    first = np.flatnonzero(np.diff(blobs[order], prepend=-1))
    turn = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    return order[np.lexsort((-strengths[order], turn))]


def _outlines(quads: Points) -> NDArray[np.object_]:
    """All at once, unlike `metrics.shapes`, which takes any number of points."""
    return np.asarray(shapely.make_valid(shapely.polygons(quads)), object)


def _along_rows(
    quads: Points, scores: Points, rows: NDArray[np.int64], columns: NDArray[np.int64], overlap: float
) -> tuple[Points, Points, NDArray[np.int64]]:
    """Neighbours in a row that mean the same text as one, their corners weighed by score; their scores, added up; and
    the index of the first of them."""
    outlines = _outlines(quads)
    near = (np.diff(rows) == 0) & (np.diff(columns) == 1)
    common = shapely.area(shapely.intersection(outlines[1:], outlines[:-1]))
    areas = shapely.area(outlines)
    same = near & (common > overlap * (areas[1:] + areas[:-1] - common))
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    weights = np.add.reduceat(scores, starts)
    merged = np.add.reduceat(quads * scores[:, None, None], starts) / weights[:, None, None]
    return merged.astype(np.float32), weights, starts


def _strongest(quads: Points, overlap: float) -> NDArray[np.int64]:
    """Indices of quads, given strongest first, that no stronger one overlaps.

    What is beaten is compared no more: of the many quads that an untrained network means, few pairs are left.
    """
    outlines = _outlines(quads)
    first, second = shapely.STRtree(outlines).query(outlines)
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    bounds = np.searchsorted(first, np.arange(len(quads) + 1))
    areas = np.asarray(shapely.area(outlines))
    kept = np.ones(len(quads), bool)
    for one in range(len(quads)):
        others = second[bounds[one] : bounds[one + 1]]
        others = others[kept[others] & (others > one)]
        if kept[one] and len(others):
            common = np.asarray(shapely.area(shapely.intersection(outlines[one], outlines[others])))
            union = np.maximum(areas[one] + areas[others] - common, 1e-6)
            kept[others[common > overlap * union]] = False
    return np.flatnonzero(kept)


def _mean(score: Maps, quad: Points) -> float:
    low = np.clip(np.floor(quad.min(0)).astype(int), 0, np.array(score.shape[::-1]) - 1)
    high = np.clip(np.ceil(quad.max(0)).astype(int) + 1, 1, score.shape[::-1])
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint(quad - low).astype(np.int32)], 1)
    return float(cv2.mean(score[low[1] : high[1], low[0] : high[0]], mask)[0])


def clockwise_quad(quad: Points) -> Points:
    """A quad that runs clockwise; its first corner stays."""
    area = cv2.contourArea(quad, oriented=True)
    return quad if area >= 0 else np.concatenate([quad[:1], quad[:0:-1]])
