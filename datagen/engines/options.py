"""What each engine can be asked to do: only what it does itself, and only what has an effect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, NonNegativeFloat, Tag, model_validator

from ...config import Config, load
from ..limits import Hex, Probability, within

Whole = Annotated[int, Field(ge=0, le=64)]
Pixels = Annotated[
    Annotated[Whole, Tag("number")] | Annotated[tuple[Whole, Whole], AfterValidator(within(0, 64)), Tag("range")],
    Discriminator(lambda value: "range" if isinstance(value, list | tuple) else "number"),
]


def _odd(limits: tuple[int, int]) -> tuple[int, int]:
    if not all(size % 2 for size in limits):
        raise ValueError("sizes of a blur's kernel are odd numbers, for example [3, 7]")
    return limits


Share = Annotated[tuple[float, float], AfterValidator(within(0, 1))]
Kernel = Annotated[tuple[int, int], AfterValidator(within(3, 15)), AfterValidator(_odd)]


class EngineOptions(Config):
    """Demands on every picture that an engine gives back.

    contrast: the least difference in lightness between ink and the paper beside it, 0 to 255, in every part of the
    line; and never less than `busy` standard deviations of that paper. Less is refused as `low_contrast`.
    max_cut: the largest share of the line's ink that may be cut off; more is refused as `clipped`.
    photos: how often a photo of the recipe lies behind the text, against the weights of the engine's own backgrounds.
    """

    contrast: Annotated[float, Field(ge=1, le=250)] = 40
    busy: NonNegativeFloat = 2.5
    max_cut: Probability = 0.02
    photos: NonNegativeFloat = 1

    def backgrounds(self) -> dict[str, float]:
        """Weights of the engine's own backgrounds."""
        return {}

    @model_validator(mode="after")
    def _some_background(self) -> EngineOptions:
        if not any((*self.backgrounds().values(), self.photos)):
            raise ValueError("the weights of all backgrounds are 0")
        return self


class Perspective(Config):
    """Largest turn around each axis, in degrees; 0: none."""

    x: Annotated[float, Field(ge=0, le=45)] = 0
    y: Annotated[float, Field(ge=0, le=45)] = 0
    z: Annotated[float, Field(ge=0, le=20)] = 0


class Padding(Config):
    """Room added to the text, as shares of its width and height."""

    width: Share = (0, 0.05)
    height: Share = (0, 0.3)


class Curve(Config):
    """A sine wave of `amplitude` pixels at drawing size and `period` pixels; room for it is added."""

    probability: Probability = 0
    period: Annotated[float, Field(ge=20, le=5000)] = 180
    amplitude: Annotated[tuple[float, float], AfterValidator(within(0, 20))] = (1, 5)


class Line(Config):
    """A line above or below the text; those beside it are not offered, because they read as letters."""

    probability: Probability = 0
    thickness: Annotated[tuple[int, int], AfterValidator(within(1, 8))] = (1, 2)


class Blur(Config):
    """Gaussian or motion blur with an odd kernel of so many pixels."""

    probability: Probability = 0
    kernel: Kernel = (3, 5)


class Noise(Config):
    """Gaussian noise of `sigma` levels, handed to albumentations because text_renderer ignores its own setting."""

    probability: Probability = 0
    sigma: Annotated[tuple[float, float], AfterValidator(within(0, 60))] = (2, 12)


class Tone(Config):
    """Brightness and contrast changed by up to so much of 1."""

    probability: Probability = 0
    brightness: Probability = 0.2
    contrast: Probability = 0.2


class TextRendererOptions(EngineOptions):
    """What text_renderer does with a line. Its text is always darker than the background's mean.

    white: weight of its white background. font_size: px, before scaling to the recipe's height.
    char_spacing: between letters, as a share of the line's height; joined scripts are drawn without.
    alpha: opacity of the text, of 255.
    """

    white: NonNegativeFloat = 0.2
    font_size: Annotated[tuple[int, int], AfterValidator(within(8, 256))] = (28, 36)
    char_spacing: Annotated[tuple[float, float], AfterValidator(within(0, 2))] | None = None
    alpha: Annotated[tuple[int, int], AfterValidator(within(60, 255))] = (150, 255)
    perspective: Perspective = Perspective()
    padding: Padding = Padding()
    curve: Curve = Curve()
    line: Line = Line()
    tone: Tone = Tone()
    blur: Blur = Blur()
    motion: Blur = Blur()
    noise: Noise = Noise()

    def backgrounds(self) -> dict[str, float]:
        """White."""
        return {"white": self.white}


class Distortion(Config):
    """Weights of TRDG's distortions."""

    none: NonNegativeFloat = 1
    sine: NonNegativeFloat = 0
    cosine: NonNegativeFloat = 0
    random: NonNegativeFloat = 0

    @model_validator(mode="after")
    def _some(self) -> Distortion:
        if not any(self.model_dump().values()):
            raise ValueError("one of the weights must be above 0")
        return self


class TrdgOptions(EngineOptions):
    """What TRDG does with a line.

    noise, white, quasicrystal: weights of its own backgrounds (the last one is slow).
    colours, stroke_colours: each channel is drawn between the two. stroke_width: px around the letters.
    skew: largest rotation, degrees. blur: largest radius, px. distortion_axis: along which it moves rows and columns.
    space_width: of a space, as a share of the font's. character_spacing: px, and margins: top, left, bottom, right, px:
    numbers, or ranges [low, high] of which each line is drawn with one, as if TRDG were run many times.
    """

    noise: NonNegativeFloat = 0.2
    white: NonNegativeFloat = 0.1
    quasicrystal: NonNegativeFloat = 0
    colours: tuple[Hex, Hex] = ("#000000", "#606060")
    stroke_width: Annotated[int, Field(ge=0, le=8)] = 0
    stroke_colours: tuple[Hex, Hex] = ("#282828", "#282828")
    skew: Annotated[int, Field(ge=0, le=30)] = 0
    blur: Annotated[float, Field(ge=0, le=8)] = 0
    distortion: Distortion = Distortion()
    distortion_axis: Literal["vertical", "horizontal", "both"] = "vertical"
    space_width: Annotated[float, Field(ge=0.3, le=5)] = 1
    character_spacing: Pixels = 0
    margins: tuple[Pixels, Pixels, Pixels, Pixels] = (3, 3, 3, 3)

    def backgrounds(self) -> dict[str, float]:
        """Noise, white, quasicrystal."""
        return {"noise": self.noise, "white": self.white, "quasicrystal": self.quasicrystal}


OPTIONS: dict[str, type[EngineOptions]] = {"text_renderer": TextRendererOptions, "trdg": TrdgOptions}


def engine_options(engine: str, file: str | None = None, overrides: tuple[str, ...] = ()) -> EngineOptions:
    """The options of an engine: the section of its name in a YAML file, or a file of nothing else; else the defaults.

    Raises UserError with file, line and key.
    """
    kind = OPTIONS[engine]
    return load(file, engine, kind, overrides) if file else kind()
