"""What a synthetic scene may look like. Every number is a range from which each scene draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveInt, model_validator

from ...config import Config, config_path, load
from ...corpora.lengths import LengthCounts
from ...corpora.sources import LabelInput, TextInput, find_file
from ...fonts.discover import FontChoice
from ..bend import Curve
from ..colours import Ink, Palette, Tone
from ..effects.base import Effect
from ..effects.camera import Grey, Salt, Sharpen
from ..effects.glare import Glare, Moire
from ..effects.ink import Bleed, Erosion
from ..effects.lens import Blur, Defocus, Motion, Rescale
from ..effects.letters import Outline, Shadow
from ..effects.light import Light
from ..effects.relief import Emboss, Extrusion
from ..effects.sensor import Noise
from ..limits import Probability, Quality, Share, within
from ..recipe import Recipe, portable, resolve

# In order of application: on the letters of a block, and on the whole picture.
LETTERS = ("bleed", "erosion", "shadow", "extrusion", "emboss", "outline")
PICTURE = ("light", "glare", "moire", "defocus", "blur", "motion", "rescale", "noise", "sharpen", "grey", "salt")
OF_LINES = {"height", "max_width", "layout", "geometry", "neighbours", "mixed"}  # keys of a recipe for lines
FIRST_DENSE = "\u2e80"  # from here on Unicode holds Han, kana, Hangul and few others
MOST_BLOCKS = 32
MOST_LINES = 16
LEAST_SIDE = 64


Side = Annotated[tuple[int, int], AfterValidator(within(LEAST_SIDE, 4096))]
Blocks = Annotated[tuple[int, int], AfterValidator(within(1, MOST_BLOCKS))]
Lines = Annotated[tuple[int, int], AfterValidator(within(1, MOST_LINES))]
Em = Annotated[tuple[float, float], AfterValidator(within(4, 400))]
Gap = Annotated[tuple[float, float], AfterValidator(within(0, 3))]
Angle = Annotated[tuple[float, float], AfterValidator(within(-90, 90))]
Tilt = Annotated[tuple[float, float], AfterValidator(within(0, 60))]


class Panel(Config):
    """A sign, plate or sheet drawn on the photo, in the perspective of the text on it.

    margin: between text and the panel's edge, in em. border: its line's width, in em, and at most a quarter of the
    margin; 0 draws none.
    shadow: how dark the shadow beside it is. palette: of its surface.
    """

    probability: Probability = 0.5
    margin: Gap = (0.25, 1.0)
    border: Gap = (0, 0.12)
    shadow: Share = (0, 0.5)
    palette: Palette = Palette(saturation=(0, 0.8))


class Mosaic(Config):
    """Scenes without a photo, made by the program: walls, boards and sheets with grain, `panes` of them.

    strength: of the grain, in levels of standard deviation.
    """

    weight: NonNegativeFloat = 1
    panes: Annotated[tuple[int, int], AfterValidator(within(0, 40))] = (2, 9)
    palette: Palette = Palette(saturation=(0, 0.6))
    strength: Annotated[tuple[float, float], AfterValidator(within(0, 100))] = (1, 10)


class ScenePhotos(Config):
    """Photos below `folder` that show no text of their own: text without a label would teach a detector to miss it.

    At most `limit` of them are used, evenly spread over the names. zoom: which share of the photo a scene shows.
    labels: of photos that do show text, in any format that `crop` reads; that text is left alone and stays in the
    label. Photos that the labels do not list are not used then.
    """

    folder: str
    weight: NonNegativeFloat = 3
    limit: PositiveInt = 200
    labels: str | None = None
    zoom: Annotated[tuple[float, float], AfterValidator(within(0.1, 1))] = (0.5, 1)


class Backdrops(Config):
    """What the text is put on."""

    mosaic: Mosaic = Mosaic()
    photos: ScenePhotos | None = None

    @model_validator(mode="after")
    def _some_weight(self) -> Backdrops:
        if not sum(self.weights()):
            raise ValueError("the weights of all kinds are 0")
        return self

    def weights(self) -> list[float]:
        """Of mosaic, photos."""
        return [self.mosaic.weight, self.photos.weight if self.photos else 0.0]


class Scene(Config):
    """Where text stands in a scene.

    width, height: of the picture, px. blocks: texts in one place, on one plane, in one font and colour; lines: in a
    block. em: font size, px. gap: between lines, in em; spacing: added between letters, in em. tilt: degrees by which
    a block's plane is turned out of the picture's; rotation: degrees in it.
    vertical: share of the blocks whose lines run from top to bottom. cut: share of the blocks that reach over the
    picture's edge. padding: room between the ink and the polygon of a line, as a share of the ink's height.
    flat: the mean gradient, in levels per px, up to which a place counts as free of texture; even: the standard
    deviation of its luminance.
    legible: lines less high, px, are labelled `###`; dense: those with Han, kana or Hangul that are less high than
    this; blur and rescaling count as smaller letters. max_cut: so are lines of which a character has more than this
    share of its box outside of the picture.
    """

    width: Side = (640, 640)
    height: Side = (640, 640)
    blocks: Blocks = (2, 6)
    lines: Lines = (1, 4)
    em: Em = (10, 64)
    gap: Gap = (0.1, 0.7)
    spacing: Annotated[tuple[float, float], AfterValidator(within(-0.1, 2))] = (0, 0.08)
    tilt: Tilt = (0, 35)
    rotation: Angle = (-10, 10)
    vertical: Probability = 0.0
    cut: Probability = 0.05
    padding: Annotated[float, Field(ge=0, le=1)] = 0.06
    flat: Annotated[float, Field(gt=0, le=255)] = 6
    even: Annotated[float, Field(gt=0, le=255)] = 28
    legible: Annotated[float, Field(ge=0, le=100)] = 8
    dense: Annotated[float, Field(ge=0, le=100)] = 12
    max_cut: Probability = 0.1


class DetRecipe(Config):
    """All that determines a set of scenes, but for their number.

    max_length, charset, texts, lengths, held_out, fonts, ink, jpeg, chroma and the effects: as in a recipe for lines.
    curve: of blocks of one line. For effects on the whole picture a tenth of its height counts as the text's height.
    attempts: how often a scene without any text is drawn anew before the recipe is called impossible.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    attempts: PositiveInt = 50
    max_length: PositiveInt | None = None
    texts: Annotated[list[TextInput], Field(min_length=1)]
    charset: str | None = None
    lengths: LengthCounts | None = None
    held_out: tuple[LabelInput, ...] = ()
    fonts: Annotated[list[FontChoice], Field(min_length=1)]
    scene: Scene = Scene()
    backgrounds: Backdrops = Backdrops()
    panel: Panel = Panel()
    curve: Curve = Curve()
    ink: Ink = Ink()
    bleed: Bleed = Bleed()
    erosion: Erosion = Erosion()
    shadow: Shadow = Shadow()
    extrusion: Extrusion = Extrusion()
    emboss: Emboss = Emboss()
    outline: Outline = Outline()
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
    salt: Salt = Salt()
    jpeg: Quality = (75, 95)
    chroma: Literal["half", "full", "either"] = "half"

    @model_validator(mode="before")
    @classmethod
    def _for_scenes(cls, values: Any) -> Any:
        if isinstance(values, dict) and "scene" not in values and OF_LINES & values.keys():
            raise ValueError("this is a recipe for lines; one for scenes has a section 'scene' (see preset:scenes)")
        return values

    def effects(self, names: Sequence[str]) -> list[tuple[str, Effect]]:
        """Those of the named effects that may occur."""
        named = [(name, getattr(self, name)) for name in names]
        return [(name, effect) for name, effect in named if effect.probability]

    def least_height(self, text: str) -> float:
        """Px below which the text cannot be read."""
        return self.scene.dense if any(c >= FIRST_DENSE for c in text) else self.scene.legible

    def line_recipe(self) -> Recipe:
        """The part that a recipe for lines has too, as one."""
        names = (Recipe.model_fields.keys() & DetRecipe.model_fields.keys()) - {"backgrounds"}
        shared = {name: getattr(self, name) for name in sorted(names)}
        return Recipe.model_construct(**{**Recipe(texts=self.texts, fonts=self.fonts).__dict__, **shared})


