"""Effects of the sensor: noise."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np
from pydantic import NonNegativeFloat, model_validator

from ...config import Config
from ...datasets.images import Image
from ..backgrounds import noise
from ..limits import Sigma
from ..rng import Draws, Floats, Integers
from .base import Canvas, Columns, Effect, Lines, Mask, Stage

POOL = 1 << 20  # numbers of noise kept; drawing them anew costs more than the rest of a picture
POOL_SIGMA = 32
UNIT = 1024  # of contrast and noise: their steps
GAUSSIAN, UNIFORM, SHOT, SPECKLE = range(4)
SHARED = 0x6E6F697365  # the pools are the same for every recipe


class NoiseKinds(Config):
    """Weights of the kinds of noise.

    gaussian and uniform are the same everywhere; shot grows with the root of the level, as in dim light;
    speckle grows with the level itself, as on coarse paper.
    """

    gaussian: NonNegativeFloat = 1
    uniform: NonNegativeFloat = 0
    shot: NonNegativeFloat = 0
    speckle: NonNegativeFloat = 0

    @model_validator(mode="after")
    def _some_weight(self) -> NoiseKinds:
        if not sum(self.weights()):
            raise ValueError("the weights of all kinds are 0")
        return self

    def weights(self) -> list[float]:
        """Of gaussian, uniform, shot, speckle."""
        return [self.gaussian, self.uniform, self.shot, self.speckle]


class Noise(Effect):
    """Noise with a standard deviation of `sigma` levels (shot, speckle: where the picture is white)."""

    stage: ClassVar[Stage] = "sensor"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"kind": ("gaussian", "uniform", "shot", "speckle")}

    sigma: Sigma = (2, 8)
    kinds: NoiseKinds = NoiseKinds()

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Kinds, standard deviations in levels, and where the noise begins."""
        return {
            "kind": draws.choose("noise.kind", self.kinds.weights()),
            "sigma": draws.between("noise.amount", self.sigma),
            "at": draws.uniform("noise.at"),
        }

    def apply(self, canvas: Canvas, *, kind: int, sigma: float, at: float) -> None:
        """Add noise to the picture."""
        canvas.image = noisy(canvas.image, kind, sigma, at)


def noisy(image: Image, kind: int, sigma: float, at: float, contrast: float = 1.0, brightness: float = 0.0) -> Image:
    """Contrast around mid-grey, brightness and noise, in one pass where the noise is the same everywhere."""
    piece = _piece(kind, image, at)
    if kind in (GAUSSIAN, UNIFORM):
        return _weighted(image, piece, *toning(contrast, brightness, sigma))
    share = sigma / POOL_SIGMA
    strength = cv2.LUT(image, _roots()) if kind == SHOT else image
    grain = cv2.multiply(strength, piece.astype(np.int16) - np.int16(128), scale=share / 255, dtype=cv2.CV_16S)
    toned = image if contrast == 1 and not brightness else toned_by(image, contrast, brightness)
    return cv2.add(toned, grain, dtype=cv2.CV_8U)  # type: ignore[return-value]


def toned_by(image: Image, contrast: float, brightness: float) -> Image:
    """Contrast around mid-grey, and brightness."""
    return _weighted(image, image, *toning(contrast, brightness, 0))


def toning(contrast: float, brightness: float, sigma: float) -> tuple[int, int, int]:
    """Whole numbers gain, grain, shift: a level becomes (gain * level + grain * noise + shift) / UNIT, rounded down."""
    gain, grain = round(UNIT * contrast), round(UNIT * sigma / POOL_SIGMA)
    return gain, grain, round(UNIT * (brightness + 128.5)) - 128 * (gain + grain)


def tonings(contrast: Floats, brightness: Floats, sigma: Floats) -> tuple[Integers, Integers, Integers]:
    """What `toning` says, of n pictures."""
    gain, grain = (np.rint(v).astype(np.int64) for v in (UNIT * contrast, UNIT * sigma / POOL_SIGMA))
    return gain, grain, np.rint(UNIT * (brightness + 128.5)).astype(np.int64) - 128 * (gain + grain)


def _weighted(image: Image, noise: Image, gain: int, grain: int, shift: int) -> Image:
    # OpenCV counts in single precision, where sums of such fractions are exact, and half a step more keeps them off
    # the halves that it rounds to even: the same levels on every processor.
    constant = (shift + 0.5) / UNIT - 0.5
    return cv2.addWeighted(image, gain / UNIT, noise, grain / UNIT, constant)  # type: ignore[return-value]


@lru_cache(maxsize=1)
def _roots() -> Mask:
    return np.rint(255 * np.sqrt(np.arange(256) / 255)).astype(np.uint8)


@lru_cache(maxsize=2)
def pool(uniform: bool) -> Mask:
    """Noise around 128 with a standard deviation of `POOL_SIGMA`."""
    if uniform:
        values = np.sqrt(12) * (Draws(SHARED, np.arange(POOL)).uniform("uniform") - 0.5)
    else:
        values = noise(SHARED, "pool", POOL)
    return np.clip(np.rint(128 + POOL_SIGMA * values), 0, 255).astype(np.uint8)


def _piece(kind: int, image: Image, at: float) -> Image:
    whole = pool(kind == UNIFORM)
    if image.size >= POOL:  # pictures of a million numbers: the pool repeats
        return np.resize(whole, image.shape)
    start = piece_start(at, image.size)
    return whole[start : start + image.size].reshape(image.shape)


def piece_start(at: float, size: int) -> int:
    """Where in the pool the noise of a picture of `size` numbers begins."""
    return int(at * (POOL - size))


def piece_starts(at: Floats, size: Integers) -> Integers:
    """What `piece_start` says, of n pictures."""
    return (at * (POOL - size)).astype(np.int64)
