"""Letters that stand out from the paper: sides of solid letters, rims in the light and in the shade."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar

import cv2
import numpy as np
from pydantic import AfterValidator

from ..colours import at_lightness, lightness
from ..limits import Angle, Share, within
from ..rng import Draws
from .base import Canvas, Columns, Effect, Lines, Mask, Stage
from .pixels import blend, moved

SIDE_CONTRAST = 50  # of lightness between the letters' faces and their sides
WHITE, BLACK = [255.0] * 3, [0.0] * 3

Depth = Annotated[tuple[float, float], AfterValidator(within(0, 0.5))]


class Extrusion(Effect):
    """Solid letters: sides of `depth` (of the text's height) in the ink's hue, darker behind light and lighter behind
    dark letters. angle: the direction in which they recede, in degrees from the right, downwards.
    """

    stage: ClassVar[Stage] = "paper"

    depth: Depth = (0.03, 0.12)
    angle: Angle = (-180, 180)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Depths and directions in px, and colours of the sides."""
        depth, angle = draws.between("extrusion.depth", self.depth), draws.between("extrusion.angle", self.angle)
        dx, dy = _steps(np.maximum(depth * lines.scale, 1), angle)
        ink, place = lightness(lines.ink), draws.uniform("extrusion.lightness")
        pale = np.minimum(ink + SIDE_CONTRAST + place * 60, 255)
        deep = np.maximum(ink - SIDE_CONTRAST - place * 100, 0)
        return {"dx": dx, "dy": dy, "colour": at_lightness(lines.ink, np.where(lines.dark, pale, deep))}

    def apply(self, canvas: Canvas, *, dx: int, dy: int, colour: list[float]) -> None:
        """Paint the letters with their sides; the ink comes on top."""
        kernel, anchor = _trail(dx, dy)
        blend(canvas.planes, colour, cv2.dilate(canvas.ink, kernel, anchor=anchor))  # type: ignore[arg-type]


class Emboss(Effect):
    """Raised or sunken letters: a rim of light on one side and one of shade on the other, beside the strokes.

    width: of the rims, as a share of the text's height. angle: where the light comes from, in degrees from the
    right, downwards.
    """

    stage: ClassVar[Stage] = "paper"

    width: Depth = (0.02, 0.05)
    angle: Angle = (-180, 180)
    opacity: Share = (0.3, 0.8)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Widths in px, directions and strengths."""
        width, angle = draws.between("emboss.width", self.width), draws.between("emboss.angle", self.angle)
        dx, dy = _steps(np.maximum(width * lines.scale, 1), angle)
        return {"dx": dx, "dy": dy, "opacity": draws.between("emboss.opacity", self.opacity)}

    def apply(self, canvas: Canvas, *, dx: int, dy: int, opacity: float) -> None:
        """Paint the rims of light and shade."""
        blend(canvas.planes, WHITE, moved(canvas.ink, dx, dy), opacity)
        blend(canvas.planes, BLACK, moved(canvas.ink, -dx, -dy), opacity)


def _steps(length: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole px to the right and down, at least one in one of the directions."""
    dx = np.rint(length * np.cos(np.radians(angle))).astype(np.int64)
    dy = np.rint(length * np.sin(np.radians(angle))).astype(np.int64)
    return dx, dy


@lru_cache(maxsize=4096)
def _trail(dx: int, dy: int) -> tuple[Mask, tuple[int, int]]:
    """The structuring element that spreads ink along a straight way of (dx, dy), and its anchor."""
    kernel = np.zeros((abs(dy) + 1, abs(dx) + 1), np.uint8)
    start = (max(-dx, 0), max(-dy, 0))
    end = (start[0] + dx, start[1] + dy)
    cv2.line(kernel, start, end, 1)
    return kernel, end
