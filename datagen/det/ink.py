"""Colours of ink against what really lies behind it, measured in lightness (CIE L*, 0 to 100)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from ..backgrounds import luminance
from ..colours import at_luminance
from ..recipe import Ink
from ..rng import Floats
from .blocks import Look

RIM = 35  # lightness between ink and outline
Mask = NDArray[np.uint8]


def lightness(level: Floats) -> Floats:
    """L* of levels of grey (0 to 255)."""
    linear = np.where(level <= 0.04045 * 255, level / 255 / 12.92, ((level / 255 + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.where(linear > 0.008856, 116 * np.cbrt(linear) - 16, 903.3 * linear))


TABLE = lightness(np.arange(256.0))
COARSE = np.rint(2.55 * TABLE).astype(np.uint8)


def level_of(value: float) -> float:
    """The level of grey that has the lightness."""
    return float(np.interp(value, TABLE, np.arange(256.0)))


def behind(image: Image, mask: Mask) -> tuple[float, float]:
    """Mean and standard deviation of lightness where the mask says."""
    light = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), COARSE)
    mean, deviation = cv2.meanStdDev(light, mask=mask)
    return float(mean[0, 0]) / 2.55, float(deviation[0, 0]) / 2.55


def choose(ink: Ink, look: Look, low: float, high: float) -> tuple[Floats, float] | None:
    """The ink's colour (BGR) and its contrast with the nearer of `low` and `high`, the lightness behind it.

    None where no colour of the recipe leaves the contrast that it asks for.
    """
    need = ink.contrast / look.opacity
    dark_room, light_room = max(low - need, 0.0), max(100 - need - high, 0.0)
    dark_weight, light_weight = ink.dark * (low >= need), ink.light * (high + need <= 100)
    colour = np.array(look.ink)
    if not dark_weight + light_weight:
        return None
    if not ink.palette.colours:
        dark = look.polarity * (dark_weight + light_weight) < dark_weight
        target = look.depth * dark_room if dark else 100 - look.depth * light_room
        colour = at_luminance(colour[None], np.array([level_of(target)]))[0]
    shown = float(lightness(luminance(colour)))
    contrast = max(low - shown if dark_weight else 0, shown - high if light_weight else 0) * look.opacity
    return (colour, contrast) if contrast >= 0.9 * ink.contrast else None


def rim(colour: Floats, polarity: float) -> Floats:
    """A colour of an outline: grey, or the ink's own hue, far from it in lightness."""
    own = float(lightness(luminance(colour)))
    target = own + RIM + polarity * max(100 - own - RIM, 0) if own < 50 else (own - RIM) * polarity
    return at_luminance(colour[None], np.array([level_of(target)]))[0]


def shadow(colour: Floats, paper: float) -> Floats:
    """A grey darker than the paper: deep behind light ink, halfway to the paper behind dark ink."""
    own = float(lightness(luminance(colour)))
    return np.full(3, level_of(0.5 * (own + paper) if own < paper else 0.4 * paper))
