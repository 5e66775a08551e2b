"""What a synthetic line may look like. Every number is a range from which each sample draws."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveInt, model_validator

from ..config import Config, config_path, load
from ..corpora.sources import TextSource, find_file
from ..fonts.discover import FontChoice

HEX = re.compile(r"#[0-9a-fA-F]{6}")
Limits = tuple[float, float]


def _within(lowest: float, highest: float) -> Callable[[Limits], Limits]:
    def check(limits: Limits) -> Limits:
        if not lowest <= limits[0] <= limits[1] <= highest:
            raise ValueError(
                f"a range [low, high] with {lowest:g} <= low <= high <= {highest:g} is expected (is {list(limits)})"
            )
        return limits

    return check


def _colour(value: str) -> str:
    if not HEX.fullmatch(value):
        raise ValueError(f"a colour such as '#f2d22e' is expected (is '{value}')")
    return value


Range = Annotated[Limits, AfterValidator(_within(-1e6, 1e6))]
Share = Annotated[Limits, AfterValidator(_within(0, 1))]
Positive = Annotated[Limits, AfterValidator(_within(0, 1e6))]
Pixels = Annotated[Limits, AfterValidator(_within(0, 64))]
Factor = Annotated[Limits, AfterValidator(_within(0.05, 20))]
Degrees = Annotated[Limits, AfterValidator(_within(-60, 60))]
Margin = Annotated[Limits, AfterValidator(_within(-0.9, 5))]
Levels = Annotated[Limits, AfterValidator(_within(-255, 255))]
Quality = Annotated[tuple[int, int], AfterValidator(_within(1, 100))]
Probability = Annotated[float, Field(ge=0, le=1)]
Hex = Annotated[str, AfterValidator(_colour)]


class Palette(Config):
    """Colours: one of `colours` (any colour when the list is empty), each channel moved by up to `jitter` levels.

    saturation: 0 makes a colour grey, 1 leaves it. shade: all channels together are multiplied by it.
    """

    colours: tuple[Hex, ...] = ()
    jitter: NonNegativeFloat = 0
    saturation: Share = (1, 1)
    shade: Factor = (1, 1)


class Margins(Config):
    """Room around the ink as shares of the text's height; negative: the crop's edge cuts into the text."""

    left: Margin = (0.05, 0.3)
    right: Margin = (0.05, 0.3)
    top: Margin = (0.02, 0.2)
    bottom: Margin = (0.02, 0.2)


class Layout(Config):
    """How glyphs stand on the line.

    spacing: added between letters, as a share of the em. stretch: width factor of the whole line.
    min_height: the least height, in em, that counts as the text's height, so that a lone dash is not blown up.
    max_cut: the largest share of any glyph's ink that may lie outside the picture; more is refused as `clipped`.
    """

    spacing: Range = (0, 0)
    stretch: Factor = (1, 1)
    margins: Margins = Margins()
    min_height: Annotated[float, Field(gt=0, le=2)] = 0.5
    max_cut: Probability = 0.02


class Geometry(Config):
    """Rotation and shear in degrees; perspective: how far each corner moves, as a share of the text's height.

    From a quarter on, corners could pass each other and mirror the text.
    """

    rotation: Degrees = (0, 0)
    shear: Degrees = (0, 0)
    perspective: Annotated[Limits, AfterValidator(_within(0, 0.24))] = (0, 0)


class Ink(Config):
    """The text's colour.

    dark, light: weights of text darker and lighter than its background.
    contrast: the least difference in luminance, in levels of 255, after all tone changes; less is `low_contrast`.
    Strokes that blur and thinning leave with less than half of it are `low_contrast` too.
    busy: how many standard deviations of the background's luminance are added to that demand.
    opacity: of the ink. weight: strokes thickened (above 0) or thinned (below 0), in pixels of the picture.
    """

    palette: Palette = Palette()
    dark: NonNegativeFloat = 1
    light: NonNegativeFloat = 1
    contrast: Annotated[float, Field(ge=1, le=250)] = 40
    busy: NonNegativeFloat = 1
    opacity: Share = (1, 1)
    weight: Annotated[Limits, AfterValidator(_within(-2, 4))] = (0, 0)

    @model_validator(mode="after")
    def _some_polarity(self) -> Ink:
        if not self.dark + self.light:
            raise ValueError("one of 'dark' and 'light' must be above 0")
        return self


class Outline(Config):
    """A line of `width` pixels around the letters, in a colour that contrasts with the ink."""

    probability: Probability = 0
    width: Annotated[tuple[int, int], AfterValidator(_within(1, 8))] = (1, 1)


class Shadow(Config):
    """A copy of the letters behind them, moved by `offset` pixels to the right and down, blurred by `blur` pixels."""

    probability: Probability = 0
    offset: Annotated[Limits, AfterValidator(_within(-16, 16))] = (-3, 3)
    blur: Pixels = (0, 1.5)
    opacity: Share = (0.3, 0.7)


class Plain(Config):
    """One colour."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()


class Gradient(Config):
    """Two colours that run into each other, in any direction; the second differs by up to `difference` levels."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()
    difference: Annotated[Limits, AfterValidator(_within(0, 255))] = (10, 80)


class Texture(Config):
    """Grain, fibres, blotches or stripes made by this program, of `strength` levels of standard deviation."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()
    strength: Annotated[Limits, AfterValidator(_within(0, 100))] = (2, 14)


class Photos(Config):
    """Pieces of the photos below `folder`; at most `limit` of them, evenly spread, are kept in memory."""

    folder: str
    weight: NonNegativeFloat = 3
    limit: PositiveInt = 64


