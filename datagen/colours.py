"""Colours of paper and ink, the ink's chosen against what lies behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backgrounds import luminance
from .recipe import Ink, Palette, Tone
from .rng import Draws, Floats

OUTLINE_CONTRAST = 80  # levels between ink and outline
SHADE_OF_PAPER = 0.6  # luminance of a dark text's shadow over the paper's


def pick(palette: Palette, draws: Draws, name: str) -> Floats:
    """(n, 3) BGR levels from the palette, as floats."""
    if palette.colours:
        table = np.array([[int(c[i : i + 2], 16) for i in (5, 3, 1)] for c in palette.colours], np.float64)
        colour = table[draws.integer(f"{name}.colour", len(table))]
    else:
        colour = 255 * draws.uniforms(f"{name}.colour", 3)
    grey = luminance(colour)[:, None]
    colour = grey + (colour - grey) * draws.between(f"{name}.saturation", palette.saturation)[:, None]
    colour = colour * draws.between(f"{name}.shade", palette.shade)[:, None]
    if palette.jitter:
        colour = colour + (2 * draws.uniforms(f"{name}.jitter", 3) - 1) * palette.jitter
    return np.clip(colour, 0, 255)


def at_luminance(colour: Floats, target: Floats) -> Floats:
    """`colour` moved towards the target luminance; grey where moving saturates too much of it."""
    moved = np.clip(colour + (target - luminance(colour))[:, None], 0, 255)
    off = np.abs(luminance(moved) - target) > 2
    return np.where(off[:, None], np.clip(target, 0, 255)[:, None], moved)


@dataclass(slots=True)
class Behind:
    """What the ink must stand out from: the darkest and brightest luminance behind it, (n,) each."""

    low: Floats
    high: Floats


@dataclass(slots=True)
class Toning:
    """Tone changes of n pictures; light: the least factor of uneven light."""

    brightness: Floats
    contrast: Floats
    gamma: Floats
    light: Floats

    @classmethod
    def draw(cls, tone: Tone, draws: Draws, light: Floats) -> Toning:
        """Draw tone changes."""
        return cls(
            draws.between("tone.brightness", tone.brightness),
            draws.between("tone.contrast", tone.contrast),
            draws.between("tone.gamma", tone.gamma),
            light,
        )

    def apply(self, level: Floats, light: Floats | float) -> Floats:
        """Luminance after all changes."""
        shown = np.clip((level * light - 128) * self.contrast + 128 + self.brightness, 0, 255)
        return 255 * (shown / 255) ** self.gamma


@dataclass(slots=True)
class Inks:
    """(n, 3) colours; (n,) each: darker than the paper or not, contrast in levels as shown, whether that is too low."""

    colour: Floats
    dark: NDArray[np.bool_]
    shown: Floats
    low: NDArray[np.bool_]


def ink_colours(ink: Ink, draws: Draws, behind: Behind, toning: Toning, opacity: Floats) -> Inks:
    """Draw the ink's colours."""
    need = np.minimum(ink.contrast / (opacity * toning.light * np.minimum(toning.contrast, 1)), 255)
    darkest, brightest = behind.low - need, behind.high + need
    can_dark, can_light = (darkest >= 0) & (ink.dark > 0), (brightest <= 255) & (ink.light > 0)
    colour = pick(ink.palette, draws, "ink")
    if ink.palette.colours:
        dark = luminance(colour) < (behind.low + behind.high) / 2
    else:
        weight_dark, weight_light = ink.dark * can_dark, ink.light * can_light
        dark = draws.uniform("ink.polarity") * (weight_dark + weight_light) < weight_dark
        place = draws.uniform("ink.luminance")
        target = np.where(dark, place * darkest, brightest + place * (255 - brightest))
        colour = at_luminance(colour, np.clip(target, 0, 255))
    level = luminance(colour)
    fits = np.where(dark, can_dark & (level <= darkest + 1e-6), can_light & (level >= brightest - 1e-6))
    paper = np.where(dark, behind.low, behind.high)
    seen = paper + (level - paper) * opacity
    shown = np.minimum(
        *(np.abs(toning.apply(seen, light) - toning.apply(paper, light)) for light in (1.0, toning.light))
    )
    return Inks(colour, dark, shown, ~fits | (shown < 0.9 * ink.contrast))


def outline_colours(draws: Draws, ink: Floats) -> Floats:
    """(n, 3) any colours far from the ink's luminance."""
    level = luminance(ink)
    place = draws.uniform("outline.luminance")
    down = place * np.maximum(level - OUTLINE_CONTRAST, 0)
    up = 255 - place * np.maximum(255 - level - OUTLINE_CONTRAST, 0)
    return at_luminance(255 * draws.uniforms("outline.colour", 3), np.where(level > 127, down, up))


def shadow_colours(draws: Draws, inks: Inks, behind: Behind, contrast: float) -> Floats:
    """(n, 3) greys darker than the paper that leave the ink its contrast: deep behind light ink, pale behind dark."""
    pale = np.maximum(luminance(inks.colour) + contrast, SHADE_OF_PAPER * behind.low)
    deep = 0.5 * draws.uniform("shadow.luminance") * behind.low
    return np.repeat(np.where(inks.dark, pale, deep)[:, None], 3, axis=1)
