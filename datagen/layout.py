"""Glyphs on lines: where every glyph of a batch stands, which pixels it needs, which box the text fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from ..config import Config
from ..fonts.face import EM, Run
from ..fonts.glyphs import FAR, GlyphTable
from ..fonts.plain import Placed
from .limits import Factor, Limits, Probability, Range, within
from .rng import Floats, Integers

# Glyphs are drawn at these sizes only (px per em), the next one up from what is needed: the warp scales the rest.
SIZES = np.array([12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512], np.int64)
SMALLEST = 6  # px per em at which a smaller part of a line is still drawn
PAD = 2  # px around the outlines in the mask: anti-aliasing and rounded pens

Margin = Annotated[Limits, AfterValidator(within(-0.9, 5))]


class Margins(Config):
    """Room around the ink as shares of the text's height; negative: the crop's edge cuts into the text."""

    left: Margin = (0.05, 0.3)
    right: Margin = (0.05, 0.3)
    top: Margin = (0.02, 0.2)
    bottom: Margin = (0.02, 0.2)


class Layout(Config):
    """How glyphs stand on the line.

    spacing: added between letters, as a share of the em. word_gap: factor of the width of spaces.
    stretch: width factor of the whole line.
    min_height: the least height, in em, that counts as the text's height, so that a lone dash is not blown up.
    max_cut: the largest share of any glyph's ink that may lie outside the picture; more is refused as `clipped`.
    vertical: the share of lines set in a column from top to bottom (lines of one character stay as they are);
    latin: how letters and digits stand in a column; turned: such pictures are turned counter-clockwise, as `crop`
    delivers them; else they stay upright, `height` px wide.
    """

    spacing: Range = (0, 0)
    word_gap: Factor = (1, 1)
    stretch: Factor = (1, 1)
    margins: Margins = Margins()
    min_height: Annotated[float, Field(gt=0, le=2)] = 0.5
    max_cut: Probability = 0.02
    vertical: Probability = 0
    latin: Literal["upright", "sideways"] = "upright"
    turned: bool = True


class Piece(NamedTuple):
    """A part of a line in one face: `run` places the characters of the text from `start` on; scale: of the em."""

    face: int
    run: Run
    start: int = 0
    scale: float = 1.0


@dataclass(slots=True)
class Laid:
    """A batch of n lines with G glyphs together; measures in 1/EM, y upwards, the pen starts at 0.

    rows, xs, ys: (G,) glyph rows of the table and pen positions. boxes: (G, 4) ink left, bottom, right, top.
    scales: (G,) of the em, in 1/EM; None where all are 1.
    starts: (n + 1,) first glyph of each line. left, bottom, right, top: (n,) the ink of the whole line.
    """

    rows: Integers
    xs: Integers
    ys: Integers
    boxes: Integers
    scales: Integers | None
    starts: Integers
    left: Integers
    bottom: Integers
    right: Integers
    top: Integers

    @property
    def owner(self) -> Integers:
        """(G,) the line of each glyph."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def take(self, lines: Integers) -> Laid:
        """Some of the lines."""
        counts = np.diff(self.starts)[lines]
        starts = np.concatenate([[0], np.cumsum(counts)])
        glyphs = np.arange(starts[-1]) + np.repeat(self.starts[lines] - starts[:-1], counts)
        scales = self.scales if self.scales is None else self.scales[glyphs]
        whole = (self.left[lines], self.bottom[lines], self.right[lines], self.top[lines])
        return Laid(self.rows[glyphs], self.xs[glyphs], self.ys[glyphs], self.boxes[glyphs], scales, starts, *whole)


@dataclass(slots=True)
class Spelling:
    """The glyphs of n lines, one behind the other, G together; measures in 1/EM.

    rows: (G,) of the glyph table; advances, dx, dy: (G,). scales: (G,) of the em, in 1/EM; None where all are 1.
    counts: (n,) glyphs of each line.
    """

    rows: Integers
    advances: Integers
    dx: Integers
    dy: Integers
    scales: Integers | None
    counts: Integers

    @staticmethod
    def of(table: GlyphTable, lines: Sequence[Sequence[Piece]]) -> Spelling:
        """The glyphs of lines that are shaped."""
        pieces = [piece for line in lines for piece in line]
        runs = [piece.run for piece in pieces]
        rows = _flat([table.rows(p.face, p.run.glyphs) for p in pieces])
        counts = np.array([sum([len(p.run.glyphs) for p in line]) for line in lines], np.int64)
        scales = None
        if any(piece.scale != 1 for piece in pieces):
            scales = np.repeat([round(p.scale * EM) for p in pieces], [len(r.glyphs) for r in runs])
        advances, dx, dy = _flat([r.advances for r in runs]), _flat([r.dx for r in runs]), _flat([r.dy for r in runs])
        return Spelling(rows, advances, dx, dy, scales, counts)

    @staticmethod
    def plain(placed: Placed) -> Spelling:
        """Glyphs that stand by their advances alone."""
        zeros = np.zeros_like(placed.rows)
        return Spelling(placed.rows, placed.advances, zeros, zeros, None, placed.counts)

    @staticmethod
    def merged(parts: Sequence[tuple[Spelling, NDArray[np.bool_]]]) -> Spelling:
        """Lines of several kinds, each kind in order at its places among all of them."""
        counts = np.zeros(len(parts[0][1]), np.int64)
        for part, where in parts:
            counts[where] = part.counts
        kind = np.zeros(len(counts), np.int64)
        for number, (_, where) in enumerate(parts):
            kind[where] = number
        order = np.argsort(np.argsort(np.repeat(kind, counts), kind="stable"), kind="stable")
        scales = None
        if any(part.scales is not None for part, _ in parts):
            whole = [np.full(len(p.rows), EM) if p.scales is None else p.scales for p, _ in parts]
            scales = np.concatenate(whole)[order]
        rows = np.concatenate([p.rows for p, _ in parts])[order]
        advances = np.concatenate([p.advances for p, _ in parts])[order]
        dx, dy = (np.concatenate(v)[order] for v in ([p.dx for p, _ in parts], [p.dy for p, _ in parts]))
        return Spelling(rows, advances, dx, dy, scales, counts)


