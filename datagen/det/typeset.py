"""The lines of a block on their plane: masks of ink, and where lines and characters stand, before any perspective."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...datasets.records import Refusal
from ...fonts.face import EM
from ...fonts.glyphs import FAR, GlyphCache, GlyphTable
from ..layout import Layout, lay_out, rasterise
from ..rng import Floats
from .blocks import Block
from .pose import corners

LEAST_HEIGHT = 0.6  # em; a dash is as legible as the letters of its size
Mask = NDArray[np.uint8]


@dataclass(slots=True)
class Typeset:
    """A block on its plane, in em: y downwards, the upper left of its ink at (0, 0).

    pens: (n, 2) where each line's pen starts, on the baseline. size: (2,) of the ink of the whole block.
    """

    layout: Layout
    pens: Floats
    size: Floats

    def boxes(self, line: int) -> Floats:
        """(g, 4) ink left, top, right, bottom of the line's glyphs, in em; nan where a glyph has none."""
        part = slice(self.layout.starts[line], self.layout.starts[line + 1])
        left, bottom, right, top = (self.layout.boxes[part] / EM).T
        boxes = np.stack([left, -top, right, -bottom], axis=1) + np.tile(self.pens[line], 2)
        boxes[self.layout.boxes[part, 0] >= FAR // 2] = np.nan
        return boxes


def typeset(table: GlyphTable, block: Block) -> Typeset | None:
    """Lines one below the other, or None where nothing has ink."""
    spacing = np.full(len(block.runs), block.look.spacing)
    layout = lay_out(table, [block.face] * len(block.runs), block.runs, spacing)
    if (layout.right <= layout.left).any():
        return None
    left, right = layout.left / EM, layout.right / EM
    widest = float((right - left).max())
    x = (widest - (right - left)) * block.look.align - left
    y = np.arange(len(left)) * (1 + block.look.gap)
    first = float((y - layout.top / EM).min())
    last = float((y - layout.bottom / EM).max())
    return Typeset(layout, np.stack([x, y - first], axis=1), np.array([widest, last - first]))


@dataclass(slots=True)
class Line:
    """A line to be painted. mask: its ink; place: (3, 3) map of mask px, counted from the upper left corner of a
    pixel, to px of the plane. box: (4, 2) corners of its ink on the plane, px; room: height of its letters, px.
    letters: the texts of its characters; quads: (k, 4, 2) the corners of their ink on the plane, px."""

    text: str
    mask: Mask
    place: Floats
    box: Floats
    room: float
    letters: list[str]
    quads: Floats


def rasterised(block: Block, set_: Typeset, em: float, glyphs: GlyphCache, origin: str) -> list[Line | Refusal]:
    """The lines of a block at `em` px; a refusal in place of one with a glyph that shows nothing."""
    layout = set_.layout
    masks = rasterise(layout, layout.top - layout.bottom, np.full(len(block.texts), em))
    scale = em / masks.size
    found: list[Line | Refusal] = []
    for i, (start, stop) in enumerate(pairwise(layout.starts.tolist())):
        mask = np.zeros((int(masks.height[i]), int(masks.width[i])), np.uint8)
        rows = layout.rows[start:stop].tolist()
        blank = _blit(
            mask, glyphs, int(masks.size[i]), rows, masks.xs[start:stop].tolist(), masks.ys[start:stop].tolist()
        )
        boxes = set_.boxes(i) * em
        if blank is not None or np.isnan(boxes).all():
            what = glyphs.describe(blank) if blank is not None else "no ink"
            found.append(Refusal("blank_glyph", origin, what, block.texts[i]))
            continue
        k, (x, y) = scale[i], set_.pens[i] * em
        place = np.array([[k, 0, x + masks.origin_x[i] * k], [0, k, y - masks.origin_y[i] * k], [0, 0, 1]])
        box = np.concatenate([np.nanmin(boxes[:, :2], axis=0), np.nanmax(boxes[:, 2:], axis=0)])
        room = max(float(box[3] - box[1]), LEAST_HEIGHT * em)
        letters, quads = _letters(block.texts[i], block.runs[i].clusters, boxes)
        found.append(Line(block.texts[i], mask, place, corners(*box.tolist()), room, letters, quads))
    return found


def _blit(mask: Mask, glyphs: GlyphCache, size: int, rows: list[int], xs: list[int], ys: list[int]) -> int | None:
    """Put the glyphs into the mask; returns the row of one that shows nothing although it is no space."""
    for row, x, y in zip(rows, xs, ys, strict=True):
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


def _letters(text: str, clusters: list[int], boxes: Floats) -> tuple[list[str], Floats]:
    """The characters that have ink, in the text's order, and the corners around theirs: several for a ligature."""
    first = sorted(set(clusters))
    letters: list[str] = []
    quads: list[Floats] = []
    cluster = np.array(clusters)
    for start, stop in pairwise([*first, len(text)]):
        mine = boxes[cluster == start]
        if not np.isnan(mine).all():
            letters.append(text[start:stop])
            low, high = np.nanmin(mine[:, :2], axis=0), np.nanmax(mine[:, 2:], axis=0)
            quads.append(corners(*low.tolist(), *high.tolist()))
    return letters, np.array(quads).reshape(-1, 4, 2)