def load_det_recipe(name: str, overrides: Sequence[str] = ()) -> DetRecipe:
    """The section `scenes` of a preset or file, or all of it, paths made absolute.

    Raises UserError with file, line and key.
    """
    recipe = load(name, "scenes", DetRecipe, overrides)
    return resolve_det(recipe, config_path(name).parent.resolve())


def resolve_det(recipe: DetRecipe, base: Path) -> DetRecipe:
    """The recipe with every relative path made absolute: beside `base`, else from the current folder.

    Raises UserError for a text or photo path that is nowhere.
    """
    lines = resolve(recipe.line_recipe(), base)
    data = recipe.model_dump(mode="python")
    data |= {name: lines.model_dump(mode="python")[name] for name in ("texts", "charset", "held_out", "fonts", "ink")}
    if recipe.backgrounds.photos:
        photos = data["backgrounds"]["photos"]
        photos["folder"] = str(find_file(photos["folder"], base))
        photos["labels"] = photos["labels"] and str(find_file(photos["labels"], base))
    return DetRecipe.model_validate(data)


def portable_det(recipe: DetRecipe) -> dict[str, Any]:
    """The recipe as JSON values with file names for paths: what the files hold is told by hashes beside it."""
    short = portable(cast(Recipe, recipe))
    photos = short["backgrounds"]["photos"]
    if photos and photos["labels"]:
        photos["labels"] = Path(photos["labels"]).name
    return short