def _flat(lists: Sequence[Sequence[int]]) -> Integers:
    return np.fromiter(chain.from_iterable(lists), np.int64, sum(map(len, lists)))


def lay_out(table: GlyphTable, spelling: Spelling, spacing: Floats, gaps: Floats | None = None) -> Laid:
    """Place the glyphs of n lines.

    spacing: (n,) added after every glyph that advances, in em. gaps: (n,) factors of the advance of spaces.
    """
    rows, counts, scales = spelling.rows, spelling.counts, spelling.scales
    advances, dx, ys = spelling.advances, spelling.dx, spelling.dy
    starts = np.concatenate([[0], np.cumsum(counts)])
    boxes = table.boxes[rows]
    if scales is not None:
        advances, dx, ys = (v * scales >> 16 for v in (advances, dx, ys))
        boxes = np.where(np.abs(boxes) < FAR // 2, boxes * scales[:, None] >> 16, boxes)
    extra = np.repeat((spacing * EM).astype(np.int64), counts)
    wider = advances + np.where(advances > 0, extra, 0)
    if gaps is not None:
        blank = boxes[:, 0] >= FAR // 2
        wider = np.where(blank, (wider * np.repeat(gaps, counts)).astype(np.int64), wider)
    # Whole numbers: a running sum over the batch minus its value at the line's start is exact in any batch.
    before = np.cumsum(wider) - wider
    xs = before - np.repeat(before[starts[:-1]], counts) + dx
    boxes = boxes + np.stack([xs, ys, xs, ys], axis=1)
    low = np.minimum.reduceat(boxes, starts[:-1], axis=0)
    high = np.maximum.reduceat(boxes, starts[:-1], axis=0)
    return Laid(rows, xs, ys, boxes, scales, starts, low[:, 0], low[:, 1], high[:, 2], high[:, 3])


@dataclass(slots=True)
class Masks:
    """Where the lines lie in their masks, px: mask sizes, the mask's left edge right of the pen's start and its top
    edge above the baseline, glyph pens, and the text box (x, y, width, height).

    size: (n,) px per em; sizes: (G,) the same of each glyph where parts of a line are smaller.
    """

    size: Integers
    sizes: Integers | None
    width: Integers
    height: Integers
    origin_x: Integers
    origin_y: Integers
    xs: Integers
    ys: Integers
    box: Floats


def rasterise(laid: Laid, heights: Integers, wanted: Floats) -> Masks:
    """Choose the drawing size of each line and turn its measures into pixels of its mask.

    heights: (n,) height of the text box in 1/EM, around the ink's middle. wanted: (n,) em in px of the picture.
    """
    size = SIZES[np.minimum(np.searchsorted(SIZES, np.ceil(wanted)), len(SIZES) - 1)]
    left = laid.left * size // EM - PAD
    right = -(-laid.right * size // EM) + PAD
    bottom = laid.bottom * size // EM - PAD
    top = -(-laid.top * size // EM) + PAD
    owner = laid.owner
    xs = ((laid.xs * size[owner] + EM // 2) >> 16) - left[owner]
    ys = top[owner] - ((laid.ys * size[owner] + EM // 2) >> 16)
    sizes = None
    if laid.scales is not None:
        sizes = np.maximum((size[owner] * laid.scales + EM // 2) >> 16, SMALLEST)
    scale = size / EM
    middle = (laid.top + laid.bottom) / 2
    box = np.stack(
        [
            laid.left * scale - left,
            top - (middle + heights / 2) * scale,
            (laid.right - laid.left) * scale,
            heights * scale,
        ],
        axis=1,
    )
    return Masks(size, sizes, right - left, top - bottom, left, top, xs, ys, box)
