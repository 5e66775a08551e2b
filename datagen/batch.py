"""A planned batch of lines, as columns: most lines are painted from these alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..datasets.records import Refusal
from . import warp
from .bend import Bend
from .dress import Looks
from .layout import Laid, Masks
from .line import Glyphs, Line
from .rng import Floats, Integers
from .writer import Written


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


@dataclass(slots=True)
class Drawing:
    """The glyphs of n lines: their masks, and the maps from these to the pictures (by pixel indices) with inverses."""

    laid: Laid
    masks: Masks
    matrices: Floats
    inverses: Floats
    bends: list[Bend | None]

    @staticmethod
    def of(laid: Laid, masks: Masks, homographies: Floats, bends: list[Bend | None]) -> Drawing:
        """homographies: (n, 3, 3) between continuous px."""
        matrices = warp.by_index(homographies)
        return Drawing(laid, masks, matrices, warp.inverses(matrices), bends)

    def map(self, k: int) -> warp.Map:
        """From the mask of line k to its picture."""
        x, y, width, height = self.masks.box[k].tolist()
        return warp.Map(self.matrices[k], self.inverses[k], (x, y, width, height), self.bends[k])

    def glyphs(self, k: int) -> Glyphs:
        """The glyphs of line k."""
        masks, part = self.masks, slice(*self.laid.starts[k : k + 2].tolist())
        return Glyphs(
            *(self.laid.rows[part].tolist(), masks.xs[part].tolist(), masks.ys[part].tolist()),
            int(masks.size[k]) if masks.sizes is None else masks.sizes[part].tolist(),
            *(int(masks.width[k]), int(masks.height[k]), self.map(k)),
        )


@dataclass(slots=True)
class Marks:
    """Boxes (m, 4) in the pictures, left, top, right, bottom in px, of glyphs that blur may wipe out.

    starts: (n + 1,) the first box of each line.
    """

    boxes: NDArray[np.int32]
    starts: Integers

    def of(self, k: int) -> list[tuple[int, int, int, int]]:
        """The boxes of line k."""
        return [(a, b, c, d) for a, b, c, d in self.boxes[self.starts[k] : self.starts[k + 1]].tolist()]


@dataclass(slots=True)
class Planned:
    """What can be painted of a batch: n lines.

    index: their numbers. cut: whether a side of the picture may cut glyphs. others: parts of other lines, by line.
    """

    index: Integers
    attempt: int
    shaped: Shaped
    drawing: Drawing
    cut: NDArray[np.bool_]
    marks: Marks
    others: dict[int, list[Glyphs]]
    looks: Looks
    turned: bool

    def line(self, k: int) -> Line:
        """Line k by itself."""
        written = self.shaped.written
        vertical = written.vertical[k]
        return Line(
            int(self.index[k]),
            self.attempt,
            written.texts[k],
            written.parts(k),
            vertical,
            vertical and not self.turned,
            int(self.shaped.frames.width[k]),
            self.drawing.glyphs(k),
            self.others.get(k, []),
            bool(self.cut[k]),
            self.marks.of(k),
            self.looks.dress(k),
        )


@dataclass(slots=True)
class Batch:
    """Samples of a recipe, n of them: refused ones by their place, and the others with their places."""

    refused: dict[int, Refusal]
    places: list[int]
    planned: Planned | None
