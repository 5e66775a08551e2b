"""What lens, sensor and file do to a whole scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from ..colours import Toning
from ..effects.base import KEPT, Canvas, Effect, Lines, Mask, Step, rows, whole
from ..effects.sensor import GAUSSIAN, UNIFORM, noisy, toned_by
from ..rng import Draws, Floats, Integers
from .recipe import PICTURE, DetRecipe

SOFT = 0.25  # of a motion blur's length counts like the sigma of a gaussian one


@dataclass
class Shot:
    """What happens to one scene's picture. steps: the effects that act, in order; toning: of one picture.

    fine: the JPEG's colours are kept in full.
    """

    steps: list[Step]
    toning: Toning
    quality: int
    fine: bool

    def lens(self, mask: Mask) -> Mask:
        """A mask as the lens leaves it."""
        canvas = Canvas(mask, mask, mask)  # type: ignore[arg-type]
        self._stage(canvas, "lens")
        return canvas.image

    def toning_columns(self) -> tuple[Floats, ...]:
        """The columns of `toning`."""
        return self.toning.brightness, self.toning.contrast, self.toning.gamma, self.toning.kept

    @cached_property
    def sharpness(self) -> float:
        """The share of the picture's own resolution that the lens leaves, roughly."""
        named = {step.name: step.values for step in self.steps}
        blur = named.get("blur", {}).get("sigma", 0.0)
        motion = SOFT * named.get("motion", {}).get("length", 0.0)
        defocus = 0.5 * named.get("defocus", {}).get("radius", 0.0)
        return float(named.get("rescale", {}).get("factor", 1.0) / np.sqrt(1 + blur**2 + motion**2 + defocus**2))

    def take(self, image: Image) -> Image:
        """The scene as it is stored, but for JPEG."""
        canvas = Canvas(image, image, image)  # type: ignore[arg-type]
        if any(step.effect.stage == "light" for step in self.steps):
            canvas.planes = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.uint16)
            self._stage(canvas, "light")
            canvas.image = cv2.merge(tuple(canvas.planes.astype(np.uint8)))
        self._stage(canvas, "lens")
        contrast, brightness = float(self.toning.contrast[0]), float(self.toning.brightness[0])
        rest = [step for step in self.steps if step.effect.stage == "sensor"]
        if rest and rest[0].name == "noise" and rest[0].values["kind"] in (GAUSSIAN, UNIFORM):
            noise = rest.pop(0).values
            canvas.image = noisy(canvas.image, noise["kind"], noise["sigma"], noise["at"], contrast, brightness)
        elif brightness or contrast != 1:
            canvas.image = toned_by(canvas.image, contrast, brightness)
        for _, effect, values in rest:
            effect.apply(canvas, **values)
        gamma = float(self.toning.gamma[0])
        if gamma == 1:
            return canvas.image
        curve = 255 * (np.arange(256) / 255) ** gamma
        return cv2.LUT(canvas.image, np.rint(curve).astype(np.uint8))  # type: ignore[return-value]

    def _stage(self, canvas: Canvas, stage: str) -> None:
        for _, effect, values in self.steps:
            if effect.stage == stage:
                effect.apply(canvas, **values)


def draw_shots(recipe: DetRecipe, draws: Draws, width: Integers, height: Integers) -> list[Shot]:
    """One for each scene of the batch, of these sizes in px."""
    n = len(draws)
    lines = known(width, height)
    lines.scale = height / 10
    steps, kept = draw_steps(recipe.effects(PICTURE), draws, lines)
    toning = Toning.draw(recipe.tone, draws, kept)
    fine = draws.uniform("jpeg.chroma") < {"half": 0.0, "full": 1.0, "either": 0.5}[recipe.chroma]
    quality = whole(draws, "jpeg", recipe.jpeg).tolist()
    one = [
        Toning(*(column[i : i + 1] for column in (toning.brightness, toning.contrast, toning.gamma, toning.kept)))
        for i in range(n)
    ]
    return [Shot(*row) for row in zip(steps, one, quality, fine.tolist(), strict=True)]


def known(width: Integers, height: Integers) -> Lines:
    """What effects on whole pictures may know: their sizes."""
    n = len(width)
    blank = np.zeros(n)
    places = (np.zeros((n, 4)), np.zeros((n, 4, 2)), blank, blank > 0)
    return Lines(width, height, *places, np.zeros((n, 3)), blank > 0, blank, blank)


def draw_steps(
    effects: list[tuple[str, Effect]], draws: Draws, lines: Lines
) -> tuple[list[list[Step]], NDArray[np.float64]]:
    """For each of n lines or pictures the effects that act on it, in order, with their values; (n,) shares of contrast
    that they leave."""
    steps: list[list[Step]] = [[] for _ in range(len(draws))]
    kept = np.ones(len(draws))
    for name, effect in effects:
        where = np.flatnonzero(draws.chance(name, effect.probability))
        if len(where):
            columns = effect.draw(draws.take(where), lines.take(where))
            kept[where] *= columns.pop(KEPT, 1.0)
            for i, drawn in zip(where.tolist(), rows(columns), strict=True):
                steps[i].append(Step(name, effect, drawn))
    return steps, kept
