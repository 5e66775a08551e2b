"""Colours of paper and ink, the ink's chosen against what lies behind it.

How bright a colour looks is CIE lightness L*, scaled so that black is 0 and white is 255: equal steps look equal.
Colours themselves are sRGB levels from 0 to 255 in the order blue, green, red.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, NonNegativeFloat, model_validator

from ..config import Config
from .limits import Factor, Hex, Levels, Probability, Share, within
from .rng import Draws, Floats

OUTLINE_CONTRAST = 80  # of lightness between ink and outline
SHADE_OF_PAPER = 0.6  # a dark text's shadow over the paper's lightness
HALVINGS = 9  # of 510 levels: to one level

STEPS = 1 << 14  # of luminance
SHARES = np.array([0.0722, 0.7152, 0.2126])  # of blue, green, red in luminance

_levels = np.arange(256) / 255
LINEAR = np.where(_levels <= 0.04045, _levels / 12.92, ((_levels + 0.055) / 1.055) ** 2.4)
_shares = LINEAR * SHARES[:, None] * STEPS
_steps = np.arange(STEPS + 1) / STEPS
_light = 2.55 * np.where(_steps <= 216 / 24389, _steps * 24389 / 27, 116 * np.cbrt(_steps) - 16)


def lightness(bgr: Floats) -> Floats:
    """(..., 3) levels to (...,) lightness, levels taken to the nearest whole ones."""
    index = (bgr + 0.5).astype(np.intp)
    blue, green, red = (_shares[c][index[..., c]] for c in range(3))
    return np.asarray(_light[(blue + green + red + 0.5).astype(np.intp)])


_greys = lightness(np.repeat(np.arange(256.0)[:, None], 3, axis=1))


def grey(light: Floats) -> Floats:
    """The level of the grey that has this lightness."""
    return np.interp(light, _greys, np.arange(256))


class Palette(Config):
    """Colours: one of `colours` (any colour when the list is empty), each channel moved by up to `jitter` levels.

    saturation: 0 makes a colour grey, 1 leaves it. shade: all channels together are multiplied by it.
    """

    colours: tuple[Hex, ...] = ()
    jitter: NonNegativeFloat = 0
    saturation: Share = (1, 1)
    shade: Factor = (1, 1)


class Ink(Config):
    """The text's colour.

    dark, light: weights of text darker and lighter than its background.
    contrast: the least difference in lightness, 0 to 255, after all tone changes; less is `low_contrast`.
    Strokes that blur and thinning leave with less than half of it are `low_contrast` too.
    gaps: the share of the contrast that must be left between strokes and the narrow gaps beside them. Below 0.13 people
    begin to guess; small text of real screens has less.
    busy: how many standard deviations of the background's lightness are added to that demand.
    opacity: of the ink. weight: strokes thickened (above 0) or thinned (below 0), in pixels of the picture.
    pairs: a file of ink and paper learnt from real crops (`ocrdata colours`); learnt: the share of lines, but for
    those on photos, that take both from it instead of from the palettes.
    """

    palette: Palette = Palette()
    dark: NonNegativeFloat = 1
    light: NonNegativeFloat = 1
    contrast: Annotated[float, Field(ge=1, le=250)] = 40
    gaps: Annotated[float, Field(ge=0, le=1)] = 0.13
    busy: NonNegativeFloat = 1
    opacity: Share = (1, 1)
    weight: Annotated[tuple[float, float], AfterValidator(within(-2, 4))] = (0, 0)
    pairs: str | None = None
    learnt: Probability = 0.7

    @model_validator(mode="after")
    def _some_polarity(self) -> Ink:
        if not self.dark + self.light:
            raise ValueError("one of 'dark' and 'light' must be above 0")
        return self


class Tone(Config):
    """brightness is added, contrast multiplies around mid-grey, gamma bends the curve (1: straight)."""

    brightness: Levels = (0, 0)
    contrast: Factor = (1, 1)
    gamma: Factor = (1, 1)


def pick(palette: Palette, draws: Draws, name: str) -> Floats:
    """(n, 3) BGR levels from the palette, as floats."""
    if palette.colours:
        table = np.array([[int(c[i : i + 2], 16) for i in (5, 3, 1)] for c in palette.colours], np.float64)
        colour = table[draws.integer(f"{name}.colour", len(table))]
    else:
        colour = 255 * draws.uniforms(f"{name}.colour", 3)
    if palette.saturation != (1, 1):
        pale = grey(lightness(colour))[:, None]
        colour = pale + (colour - pale) * draws.between(f"{name}.saturation", palette.saturation)[:, None]
    if palette.shade != (1, 1):
        colour = colour * draws.between(f"{name}.shade", palette.shade)[:, None]
    if palette.jitter:
        colour = colour + (2 * draws.uniforms(f"{name}.jitter", 3) - 1) * palette.jitter
    return np.clip(colour, 0, 255)


def at_lightness(colour: Floats, target: Floats) -> Floats:
    """`colour` with every channel moved by the same number of levels, as far as it goes, until it is so light."""
    low, high = np.full(len(colour), -255.0), np.full(len(colour), 255.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = lightness(np.clip(colour + middle[:, None], 0, 255)) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.clip(colour + ((low + high) / 2)[:, None], 0, 255)


@dataclass(slots=True)
class Behind:
    """What the ink must stand out from: the darkest and brightest lightness behind it, (n,) each."""

    low: Floats
    high: Floats

    def take(self, which: NDArray[np.int64]) -> Behind:
        """Of some of the lines."""
        return Behind(self.low[which], self.high[which])

    def put(self, which: NDArray[np.int64], others: Behind) -> None:
        """Replace some of the lines."""
        self.low[which], self.high[which] = others.low, others.high


@dataclass(slots=True)
class Toning:
    """Tone changes of n pictures; kept: the least share of a contrast that light and the like leave."""

    brightness: Floats
    contrast: Floats
    gamma: Floats
    kept: Floats

    @classmethod
    def draw(cls, tone: Tone, draws: Draws, kept: Floats) -> Toning:
        """Draw tone changes."""
        return cls(
            draws.between("tone.brightness", tone.brightness),
            draws.between("tone.contrast", tone.contrast),
            draws.between("tone.gamma", tone.gamma),
            kept,
        )

    def apply(self, level: Floats, kept: Floats | float) -> Floats:
        """(n, 3) levels after all changes."""
        dimmed = level * (kept[:, None] if isinstance(kept, np.ndarray) else kept)
        shown = np.clip((dimmed - 128) * self.contrast[:, None] + 128 + self.brightness[:, None], 0, 255)
        return np.asarray(255 * (shown / 255) ** self.gamma[:, None])

    def take(self, which: NDArray[np.int64]) -> Toning:
        """Of some of the pictures."""
        return Toning(*(c[which] for c in (self.brightness, self.contrast, self.gamma, self.kept)))

    def undo(self, shown: Floats, kept: Floats) -> Floats:
        """(n,) the levels that are `shown` after all changes."""
        straight = 255 * (shown / 255) ** (1 / self.gamma)
        return np.asarray(((straight - 128 - self.brightness) / self.contrast + 128) / kept)


def hopeless(ink: Ink, behind: Behind, toning: Toning, opacity: Floats) -> NDArray[np.bool_]:
    """(n,) whether no grey ink stands out from all that lies behind it."""
    _, _, can_dark, can_light = _room(ink, behind, toning, opacity)
    return ~can_dark & ~can_light


def _room(
    ink: Ink, behind: Behind, toning: Toning, opacity: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Lightness of the lightest dark ink and of the darkest light ink, and whether there are such inks."""
    darkest = standing_out(behind.low, -ink.contrast, toning, opacity)
    brightest = standing_out(behind.high, ink.contrast, toning, opacity)
    return darkest, brightest, (darkest >= 0) & (ink.dark > 0), (brightest <= 255) & (ink.light > 0)


