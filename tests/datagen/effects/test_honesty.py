"""Effects leave the text legible: bounds on what they may hide, and refusals where nothing would be left."""

from collections import Counter

import cv2
import numpy as np
import pytest

from ocrdata.datagen.colours import lightness
from ocrdata.datagen.effects.base import Canvas
from ocrdata.datagen.effects.camera import greys
from ocrdata.datagen.effects.ink import Bleed
from ocrdata.datagen.effects.occlusion import Occlusion
from ocrdata.datagen.line import Line
from ocrdata.datagen.synth import prepare
from ocrdata.datasets.records import Refusal

WIDE = {"margins": {side: [0.2, 0.5] for side in ("left", "right", "top", "bottom")}}
TEXTS = {"texts": [{"kind": "pattern", "pattern": "{alnum:2-4}{.|,|:|-|'}{alnum:1-3} {digit:1-2}.{digit:1}i"}]}


def planned(recipe, n=60):
    engine = prepare(recipe).engine
    return engine.painter, [p for p in engine.planner.plan(np.arange(n), 0) if isinstance(p, Line)]


def glyph_inks(painter, line):
    """The ink of every glyph alone, in the picture, before any effect of printing."""
    for k in range(len(line.glyphs.rows)):
        mask = painter.mask(line.glyphs, k, k + 1)
        if mask.any():
            yield painter.warp(line, mask)


def step(line, name):
    return next(s for s in line.dress.steps if s.name == name)


def painted(line, name, ink):
    """What the effect paints with white on black: (H, W)."""
    effect, values = step(line, name).effect, step(line, name).values
    planes = np.zeros((3, *ink.shape), np.uint16)
    effect.apply(Canvas(ink, planes, ink), **{**values, "colour": [255.0] * 3})
    return planes[1]


@pytest.mark.parametrize("height", [24, 48])
def test_worn_print_leaves_a_part_of_every_glyph(make_recipe, height):
    worn = {"probability": 1, "amount": [0.3, 0.5], "speck": [0.02, 0.3]}
    painter, lines = planned(make_recipe(**TEXTS, layout=WIDE, height=height, erosion=worn))
    shares = []
    for line in lines:
        left = painter.printed(line, painter.warp(line, painter.mask(line.glyphs))).astype(float)
        for ink in glyph_inks(painter, line):
            shares.append(np.minimum(left, ink).sum() / ink.sum())
    assert min(shares) > 0.35 and np.mean(shares) < 0.8


def test_ink_that_runs_leaves_narrow_gaps_open():
    ink = np.zeros((32, 90), np.uint8)
    for x in range(10, 60, 5):  # strokes of 3 px, gaps of 2 px
        ink[4:28, x : x + 3] = 255
    canvas = Canvas(ink, np.zeros((3, 32, 90), np.uint16), ink)
    Bleed().apply(canvas, spread=2.0, gap=2, ragged=0.0, across=0.3, down=0.3)
    assert (canvas.ink >= ink).all()
    assert canvas.ink[16, 58:62].max() > 200  # outwards there is no bound
    gaps = [x for start in range(13, 55, 5) for x in (start, start + 1)]
    assert 0 < canvas.ink[16, gaps].max() < 110


@pytest.mark.parametrize("kind", ["spots", "scratches"])
def test_nothing_hides_a_glyph(make_recipe, kind):
    other = {"spots": "scratches", "scratches": "spots"}[kind]
    many = {"probability": 1, "count": [8, 8], "size": [0.3, 0.5], "width": [0.08, 0.1], "hide": 0.3, other: 0}
    painter, lines = planned(make_recipe(**TEXTS, layout=WIDE, occlusion=many, height=40))
    shares = []
    for line in lines:
        ink = painter.warp(line, painter.mask(line.glyphs))
        cover = painted(line, "occlusion", ink) > 0
        for glyph in glyph_inks(painter, line):
            strong = glyph >= 64
            shares.append((cover & strong).sum() / max(strong.sum(), 1))
    assert max(shares) < 0.4
    assert max(shares) > 0.2


def test_spots_cannot_be_taken_for_ink(make_recipe):
    plain = {"gradient": {"weight": 0}, "texture": {"weight": 0}}
    _, lines = planned(make_recipe(occlusion={"probability": 1}, backgrounds=plain))
    for line in lines:
        colour = step(line, "occlusion").values["colour"]
        ink, spot, paper = lightness(np.array([line.dress.inks[0], colour, line.dress.background.first]))
        assert abs(ink - spot) > 55 or spot in (0, 255)
        assert (spot > ink) == (paper > ink) and abs(ink - spot) > abs(ink - paper) / 2 - 3


