"""Every effect shows, and so does every option of it; with a probability of 0 nothing happens."""

import numpy as np
import pytest

from ocrdata.datagen.recipe import EFFECTS
from ocrdata.datagen.synth import prepare

PLAIN = {
    "texts": [{"kind": "pattern", "pattern": "{digit:3}"}],
    "ink": {"contrast": 60},
    "backgrounds": {"gradient": {"weight": 0}, "texture": {"weight": 0}},
    "layout": {"margins": {side: [0.3, 0.4] for side in ("left", "right", "top", "bottom")}},
    "height": 48,
}
GRAIN = {"gradient": {"weight": 0}, "plain": {"weight": 0}, "texture": {"strength": [10, 12]}}
N = 16
# What an option is set to, beside what the effect has already.
OPTIONS = [
    ("bleed", {"spread": [0.06, 0.07]}, {"spread": [0.02, 0.03]}),
    ("bleed", {"ragged": [0.9, 1]}, {"ragged": [0, 0.1]}),
    ("erosion", {"amount": [0.3, 0.35]}, {"amount": [0.05, 0.1]}),
    ("erosion", {"speck": [0.08, 0.1]}, {"speck": [0.02, 0.03]}),
    ("erosion", {"patchy": [1, 1]}, {"patchy": [0, 0]}),
    ("rules", {"underline": 5}, {"table": 0, "box": 1, "underline": 0}),
    ("rules", {"table": 5}, {"box": 0, "table": 0}),
    ("rules", {"box": 5}, {"table": 0, "box": 0}),
    ("rules", {"gap": [0.25, 0.3]}, {"gap": [0, 0.05]}),
    ("rules", {"width": [0.1, 0.12]}, {"width": [0.02, 0.03]}),
    ("rules", {"opacity": [0.3, 0.4]}, {"opacity": [1, 1]}),
    ("extrusion", {"depth": [0.15, 0.2]}, {"depth": [0.05, 0.06]}),
    ("extrusion", {"angle": [90, 90]}, {"angle": [0, 0]}),
    ("emboss", {"width": [0.1, 0.12]}, {"width": [0.02, 0.03]}),
    ("emboss", {"angle": [90, 90]}, {"angle": [0, 0]}),
    ("emboss", {"opacity": [0.9, 1]}, {"opacity": [0.3, 0.4]}),
    ("occlusion", {"spots": 0}, {}),
    ("occlusion", {"scratches": 0}, {}),
    ("occlusion", {"count": [8, 8]}, {"count": [1, 1]}),
    ("occlusion", {"size": [0.4, 0.5]}, {"scratches": 0}),
    ("occlusion", {"length": [6, 7]}, {"spots": 0, "length": [0.5, 1]}),
    ("occlusion", {"width": [0.09, 0.1]}, {"spots": 0}),
    ("occlusion", {"hide": 0}, {"count": [8, 8]}),
    ("stain", {"strength": [0.6, 0.7]}, {"strength": [0.1, 0.2]}),
    ("stain", {"size": [0.1, 0.2]}, {"size": [1, 1.2]}),
    ("stain", {"cover": [0.8, 0.9]}, {"cover": [0.2, 0.3]}),
    ("stain", {"palette": {"colours": ["#0000ff"]}}, {}),
    ("glare", {"strength": [0.5, 0.55]}, {"strength": [0.2, 0.3]}),
    ("glare", {"size": [2, 3]}, {"size": [0.3, 0.4]}),
    ("glare", {"stretch": [8, 9]}, {"stretch": [1, 2]}),
    ("glare", {"angle": [80, 90]}, {"angle": [0, 5], "stretch": [4, 5]}),
    ("moire", {"strength": [0.4, 0.5]}, {"strength": [0.1, 0.2]}),
    ("moire", {"pitch": [6, 7]}, {"pitch": [2, 3]}),
    ("moire", {"bands": [2, 3]}, {"bands": [10, 12]}),
    ("defocus", {"radius": [2.5, 3]}, {"radius": [1, 1.5]}),
    ("sharpen", {"amount": [3, 4]}, {"amount": [0.5, 1]}),
    ("sharpen", {"sigma": [2, 3]}, {"sigma": [0.5, 0.6]}),
    ("grey", {"colour": [0.5, 0.6]}, {}),
    ("scan", {"gain": [6, 8]}, {"gain": [1.5, 2]}),
    ("salt", {"share": [0.03, 0.04]}, {"share": [0.002, 0.004]}),
    ("blur", {"sigma": [1.5, 1.6]}, {"sigma": [0.3, 0.5]}),
]


def pictures(recipe):
    return [image for _, image, _ in prepare(recipe).engine.pictures(np.arange(N))]


def different(a, b):
    return sum(x.shape != y.shape or bool((x != y).any()) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_shows_where_it_acts_and_only_there(make_recipe, name):
    off = pictures(make_recipe(**PLAIN))
    on = pictures(make_recipe(**PLAIN, **{name: {"probability": 1}}))
    assert different(off, on) >= N - 4
    engine = prepare(make_recipe(**PLAIN, **{name: {"probability": 0.5}})).engine
    some = list(engine.pictures(np.arange(N)))
    acted = [bool(line.dress.steps) for line, _, _ in some]
    assert 2 < sum(acted) < N - 2
    for line, picture, refusals in some:
        if not line.dress.steps and not refusals:  # as if the recipe knew nothing of the effect
            before = off[line.index]
            assert before.shape == picture.shape and (before == picture).all()


@pytest.mark.parametrize(("name", "option", "base"), OPTIONS)
def test_every_option_of_an_effect_shows(make_recipe, name, option, base):
    common = {**PLAIN, "backgrounds": GRAIN} if name == "scan" else PLAIN
    a = pictures(make_recipe(**common, **{name: {"probability": 1, **base}}))
    b = pictures(make_recipe(**common, **{name: {"probability": 1, **base, **option}}))
    assert different(a, b) >= (3 if name == "occlusion" else N // 2)


def test_all_new_options_are_tried_above():
    from ocrdata.datagen.recipe import Recipe

    tried = {(name, key) for name, option, _ in OPTIONS for key in option}
    elsewhere = {"edge", "shadow", "outline", "light", "blur", "motion", "rescale", "noise"}
    for name in set(EFFECTS) - elsewhere:
        for key in type(Recipe.model_fields[name].default).model_fields:
            assert key == "probability" or (name, key) in tried, (name, key)


@pytest.mark.parametrize("height", [16, 128])
def test_all_effects_together_at_small_and_large_sizes(make_recipe, height):
    effects = {name: {"probability": 0.5} for name in EFFECTS}
    recipe = make_recipe(**{**PLAIN, "height": height}, **effects)
    for line, picture, _ in prepare(recipe).engine.pictures(np.arange(40)):
        assert picture.shape == (height, line.width, 3) and picture.dtype == np.uint8
        assert picture.std() > 5
    again = pictures(recipe)
    assert not different(again, pictures(recipe))