def standing_out(paper: Floats, contrast: float, toning: Toning, opacity: Floats) -> Floats:
    """(n,) the lightness of grey ink that stands out from paper so light by exactly `contrast`, above it or below it.

    Below 0 or above 255 where no ink does.
    """
    level, steps = grey(paper), np.arange(256)
    most, impossible = (np.maximum, 256.0) if contrast > 0 else (np.minimum, -1.0)
    needed = level
    for kept in (np.ones_like(toning.kept), toning.kept) if (toning.kept < 1).any() else (toning.kept,):
        shown = toning.apply(level[:, None], kept)[:, 0]
        wanted = np.interp(shown, steps, _greys) + contrast
        found = np.where((wanted < 0) | (wanted > 255), impossible, toning.undo(grey(wanted), kept))
        needed = most(needed, found)
    levels = level + (needed - level) / opacity
    return np.where((levels < 0) | (levels > 255), impossible, np.interp(levels, steps, _greys))


@dataclass(slots=True)
class Inks:
    """(n, 3) colours; (n,) each: darker than the paper or not, contrast as shown, whether that is too low."""

    colour: Floats
    dark: NDArray[np.bool_]
    shown: Floats
    low: NDArray[np.bool_]


def ink_colours(ink: Ink, draws: Draws, behind: Behind, toning: Toning, opacity: Floats) -> Inks:
    """Draw the ink's colours."""
    darkest, brightest, can_dark, can_light = _room(ink, behind, toning, opacity)
    colour = pick(ink.palette, draws, "ink")
    if ink.palette.colours:
        dark = lightness(colour) < (behind.low + behind.high) / 2
    else:
        weight_dark, weight_light = ink.dark * can_dark, ink.light * can_light
        dark = draws.uniform("ink.polarity") * (weight_dark + weight_light) < weight_dark
        place = draws.uniform("ink.lightness")
        target = np.where(dark, place * darkest, brightest + place * (255 - brightest))
        colour = at_lightness(colour, np.clip(target, 0, 255))
    return judge(ink, colour, dark, behind, toning, opacity)