class Backgrounds(Config):
    """Weighted kinds of background."""

    plain: Plain = Plain()
    gradient: Gradient = Gradient()
    texture: Texture = Texture()
    photos: Photos | None = None

    @model_validator(mode="after")
    def _some_weight(self) -> Backgrounds:
        if not sum(self.weights()):
            raise ValueError("the weights of all kinds are 0")
        return self

    def weights(self) -> list[float]:
        """Of plain, gradient, texture, photos."""
        return [
            self.plain.weight,
            self.gradient.weight,
            self.texture.weight,
            self.photos.weight if self.photos else 0.0,
        ]


class Edge(Config):
    """A strip of another colour along one side, as where a label ends or another line begins.

    size: its share of the room between that side and the text, so that it never lies behind the ink.
    """

    probability: Probability = 0
    size: Share = (0.2, 0.9)
    palette: Palette = Palette()


class Light(Config):
    """Uneven light over paper and ink.

    gradient: how much darker one side is than the other. cylinder: how much darker the upper and lower edges are
    than the brightest row, as on a round sleeve; the brightest row lies up to `offset` half heights off the middle.
    """

    probability: Probability = 0
    gradient: Share = (0, 0.4)
    cylinder: Share = (0, 0)
    offset: Annotated[Limits, AfterValidator(_within(-1, 1))] = (-0.4, 0.4)


class Blur(Config):
    """Gaussian blur of `sigma` pixels."""

    probability: Probability = 0
    sigma: Pixels = (0.3, 1.2)


class Motion(Config):
    """Motion blur over `length` pixels in a direction of `angle` degrees (0: along the line)."""

    probability: Probability = 0
    length: Annotated[Limits, AfterValidator(_within(1, 31))] = (2, 6)
    angle: Annotated[Limits, AfterValidator(_within(-180, 180))] = (-90, 90)


class Rescale(Config):
    """Scaled down to `factor` of the size and up again."""

    probability: Probability = 0
    factor: Annotated[Limits, AfterValidator(_within(0.1, 1))] = (0.4, 0.9)


class Tone(Config):
    """brightness is added, contrast multiplies around mid-grey, gamma bends the curve (1: straight)."""

    brightness: Levels = (0, 0)
    contrast: Factor = (1, 1)
    gamma: Factor = (1, 1)


class Noise(Config):
    """Gaussian noise of `sigma` levels."""

    probability: Probability = 0
    sigma: Annotated[Limits, AfterValidator(_within(0, 60))] = (2, 8)


class Recipe(Config):
    """All that determines a set of synthetic lines, but for their number.

    height: of every picture, px; the width follows the text, up to max_width (wider is refused as `too_wide`).
    max_length: characters; ctc_stride: px per time step of the model to be trained: labels that CTC could not align
    with so few steps are refused as `too_long`.
    charset: a dictionary file, or the characters themselves; a text with others is refused as `not_in_dict`.
    attempts: how often a refused sample is drawn anew before the recipe is called impossible.
    jpeg: range of qualities. Paths are relative to the recipe's file, else to the current folder.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    height: Annotated[int, Field(ge=8, le=512)] = 32
    max_width: Annotated[int, Field(ge=8, le=8192)] = 1024
    max_length: PositiveInt | None = None
    ctc_stride: PositiveInt | None = None
    attempts: PositiveInt = 50
    texts: Annotated[list[TextSource], Field(min_length=1)]
    charset: str | None = None
    fonts: Annotated[list[FontChoice], Field(min_length=1)]
    layout: Layout = Layout()
    geometry: Geometry = Geometry()
    ink: Ink = Ink()
    outline: Outline = Outline()
    shadow: Shadow = Shadow()
    backgrounds: Backgrounds = Backgrounds()
    edge: Edge = Edge()
    light: Light = Light()
    blur: Blur = Blur()
    motion: Motion = Motion()
    rescale: Rescale = Rescale()
    tone: Tone = Tone()
    noise: Noise = Noise()
    jpeg: Quality = (75, 95)


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """The section `synth` of a preset or file, its paths made absolute. Raises UserError with file, line and key."""
    recipe = load(name, "synth", Recipe, overrides)
    return resolve(recipe, config_path(name).parent.resolve())


def resolve(recipe: Recipe, base: Path) -> Recipe:
    """The recipe with every relative path made absolute: beside `base`, else from the current folder.

    Raises UserError for a text or photo path that is nowhere.
    """
    data = recipe.model_dump(mode="python")
    for text in data["texts"]:
        if text["kind"] == "file":
            text["path"] = str(find_file(text["path"], base))
        elif text["kind"] == "random":
            text["characters"] = _dictionary(text["characters"], base)
    data["charset"] = _dictionary(data["charset"], base)
    for font in data["fonts"]:
        found = next((p for p in (base / font["name"], Path.cwd() / font["name"]) if p.exists()), None)
        font["name"] = str(found) if found else font["name"]
    if data["backgrounds"]["photos"]:
        photos = data["backgrounds"]["photos"]
        photos["folder"] = str(find_file(photos["folder"], base))
    return Recipe.model_validate(data)


def _dictionary(value: str | None, base: Path) -> str | None:
    return str(find_file(value, base)) if value and value.endswith(".txt") else value


def portable(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON values with file names for paths: what the files hold is told by hashes beside it."""
    shortened: dict[str, Any] = _shorten(recipe.model_dump(mode="json"), "")
    return shortened


def _shorten(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {k: _shorten(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_shorten(v, key) for v in value]
    is_path = key in ("path", "folder", "name") or (key in ("charset", "characters") and str(value).endswith(".txt"))
    return Path(value).name if is_path else value
