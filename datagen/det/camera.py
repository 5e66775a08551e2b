"""What lens, sensor and file do to a whole scene."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from .. import effects
from ..rng import Draws, Floats
from .recipe import DetRecipe

Picture = TypeVar("Picture", bound=NDArray[np.uint8])


@dataclass(slots=True)
class Shot:
    """The numbers of one scene's picture; see the recipe's sections."""

    blur: float
    motion: float
    angle: float
    rescale: float
    brightness: float
    contrast: float
    gamma: float
    noise: float
    noise_at: float
    quality: int

    def lens(self, image: Picture) -> Picture:
        """Blur, motion and resolution."""
        image = effects.soften(image, self.blur)  # type: ignore[assignment]
        if self.motion:
            image = effects.move(image, self.motion, self.angle)  # type: ignore[assignment]
        return effects.rescale(image, self.rescale) if self.rescale < 1 else image  # type: ignore[return-value]

    def take(self, image: Image, pool: Image) -> Image:
        """The scene as it is stored, but for JPEG. pool: noise."""
        image = self.lens(image)
        if self.noise or self.brightness or self.contrast != 1:
            noise = _piece(pool, self.noise_at, image)
            image = effects.expose(image, self.contrast, self.brightness, noise, self.noise)
        return image if self.gamma == 1 else effects.bend(image, self.gamma)


def _piece(pool: Image, at: float, image: Image) -> Image:
    if image.size >= pool.size:
        return np.resize(np.roll(pool, int(at * pool.size)), image.shape)
    start = int(at * (pool.size - image.size))
    return pool[start : start + image.size].reshape(image.shape)


def draw_shots(recipe: DetRecipe, draws: Draws) -> list[Shot]:
    """One for each scene of the batch."""

    def maybe(name: str, probability: float, limits: tuple[float, float], off: float = 0.0) -> Floats:
        return np.where(draws.chance(name, probability), draws.between(f"{name}.amount", limits), off)

    low, high = recipe.jpeg
    columns = {
        "blur": maybe("blur", recipe.blur.probability, recipe.blur.sigma),
        "motion": maybe("motion", recipe.motion.probability, recipe.motion.length),
        "angle": draws.between("motion.angle", recipe.motion.angle),
        "rescale": maybe("rescale", recipe.rescale.probability, recipe.rescale.factor, 1.0),
        "brightness": draws.between("tone.brightness", recipe.tone.brightness),
        "contrast": draws.between("tone.contrast", recipe.tone.contrast),
        "gamma": draws.between("tone.gamma", recipe.tone.gamma),
        "noise": maybe("noise", recipe.noise.probability, recipe.noise.sigma),
        "noise_at": draws.uniform("noise.at"),
        "quality": low + draws.integer("jpeg", high - low + 1),
    }
    return [Shot(*v) for v in zip(*(columns[f.name].tolist() for f in fields(Shot)), strict=True)]
