"""A recipe's mistakes are named; paths are found; every option changes the pictures."""

import numpy as np
import pytest

from ocrdata.datagen.recipe import Recipe, load_recipe, portable
from ocrdata.datagen.synth import prepare
from ocrdata.errors import UserError

YAML = """seed: 1
texts: [{kind: file, path: words.txt}]
charset: dict.txt
fonts: [{name: DejaVu Sans}]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "words.txt").write_text("abc\n", encoding="utf-8")
    (tmp_path / "dict.txt").write_text("a\nb\nc\n", encoding="utf-8")
    (tmp_path / "r.yml").write_text(YAML, encoding="utf-8")
    return tmp_path


def test_paths_are_beside_the_recipe_and_identity_does_not_hold_them(folder):
    recipe = load_recipe(str(folder / "r.yml"))
    assert recipe.texts[0].path == str(folder / "words.txt")
    assert str(folder) not in str(portable(recipe)) and portable(recipe)["charset"] == "dict.txt"
    (folder / "words.txt").unlink()
    with pytest.raises(UserError, match=r"words\.txt: no such file"):
        load_recipe(str(folder / "r.yml"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("blur.sigma=[2, 1]", r"blur\.sigma: a range \[low, high\] with 0 <= low <= high <= 64"),
        ("blur.sgima=[1, 2]", r"unknown key \(did you mean 'sigma'\?\)"),
        ("backgrounds.plain.palette.colours=[yellow]", "a colour such as '#f2d22e'"),
        ("ink={dark: 0, light: 0}", "one of 'dark' and 'light'"),
        ("fonts=[]", "fonts: .*at least 1"),
        ("layout.margins.top=[-2, 0]", "-0.9 <= low"),
        ("jpeg=[90, 101]", "high <= 100"),
    ],
)
def test_impossible_ranges_and_misspelt_keys_are_named(folder, override, said):
    with pytest.raises(UserError, match=said):
        load_recipe(str(folder / "r.yml"), [override])


def pictures(recipe, n=24):
    return [image for _, image, _ in prepare(recipe).engine.pictures(np.arange(n))]


PLAIN = {"backgrounds": {"gradient": {"weight": 0}, "texture": {"weight": 0}}}
BUSY = {"texts": [{"kind": "pattern", "pattern": "{digit:3}"}], "ink": {"contrast": 60}, **PLAIN}
OPTIONS = [
    ("seed", 99),
    ("height", 40),
    ("texts", [{"kind": "pattern", "pattern": "{digit:4}"}]),
    ("fonts", [{"name": "DejaVu Serif"}]),
    ("layout.spacing", [0.3, 0.4]),
    ("layout.stretch", [0.6, 0.7]),
    ("layout.margins.left", [0.5, 0.6]),
    ("layout.margins.right", [0.5, 0.6]),
    ("layout.margins.top", [0.5, 0.6]),
    ("layout.margins.bottom", [0.5, 0.6]),
    ("layout.min_height", 1.5),
    ("geometry.rotation", [5, 6]),
    ("geometry.shear", [15, 20]),
    ("geometry.perspective", [0.1, 0.15]),
    ("ink.palette.colours", ["#102030", "#fff0e0"]),
    ("ink.palette.saturation", [0, 0.1]),
    ("ink.palette.shade", [0.5, 0.6]),
    ("ink.palette.jitter", 40),
    ("ink.dark", 0),
    ("ink.light", 0),
    ("ink.contrast", 120),
    ("ink.opacity", [0.6, 0.7]),
    ("ink.weight", [0.8, 1.0]),
    ("ink.weight", [-0.3, -0.2]),
    ("outline.probability", 1),
    ("shadow.probability", 1),
    ("backgrounds.plain.palette.colours", ["#f2d22e"]),
    ("backgrounds.gradient.weight", 5),
    ("backgrounds.texture.weight", 5),
    ("edge.probability", 1),
    ("light.probability", 1),
    ("blur.probability", 1),
    ("motion.probability", 1),
    ("rescale.probability", 1),
    ("tone.brightness", [20, 30]),
    ("tone.contrast", [0.8, 0.9]),
    ("tone.gamma", [1.3, 1.5]),
    ("noise.probability", 1),
    ("curve.probability", 1),
    ("elastic.probability", 1),
    ("mixed.probability", 1),
    ("layout.vertical", 1),
]
WORDS = {"texts": [{"kind": "pattern", "pattern": "{digit:2} {digit:2} {lower:3} {digit:2} {upper:2}"}]}
ROOM = {"layout": {"margins": {"top": [0.3, 0.8], "bottom": [0.3, 0.8]}}, "height": 64}
# Options of an effect, each beside what switches the effect on.
DETAILS = [
    ("outline.width", [3, 3], {"outline": {"probability": 1}}),
    ("shadow.offset", [5, 6], {"shadow": {"probability": 1}}),
    ("shadow.blur", [3, 4], {"shadow": {"probability": 1}}),
    ("shadow.opacity", [0.9, 1], {"shadow": {"probability": 1}}),
    ("backgrounds.gradient.difference", [0, 1], {"backgrounds": {"gradient": {"weight": 9}}}),
    ("backgrounds.texture.strength", [20, 25], {"backgrounds": {"texture": {"weight": 9}}}),
    ("ink.busy", 3, {"backgrounds": {"plain": {"weight": 0}, "gradient": {"weight": 1, "difference": [60, 80]}}}),
    ("edge.size", [0.9, 1], {"edge": {"probability": 1, "size": [0, 0.5]}, "height": 64}),
    ("edge.palette.colours", ["#ff0000"], {"edge": {"probability": 1}, "height": 64}),
    ("light.gradient", [0.5, 0.6], {"light": {"probability": 1}}),
    ("light.cylinder", [0.4, 0.5], {"light": {"probability": 1}}),
    ("light.offset", [0.8, 0.9], {"light": {"probability": 1, "cylinder": [0.4, 0.5]}}),
    ("blur.sigma", [1.5, 1.6], {"blur": {"probability": 1}}),
    ("motion.length", [5, 6], {"motion": {"probability": 1, "length": [2, 3]}}),
    ("motion.angle", [80, 90], {"motion": {"probability": 1, "length": [5, 6], "angle": [0, 5]}}),
    ("rescale.factor", [0.5, 0.55], {"rescale": {"probability": 1, "factor": [0.9, 1]}}),
    ("noise.sigma", [20, 25], {"noise": {"probability": 1}}),
    ("noise.kinds.uniform", 9, {"noise": {"probability": 1}}),
    ("noise.kinds.shot", 9, {"noise": {"probability": 1}}),
    ("noise.kinds.speckle", 9, {"noise": {"probability": 1}}),
    ("lengths", {9: 1}, {"texts": [{"kind": "random", "characters": "0123456789", "length": [2, 3]}]}),
    ("layout.word_gap", [2, 3], WORDS),
    ("layout.latin", "sideways", {"layout": {"vertical": 1}}),
    ("layout.turned", False, {"layout": {"vertical": 1}}),
    ("curve.angle", [100, 120], {"curve": {"probability": 1, "wave": 0, "angle": [20, 30]}}),
    ("curve.wave", 9, {"curve": {"probability": 1, "arc": 1, "wave": 0}}),
    ("curve.amplitude", [0.4, 0.5], {"curve": {"probability": 1, "arc": 0}}),
    ("curve.length", [20, 30], {"curve": {"probability": 1, "arc": 0}}),
    ("elastic.amount", [0.1, 0.12], {"elastic": {"probability": 1}}),
    ("mixed.parts", [4, 5], {**WORDS, "mixed": {"probability": 1, "parts": [2, 2]}}),
    ("mixed.fonts", 1, {**WORDS, "mixed": {"probability": 1, "fonts": 0}}),
    ("mixed.size", [0.5, 0.6], {**WORDS, "mixed": {"probability": 1}}),
    ("mixed.colours", 1, {**WORDS, "mixed": {"probability": 1, "colours": 0}}),
    ("neighbours.probability", 1, ROOM),
    ("neighbours.gap", [0.5, 0.6], {**ROOM, "neighbours": {"probability": 1, "gap": [0.05, 0.1]}}),
    ("neighbours.visible", 0.6, {**ROOM, "neighbours": {"probability": 1, "visible": 0.2}}),
    ("neighbours.shift", [2, 3], {**ROOM, "neighbours": {"probability": 1}}),
]


def merged(base, extra):
    result = dict(base)
    for key, value in extra.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


@pytest.mark.parametrize("name", ["scenes", "documents", "tags"])
def test_recipes_for_scenes_are_told_apart(name):
    with pytest.raises(UserError, match="recipe for scenes; they are drawn with --task det"):
        load_recipe(f"preset:{name}")


@pytest.mark.parametrize(("key", "value", "base"), [*((k, v, {}) for k, v in OPTIONS), *DETAILS])
def test_every_option_changes_the_pictures(make_recipe, key, value, base):
    changed = value
    for part in reversed(key.split(".")):
        changed = {part: changed}
    before = merged(BUSY, base)
    a, b = pictures(make_recipe(**before)), pictures(make_recipe(**merged(before, changed)))
    different = sum(x.shape != y.shape or bool((x != y).any()) for x, y in zip(a, b, strict=True))
    assert different >= (1 if key in ("ink.contrast", "ink.dark", "ink.light", "ink.busy") else 6)


def test_jpeg_quality_chroma_and_attempts(make_recipe):
    def size(quality, **changes):
        items = prepare(make_recipe(**BUSY, jpeg=quality, **changes)).items(0, 20)
        return sum(len(i.image) for i in items if hasattr(i, "image"))

    assert size([95, 95]) > 1.5 * size([30, 30])
    assert size([95, 95], chroma="full") > size([95, 95], chroma="either") > size([95, 95], chroma="half")
    with pytest.raises(UserError, match="all 3 attempts were refused"):
        pictures(make_recipe(**BUSY, max_width=10, attempts=3))


def test_the_recipe_survives_its_own_json(make_recipe):
    recipe = make_recipe(**BUSY)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
