"""Texts of a recipe end to end: quotas, lengths like a pack's, labels as corpus, what is held out, learnt colours."""

from collections import Counter

import numpy as np
import pytest

from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare, synth
from ocrdata.datasets.records import Refusal
from ocrdata.prep.colours import Colours, Pair
from ocrdata.prep.store import Pack

LABELS = "a.png\tfirst line\nb.png\tsecond line\nc.png\t###\n"


def test_a_quota_brings_every_character_often_enough(make_recipe, tmp_path):
    texts = [{"kind": "random", "characters": "0123456", "length": [3, 6]}]
    quota = {"samples": 5, "within": 400}
    recipe = make_recipe(texts=texts, charset="0123456789", quota=quota)
    synth(recipe, 400, tmp_path / "pack", 1)
    found = Counter(c for s in Pack(tmp_path / "pack") for c in set(s.label))
    assert min(found[c] for c in "0123456789") >= 5
    assert found["0"] > 50  # natural text stays the bulk


def test_a_quota_for_a_character_that_one_rare_font_has(make_recipe, make_font, tmp_path):
    strokes = ((50, 0, 250, 700), (350, 0, 550, 700))
    fonts = [{"name": str(make_font(tmp_path / "a.ttf", {"A": strokes})), "weight": 1000}]
    fonts += [{"name": str(make_font(tmp_path / "b.ttf", {"A": strokes, "B": strokes}, "Rare")), "weight": 0.001}]
    recipe = make_recipe(
        texts=[{"kind": "random", "characters": "A", "length": [2, 4]}],
        charset="AB",
        quota={"samples": 2, "within": 20},
        fonts=fonts,
    )
    labels = [line.text for line, _, _ in prepare(recipe).engine.pictures(np.arange(20))]
    assert sum("B" in label for label in labels) >= 2


def test_labels_are_a_corpus_and_ignored_ones_are_not(make_recipe, tmp_path):
    (tmp_path / "labels.txt").write_text(LABELS, encoding="utf-8")
    texts = [{"kind": "labels", "path": str(tmp_path / "labels.txt")}]
    manifest = synth(make_recipe(texts=texts), 40, tmp_path / "one", 1)
    assert {s.label for s in Pack(tmp_path / "one")} == {"first line", "second line"}
    assert [row["name"] for row in manifest["ledger"] if row["kind"] == "corpus"] == ["labels.txt"]
    again = synth(make_recipe(texts=texts), 40, tmp_path / "two", 2, shard_size=10)
    assert len(again["shards"]) == 4 and [s.label for s in Pack(tmp_path / "one")] == [
        s.label for s in Pack(tmp_path / "two")
    ]


def test_validation_texts_are_found_and_refused(make_recipe, tmp_path):
    (tmp_path / "texts.txt").write_text("first line\nother\n", encoding="utf-8")
    (tmp_path / "val.txt").write_text(LABELS, encoding="utf-8")
    recipe = make_recipe(
        texts=[{"kind": "file", "path": str(tmp_path / "texts.txt")}], held_out=[{"path": str(tmp_path / "val.txt")}]
    )
    synthesis = prepare(recipe)
    assert synthesis.leaks.leaked == 1 and "first line" in str(synthesis.leaks)
    made = list(synthesis.items(0, 60))
    assert {i.label for i in made if not isinstance(i, Refusal)} == {"other"}
    assert {i.reason for i in made if isinstance(i, Refusal)} == {"held_out"}


def test_lengths_follow_what_is_wanted(make_recipe, tmp_path):
    (tmp_path / "t.txt").write_text("".join(f"{'123456789 ' * 4}\n" for _ in range(50)), encoding="utf-8")
    texts = [{"kind": "file", "path": str(tmp_path / "t.txt")}]
    recipe = make_recipe(texts=texts, lengths={2: 3, 5: 1})
    lengths = Counter(len(line.text) for line, _, _ in prepare(recipe).engine.pictures(np.arange(200)))
    assert set(lengths) <= {1, 2, 4, 5} and 0.6 < (lengths[1] + lengths[2]) / 200 < 0.9


