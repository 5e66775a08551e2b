"""Effects that belong to the letters: outline, shadow."""

from __future__ import annotations

from typing import Annotated, ClassVar

import cv2
import numpy as np
from pydantic import AfterValidator

from ..colours import outline_colours, shadow_colours
from ..limits import Pixels, Share, within
from ..rng import Draws
from .base import Canvas, Columns, Effect, Lines, Stage, whole
from .pixels import blend, disc, moved, soften

SHADOW_CONTRAST = 40  # of lightness, between dark ink and its shadow


class Outline(Effect):
    """A line of `width` pixels around the letters, in a colour that contrasts with the ink."""

    stage: ClassVar[Stage] = "paper"

    width: Annotated[tuple[int, int], AfterValidator(within(1, 8))] = (1, 1)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Widths in px, and colours far from the ink's."""
        return {"width": whole(draws, "outline.width", self.width), "colour": outline_colours(draws, lines.ink)}

    def apply(self, canvas: Canvas, *, width: int, colour: list[float]) -> None:
        """Paint the letters grown by the width; the ink comes on top."""
        blend(canvas.planes, colour, cv2.dilate(canvas.ink, disc(width)))  # type: ignore[arg-type]


class Shadow(Effect):
    """A copy of the letters behind them, moved by `offset` pixels to the right and down, blurred by `blur` pixels."""

    stage: ClassVar[Stage] = "paper"

    offset: Annotated[tuple[float, float], AfterValidator(within(-16, 16))] = (-3, 3)
    blur: Pixels = (0, 1.5)
    opacity: Share = (0.3, 0.7)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Offsets and blur in px, opacities and greys."""
        return {
            "dx": np.rint(draws.between("shadow.x", self.offset)).astype(np.int64),
            "dy": np.rint(draws.between("shadow.y", self.offset)).astype(np.int64),
            "blur": draws.between("shadow.blur", self.blur),
            "opacity": draws.between("shadow.opacity", self.opacity),
            "colour": shadow_colours(draws, lines.ink, lines.dark, lines.low, SHADOW_CONTRAST),
        }

    def apply(self, canvas: Canvas, *, dx: int, dy: int, blur: float, opacity: float, colour: list[float]) -> None:
        """Paint the shadow on the paper."""
        blend(canvas.planes, colour, soften(moved(canvas.ink, dx, dy), blur), opacity)
