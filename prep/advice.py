"""What to change in a recipe so that its pictures look more like others."""

from __future__ import annotations

from typing import NamedTuple

from .histogram import Histogram

SHIFT = 0.25
"""Medians differ where they lie this share of the wider half of the values apart."""
SPREAD = 1.3


class Advice(NamedTuple):
    """What to do where synthetic values are too high (`lower` them) or too low; `key` widens and narrows them."""

    lower: str
    higher: str
    key: str


ADVICE = {
    "label_length": Advice("give shorter texts", "give longer texts", "the lengths in `texts`"),
    "aspect_ratio": Advice(
        "give shorter texts or narrower letters", "give longer texts or wider letters", "`layout.stretch`"
    ),
    "picture_height": Advice(
        "lose the details that low crops lack with `rescale`", "raise `height` or weaken `rescale`", "`rescale`"
    ),
    "brightness": Advice("take darker backgrounds", "take brighter backgrounds", "`tone.brightness`"),
    "contrast": Advice(
        "lower the contrast: ink nearer to the paper, `tone.contrast` below 1",
        "raise the contrast: ink further from the paper, less fading light",
        "`tone.contrast`",
    ),
    "sharpness": Advice(
        "add `blur`, `motion` or `rescale`", "weaken `blur`, `motion` and `rescale`", "the sigma of `blur`"
    ),
    "noise": Advice("weaken `noise` and the backgrounds' texture", "add `noise` or texture", "`noise`"),
    "blocks": Advice("raise the quality in `jpeg`", "lower the quality in `jpeg`", "`jpeg`"),
    "ink_contrast": Advice(
        "bring ink and paper closer: a lower floor in `ink.contrast`, `ink.opacity` below 1",
        "take darker ink on brighter paper, or raise the floor in `ink.contrast`",
        "the colours of ink and paper",
    ),
    "paper_lightness": Advice("take darker paper", "take brighter paper", "the palettes in `backgrounds`"),
    "ink_lightness": Advice("take darker ink", "take brighter ink", "the palette in `ink`"),
    "paper_chroma": Advice("take greyer paper", "take more colourful paper", "the palettes in `backgrounds`"),
    "ink_chroma": Advice("take greyer ink", "take more colourful ink", "the palette in `ink`"),
    "ink_share": Advice(
        "leave more room: wider `layout.margins`, thinner letters",
        "leave less room: narrower `layout.margins`, bolder letters",
        "`layout.margins`",
    ),
    "stroke": Advice(
        "take lighter fonts or lower `ink.weight`", "take bolder fonts or raise `ink.weight`", "`ink.weight`"
    ),
    "margin_left": Advice("narrow `layout.margins.left`", "widen `layout.margins.left`", "`layout.margins.left`"),
    "margin_right": Advice("narrow `layout.margins.right`", "widen `layout.margins.right`", "`layout.margins.right`"),
    "margin_top": Advice("narrow `layout.margins.top`", "widen `layout.margins.top`", "`layout.margins.top`"),
    "margin_bottom": Advice(
        "narrow `layout.margins.bottom`", "widen `layout.margins.bottom`", "`layout.margins.bottom`"
    ),
    "advance": Advice(
        "squeeze the letters with `layout.stretch`, or less `layout.spacing`",
        "widen the letters with `layout.stretch`, or more `layout.spacing`",
        "`layout.stretch`",
    ),
    "slope": Advice(
        "turn lines less to the right: `geometry.rotation`",
        "turn lines more to the right: `geometry.rotation`",
        "`geometry.rotation`",
    ),
}


def advice(name: str, real: Histogram, made: Histogram) -> tuple[str, str]:
    """(how the synthetic values differ, what to change) of property `name`; "" for what cannot be changed."""
    how, shape = _difference(real, made)
    entry = ADVICE.get(name)
    if entry is None or shape == "":
        return how, ""
    return how, {
        "higher": entry.lower,
        "lower": entry.higher,
        "narrower": f"draw {entry.key} from a wider range",
        "wider": f"draw {entry.key} from a narrower range",
    }[shape]


def _difference(real: Histogram, made: Histogram) -> tuple[str, str]:
    middle, half = made.quantile(0.5) - real.quantile(0.5), max(_span(real, 0.25), _span(made, 0.25), real.step)
    if abs(middle) > SHIFT * half:
        shape = "higher" if middle > 0 else "lower"
        return shape, shape
    wide_real, wide_made = _span(real, 0.05) or real.step, _span(made, 0.05) or made.step
    if wide_made > SPREAD * wide_real:
        return "spread wider", "wider"
    if wide_real > SPREAD * wide_made:
        return "spread less", "narrower"
    return "shaped differently", ""


def _span(values: Histogram, tail: float) -> float:
    return values.quantile(1 - tail) - values.quantile(tail)
