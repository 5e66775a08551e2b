"""What several effects do to pixels."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from ...datasets.images import Image
from .base import Mask, Planes

LEAST_BLUR = 0.2  # px of sigma
SIGMA_STEPS = 64  # kinds of blur per px of sigma


@lru_cache(maxsize=32)
def disc(radius: int) -> Mask:
    """A structuring element."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))  # type: ignore[return-value]


@lru_cache(maxsize=32)
def box(radius: int) -> Mask:
    """A square structuring element."""
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def blend(planes: Planes, colour: list[float], mask: Mask, opacity: float = 1.0) -> None:
    """Paint `colour` (BGR) into (3, H, W) planes where the mask says, in place."""
    alpha = mask.astype(np.uint16)
    alpha += alpha >> 7  # 0..256: sums of two products stay below 2**16
    if opacity < 1:
        alpha *= int(256 * opacity)
        alpha >>= 8
    planes *= 256 - alpha
    planes += np.array(colour, np.uint16)[:, None, None] * alpha
    planes >>= 8


def soften(image: Image, sigma: float) -> Image:
    """Gaussian blur; nothing where it would not show."""
    if sigma < LEAST_BLUR:
        return image
    steps = round(SIGMA_STEPS * sigma)
    size = 2 * radius_of(steps) + 1
    return cv2.GaussianBlur(image, (size, size), steps / SIGMA_STEPS)  # type: ignore[return-value]


def radius_of(steps: int) -> int:
    """How far a blur of `steps` / SIGMA_STEPS px reaches, px."""
    return int(np.ceil(2.2 * steps / SIGMA_STEPS))


@lru_cache(maxsize=4096)
def taps(steps: int) -> list[int]:
    """The weights with which `soften` blurs, of 256 together, from the middle outwards."""
    radius = radius_of(steps)
    exact = cv2.getGaussianKernel(2 * radius + 1, steps / SIGMA_STEPS).ravel().tolist()
    weights: list[int] = []
    error = 0.0
    for share in exact[:radius]:  # each takes over what rounding took from the one before
        weights.append(round(256 * share + error))
        error += 256 * share - weights[-1]
    return [256 - 2 * sum(weights), *reversed(weights)]


def moved(mask: Mask, dx: int, dy: int) -> Mask:
    """The mask moved by so many px to the right and down."""
    result = np.zeros_like(mask)
    height, width = mask.shape
    dx, dy = max(-width, min(dx, width)), max(-height, min(dy, height))
    result[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = mask[
        max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)
    ]
    return result


def embolden(mask: Mask, weight: float) -> Mask:
    """Strokes thicker (weight > 0) or thinner by `weight` px on each side; parts of a pixel by mixing."""
    radius = int(np.ceil(abs(weight)))
    if not radius:
        return mask
    changed = (cv2.dilate if weight > 0 else cv2.erode)(mask, disc(radius))
    share = abs(weight) / radius
    return cv2.addWeighted(mask, 1 - share, changed, share, 0)  # type: ignore[return-value]
