"""Effects on what lies around the text."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..colours import Palette, pick
from ..limits import Share
from ..rng import Draws
from .base import Canvas, Columns, Effect, Lines, Stage


class Edge(Effect):
    """A strip of another colour along one side, as where a label ends or another line begins.

    size: its share of the room between that side and the text, so that it never lies behind the ink.
    """

    stage: ClassVar[Stage] = "paper"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"side": ("top", "right", "bottom", "left")}

    size: Share = (0.2, 0.9)
    palette: Palette = Palette()

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Sides, widths in px and colours."""
        side = draws.integer("edge.side", 4)
        free = np.maximum(lines.room[np.arange(len(side)), side], 0)
        size = (free * draws.between("edge.amount", self.size)).astype(np.int64)
        return {"side": side, "size": size, "colour": pick(self.palette, draws, "edge")}

    def apply(self, canvas: Canvas, *, side: int, size: int, colour: list[float]) -> None:
        """Paint the strip on the paper."""
        planes = canvas.planes
        height, width = planes.shape[1:]
        strips = (planes[:, :size], planes[:, :, width - size :], planes[:, height - size :], planes[:, :, :size])
        strips[side][:] = np.array(colour, np.uint16)[:, None, None]
