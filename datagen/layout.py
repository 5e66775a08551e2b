"""Glyphs on lines: where every glyph of a batch stands, which pixels it needs, which box the text fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..fonts.face import EM, Run
from ..fonts.glyphs import GlyphTable
from .rng import Floats, Integers

# Glyphs are drawn at these sizes only (px per em), the next one up from what is needed: the warp scales the rest.
SIZES = np.array([12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512], np.int64)
PAD = 2  # px around the outlines in the mask: anti-aliasing and rounded pens


@dataclass(slots=True)
class Layout:
    """A batch of n lines with G glyphs together; measures in 1/EM, y upwards, the pen starts at 0.

    rows, xs, ys: (G,) glyph rows of the table and pen positions. boxes: (G, 4) ink left, bottom, right, top.
    starts: (n + 1,) first glyph of each line. left, bottom, right, top: (n,) the ink of the whole line.
    """

    rows: Integers
    xs: Integers
    ys: Integers
    boxes: Integers
    starts: Integers
    left: Integers
    bottom: Integers
    right: Integers
    top: Integers

    @property
    def owner(self) -> Integers:
        """(G,) the line of each glyph."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def lay_out(table: GlyphTable, faces: Sequence[int], runs: Sequence[Run], spacing: Floats) -> Layout:
    """Place the glyphs of `runs`; spacing: (n,) added after every glyph that advances, in em."""
    rows = np.array([r for face, run in zip(faces, runs, strict=True) for r in table.rows(face, run.glyphs)], np.int64)
    counts = np.array([len(run.glyphs) for run in runs], np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    advances = np.array([a for run in runs for a in run.advances], np.int64)
    extra = np.repeat((spacing * EM).astype(np.int64), counts)
    advances = advances + np.where(advances > 0, extra, 0)
    # Whole numbers: a running sum over the batch minus its value at the line's start is exact in any batch.
    before = np.cumsum(advances) - advances
    pens = before - np.repeat(before[starts[:-1]], counts)
    xs = pens + np.array([v for run in runs for v in run.dx], np.int64)
    ys = np.array([v for run in runs for v in run.dy], np.int64)
    boxes = table.boxes[rows] + np.stack([xs, ys, xs, ys], axis=1)
    low = np.minimum.reduceat(boxes, starts[:-1], axis=0)
    high = np.maximum.reduceat(boxes, starts[:-1], axis=0)
    return Layout(rows, xs, ys, boxes, starts, low[:, 0], low[:, 1], high[:, 2], high[:, 3])


@dataclass(slots=True)
class Masks:
    """Where the lines lie in their masks, px: mask sizes, the mask's left edge right of the pen's start and its top
    edge above the baseline, glyph pens, and the text box (x, y, width, height)."""

    size: Integers
    width: Integers
    height: Integers
    origin_x: Integers
    origin_y: Integers
    xs: Integers
    ys: Integers
    box: Floats


def rasterise(layout: Layout, heights: Integers, wanted: Floats) -> Masks:
    """Choose the drawing size of each line and turn its measures into pixels of its mask.

    heights: (n,) height of the text box in 1/EM, around the ink's middle. wanted: (n,) em in px of the picture.
    """
    size = SIZES[np.minimum(np.searchsorted(SIZES, np.ceil(wanted)), len(SIZES) - 1)]
    left = layout.left * size // EM - PAD
    right = -(-layout.right * size // EM) + PAD
    bottom = layout.bottom * size // EM - PAD
    top = -(-layout.top * size // EM) + PAD
    owner = layout.owner
    xs = ((layout.xs * size[owner] + EM // 2) >> 16) - left[owner]
    ys = top[owner] - ((layout.ys * size[owner] + EM // 2) >> 16)
    scale = size / EM
    middle = (layout.top + layout.bottom) / 2
    box = np.stack(
        [
            layout.left * scale - left,
            top - (middle + heights / 2) * scale,
            (layout.right - layout.left) * scale,
            heights * scale,
        ],
        axis=1,
    )
    return Masks(size, right - left, top - bottom, left, top, xs, ys, box)
