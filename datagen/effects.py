"""Effects: their parameters for a batch, and what they do to one picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.images import Image
from .backgrounds import noise
from .colours import pick
from .recipe import Recipe
from .rng import Draws, Floats

POOL = 1 << 20  # numbers of noise kept; drawing them anew costs more than the rest of a picture
POOL_SIGMA = 32
ANGLE_STEP = 5  # degrees between kept kernels of motion blur

Mask = NDArray[np.uint8]
Planes = NDArray[np.uint16]


def draw_effects(recipe: Recipe, draws: Draws, room: Floats) -> dict[str, Any]:
    """The effects' columns of a plan; an effect that is off has the value that changes nothing.

    room: (n, 4) px between the text and each side of the picture.
    """
    shadow = recipe.shadow
    side = draws.integer("edge.side", 4)
    free = np.maximum(room[np.arange(len(side)), side], 0)
    return {
        "weight": draws.between("ink.weight", recipe.ink.weight),
        "outline": (
            draws.chance("outline", recipe.outline.probability) * _whole(draws, "outline.width", recipe.outline.width)
        ),
        "shadow": draws.chance("shadow", shadow.probability),
        "shadow_x": np.rint(draws.between("shadow.x", shadow.offset)).astype(np.int64),
        "shadow_y": np.rint(draws.between("shadow.y", shadow.offset)).astype(np.int64),
        "shadow_blur": draws.between("shadow.blur", shadow.blur),
        "shadow_opacity": draws.between("shadow.opacity", shadow.opacity),
        "edge_side": side,
        "edge_size": (free * _maybe(draws, "edge", recipe.edge.probability, recipe.edge.size)).astype(np.int64),
        "edge_colour": pick(recipe.edge.palette, draws, "edge"),
        "blur": _maybe(draws, "blur", recipe.blur.probability, recipe.blur.sigma),
        "motion": _maybe(draws, "motion", recipe.motion.probability, recipe.motion.length),
        "motion_angle": draws.between("motion.angle", recipe.motion.angle),
        "rescale": _maybe(draws, "rescale", recipe.rescale.probability, recipe.rescale.factor, 1.0),
        "noise": _maybe(draws, "noise", recipe.noise.probability, recipe.noise.sigma),
        "noise_at": draws.uniform("noise.at"),
        "quality": _whole(draws, "jpeg", recipe.jpeg),
    }


def _whole(draws: Draws, name: str, limits: tuple[int, int]) -> NDArray[np.int64]:
    return limits[0] + draws.integer(name, limits[1] - limits[0] + 1)


def _maybe(draws: Draws, name: str, probability: float, limits: tuple[float, float], off: float = 0.0) -> Floats:
    return np.where(draws.chance(name, probability), draws.between(f"{name}.amount", limits), off)


def noise_pool(seed: int) -> Mask:
    """Noise around 128 with a standard deviation of `POOL_SIGMA`."""
    return np.clip(np.rint(128 + POOL_SIGMA * noise(seed, "pool", POOL)), 0, 255).astype(np.uint8)


@lru_cache(maxsize=32)
def _disc(radius: int) -> Mask:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))  # type: ignore[return-value]


def embolden(mask: Mask, weight: float) -> Mask:
    """Strokes thicker (weight > 0) or thinner by `weight` px on each side; parts of a pixel by mixing."""
    radius = int(np.ceil(abs(weight)))
    if not radius:
        return mask
    changed = (cv2.dilate if weight > 0 else cv2.erode)(mask, _disc(radius))
    share = abs(weight) / radius
    return cv2.addWeighted(mask, 1 - share, changed, share, 0)  # type: ignore[return-value]


def outlined(mask: Mask, width: int) -> Mask:
    """The letters with a rim of `width` px."""
    return cv2.dilate(mask, _disc(width))  # type: ignore[return-value]


def shadowed(mask: Mask, dx: int, dy: int, blur: float) -> Mask:
    """The letters moved and blurred."""
    moved = np.zeros_like(mask)
    height, width = mask.shape
    dx, dy = max(-width, min(dx, width)), max(-height, min(dy, height))
    moved[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = mask[
        max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)
    ]
    return soften(moved, blur)


def soften(image: Image, sigma: float) -> Image:
    """Gaussian blur; nothing where it would not show."""
    if sigma < 0.2:
        return image
    size = 2 * int(np.ceil(2.2 * sigma)) + 1
    return cv2.GaussianBlur(image, (size, size), sigma)  # type: ignore[return-value]


def border(planes: Planes, side: int, size: int, colour: list[float]) -> None:
    """Paint a strip of `size` px along a side (0 top, 1 right, 2 bottom, 3 left) into (3, H, W) planes, in place."""
    height, width = planes.shape[1:]
    strips = (planes[:, :size], planes[:, :, width - size :], planes[:, height - size :], planes[:, :, :size])
    strips[side][:] = np.array(colour, np.uint16)[:, None, None]


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


def shade(planes: Planes, slope: tuple[float, float], cylinder: float, offset: float) -> None:
    """Darken in place: by a slope across the picture, and towards the upper and lower edge as on a cylinder."""
    height, width = planes.shape[1:]
    y = np.linspace(-1, 1, height, dtype=np.float32)
    x = np.linspace(-1, 1, width, dtype=np.float32)
    turned = (y - offset) / (1 + abs(offset))
    row = (1 - cylinder * (1 - np.sqrt(np.maximum(1 - turned * turned, 0)))) * np.float32(256)
    fall = (abs(slope[0]) + abs(slope[1])) / 2
    gain = np.outer(row, (0.5 * slope[0]) * x)
    gain += (row * (1 - fall + 0.5 * slope[1] * y))[:, None]
    planes *= gain.astype(np.uint16)
    planes >>= 8


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


def move(image: Image, length: float, angle: float) -> Image:
    """Motion blur over `length` px, to the nearest half, in a direction to the nearest 5 degrees."""
    return cv2.filter2D(image, -1, _streak(round(2 * length), round(angle / ANGLE_STEP)))  # type: ignore[return-value]


def rescale(image: Image, factor: float) -> Image:
    """Down to `factor` and up again."""
    height, width = image.shape[:2]
    small = (max(round(width * factor), 1), max(round(height * factor), 1))
    image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def expose(image: Image, contrast: float, brightness: float, noise: Image, sigma: float) -> Image:
    """Contrast around mid-grey, brightness and noise in one pass; `noise` is a piece of the pool, of image's shape."""
    share = sigma / POOL_SIGMA
    constant = brightness + 128 * (1 - contrast) - 128 * share
    return cv2.addWeighted(image, contrast, noise, share, constant)  # type: ignore[return-value]


def bend(image: Image, gamma: float) -> Image:
    """The curve 255 (v / 255) ** gamma."""
    curve = 255 * (np.arange(256) / 255) ** gamma
    return cv2.LUT(image, np.rint(curve).astype(np.uint8))  # type: ignore[return-value]
