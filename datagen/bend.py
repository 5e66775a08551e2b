"""Bent lines: arcs, waves and elastic wobble, as maps of points that can be undone exactly.

Coordinates are those of the text box, in heights of the text: x from 0 to the box's width, y from 0 (top) to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AfterValidator, NonNegativeFloat, model_validator

from ..config import Config
from .limits import Limits, Probability, within
from .rng import Draws, Floats

TIGHTEST = 1.6  # heights: the least radius of an arc, so that letters do not meet inside
STEEPEST = 0.8  # slope of a wave
RIPPLES = 4  # shears of an elastic wobble
EDGE = np.linspace(0, 1, 17)


class Curve(Config):
    """Bent baselines.

    arc, wave: weights of the kinds. angle: of the whole arc in degrees; above 0 the middle is the highest point.
    amplitude: of a wave, in heights of the text; length: of one wave, likewise.
    """

    probability: Probability = 0
    arc: NonNegativeFloat = 2
    wave: NonNegativeFloat = 1
    angle: Annotated[Limits, AfterValidator(within(-180, 180))] = (-70, 70)
    amplitude: Annotated[Limits, AfterValidator(within(0, 1))] = (0.05, 0.3)
    length: Annotated[Limits, AfterValidator(within(1, 50))] = (4, 12)

    @model_validator(mode="after")
    def _some_kind(self) -> Curve:
        if not self.arc + self.wave:
            raise ValueError("one of 'arc' and 'wave' must be above 0")
        return self


class Elastic(Config):
    """Small wobbles of the strokes, as on cloth or crumpled paper; amount: in heights of the text."""

    probability: Probability = 0
    amount: Annotated[Limits, AfterValidator(within(0, 0.15))] = (0.01, 0.04)


class Shear(NamedTuple):
    """Moves one coordinate by size * sin(rate * other + phase)."""

    along_x: bool
    size: float
    rate: float
    phase: float


@dataclass(frozen=True, slots=True)
class Bend:
    """Shears one after the other, then an arc around `middle`; curvature 0 is none, 1 / curvature its radius."""

    shears: tuple[Shear, ...]
    curvature: float
    middle: float

    def forward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where points of the straight box go."""
        for shear in self.shears:
            x, y = _sheared(shear, x, y, 1)
        if not self.curvature:
            return x, y
        radius = 1 / self.curvature
        angle, reach = (x - self.middle) / radius, radius + 0.5 - y
        return self.middle + reach * np.sin(angle), 0.5 + radius - reach * np.cos(angle)

    def backward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where points of the bent box come from."""
        if self.curvature:
            radius = 1 / self.curvature
            side = 1.0 if radius > 0 else -1.0
            dx, dy = (x - self.middle) * side, (0.5 + radius - y) * side
            x = self.middle + np.arctan2(dx, dy) * radius
            y = 0.5 + radius - side * np.hypot(dx, dy)
        for shear in reversed(self.shears):
            x, y = _sheared(shear, x, y, -1)
        return x, y


def _sheared(shear: Shear, x: Floats, y: Floats, sign: int) -> tuple[Floats, Floats]:
    other = y if shear.along_x else x
    move = sign * shear.size * np.sin(shear.rate * other + shear.phase)
    return (x + move, y) if shear.along_x else (x, y + move)


def outline(bend: Bend, width: float) -> Floats:
    """(34, 2) points along the bent upper edge to the right and along the lower edge back."""
    x = np.concatenate([EDGE, EDGE[::-1]]) * width
    y = np.repeat([0.0, 1.0], len(EDGE))
    return np.stack(bend.forward(x, y), axis=1)


def draw_bends(curve: Curve, elastic: Elastic, draws: Draws, width: Floats) -> list[Bend | None]:
    """The bend of each of n lines whose boxes are so wide; None for straight ones."""
    bends: list[Bend | None] = [None] * len(draws)
    if not curve.probability and not elastic.probability:
        return bends
    curved, wobbly = draws.chance("curve", curve.probability), draws.chance("elastic", elastic.probability)
    where = np.flatnonzero(curved | wobbly)
    if not len(where):
        return bends
    some = draws.take(where)
    waves = _waves(curve, some)
    arcs = _arcs(curve, some, width[where])
    is_arc = some.choose("curve.kind", [curve.arc, curve.wave]) == 0
    ripples = _ripples(elastic, some)
    for i, place in enumerate(where.tolist()):
        shears = tuple(ripples[i]) if wobbly[place] else ()
        if curved[place] and not is_arc[i]:
            shears += (waves[i],)
        curvature = float(arcs[i]) if curved[place] and is_arc[i] else 0.0
        bends[place] = Bend(shears, curvature, float(width[place]) / 2)
    return bends


def _waves(curve: Curve, draws: Draws) -> list[Shear]:
    rate = 2 * np.pi / draws.between("curve.length", curve.length)
    size = np.minimum(draws.between("curve.amplitude", curve.amplitude), STEEPEST / rate)
    phase = 2 * np.pi * draws.uniform("curve.phase")
    return [Shear(False, *row) for row in zip(size.tolist(), rate.tolist(), phase.tolist(), strict=True)]


def _arcs(curve: Curve, draws: Draws, width: Floats) -> Floats:
    angle = np.radians(draws.between("curve.angle", curve.angle))
    return np.clip(angle / np.maximum(width, 0.5), -1 / TIGHTEST, 1 / TIGHTEST)


def _ripples(elastic: Elastic, draws: Draws) -> list[list[Shear]]:
    amount = draws.between("elastic.amount", elastic.amount)
    rates = 2 + 4 * draws.uniforms("elastic.rate", RIPPLES)  # one wobble over one to three heights
    phases = 2 * np.pi * draws.uniforms("elastic.phase", RIPPLES)
    return [
        [Shear(k % 2 == 0, a, float(rates[i, k]), float(phases[i, k])) for k in range(RIPPLES)]
        for i, a in enumerate(amount.tolist())
    ]
