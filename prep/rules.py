"""Which samples of a pack are wanted: the rules of `ocrdata select`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from ..config import Config, load
from ..datasets.images import Image
from .look import look_at

Measure = Literal["length", "height", "width", "aspect", "brightness", "contrast", "sharpness", "width_per_character"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
OF_LABELS = frozenset({"length"})
Values = dict[Measure, float]


class Range(Config):
    """What is allowed, both ends included."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError("min, max or both are needed")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}: nothing is left")
        return self

    def side(self, value: float) -> str:
        """ "below", "above", or "" for what is inside."""
        if self.min is not None and value < self.min:
            return "below"
        return "above" if self.max is not None and value > self.max else ""


class Conditions(Config):
    """What can be asked of a sample.

    length: characters. height, width: pixels. aspect: width to height. brightness: mean grey, 0 to 255. contrast: its
    standard deviation. sharpness: strength of the Laplacian at the model's height, as `stats` measures it.
    width_per_character: pixels at the model's height. matches: a regular expression that the whole label must match.
    """

    length: Range | None = None
    height: Range | None = None
    width: Range | None = None
    aspect: Range | None = None
    brightness: Range | None = None
    contrast: Range | None = None
    sharpness: Range | None = None
    width_per_character: Range | None = None
    matches: str | None = None

    @field_validator("matches")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return value

    def ranges(self) -> dict[Measure, Range]:
        """Those that are given."""
        return {name: found for name in MEASURES if (found := getattr(self, name)) is not None}

    @property
    def needs_pictures(self) -> bool:
        """Whether a picture must be decoded to judge a sample."""
        return not OF_LABELS.issuperset(self.ranges())

    def problem(self, label: str, values: Values) -> str:
        """The name of the first condition that does not hold, such as sharpness_below; "" where all hold."""
        if self.matches is not None and not re.fullmatch(self.matches, label):
            return "matches_not"
        sides = ((name, found.side(values[name])) for name, found in self.ranges().items())
        return next((f"{name}_{side}" for name, side in sides if side), "")


class Weight(Conditions):
    """How often samples that meet all conditions are stored: 0.2 keeps a fifth of them, 3 stores each three times.

    contains: at least one of these characters is in the label.
    """

    weight: float = Field(ge=0, le=100)
    contains: str = ""

    def applies(self, label: str, values: Values) -> bool:
        """Whether a sample meets all conditions."""
        return (not self.contains or not set(self.contains).isdisjoint(label)) and not self.problem(label, values)


class SelectConfig(Conditions):
    """The whole selection; samples pass the steps in this order.

    First the conditions. dictionary: a file; labels with other characters go. trivial: what a weak model trusts more,
    and impossible: what a strong one trusts less (`select --weak --strong`) goes; None lets it stay.
    most_per_label: samples of one label. quota: a sample stays as long as one of its characters stands in fewer kept
    samples. weights: the first that applies. model_height: pixels. seed: of what is left to chance.
    """

    dictionary: Path | None = None
    trivial: float | None = Field(default=0.95, ge=0, le=1)
    impossible: float | None = Field(default=0.15, ge=0, le=1)
    most_per_label: int | None = Field(default=None, ge=1)
    quota: int | None = Field(default=None, ge=1)
    weights: tuple[Weight, ...] = Field(default=(), max_length=200)
    model_height: int = Field(default=32, ge=8)
    seed: int = 0

    @property
    def decodes(self) -> bool:
        """Whether any step needs pictures."""
        return self.needs_pictures or any(weight.needs_pictures for weight in self.weights)


def values_of(label: str, image: Image | None, height: int) -> Values:
    """All measures of a sample for a model `height` pixels high; without a picture those of its label."""
    values: dict[Any, float] = {"length": len(label)}
    if image is not None:
        look = look_at(image, height)
        values |= {name: getattr(look, name) for name in ("height", "width", "brightness", "contrast", "sharpness")}
        values["aspect"] = look.width / look.height
        values["width_per_character"] = look.scaled / max(1, len(label))
    return values


def read_rules(path: Path | None, overrides: Sequence[str] = ()) -> SelectConfig:
    """The rules of a file, or the shipped ones, some keys changed by `key.sub=value`. Raises UserError."""
    shipped = Path(str(resources.files(f"{__package__.partition('.')[0]}.configs"))) / "select" / "lines.yml"
    return load(str(path or shipped), "select", SelectConfig, overrides)
