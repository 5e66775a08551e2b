"""Drawing the parameters: for a batch of samples, everything that the painter needs, or why there is no picture."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..datasets.records import Refusal
from ..fonts.face import EM, JOINERS, PLAIN, right_to_left
from ..fonts.glyphs import FAR, GlyphTable
from ..fonts.plain import PlainLines
from . import neighbours, warp
from .backgrounds import Bank
from .batch import Batch, Drawing, Marks, Planned, Shaped
from .bend import draw_bends
from .dress import Dresser
from .layout import Laid, Masks, Spelling, lay_out, rasterise
from .line import Glyphs, Line
from .rng import Draws, Floats, Integers
from .writer import Writer, Written

if TYPE_CHECKING:
    from .recipe import Recipe

MARK = 0.08  # square em: points, commas, hyphens, colons, the thinnest letters; checked one by one


class Planner:
    """Plans batches. Sample i of a plan depends on the recipe, its seed, i and the attempt alone."""

    def __init__(self, recipe: Recipe, writer: Writer, table: GlyphTable, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.table = table
        self.writer = writer
        self.plain: PlainLines | None = PlainLines(
            writer.faces, table, writer.charset.characters if writer.charset else None
        )
        self.dresser = Dresser(recipe, banks)

    def plan(self, index: Integers, attempt: int) -> list[Line | Refusal]:
        """A line or a refusal for each sample of the batch."""
        batch = self.batch(index, attempt)
        found: dict[int, Line | Refusal] = {**batch.refused}
        if batch.planned is not None:
            found |= {place: batch.planned.line(k) for k, place in enumerate(batch.places)}
        return [found[place] for place in range(len(index))]

    def batch(self, index: Integers, attempt: int) -> Batch:
        """What can be painted of the samples, and why the others cannot be."""
        draws = Draws(self.recipe.seed, index, attempt)
        written, refused = self.writer.write(draws, index, attempt, self.plain)
        if written.where:
            shaped = self._shape(_some(draws, written.where), written)
            shaped = self._sieve(shaped, index, refused)
            where = shaped.written.where
            if where:
                planned = self._planned(_some(draws, where), index[np.array(where, np.int64)], shaped, attempt)
                return Batch(refused, where, planned)
        return Batch(refused, [], None)

    def _shape(self, draws: Draws, written: Written) -> Shaped:
        recipe, layout = self.recipe, self.recipe.layout
        joined = [not PLAIN.fullmatch(t) and right_to_left(t) for t in written.texts]
        spacing = np.where(joined, 0.0, draws.between("spacing", layout.spacing))
        gaps = None if layout.word_gap == (1, 1) else draws.between("word_gap", layout.word_gap)
        laid = lay_out(self.table, written.spelling(self.table), spacing, gaps)
        ink_height = np.where(laid.top > laid.bottom, laid.top - laid.bottom, EM)
        ink_width = np.where(laid.right > laid.left, laid.right - laid.left, EM)
        height = np.maximum(ink_height, int(layout.min_height * EM))
        width = ink_width / height * draws.between("stretch", layout.stretch)
        bends = draw_bends(recipe.curve, recipe.elastic, draws, width)
        frames = warp.frame(recipe.geometry, layout.margins, draws, width, bends, recipe.height)
        return Shaped(written, laid, height, frames, bends)

    def _sieve(self, shaped: Shaped, index: Integers, refused: dict[int, Refusal]) -> Shaped:
        """The lines whose shapes can be drawn; the others go among the refused."""
        written, width = shaped.written, shaped.frames.width
        blanks = _blank(shaped.laid, written)
        doubtful = (width > self.recipe.max_width) | bool(self.recipe.ctc_stride)
        doubtful[list(blanks)] = True
        gone = set()
        for i in np.flatnonzero(doubtful).tolist():
            if why := self._too_much(written.texts[i], int(width[i]), blanks.get(i)):
                place, face = written.where[i], written.faces[i]
                refused[place] = self.writer.refusal(why[0], int(index[place]), why[1], written.texts[i], face)
                gone.add(i)
        return shaped.take([i for i in range(len(width)) if i not in gone]) if gone else shaped

    def _too_much(self, text: str, width: int, blank: str | None) -> tuple[str, str] | None:
        if blank is not None:
            return "blank_glyph", blank
        if width > self.recipe.max_width:
            return "too_wide", f"{width} px"
        stride = self.recipe.ctc_stride
        if stride and len(text) + sum(a == b for a, b in pairwise(text)) > width // stride:
            return "too_long", f"{len(text)} characters on {width // stride} time steps"
        return None

    def _planned(self, draws: Draws, index: Integers, shaped: Shaped, attempt: int) -> Planned:
        frames = shaped.frames
        masks = rasterise(shaped.laid, shaped.height, frames.scale * EM / shaped.height)
        homographies = warp.homographies(masks.box, frames.quads)
        drawing = Drawing.of(shaped.laid, masks, homographies, shaped.bends)
        cut, marks = self._glyphs(shaped, drawing, homographies)
        others = self._others(draws, index, shaped, masks, homographies)
        looks = self.dresser.dress(draws, frames, shaped.written, shaped.bends)
        turned = self.recipe.layout.turned
        return Planned(index, attempt, shaped, drawing, cut, marks, others, looks, turned)

    def _glyphs(self, shaped: Shaped, drawing: Drawing, homographies: Floats) -> tuple[NDArray[np.bool_], Marks]:
        """For each line whether a side of the picture may cut into a glyph's ink; and its small marks."""
        laid, frames = shaped.laid, shaped.frames
        owner = laid.owner
        corners = glyph_corners(laid, drawing.masks)
        seen = warp.apply(homographies[owner], corners)
        inked = laid.boxes[:, 0] < FAR // 2
        out = warp.outside(seen, frames.width[owner], self.recipe.height) & inked
        cut = np.add.reduceat(out, laid.starts[:-1]) > 0
        bent = np.array([bend is not None for bend in shaped.bends])
        if bent.any():
            cut = np.where(bent, frames.room(self.recipe.height).min(axis=1) < 0, cut)
        area = (laid.boxes[:, 2] - laid.boxes[:, 0]) / EM * ((laid.boxes[:, 3] - laid.boxes[:, 1]) / EM)
        small = np.flatnonzero(inked & (area < MARK))
        shown, lines = seen[small], owner[small]
        for k in np.flatnonzero(bent[lines]).tolist():
            shown[k] = drawing.map(int(lines[k])).points(corners[small[k]])
        low, high = np.floor(shown.min(axis=1)), np.ceil(shown.max(axis=1))
        boxes = np.maximum(np.concatenate([low, high], axis=1), [0, 0, 1, 1]).astype(np.int32)
        return cut, Marks(boxes, np.searchsorted(lines, np.arange(len(bent) + 1)))

    def _others(
        self, draws: Draws, index: Integers, shaped: Shaped, masks: Masks, homographies: Floats
    ) -> dict[int, list[Glyphs]]:
        """Parts of other lines, by place in the batch."""
        config = self.recipe.neighbours
        if not config.probability:
            return {}
        on = draws.chance("neighbour", config.probability)
        where = [k for k in np.flatnonzero(on).tolist() if shaped.bends[k] is None]
        some = draws.take(np.array(where, np.int64)).fork("neighbour")
        texts = self.writer.mix.draw(some, index[where]) if where else []
        written = shaped.written
        found = [
            self.writer.beside(text, written.faces[k], written.vertical[k])
            for text, k in zip(texts, where, strict=True)
        ]
        kept = [(k, n, piece) for n, (k, piece) in enumerate(zip(where, found, strict=True)) if piece is not None]
        if not kept:
            return {}
        which, order = np.array([k for k, _, _ in kept]), np.array([n for _, n, _ in kept])
        other = lay_out(self.table, Spelling.of(self.table, [[piece] for _, _, piece in kept]), np.zeros(len(kept)))
        mine, height, frames = shaped.laid.take(which), shaped.height[which], shaped.frames.take(which)
        room = frames.room(self.recipe.height)[:, [0, 2]] / frames.scale[:, None]
        shift = neighbours.shifts(config, some.take(order), mine, other, room, height)
        drawn = rasterise(other, height, frames.scale * EM / height)
        origin = np.stack([masks.size, masks.origin_x, masks.origin_y], axis=1)[which]
        matrices = neighbours.matrices(origin, drawn, shift, homographies[which])
        seen = ~np.isnan(shift[:, 0])
        drawing = Drawing.of(other, drawn, np.where(seen[:, None, None], matrices, 0), [None] * len(kept))
        return {int(which[n]): [drawing.glyphs(n)] for n in np.flatnonzero(seen).tolist()}


