"""Effects of light on paper and letters."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator

from ..limits import Share, within
from ..rng import Draws
from .base import KEPT, Canvas, Columns, Effect, Lines, Stage

LEAST = 0.05  # light that is left in the darkest place


class Light(Effect):
    """Uneven light over paper and ink.

    gradient: how much darker one side is than the other. cylinder: how much darker the upper and lower edges are
    than the brightest row, as on a round sleeve; the brightest row lies up to `offset` half heights off the middle.
    """

    stage: ClassVar[Stage] = "light"

    gradient: Share = (0, 0.4)
    cylinder: Share = (0, 0)
    offset: Annotated[tuple[float, float], AfterValidator(within(-1, 1))] = (-0.4, 0.4)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Slopes and bends of the light, and the contrast that is left (`kept`)."""
        fall = draws.between("light.gradient", self.gradient)
        angle = 2 * np.pi * draws.uniform("light.angle")
        cos, sin = np.cos(angle), np.sin(angle)
        norm = np.abs(cos) + np.abs(sin)
        cylinder = draws.between("light.cylinder", self.cylinder)
        return {
            "x": fall * cos / norm,
            "y": fall * sin / norm,
            "cylinder": cylinder,
            "offset": draws.between("light.offset", self.offset),
            KEPT: np.maximum((1 - fall) * (1 - cylinder), LEAST),
        }

    def apply(self, canvas: Canvas, *, x: float, y: float, cylinder: float, offset: float) -> None:
        """Darken by a slope across the picture, and towards the upper and lower edge as on a cylinder."""
        height, width = canvas.planes.shape[1:]
        down = np.linspace(-1, 1, height, dtype=np.float32)
        along = np.linspace(-1, 1, width, dtype=np.float32)
        turned = (down - offset) / (1 + abs(offset))
        row = (1 - cylinder * (1 - np.sqrt(np.maximum(1 - turned * turned, 0)))) * np.float32(256)
        fall = (abs(x) + abs(y)) / 2
        gain = np.outer(row, (0.5 * x) * along)
        gain += (row * (1 - fall + 0.5 * y * down))[:, None]
        canvas.planes *= gain.astype(np.uint16)
        canvas.planes >>= 8
