"""The lines of a block on their plane: masks of ink, and where lines and characters stand, before any perspective."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...datasets.records import Refusal
from ...fonts.face import EM, PLAIN, right_to_left
from ...fonts.glyphs import FAR, GlyphCache, GlyphTable
from ..bend import Bend, Curve, Elastic, draw_bends, outline
from ..layout import Laid, Spelling, lay_out, rasterise
from ..plan import glyph_corners
from ..rng import Draws, Floats, Integers
from .blocks import Block

LEAST_HEIGHT = 0.6  # em; a dash is as legible as the letters of its size
STRAIGHT = Elastic()
EDGE = np.linspace(0, 1, 7)  # where the points of a bent line's polygon stand along each edge
ALONG, SIDE = np.concatenate([EDGE, EDGE[::-1]]), np.repeat([1, 3], len(EDGE))
Mask = NDArray[np.uint8]


@dataclass(slots=True)
class Typeset:
    """A block on its plane, in em, y downwards.

    pens: (n, 2) where each line's pen starts, on the baseline. heights: (n,) of the lines' text boxes, in 1/EM.
    bend: of its only line. bounds: left, top, right, bottom of the ink of the whole block.
    """

    laid: Laid
    pens: Floats
    heights: Integers
    bend: Bend | None
    bounds: Floats


def typeset(table: GlyphTable, block: Block, curve: Curve, draws: Draws) -> Typeset | None:
    """Lines one below the other, or None where one has no ink. draws: the block's."""
    joined = [not PLAIN.fullmatch(t) and right_to_left(t) for t in block.texts]
    laid = lay_out(
        table, Spelling.of(table, [[piece] for piece in block.pieces]), np.where(joined, 0.0, block.look.spacing)
    )
    if (laid.right <= laid.left).any():
        return None
    left, right = laid.left / EM, laid.right / EM
    widest = float((right - left).max())
    x = (widest - (right - left)) * block.look.align - left
    y = np.arange(len(left)) * (1 + block.look.gap)
    first = float((y - laid.top / EM).min())
    last = float((y - laid.bottom / EM).max())
    heights = np.maximum(laid.top - laid.bottom, int(LEAST_HEIGHT * EM))
    set_ = Typeset(laid, np.stack([x, y - first], axis=1), heights, None, np.array([0, 0, widest, last - first]))
    if curve.probability and len(block.texts) == 1 and not block.look.vertical:
        _bend(set_, curve, draws)
    return set_


def _bend(set_: Typeset, curve: Curve, draws: Draws) -> None:
    height = set_.heights[0] / EM
    width = float(set_.bounds[2]) / height
    set_.bend = draw_bends(curve, STRAIGHT, draws, np.array([width]))[0]
    if set_.bend is not None:
        points = outline(set_.bend, width) * height
        points[:, 1] += (set_.bounds[3] - height) / 2  # the text box is around the ink's middle
        set_.bounds = np.concatenate([points.min(axis=0), points.max(axis=0)])


@dataclass(slots=True)
class Line:
    """A line to be painted.

    mask: its ink. place: (3, 3) map of px of the mask to px of the plane, after the bend; text_box: what the bend acts
    on. ink: (left, top, right, bottom) in the mask. scale: px of the mask for one of the plane.
    letters: the texts of its characters; boxes: (k, 4) left, top, right, bottom of their ink in the mask.
    """

    text: str
    mask: Mask
    place: Floats
    text_box: tuple[float, float, float, float]
    bend: Bend | None
    ink: Floats
    scale: float
    letters: list[str]
    boxes: Floats


def rasterised(block: Block, set_: Typeset, em: float, glyphs: GlyphCache, origin: str) -> list[Line | Refusal]:
    """The lines of a block at `em` px; a refusal in place of one with a glyph that shows nothing."""
    laid = set_.laid
    masks = rasterise(laid, set_.heights, np.full(len(block.texts), em))
    every = glyph_corners(laid, masks)[:, [0, 2]].reshape(-1, 4)
    inked = laid.boxes[:, 0] < FAR // 2
    found: list[Line | Refusal] = []
    for i, (start, stop) in enumerate(pairwise(laid.starts.tolist())):
        mask = np.zeros((int(masks.height[i]), int(masks.width[i])), np.uint8)
        part = slice(start, stop)
        pens = zip(laid.rows[part].tolist(), masks.xs[part].tolist(), masks.ys[part].tolist(), strict=True)
        blank = _blit(mask, glyphs, int(masks.size[i]), list(pens))
        if blank is not None:
            font = glyphs.faces.refs[block.face].name
            found.append(Refusal("blank_glyph", origin, glyphs.describe(blank), block.texts[i], font=font))
            continue
        k, (x, y) = em / masks.size[i], set_.pens[i] * em
        place = np.array([[k, 0, x + masks.origin_x[i] * k], [0, k, y - masks.origin_y[i] * k], [0, 0, 1]])
        letters, boxes = _letters(block.texts[i], block.pieces[i].run.clusters, every[part], inked[part])
        ink = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
        text_box = tuple(masks.box[i].tolist())
        found.append(Line(block.texts[i], mask, place, text_box, set_.bend, ink, 1 / k, letters, boxes))
    return found


def _blit(mask: Mask, glyphs: GlyphCache, size: int, pens: list[tuple[int, int, int]]) -> int | None:
    """Put the glyphs into the mask; returns the row of one that shows nothing although it is no space."""
    for row, x, y in pens:
        glyph = glyphs.get(size, row)
        if glyph is None:
            if glyphs.is_space(row):
                continue
            return row
        height, width = glyph.ink.shape
        x, y = x + glyph.left, y - glyph.top
        part = mask[y : y + height, x : x + width]
        np.maximum(part, glyph.ink, out=part)
    return None


def _letters(text: str, clusters: list[int], boxes: Floats, inked: NDArray[np.bool_]) -> tuple[list[str], Floats]:
    """The characters that have ink, in the text's order, and the box around theirs: several for a ligature."""
    if clusters == list(range(len(text))):  # a glyph for each character
        return [c for c, seen in zip(text, inked.tolist(), strict=True) if seen], boxes[inked]
    where = np.flatnonzero(inked)
    owners = np.array(clusters)[where]
    order = np.argsort(owners, kind="stable")
    owners, boxes = owners[order], boxes[where[order]]
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    low = np.minimum.reduceat(boxes[:, :2], firsts, axis=0)
    high = np.maximum.reduceat(boxes[:, 2:], firsts, axis=0)
    ends = dict(pairwise([*sorted(set(clusters)), len(text)]))
    return [text[start : ends[start]] for start in owners[firsts].tolist()], np.concatenate([low, high], axis=1)


def edges(box: Floats, bent: bool) -> Floats:
    """(k, 2) points around a box, clockwise from its upper left: its corners, or more for a bent line."""
    if not bent:
        return box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    x = box[0] + (box[2] - box[0]) * ALONG
    return np.stack([x, box[SIDE]], axis=1)


def quads(boxes: Floats) -> Floats:
    """(k, 4, 2) corners of (k, 4) boxes."""
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
