"""Drawing the parameters: for a batch of samples, everything that the painter needs, or why there is no picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.records import Refusal
from ..fonts.face import EM, JOINERS, PLAIN, right_to_left
from ..fonts.glyphs import FAR, GlyphTable
from . import neighbours, warp
from .backgrounds import Bank
from .bend import Bend, draw_bends
from .dress import Dress, Dresser
from .layout import Laid, Masks, Piece, lay_out, rasterise
from .rng import Draws, Floats, Integers
from .writer import Writer, Written

if TYPE_CHECKING:
    from .recipe import Recipe

MARK = 0.08  # square em: points, commas, hyphens, colons, the thinnest letters; checked one by one


@dataclass(slots=True)
class Glyphs:
    """Glyphs that share a mask. rows: of the glyph table; xs, ys: pens, px of the mask; sizes: px per em, of all or of
    each; width, height: of the mask; map: to the picture."""

    rows: list[int]
    xs: list[int]
    ys: list[int]
    sizes: int | list[int]
    width: int
    height: int
    map: warp.Map


@dataclass(slots=True)
class Line:
    """Everything about one picture. Sizes in px.

    upright: a column that is turned back after painting. cut: whether a side of the picture may cut glyphs.
    marks: left, top, right, bottom in the picture of glyphs so small that blur may wipe them out.
    others: parts of other lines. dress: colours, background, effects.
    """

    index: int
    attempt: int
    text: str
    pieces: list[Piece]
    vertical: bool
    upright: bool
    width: int
    glyphs: Glyphs
    others: list[Glyphs]
    cut: bool
    marks: list[tuple[int, int, int, int]]
    dress: Dress

    def starts(self) -> list[int]:
        """For each glyph where in the text its cluster begins."""
        return [piece.start + at for piece in self.pieces for at in piece.run.clusters]


@dataclass(slots=True)
class Shaped:
    """Lines of a batch whose shapes stand: their layouts, masks and frames."""

    written: Written
    laid: Laid
    height: Integers
    frames: warp.Frames
    bends: list[Bend | None]

    def take(self, lines: list[int]) -> Shaped:
        """Some of them."""
        which = np.array(lines, np.int64)
        bends = [self.bends[i] for i in lines]
        return Shaped(
            self.written.take(lines), self.laid.take(which), self.height[which], self.frames.take(which), bends
        )


class Planner:
    """Plans batches. Sample i of a plan depends on the recipe, its seed, i and the attempt alone."""

    def __init__(self, recipe: Recipe, writer: Writer, table: GlyphTable, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.table = table
        self.writer = writer
        self.dresser = Dresser(recipe, banks)

    def plan(self, index: Integers, attempt: int) -> list[Line | Refusal]:
        """A line or a refusal for each sample of the batch."""
        draws = Draws(self.recipe.seed, index, attempt)
        result: list[Line | Refusal | None] = [None] * len(index)
        written, refused = self.writer.write(draws, index, attempt)
        for place, refusal in refused.items():
            result[place] = refusal
        if written.where:
            shaped = self._shape(draws.take(np.array(written.where, np.int64)), written)
            shaped = self._sieve(shaped, index, result)
            if shaped.written.where:
                where = np.array(shaped.written.where, np.int64)
                for place, line in zip(
                    where.tolist(), self._lines(draws.take(where), index[where], shaped), strict=True
                ):
                    line.attempt = attempt
                    result[place] = line
        return [r for r in result if r is not None]

    def _shape(self, draws: Draws, written: Written) -> Shaped:
        recipe, layout = self.recipe, self.recipe.layout
        joined = [not PLAIN.fullmatch(t) and right_to_left(t) for t in written.texts]
        spacing = np.where(joined, 0.0, draws.between("spacing", layout.spacing))
        gaps = None if layout.word_gap == (1, 1) else draws.between("word_gap", layout.word_gap)
        laid = lay_out(self.table, written.pieces, spacing, gaps)
        ink_height = np.where(laid.top > laid.bottom, laid.top - laid.bottom, EM)
        ink_width = np.where(laid.right > laid.left, laid.right - laid.left, EM)
        height = np.maximum(ink_height, int(layout.min_height * EM))
        width = ink_width / height * draws.between("stretch", layout.stretch)
        bends = draw_bends(recipe.curve, recipe.elastic, draws, width)
        frames = warp.frame(recipe.geometry, layout.margins, draws, width, bends, recipe.height)
        return Shaped(written, laid, height, frames, bends)

    def _sieve(self, shaped: Shaped, index: Integers, result: list[Line | Refusal | None]) -> Shaped:
        """The lines whose shapes can be drawn; the others' refusals go into the result."""
        alive = []
        written = shaped.written
        blanks = _blank(shaped.laid, written)
        for i, (width, blank) in enumerate(zip(shaped.frames.width.tolist(), blanks, strict=True)):
            refused = self._too_much(written.texts[i], width, blank)
            if refused is None:
                alive.append(i)
            else:
                place = written.where[i]
                face = written.pieces[i][0].face
                result[place] = self.writer.refusal(refused[0], int(index[place]), refused[1], written.texts[i], face)
        return shaped if len(alive) == len(blanks) else shaped.take(alive)

    def _too_much(self, text: str, width: int, blank: str | None) -> tuple[str, str] | None:
        if blank is not None:
            return "blank_glyph", blank
        if width > self.recipe.max_width:
            return "too_wide", f"{width} px"
        stride = self.recipe.ctc_stride
        if stride and len(text) + sum(a == b for a, b in pairwise(text)) > width // stride:
            return "too_long", f"{len(text)} characters on {width // stride} time steps"
        return None

    def _lines(self, draws: Draws, index: Integers, shaped: Shaped) -> list[Line]:
        recipe, written, frames = self.recipe, shaped.written, shaped.frames
        masks = rasterise(shaped.laid, shaped.height, frames.scale * EM / shaped.height)
        homographies = warp.homographies(masks.box, frames.quads)
        groups = _groups(shaped.laid, masks, homographies, shaped.bends)
        cut, marks = self._glyphs(shaped, masks, groups, homographies)
        others = self._others(draws, index, shaped, masks, homographies)
        dresses = self.dresser.dress(draws, frames, written, shaped.bends)
        upright = not recipe.layout.turned
        return [
            Line(
                *(i, 0, written.texts[k], written.pieces[k], written.vertical[k], upright and written.vertical[k]),
                *(width, groups[k], others.get(k, []), cut[k], marks.get(k, []), dresses[k]),
            )
            for k, (i, width) in enumerate(zip(index.tolist(), frames.width.tolist(), strict=True))
        ]

    def _glyphs(
        self, shaped: Shaped, masks: Masks, groups: list[Glyphs], homographies: Floats
    ) -> tuple[list[bool], dict[int, list[tuple[int, int, int, int]]]]:
        """For each line whether a side of the picture may cut into a glyph's ink; and its small marks, by line."""
        laid, frames = shaped.laid, shaped.frames
        owner = laid.owner
        corners = glyph_corners(laid, masks)
        seen = warp.apply(homographies[owner], corners)
        inked = laid.boxes[:, 0] < FAR // 2
        out = warp.outside(seen, frames.width[owner], self.recipe.height) & inked
        cut: list[bool] = (np.add.reduceat(out, laid.starts[:-1]) > 0).tolist()
        inside = (frames.room(self.recipe.height).min(axis=1) >= 0).tolist()
        cut = [not inside[k] if bend is not None else cut[k] for k, bend in enumerate(shaped.bends)]
        area = (laid.boxes[:, 2] - laid.boxes[:, 0]) / EM * ((laid.boxes[:, 3] - laid.boxes[:, 1]) / EM)
        marks: dict[int, list[tuple[int, int, int, int]]] = {}
        small = np.flatnonzero(inked & (area < MARK))
        shown = seen[small]
        for k in [k for k, line in enumerate(owner[small].tolist()) if shaped.bends[line] is not None]:
            shown[k] = groups[owner[small[k]]].map.points(corners[small[k]])
        low, high = np.floor(shown.min(axis=1)), np.ceil(shown.max(axis=1))
        boxes = np.maximum(np.concatenate([low, high], axis=1), [0, 0, 1, 1]).astype(np.int64).tolist()
        for line, (left, top, right, bottom) in zip(owner[small].tolist(), boxes, strict=True):
            marks.setdefault(line, []).append((left, top, right, bottom))
        return cut, marks

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
            self.writer.beside(text, written.pieces[k][0].face, written.vertical[k])
            for text, k in zip(texts, where, strict=True)
        ]
        kept = [(k, n, piece) for n, (k, piece) in enumerate(zip(where, found, strict=True)) if piece is not None]
        if not kept:
            return {}
        which, order = np.array([k for k, _, _ in kept]), np.array([n for _, n, _ in kept])
        other = lay_out(self.table, [[piece] for _, _, piece in kept], np.zeros(len(kept)))
        mine, height, frames = shaped.laid.take(which), shaped.height[which], shaped.frames.take(which)
        room = frames.room(self.recipe.height)[:, [0, 2]] / frames.scale[:, None]
        shift = neighbours.shifts(config, some.take(order), mine, other, room, height)
        drawn = rasterise(other, height, frames.scale * EM / height)
        origin = np.stack([masks.size, masks.origin_x, masks.origin_y], axis=1)[which]
        matrices = neighbours.matrices(origin, drawn, shift, homographies[which])
        seen = ~np.isnan(shift[:, 0])
        groups = _groups(other, drawn, np.where(seen[:, None, None], matrices, 0), [None] * len(kept))
        return {k: [group] for k, group, s in zip(which.tolist(), groups, seen.tolist(), strict=True) if s}


