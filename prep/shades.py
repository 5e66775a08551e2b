"""Colours as few enough names to be counted: a coarse grid in Lab, each cell shown by its mean."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import cv2
import numpy as np

from .details import Details

LIGHT_STEP, HUE_STEP = 32, 24
Lab = tuple[int, int, int]


def hex_of(lab: tuple[float, float, float]) -> str:
    """8-bit Lab to "#rrggbb"."""
    pixel = np.clip(np.rint(np.array([[lab]])), 0, 255).astype(np.uint8)
    blue, green, red = cv2.cvtColor(pixel, cv2.COLOR_LAB2BGR)[0, 0].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def shade_counts(details: Details, of: Literal["ink", "paper"]) -> Counter[str]:
    """How many pictures have ink or paper in each cell of the grid, by the colour of the cell's middle."""
    start = 0 if of == "ink" else 3
    cells = Counter(_cell((c[start], c[start + 1], c[start + 2])) for c in details.colours)
    named: Counter[str] = Counter()
    for cell, number in cells.items():
        named[hex_of(cell)] += number
    return named


def _cell(lab: Lab) -> Lab:
    """The middle of a colour's cell; cells of a and b are centred on grey."""
    light = min(lab[0] // LIGHT_STEP * LIGHT_STEP + LIGHT_STEP // 2, 255)
    return light, _hue(lab[1]), _hue(lab[2])


def _hue(value: int) -> int:
    return 128 + round((value - 128) / HUE_STEP) * HUE_STEP
