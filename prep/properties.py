"""The properties in which packs are compared: numbers of pictures, and things that are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .histogram import Histogram
from .kinds import kinds
from .shades import shade_counts
from .stats import DETAILS, Stats

TITLES = {
    "label_length": ("label length", "characters"),
    "aspect_ratio": ("aspect ratio", "width to height"),
    "picture_height": ("picture height", "pixels"),
    "brightness": ("brightness", "mean grey 0–255"),
    "contrast": ("contrast", "deviation of grey"),
    "sharpness": ("sharpness", "strength of the Laplacian at the model's height"),
    "ink_contrast": ("contrast of ink and paper", "levels of lightness"),
    "paper_lightness": ("lightness of the paper", "levels 0–255"),
    "ink_lightness": ("lightness of the ink", "levels 0–255"),
    "paper_chroma": ("colourfulness of the paper", "0 is grey"),
    "ink_chroma": ("colourfulness of the ink", "0 is grey"),
    "ink_share": ("share of the picture that is ink", "%"),
    "stroke": ("thickness of strokes", "% of the height"),
    "margin_left": ("room at the left", "% of the height"),
    "margin_right": ("room at the right", "% of the height"),
    "margin_top": ("room at the top", "% of the height"),
    "margin_bottom": ("room at the bottom", "% of the height"),
    "advance": ("width of a character", "% of the height"),
    "slope": ("slope of the line", "degrees, falling above 0"),
    "noise": ("noise", "levels of grey"),
    "blocks": ("blocks of JPEG", "% stronger steps at its grid"),
}
"""Numbers: the name that sentences use, and the unit."""


def values(stats: Stats, name: str) -> Histogram:
    """The distribution of one of TITLES."""
    found = getattr(stats.measured, name, None)
    return found if isinstance(found, Histogram) else stats.measured.details.histogram(name, DETAILS[name])


@dataclass(frozen=True)
class Things:
    """A property whose values are things, not numbers."""

    name: str
    title: str
    count: Callable[[Stats], Counter[str]]
    todo: str


def _polarity(stats: Stats) -> Counter[str]:
    colours = stats.measured.details.colours
    dark = sum(c[0] < c[3] for c in colours)
    return +Counter({"dark on light": dark, "light on dark": len(colours) - dark})


THINGS = (
    Things("characters", "characters", lambda s: s.measured.characters, "bring the missing ones into `texts`"),
    Things("kinds", "kinds of characters", lambda s: kinds(s.measured.characters), "weigh the kinds anew in `texts`"),
    Things(
        "polarity",
        "dark on light or light on dark",
        _polarity,
        "set the weights `ink.dark` and `ink.light` to these shares",
    ),
    Things(
        "paper_shades",
        "colours of the paper",
        lambda s: shade_counts(s.measured.details, "paper"),
        "learn the colours of the real crops for `ink.pairs`, or add these to the palettes in `backgrounds`",
    ),
    Things(
        "ink_shades",
        "colours of the ink",
        lambda s: shade_counts(s.measured.details, "ink"),
        "learn the colours of the real crops for `ink.pairs`, or add these to `ink.palette`",
    ),
)
