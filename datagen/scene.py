"""The background and the light of each line of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .backgrounds import SEGMENTS, STRENGTH, Bank, luminance
from .colours import Behind, pick
from .recipe import Gradient, Recipe
from .rng import Draws, Floats, Integers

PLAIN, GRADIENT, TEXTURE, PHOTO = range(4)


@dataclass(slots=True)
class Scene:
    """(n,) each unless said. kind; item, x, y: which piece of which bank; first, second: (n, 3) colours;
    slope: (n, 2) direction of the gradient, |dx| + |dy| = 1; strength: texture levels per level of the bank.
    """

    kind: Integers
    item: Integers
    x: Integers
    y: Integers
    first: Floats
    second: Floats
    slope: Floats
    strength: Floats


@dataclass(slots=True)
class Lights:
    """(n,) each. x, y: slopes of the light; cylinder: darkening of the edges; offset: of the brightest row; least:
    the smallest factor that occurs."""

    on: Integers
    x: Floats
    y: Floats
    cylinder: Floats
    offset: Floats
    least: Floats


def choose(recipe: Recipe, draws: Draws, width: Integers, banks: dict[int, Bank]) -> tuple[Scene, Behind]:
    """Draw the backgrounds of n pictures of the given widths, and what luminance they show."""
    backgrounds = recipe.backgrounds
    n = len(width)
    kind = draws.choose("background.kind", backgrounds.weights())
    first = np.zeros((n, 3))
    for code, palette in (
        (PLAIN, backgrounds.plain.palette),
        (GRADIENT, backgrounds.gradient.palette),
        (TEXTURE, backgrounds.texture.palette),
    ):
        first = np.where((kind == code)[:, None], pick(palette, draws, f"background.{code}"), first)
    second, slope = _gradient(backgrounds.gradient, draws, first)
    strength = draws.between("background.strength", backgrounds.texture.strength) / STRENGTH
    item, x, y = (np.zeros(n, np.int64) for _ in range(3))
    for code, bank in banks.items():
        here = kind == code
        chosen = draws.integer("background.item", len(bank))
        item = np.where(here, chosen, item)
        x = np.where(here, draws.integer("background.x", bank.widths[chosen] - width + 1), x)
        y = np.where(here, draws.integer("background.y", bank.heights[chosen] - recipe.height + 1), y)
    scene = Scene(kind, item, x, y, first, second, slope, strength)
    return scene, _behind(recipe, scene, width, banks)


def _gradient(config: Gradient, draws: Draws, first: Floats) -> tuple[Floats, Floats]:
    sign = np.where(draws.uniform("background.sign") < 0.5, -1.0, 1.0)
    difference = draws.between("background.difference", config.difference) * sign
    second = np.clip(first + difference[:, None], 0, 255)
    angle = 2 * np.pi * draws.uniform("background.angle")
    slope = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return second, slope / np.abs(slope).sum(axis=1, keepdims=True)


def _behind(recipe: Recipe, scene: Scene, width: Integers, banks: dict[int, Bank]) -> Behind:
    base = luminance(scene.first)
    mean = np.repeat(base[:, None], SEGMENTS, axis=1)
    deviation = np.zeros_like(mean)
    run = (luminance(scene.second) - base)[:, None]
    middles = (np.arange(SEGMENTS) * 2 + 1) / SEGMENTS - 1
    gradient = (scene.kind == GRADIENT)[:, None]
    mean = np.where(gradient, mean + run * (0.5 + 0.5 * scene.slope[:, :1] * middles), mean)
    deviation = np.where(gradient, np.abs(run) * (0.5 * np.abs(scene.slope[:, 1:]) + 0.5 / SEGMENTS), deviation)
    for code, bank in banks.items():
        which = np.flatnonzero(scene.kind == code)
        found, spread = bank.statistics(scene.item[which], scene.x[which], scene.y[which], width[which], recipe.height)
        factor = scene.strength[which, None]
        mean[which] = mean[which] + factor * (found - 128) if code == TEXTURE else found
        deviation[which] = factor * spread if code == TEXTURE else spread
    busy = recipe.ink.busy * deviation
    return Behind(np.clip((mean - busy).min(axis=1), 0, 255), np.clip((mean + busy).max(axis=1), 0, 255))


def shine(recipe: Recipe, draws: Draws) -> Lights:
    """Draw the light of n pictures."""
    light = recipe.light
    on = draws.chance("light", light.probability)
    fall = np.where(on, draws.between("light.gradient", light.gradient), 0)
    angle = 2 * np.pi * draws.uniform("light.angle")
    cos, sin = np.cos(angle), np.sin(angle)
    norm = np.abs(cos) + np.abs(sin)
    cylinder = np.where(on, draws.between("light.cylinder", light.cylinder), 0)
    offset = draws.between("light.offset", light.offset)
    least = np.maximum((1 - fall) * (1 - cylinder), 0.05)
    return Lights(on.astype(np.int64), fall * cos / norm, fall * sin / norm, cylinder, offset, least)