def judge(ink: Ink, colour: Floats, dark: NDArray[np.bool_], behind: Behind, toning: Toning, opacity: Floats) -> Inks:
    """What is left of the contrast of these inks, (n, 3), and whether that is too little."""
    light = lightness(colour)
    sided = np.where(dark, (light < behind.low) & (ink.dark > 0), (light > behind.high) & (ink.light > 0))
    paper = np.repeat(grey(np.where(dark, behind.low, behind.high))[:, None], 3, axis=1)
    seen = paper + (colour - paper) * opacity[:, None]
    shown = np.minimum(
        *(np.abs(lightness(toning.apply(seen, k)) - lightness(toning.apply(paper, k))) for k in (1.0, toning.kept))
    )
    return Inks(colour, dark, shown, ~sided | (shown < 0.9 * ink.contrast))


def outline_colours(draws: Draws, ink: Floats) -> Floats:
    """(n, 3) any colours far from the ink's lightness."""
    light = lightness(ink)
    place = draws.uniform("outline.lightness")
    down = place * np.maximum(light - OUTLINE_CONTRAST, 0)
    up = 255 - place * np.maximum(255 - light - OUTLINE_CONTRAST, 0)
    return at_lightness(255 * draws.uniforms("outline.colour", 3), np.where(light > 127, down, up))


def shadow_colours(draws: Draws, ink: Floats, dark: NDArray[np.bool_], low: Floats, contrast: float) -> Floats:
    """(n, 3) greys darker than the paper that leave the ink its contrast: deep behind light ink, pale behind dark."""
    pale = np.maximum(lightness(ink) + contrast, SHADE_OF_PAPER * low)
    deep = 0.5 * draws.uniform("shadow.lightness") * low
    return np.repeat(grey(np.clip(np.where(dark, pale, deep), 0, 255))[:, None], 3, axis=1)
