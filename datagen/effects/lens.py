"""Effects of lens and resolution: they soften strokes."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ..limits import Angle, Pixels, within
from ..rng import Draws
from .base import Canvas, Columns, Effect, Lines, Stage
from .pixels import soften

ANGLE_STEP = 5  # degrees between kept kernels of motion blur
RADIUS_STEPS = 4  # kept discs of defocus per px of radius


class Blur(Effect):
    """Gaussian blur of `sigma` pixels."""

    stage: ClassVar[Stage] = "lens"

    sigma: Pixels = (0.3, 1.2)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Standard deviations in px."""
        return {"sigma": draws.between("blur.amount", self.sigma)}

    def apply(self, canvas: Canvas, *, sigma: float) -> None:
        """Blur the picture."""
        canvas.image = soften(canvas.image, sigma)


class Motion(Effect):
    """Motion blur over `length` pixels in a direction of `angle` degrees (0: along the line)."""

    stage: ClassVar[Stage] = "lens"

    length: Annotated[tuple[float, float], AfterValidator(within(1, 31))] = (2, 6)
    angle: Angle = (-90, 90)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Lengths in px and angles in degrees."""
        return {
            "length": draws.between("motion.amount", self.length),
            "angle": draws.between("motion.angle", self.angle),
        }

    def apply(self, canvas: Canvas, *, length: float, angle: float) -> None:
        """Smear the picture along one direction."""
        kernel = _streak(round(2 * length), round(angle / ANGLE_STEP))
        canvas.image = cv2.filter2D(canvas.image, -1, kernel)  # type: ignore[assignment]


@lru_cache(maxsize=1024)
def _streak(half_pixels: int, steps: int) -> NDArray[np.float32]:
    length, angle = half_pixels / 2, np.radians(steps * ANGLE_STEP)
    radius = int(np.ceil(length / 2))
    kernel = np.zeros((2 * radius + 3, 2 * radius + 3), np.float32)
    for t in np.linspace(-length / 2, length / 2, 8 * radius + 1):
        x, y = radius + 1 + t * np.cos(angle), radius + 1 + t * np.sin(angle)
        for i in (int(y), int(y) + 1):
            for j in (int(x), int(x) + 1):
                kernel[i, j] += max(0.0, 1 - abs(y - i)) * max(0.0, 1 - abs(x - j))
    return kernel / kernel.sum()


class Rescale(Effect):
    """Scaled down to `factor` of the size and up again."""

    stage: ClassVar[Stage] = "lens"

    factor: Annotated[tuple[float, float], AfterValidator(within(0.1, 1))] = (0.4, 0.9)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Factors of the size."""
        return {"factor": draws.between("rescale.amount", self.factor)}

    def apply(self, canvas: Canvas, *, factor: float) -> None:
        """Scale the picture down and up again."""
        height, width = canvas.image.shape[:2]
        small = (max(round(width * factor), 1), max(round(height * factor), 1))
        image = cv2.resize(canvas.image, small, interpolation=cv2.INTER_AREA)
        canvas.image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]


class Defocus(Effect):
    """Out of focus: every point becomes a disc of `radius` pixels."""

    stage: ClassVar[Stage] = "lens"

    radius: Annotated[tuple[float, float], AfterValidator(within(0.5, 16))] = (0.7, 1.8)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Radii in px."""
        return {"radius": draws.between("defocus.amount", self.radius)}

    def apply(self, canvas: Canvas, *, radius: float) -> None:
        """Turn every point of the picture into a disc."""
        kernel = _spread(round(radius * RADIUS_STEPS))
        canvas.image = cv2.filter2D(canvas.image, -1, kernel)  # type: ignore[assignment]


@lru_cache(maxsize=256)
def _spread(steps: int) -> NDArray[np.float32]:
    """A disc; pixels on its edge in part."""
    radius, fine = steps / RADIUS_STEPS, 8
    reach = int(np.ceil(radius - 0.5))
    places = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - (reach + 0.5)
    inside = (places[:, None] ** 2 + places**2 <= radius**2).astype(np.float32)
    kernel = inside.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).sum(axis=(1, 3))
    return kernel / kernel.sum()
