"""Changing training lines a little, anew in each epoch: parameters are drawn first, then applied."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..config import Config
from ..datasets.images import Image


class Augment(Config):
    """How far each change goes; 0 leaves it out.

    share: of the lines that are changed at all. move: each corner, in heights, in x and y, so that lines are
    cropped, padded, sheared and turned. stretch: of the width, 0.2 is 0.8 to 1.2 times. contrast: factor, 0.3 is
    0.7 to 1.3. brightness: offset in shares of 255. invert: share of lines turned to their negative.
    blur: highest sigma in pixels at the network's height. noise: highest sigma in shares of 255.
    """

    share: float = Field(default=0.8, ge=0, le=1)
    move: float = Field(default=0.0, ge=0, le=0.5)
    stretch: float = Field(default=0.0, ge=0, le=0.5)
    contrast: float = Field(default=0.0, ge=0, le=0.9)
    brightness: float = Field(default=0.0, ge=0, le=0.9)
    invert: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.0, ge=0, le=4)
    noise: float = Field(default=0.0, ge=0, le=0.5)

    @property
    def active(self) -> bool:
        """Whether any line is changed."""
        limits = (self.move, self.stretch, self.contrast, self.brightness, self.invert, self.blur, self.noise)
        return self.share > 0 and max(limits) > 0


@dataclass(frozen=True)
class Change:
    """Drawn parameters of one line; corners: (4, 2) moves in heights."""

    corners: NDArray[np.float32]
    stretch: float
    contrast: float
    brightness: float
    invert: bool
    blur: float
    noise: float
    noise_seed: int


def draw(limits: Augment, seed: tuple[int, ...]) -> Change | None:
    """The change of one line, a function of the arguments alone; None leaves the line as it is."""
    random = np.random.default_rng(seed)
    if not limits.active or random.random() >= limits.share:
        return None
    # The noise is squared so that most lines stay nearly clean; blur likewise.
    u = random.uniform(-1, 1, 3)
    v = random.random(3)
    return Change(
        corners=(random.uniform(-1, 1, (4, 2)) * limits.move).astype(np.float32),
        stretch=1 + limits.stretch * float(u[0]),
        contrast=1 + limits.contrast * float(u[1]),
        brightness=255 * limits.brightness * float(u[2]),
        invert=bool(v[0] < limits.invert),
        blur=limits.blur * float(v[1]) ** 2,
        noise=255 * limits.noise * float(v[2]) ** 2,
        noise_seed=int(random.integers(2**31)),
    )


def apply(change: Change, image: Image, min_width: int, max_width: int) -> Image:
    """The changed line: (H, W, 3) uint8 of the same height, `min_width` to `max_width` pixels wide."""
    height, width = image.shape[:2]
    if change.corners.any() or change.stretch != 1:
        new_width = max(min_width, min(max_width, round(width * change.stretch)))
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        target = source * np.array([new_width / width, 1], np.float32) + change.corners * height
        matrix = cv2.getPerspectiveTransform(source, target)
        image = cv2.warpPerspective(image, matrix, (new_width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    if change.blur > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), change.blur)  # type: ignore[assignment]
    if change.contrast != 1 or change.brightness or change.invert:
        sign = -1.0 if change.invert else 1.0
        offset = 127.5 + sign * (change.brightness - change.contrast * 127.5)
        table = np.clip(np.arange(256) * change.contrast * sign + offset, 0, 255).astype(np.uint8)
        image = table[image]
    if change.noise > 1:
        random = np.random.default_rng(change.noise_seed)
        noise = random.standard_normal(image.shape, np.float32) * change.noise
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
