"""What a synthetic line may look like. Every number is a range from which each sample draws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from ..config import Config, config_path, load
from ..corpora.lengths import LengthCounts
from ..corpora.quota import Quota
from ..corpora.sources import LabelInput, TextInput, find_file
from ..fonts.discover import FontChoice
from .bend import Curve, Elastic
from .colours import Ink, Tone
from .effects.base import Effect
from .effects.camera import Grey, Salt, Scan, Sharpen
from .effects.glare import Glare, Moire, Stain
from .effects.ink import Bleed, Erosion
from .effects.lens import Blur, Defocus, Motion, Rescale
from .effects.letters import Outline, Shadow
from .effects.light import Light
from .effects.occlusion import Occlusion
from .effects.paper import Edge
from .effects.relief import Emboss, Extrusion
from .effects.rules import Rules
from .effects.sensor import Noise
from .layout import Layout
from .limits import Quality
from .neighbours import Neighbours
from .scene import Backgrounds
from .warp import Geometry
from .writer import Mixed

# In order of application; the ink itself comes between the stages paper and letters.
EFFECTS = (
    *("bleed", "erosion"),
    *("edge", "rules", "shadow", "extrusion", "emboss", "outline"),
    "occlusion",
    *("stain", "light", "glare", "moire"),
    *("defocus", "blur", "motion", "rescale"),
    *("noise", "sharpen", "grey", "scan", "salt"),
)


class Recipe(Config):
    """All that determines a set of synthetic lines, but for their number.

    height: of every picture, px; the width follows the text, up to max_width (wider is refused as `too_wide`).
    max_length: characters; ctc_stride: px per time step of the model to be trained: labels that CTC could not align
    with so few steps are refused as `too_long`.
    charset: a dictionary file, or the characters themselves; a text with others is refused as `not_in_dict`.
    quota: so many samples of every character at least. lengths: how often texts have each number of characters.
    held_out: labels of a validation whose texts are refused as `held_out`.
    attempts: how often a refused sample is drawn anew before the recipe is called impossible.
    boxes: every sample carries the polygons of its characters and words.
    jpeg: range of qualities; chroma: how finely colours are kept, in full, half in both directions, or either.
    Paths are relative to the recipe's file, else to the current folder.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    height: Annotated[int, Field(ge=8, le=512)] = 32
    max_width: Annotated[int, Field(ge=8, le=8192)] = 1024
    max_length: PositiveInt | None = None
    ctc_stride: PositiveInt | None = None
    attempts: PositiveInt = 50
    texts: Annotated[list[TextInput], Field(min_length=1)]
    charset: str | None = None
    quota: Quota | None = None
    lengths: LengthCounts | None = None
    held_out: tuple[LabelInput, ...] = ()
    fonts: Annotated[list[FontChoice], Field(min_length=1)]
    layout: Layout = Layout()
    mixed: Mixed = Mixed()
    curve: Curve = Curve()
    elastic: Elastic = Elastic()
    geometry: Geometry = Geometry()
    neighbours: Neighbours = Neighbours()
    backgrounds: Backgrounds = Backgrounds()
    ink: Ink = Ink()
    bleed: Bleed = Bleed()
    erosion: Erosion = Erosion()
    edge: Edge = Edge()
    rules: Rules = Rules()
    shadow: Shadow = Shadow()
    extrusion: Extrusion = Extrusion()
    emboss: Emboss = Emboss()
    outline: Outline = Outline()
    occlusion: Occlusion = Occlusion()
    stain: Stain = Stain()
    light: Light = Light()
    glare: Glare = Glare()
    moire: Moire = Moire()
    defocus: Defocus = Defocus()
    blur: Blur = Blur()
    motion: Motion = Motion()
    rescale: Rescale = Rescale()
    tone: Tone = Tone()
    noise: Noise = Noise()
    sharpen: Sharpen = Sharpen()
    grey: Grey = Grey()
    scan: Scan = Scan()
    salt: Salt = Salt()
    jpeg: Quality = (75, 95)
    chroma: Literal["half", "full", "either"] = "half"
    boxes: bool = False

    @model_validator(mode="before")
    @classmethod
    def _for_lines(cls, values: Any) -> Any:
        if isinstance(values, dict) and "scene" in values:
            raise ValueError("this is a recipe for scenes; they are drawn with --task det")
        return values

    @cached_property
    def effects(self) -> list[tuple[str, Effect]]:
        """The effects that may occur, by name, in order of application."""
        named = [(name, getattr(self, name)) for name in EFFECTS]
        return [(name, effect) for name, effect in named if effect.probability]


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
        if text["kind"] in ("file", "labels"):
            text["path"] = str(find_file(text["path"], base))
        elif text["kind"] == "random":
            text["characters"] = _dictionary(text["characters"], base)
    data["charset"] = _dictionary(data["charset"], base)
    if data["quota"]:
        data["quota"]["characters"] = _dictionary(data["quota"]["characters"], base)
    for labels in data["held_out"]:
        labels["path"] = str(find_file(labels["path"], base))
    if data["ink"]["pairs"]:
        data["ink"]["pairs"] = str(find_file(data["ink"]["pairs"], base))
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
    is_path = key in ("path", "folder", "name", "pairs") or (
        key in ("charset", "characters") and str(value).endswith(".txt")
    )
    return Path(value).name if is_path and value else value
