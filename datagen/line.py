"""One line of text, laid out and dressed: everything that the painter needs."""

from __future__ import annotations

from dataclasses import dataclass

from . import warp
from .dress import Dress
from .layout import Piece


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
