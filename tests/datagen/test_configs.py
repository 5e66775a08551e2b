"""The recipes that come with the program work as they are: with fonts that are common, without photos and corpora."""

import re
import string
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ocrdata.config import config_path
from ocrdata.corpora.sources import read_charset
from ocrdata.datagen.det.recipe import load_det_recipe
from ocrdata.datagen.det.synth import prepare_scenes
from ocrdata.datagen.learnt import LearntPairs
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare
from ocrdata.errors import UserError
from ocrdata.fonts.discover import find_fonts

CONFIGS = config_path("preset:chinese_lines").parents[1]
SCENES = ("scenes", "documents", "tags")
LINES = sorted(p.stem for p in (CONFIGS / "synth").glob("*.yml") if p.stem not in SCENES)
NAMES = [*LINES, "alnum", "digits", "plates"]
CHARSETS = {name: load_recipe(f"preset:{name}").charset for name in NAMES}
COLOURS = sorted((CONFIGS / "colours").glob("*.yml"))
PLATE = re.compile(r"[\u4e00-\u9fff][A-HJ-NP-Z]·?[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9学警挂][0-9]?")
COUNT = 32


@cache
def made(name, *overrides):
    """Lines, pictures and the number of refusals of a recipe's first samples, and the names of their fonts."""
    recipe = load_recipe(f"preset:{name}", list(overrides))
    try:
        find_fonts(recipe.fonts, Path.cwd())
    except UserError as error:
        pytest.skip(f"no font of this recipe is installed: {error}")
    engine = prepare(recipe).engine
    lines, pictures, refusals = zip(*engine.pictures(np.arange(COUNT)), strict=True)
    fonts = [engine.faces.refs[line.pieces[0].face].name for line in lines]
    return [line.text for line in lines], pictures, sum(map(len, refusals)), lines, fonts


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_draws(name):
    texts, pictures, refused, _, _ = made(name)
    recipe = load_recipe(f"preset:{name}")
    assert len(set(texts)) > 0.7 * COUNT
    assert {p.shape[0] for p in pictures} == {recipe.height}
    assert max(p.shape[1] for p in pictures) <= recipe.max_width
    assert min(np.ptp(p) for p in pictures) > 20
    assert refused < 0.4 * (refused + COUNT)


@pytest.mark.parametrize("name", SCENES)
def test_every_recipe_of_scenes_draws(name):
    engine = prepare_scenes(load_det_recipe(f"preset:{name}")).engine
    scenes = [scene for scene, _ in engine.pictures(np.arange(8))]
    assert all(scene.entries for scene in scenes)
    legible = [entry for scene in scenes for entry in scene.entries if entry.text != "###"]
    assert len({entry.text for entry in legible}) >= 8
    assert len(legible) > 0.6 * sum(len(scene.entries) for scene in scenes)


@pytest.mark.parametrize("name", [name for name in NAMES if CHARSETS[name]])
def test_labels_keep_the_recipes_characters(name):
    allowed = set(read_charset(CHARSETS[name], Path.cwd()).characters)
    assert set("".join(made(name)[0])) <= allowed


def test_digits_are_digits_only():
    assert set("".join(made("digits")[0])) <= set(string.digits)


def test_english_has_all_printable_characters():
    for name in ("english_words", "english_lines"):
        assert sorted(CHARSETS[name]) == [chr(c) for c in range(32, 127)]
        text = "".join(made(name)[0])
        assert any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)
    assert sum(" " in text for text in made("english_lines")[0]) > COUNT / 2
    assert not any(" " in text for text in made("english_words")[0])


def test_chinese_lines_are_mostly_chinese():
    texts = made("chinese_lines")[0]
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in text) for text in texts) > COUNT / 2
    assert any(c.isascii() for text in texts for c in text)


def test_plates_have_the_form_of_plates():
    texts = made("plates")[0]
    assert sum(PLATE.fullmatch(text) is not None for text in texts) > COUNT / 3  # the others are parts of plates
    assert max(map(len, texts)) == 9  # green ones have a character more, and all have the dot


def test_meters_are_drawn_in_fonts_of_displays():
    _, _, _, _, fonts = made("meters")
    kinds = {" ".join(name.split()[:2]) for name in fonts}
    assert "ocrdata Segments" in kinds
    assert len(kinds) >= 2


def test_receipts_hold_amounts_and_words():
    texts = made("receipts")[0]
    assert any(re.search(r"\d\.\d\d\b", text) for text in texts)
    assert any(re.search(r"[A-Z]{4}", text) for text in texts)


def test_vertical_signs_are_turned_as_crop_turns_them():
    texts, pictures, _, lines, _ = made("vertical_signs")
    assert all(line.vertical for line in lines)
    assert all(p.shape[1] > p.shape[0] for t, p in zip(texts, pictures, strict=True) if len(t) > 3)
    upright_texts, upright, _, _, _ = made("vertical_signs", "layout.turned=false")
    assert upright_texts == texts
    assert all(np.array_equal(np.rot90(u), p) for u, p in zip(upright, pictures, strict=True))


@pytest.mark.parametrize("path", COLOURS, ids=lambda path: path.stem)
def test_every_shipped_pair_of_colours_can_be_drawn(path):
    users = [n for n in NAMES if Path(load_recipe(f"preset:{n}").ink.pairs or "").name == path.name]
    assert users, "no recipe uses these colours"
    for name in users:
        need = load_recipe(f"preset:{name}").ink.contrast
        pairs = LearntPairs.read(path)
        assert pairs.share(need) == pytest.approx(1), f"{name}: pairs below its contrast of {need} are never drawn"