def test_colours_learnt_from_crops_are_used(make_recipe, tmp_path):
    pairs = (Pair(ink="#102080", paper="#f0e0a0", weight=3), Pair(ink="#ffffff", paper="#800000", weight=1))
    Colours(pairs=pairs, source="crops", crops=4, unclear={}).write(tmp_path / "colours.yml")
    backgrounds = {"gradient": {"weight": 0}, "texture": {"weight": 0}}
    ink = {"pairs": str(tmp_path / "colours.yml"), "learnt": 1}
    engine = prepare(make_recipe(ink=ink, backgrounds=backgrounds)).engine
    seen = Counter()
    for line, picture, _ in engine.pictures(np.arange(60)):
        dress = line.dress
        seen[tuple(np.rint(dress.inks[0]).astype(int)), tuple(np.rint(dress.background.first).astype(int))] += 1
        assert (np.abs(picture[0, 0].astype(int) - dress.background.first) <= 1).all()
    assert set(seen) == {((128, 32, 16), (160, 224, 240)), ((255, 255, 255), (0, 0, 128))}
    none = prepare(make_recipe(ink={**ink, "learnt": 0}, backgrounds=backgrounds)).engine
    assert len({tuple(line.dress.inks[0]) for line, _, _ in none.pictures(np.arange(20))}) == 20


def test_other_lines_stay_clear_of_the_text_and_show_little(make_recipe):
    white = {"plain": {"palette": {"colours": ["#ffffff"]}}, "gradient": {"weight": 0}, "texture": {"weight": 0}}
    recipe = make_recipe(
        height=64,
        backgrounds=white,
        ink={"palette": {"colours": ["#000000"]}},
        layout={"margins": {"top": [0.3, 0.8], "bottom": [0.3, 0.8]}},
        neighbours={"probability": 1, "gap": [0.1, 0.3], "visible": 0.3},
    )
    engine = prepare(recipe).engine
    shown = 0
    for line, picture, _ in engine.pictures(np.arange(40)):
        ink = engine.painter.warp(line, engine.painter.mask(line.glyphs))
        others = (picture[:, :, 0] < 128) & (ink < 64)
        rows = np.flatnonzero((ink > 64).any(axis=1))
        near = others[max(rows[0] - 2, 0) : rows[-1] + 3]
        assert near.sum() <= 6  # nothing but the rims of the text's own strokes
        above, below = others[: rows[0]].any(axis=1).sum(), others[rows[-1] + 1 :].any(axis=1).sum()
        assert max(above, below) <= 0.4 * (rows[-1] - rows[0])
        shown += bool(above or below)
    assert shown > 25


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("quota={samples: 0}", "quota.samples"),
        ("lengths={0: 1}", "a number of characters from 1"),
        ("ink.pairs=nowhere.yml", r"nowhere\.yml: no such file"),
        ("held_out=[{path: nowhere.txt}]", r"nowhere\.txt: no such file"),
        ("texts=[{kind: labels, path: nowhere}]", "nowhere: no such file"),
    ],
)
def test_wrong_ingredients_are_named(tmp_path, override, said):
    from ocrdata.errors import UserError

    (tmp_path / "r.yml").write_text("texts: [{kind: pattern, pattern: '{digit:2}'}]\nfonts: [{name: DejaVu Sans}]\n")
    with pytest.raises(UserError, match=said):
        load_recipe(str(tmp_path / "r.yml"), [override])


def test_chinese_and_latin_parts_have_fonts_of_their_own(make_recipe, make_font, tmp_path):
    strokes = ((50, 0, 250, 700), (350, 0, 550, 700))
    han = {"name": str(make_font(tmp_path / "han.ttf", {"皖": strokes, "学": strokes}, "Han"))}
    latin = {"name": str(make_font(tmp_path / "latin.ttf", dict.fromkeys("A1·", strokes), "Latin"))}
    recipe = make_recipe(
        texts=[{"kind": "pattern", "pattern": "皖A·1A1学"}],
        fonts=[han, latin],
        mixed={"probability": 1, "parts": [3, 3], "fonts": 1, "colours": 0},
    )
    synthesis = prepare(recipe)
    labels = [line.text for line, _, _ in synthesis.engine.pictures(np.arange(8))]
    assert labels == ["皖A·1A1学"] * 8