def glyph_corners(laid: Laid, masks: Masks) -> Floats:
    """(G, 4, 2) the glyphs' ink boxes in px of their masks, clockwise from top left."""
    owner = laid.owner
    scale = (masks.size / EM)[owner]
    left, top = masks.origin_x[owner], masks.origin_y[owner]
    x0, x1 = laid.boxes[:, 0] * scale - left, laid.boxes[:, 2] * scale - left
    y0, y1 = top - laid.boxes[:, 3] * scale, top - laid.boxes[:, 1] * scale
    return np.stack([np.stack([x0, x1, x1, x0], 1), np.stack([y0, y0, y1, y1], 1)], axis=2)


def _groups(laid: Laid, masks: Masks, homographies: Floats, bends: list[Bend | None]) -> list[Glyphs]:
    stacked = warp.by_index(homographies)
    matrices, inverses = list(stacked), list(warp.inverses(stacked))
    starts = laid.starts.tolist()
    rows, xs, ys = laid.rows.tolist(), masks.xs.tolist(), masks.ys.tolist()
    sizes = masks.size.tolist()
    each = masks.sizes.tolist() if masks.sizes is not None else None
    boxes = masks.box.tolist()
    return [
        Glyphs(
            *(rows[a:b], xs[a:b], ys[a:b], sizes[k] if each is None else each[a:b]),
            *(width, height, warp.Map(matrices[k], inverses[k], tuple(boxes[k]), bends[k])),
        )
        for k, ((a, b), width, height) in enumerate(
            zip(pairwise(starts), masks.width.tolist(), masks.height.tolist(), strict=True)
        )
    ]


def _blank(laid: Laid, written: Written) -> list[str | None]:
    """For each line None, or what shows no ink although it is no space."""
    empty = (laid.boxes[:, 0] >= FAR // 2).astype(np.int64)  # numbers: truth values would not add up
    counts = np.add.reduceat(empty, laid.starts[:-1]).tolist()
    found: list[str | None] = [None] * len(written.texts)
    for i, (text, count) in enumerate(zip(written.texts, counts, strict=True)):
        glyphs = empty[laid.starts[i] : laid.starts[i + 1]]
        if count and (count == len(glyphs) or count > sum(c.isspace() or c in JOINERS for c in text)):
            one_each = len(glyphs) == len(text)
            found[i] = next((c for c, e in zip(text, glyphs, strict=True) if e and c != " "), "") if one_each else ""
    return found