def test_what_hides_too_much_is_left_out():
    ink = np.zeros((40, 60), np.uint8)
    cv2.circle(ink, (30, 20), 3, 255, -1)  # a full stop
    square = [[400, 240], [560, 240], [560, 400], [480, 420], [400, 400], [390, 320], [395, 300]]
    planes = np.zeros((3, 40, 60), np.uint16)
    apply = Occlusion().apply
    apply(Canvas(ink, planes, ink), points=[square], width=[0], slab=24, colour=[255.0] * 3)
    assert not planes.any()
    apply(Canvas(np.zeros_like(ink), planes, ink), points=[square], width=[0], slab=24, colour=[255.0] * 3)
    assert planes[0].any()


GEOMETRY = {"rotation": [-8, 8], "shear": [-15, 15], "perspective": [0, 0.2]}


@pytest.mark.parametrize("height", [32, 96])
def test_rules_follow_the_text_and_never_touch_it(make_recipe, height):
    rules = {"probability": 1, "gap": [0, 0.4]}
    painter, lines = planned(make_recipe(**TEXTS, layout=WIDE, geometry=GEOMETRY, height=height, rules=rules))
    seen = Counter()
    for line in lines:
        ink = painter.warp(line, painter.mask(line.glyphs))
        rule = painted(line, "rules", ink)
        assert not (rule[ink > 64] > 64).any()  # but for the soft edges of both
        top, right, bottom, left = step(line, "rules").values["sides"]
        assert top or bottom or not (left or right)  # else it could be read as a letter
        seen[top + right + bottom + left] += bool(rule.any())
    assert seen[1] and seen[2] and seen[4]


def test_bent_lines_and_sides_that_cut_the_text_have_no_rules(make_recipe):
    bent = {"curve": {"probability": 1}, "rules": {"probability": 1}}
    _, lines = planned(make_recipe(**TEXTS, layout=WIDE, **bent))
    assert not any(any(step(line, "rules").values["sides"]) for line in lines)
    cut = {"margins": {**WIDE["margins"], "bottom": [-0.2, -0.1]}, "max_cut": 1}
    _, lines = planned(make_recipe(layout=cut, rules={"probability": 1}))
    assert not any(step(line, "rules").values["sides"][2] for line in lines)
    assert any(step(line, "rules").values["sides"][0] for line in lines)


@pytest.mark.parametrize(
    "effects",
    [
        {"defocus": {"probability": 1, "radius": [5, 6]}},
        {"erosion": {"probability": 1, "amount": [0.5, 0.5], "patchy": [0, 0]}, "blur": {"probability": 1}},
        {"glare": {"probability": 1, "strength": [0.9, 0.9]}},
    ],
)
def test_what_is_left_too_faint_is_refused(make_recipe, effects):
    plain = {"plain": {"palette": {"colours": ["#a0a0a0"]}}, "gradient": {"weight": 0}, "texture": {"weight": 0}}
    ink = {"palette": {"colours": ["#585858"]}, "contrast": 60}
    engine = prepare(make_recipe(backgrounds=plain, ink=ink)).engine
    found = [engine.painter.paint(p) for p in engine.planner.plan(np.arange(30), 0) if isinstance(p, Line)]
    assert not any(isinstance(f, Refusal) for f in found)
    faint = type(engine)(make_recipe(backgrounds=plain, ink=ink, **effects), engine.faces.refs, [])
    found = [faint.painter.paint(p) for p in faint.planner.plan(np.arange(30), 0)]
    assert Counter(f.reason for f in found if isinstance(f, Refusal))["low_contrast"] > 20


@pytest.mark.parametrize("name", ["glare", "stain", "moire"])
def test_light_leaves_the_contrast_that_was_planned(make_recipe, name):
    plain = {"gradient": {"weight": 0}, "texture": {"weight": 0}}
    effect = {name: {"probability": 1, "strength": [0.3, 0.5]}}
    painter, lines = planned(make_recipe(backgrounds=plain, ink={"contrast": 40}, **effect))
    worst = []
    for line in lines:
        effect, values = step(line, name).effect, step(line, name).values
        seen = []
        for colour in (line.dress.inks[0], line.dress.background.first):
            planes = np.zeros((3, painter.height, line.width), np.uint16)
            planes += np.rint(colour).astype(np.uint16)[:, None, None]
            effect.apply(Canvas(planes[0], planes, planes), **values)
            seen.append(lightness(planes.transpose(1, 2, 0).astype(float)))
        worst.append(np.abs(seen[0] - seen[1]).min() / line.dress.shown)
    assert min(worst) > 0.8


def test_greys_are_as_light_as_the_colours_were():
    image = np.random.default_rng(1).integers(0, 256, (20, 300, 3)).astype(np.uint8)
    image[0, :256] = np.arange(256)[:, None]
    plain = greys(image)
    assert (plain[0, :256] == np.arange(256)).all()
    before = lightness(image.astype(float))
    after = lightness(np.repeat(plain[:, :, None], 3, axis=2).astype(float))
    assert np.abs(before - after).max() < 2.5