def glyph_corners(laid: Laid, masks: Masks) -> Floats:
    """(G, 4, 2) the glyphs' ink boxes in px of their masks, clockwise from top left."""
    owner = laid.owner
    scale = (masks.size / EM)[owner]
    left, top = masks.origin_x[owner], masks.origin_y[owner]
    x0, x1 = laid.boxes[:, 0] * scale - left, laid.boxes[:, 2] * scale - left
    y0, y1 = top - laid.boxes[:, 3] * scale, top - laid.boxes[:, 1] * scale
    return np.stack([np.stack([x0, x1, x1, x0], 1), np.stack([y0, y0, y1, y1], 1)], axis=2)


def _some(draws: Draws, where: list[int]) -> Draws:
    return draws if len(where) == len(draws) else draws.take(np.array(where, np.int64))


def _blank(laid: Laid, written: Written) -> dict[int, str]:
    """Lines with a glyph that shows no ink although it is no space, and its character where that is known."""
    empty = (laid.boxes[:, 0] >= FAR // 2).astype(np.int64)  # numbers: truth values would not add up
    counts = np.add.reduceat(empty, laid.starts[:-1])
    found: dict[int, str] = {}
    for i in np.flatnonzero(counts).tolist():
        text, count, glyphs = written.texts[i], int(counts[i]), empty[laid.starts[i] : laid.starts[i + 1]]
        if count == len(glyphs) or count > sum(c.isspace() or c in JOINERS for c in text):
            one_each = len(glyphs) == len(text)
            found[i] = next((c for c, e in zip(text, glyphs, strict=True) if e and c != " "), "") if one_each else ""
    return found
