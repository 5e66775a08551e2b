"""What an effect is: an object of the recipe that draws its parameters for a batch and applies them to one picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from ...datasets.images import Image
from ..limits import Probability
from ..rng import Draws, Floats, Integers

Mask = NDArray[np.uint8]
Planes = NDArray[np.uint16]
Columns = dict[str, Any]
Stage = Literal["ink", "paper", "letters", "light", "lens", "sensor"]
KEPT = "kept"  # the column with the share of the text's contrast that an effect leaves


@dataclass(slots=True)
class Canvas:
    """One picture in the making. Effects change it in place or put a new array.

    ink: (H, W) coverage by the letters, all colours of them together.
    planes: (3, H, W) BGR levels from 0 to 255, from the first stroke to the light.
    image: (H, W, 3) BGR, or (H, W), from the lens on.
    """

    ink: Mask
    planes: Planes
    image: Image


@dataclass(slots=True)
class Lines:
    """What effects may know about the n lines of a batch when they draw. Sizes in px of the picture.

    width: of the pictures; height: of all of them; room: (n, 4) between text and top, right, bottom, left side, below 0
    where a side cuts the text; quads: (n, 4, 2) the text box; scale: px per height of the text.
    bent: whether the line is bent away from its quad.
    ink: (n, 3) colours; dark: whether the ink is darker than the paper; low, high: lightness behind the ink.
    """

    width: Integers
    height: Integers
    room: Floats
    quads: Floats
    scale: Floats
    bent: NDArray[np.bool_]
    ink: Floats
    dark: NDArray[np.bool_]
    low: Floats
    high: Floats

    def take(self, which: Integers) -> Lines:
        """Some of the lines."""
        return Lines(*(getattr(self, f.name)[which] for f in fields(self)))


class Effect(Config, ABC):
    """Base of all effects. A subclass says at which stage it acts.

    ink: on the letters' coverage. paper: under the letters. letters: over the letters. light: on paper and letters
    alike. lens: on the whole picture, in ways that soften strokes, so that legibility is judged after them.
    sensor: on the whole picture, last.
    """

    stage: ClassVar[Stage]
    names: ClassVar[dict[str, tuple[str, ...]]] = {}  # of the numbers that a value may be, for people

    probability: Probability = 0

    @abstractmethod
    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """The parameters of `apply`, a column of n values for each, drawn for n lines on which the effect acts.

        An effect that takes contrast from the text gives a column `kept` too, (n,) shares that remain; it acts at the
        stage light, and its `lines` know no inks yet.
        """

    @abstractmethod
    def apply(self, canvas: Canvas, *values: Any, **named: Any) -> None:
        """Change the canvas by one line's values."""


class Step(NamedTuple):
    """An effect on one line, with its drawn values."""

    name: str
    effect: Effect
    values: dict[str, Any]


def rows(columns: Columns) -> list[dict[str, Any]]:
    """The columns as one mapping for each line."""
    names = list(columns)
    lists = [c.tolist() if isinstance(c, np.ndarray) else list(c) for c in columns.values()]
    return [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]


def whole(draws: Draws, name: str, limits: tuple[int, int]) -> Integers:
    """(n,) whole numbers, from the first to the second limit."""
    return limits[0] + draws.integer(name, limits[1] - limits[0] + 1)
