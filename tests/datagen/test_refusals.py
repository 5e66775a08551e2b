"""Every reason for which a picture is not made, and that the pictures which are made show their labels."""

from collections import Counter

import cv2
import numpy as np
import pytest

from ocrdata.datagen import scene
from ocrdata.datagen.line import Line
from ocrdata.datagen.paint import Painter
from ocrdata.datagen.synth import prepare, synth
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError

STROKES = ((50, 0, 250, 700), (350, 0, 550, 700))
BOX = ((100, 0, 500, 700),)


def texts(*lines):
    return {"texts": [{"kind": "pattern", "pattern": "{" + "|".join(lines) + "}"}]}


def corpus(path, *lines):
    (path / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    return {"texts": [{"kind": "file", "path": str(path / "corpus.txt")}]}


def items(recipe, n=60):
    made = list(prepare(recipe).items(0, n))
    samples = [i for i in made if isinstance(i, Sample)]
    assert len(samples) == n
    return samples, [i for i in made if isinstance(i, Refusal)]


def only(refusals, reason):
    assert Counter(r.reason for r in refusals).keys() == {reason}
    return refusals


def test_not_in_dict(make_recipe, tmp_path):
    samples, refusals = items(make_recipe(**corpus(tmp_path, "ab", "abc"), charset="ab"))
    assert {s.label for s in samples} == {"ab"}
    first = only(refusals, "not_in_dict")[0]
    assert first.text == "abc" and "'c' U+0063" in first.detail and first.origin.startswith("sample ")


def test_missing_glyph(make_recipe, make_font, tmp_path):
    fonts = [{"name": str(make_font(tmp_path / "a.ttf", {"A": STROKES, "B": STROKES}))}]
    samples, refusals = items(make_recipe(**corpus(tmp_path, "AB", "AC"), fonts=fonts))
    assert {s.label for s in samples} == {"AB"}
    assert "'C' U+0043, font Made Up Regular" in only(refusals, "missing_glyph")[0].detail


def test_blank_glyph_by_outline_by_drawing_and_by_nature(make_recipe, make_font, tmp_path):
    glyphs = {"A": STROKES, "B": (), "C": BOX, "\u200b": STROKES, "\u200d": (), " ": ()}
    fonts = [{"name": str(make_font(tmp_path / "a.ttf", glyphs))}]
    lines = ("A A", "AB", "A A B", "\u200d", "AC", "A\u200bA")
    samples, refusals = items(make_recipe(**corpus(tmp_path, *lines), fonts=fonts), 100)
    assert {s.label for s in samples} == {"A A"}
    assert {r.text for r in refusals if r.reason == "placeholder_glyph"} == {"AC"}
    assert {r.text for r in only([r for r in refusals if r.text != "AC"], "blank_glyph")} == set(lines[1:]) - {"AC"}


def test_clipped_beyond_what_the_recipe_allows(make_recipe):
    cut = {"margins": {"top": [-0.6, 0.2], "bottom": [0, 0.1], "left": [0, 0], "right": [0, 0]}}
    _, refused = items(make_recipe(layout={**cut, "max_cut": 0.05}))
    first = only(refused, "clipped")[0]
    assert f"of the ink of '{first.character}' is cut off" in first.detail and first.character in first.text
    _, fewer = items(make_recipe(layout={**cut, "max_cut": 0.6}))
    assert len(fewer) < len(refused) / 3


def test_low_contrast_of_colours_and_of_faint_strokes(make_recipe):
    palettes = {"ink": {"palette": {"colours": ["#808080", "#202020"]}, "contrast": 60}}
    plain = {"plain": {"palette": {"colours": ["#a0a0a0"]}}, "gradient": {"weight": 0}, "texture": {"weight": 0}}
    _, refusals = items(make_recipe(**palettes, backgrounds=plain))
    assert len(only(refusals, "low_contrast")) > 20
    thin = {"ink": {"palette": {"colours": ["#505050"]}, "contrast": 60, "weight": [-1, 0.5]}}
    _, refusals = items(make_recipe(**thin, blur={"probability": 1, "sigma": [1, 2]}, backgrounds=plain))
    why = Counter(r.detail.strip("0123456789 ")[:15] for r in only(refusals, "low_contrast"))
    assert why.keys() <= {"levels are left", "strokes run tog"} and why["levels are left"]


def test_strokes_that_run_together_as_far_as_the_recipe_says(make_recipe):
    dense = {**texts("888888", "8"), "blur": {"probability": 1, "sigma": [1.5, 2.5]}}
    refused = [items(make_recipe(**dense, ink={"contrast": 60, "gaps": gaps}))[1] for gaps in (0.4, 0)]
    together = [sum("strokes run together" in r.detail for r in refusals) for refusals in refused]
    assert together[0] > 10 * max(together[1], 1)


def test_too_long_by_characters_and_by_time_steps(make_recipe):
    samples, refusals = items(make_recipe(**texts("1", "123456"), max_length=5))
    assert {s.label for s in samples} == {"1"} and "6 characters" in only(refusals, "too_long")[0].detail
    # "11111111" needs 15 steps: CTC puts a blank between equal characters.
    samples, refusals = items(make_recipe(**texts("12345678", "11111111"), ctc_stride=16))
    assert {s.label for s in samples} == {"12345678"}
    assert "8 characters on" in only(refusals, "too_long")[0].detail


def test_too_wide(make_recipe):
    samples, refusals = items(make_recipe(**texts("1", "123456789"), max_width=100))
    assert {s.label for s in samples} == {"1"} and only(refusals, "too_wide")[0].detail.split(" px")[0].isdigit()


def test_empty_text_and_unclear_order(make_recipe, tmp_path):
    _, refusals = items(make_recipe(**texts("1", " ")))
    only(refusals, "empty_text")
    lines = corpus(tmp_path, "سلام", "سلام 12", "سلام \u202dABC (x)")
    samples, refusals = items(make_recipe(**lines, fonts=[{"name": "DejaVu Sans Book"}]))
    assert {s.label for s in samples} == {"سلام", "سلام 12"}
    only(refusals, "unclear_order")


def test_the_first_refusals_of_each_reason_have_a_picture(make_recipe, tmp_path):
    recipe = make_recipe(**texts("1", "123456789"), max_width=100, layout={"margins": {"top": [-0.6, 0.2]}})
    manifest = synth(recipe, 200, tmp_path / "out", 1)
    assert {e["reason"] for e in manifest["examples"]} == {"too_wide", "clipped"}
    for example in manifest["examples"]:
        picture = cv2.imdecode(np.frombuffer(bytes.fromhex(example["thumb"]), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape[0] > 8 and picture.std() > 10
    assert manifest["blame"]


def test_refusals_are_counted_and_samples_are_exactly_n(make_recipe, tmp_path):
    manifest = synth(make_recipe(**texts("1", "123456789"), max_width=100), 200, tmp_path / "out", 1)
    assert manifest["count"] == 200 and manifest["refusals"]["too_wide"] > 50
    assert len(manifest["examples"]) == 5


def test_an_impossible_sample_names_font_character_and_index(make_recipe, make_font, tmp_path):
    fonts = [{"name": str(make_font(tmp_path / "a.ttf", {"A": STROKES}))}]
    with pytest.raises(UserError, match=r"sample 0: all 4 .*missing_glyph 4 times.*'C' U\+0043, font Made Up Regular"):
        items(make_recipe(**corpus(tmp_path, "AC"), fonts=fonts, attempts=4))
    with pytest.raises(UserError, match=r"no font of the recipe has 1 of its 2 characters \('C' U\+0043\)"):
        items(make_recipe(**texts("C", "A"), fonts=fonts))


def test_a_font_that_lacks_a_character_gives_way_to_one_that_has_it(make_recipe, make_font, tmp_path):
    fonts = [{"name": str(make_font(tmp_path / f"{c}.ttf", {c: STROKES}, f"Only {c}"))} for c in "AB"]
    samples, refusals = items(make_recipe(**texts("A", "B"), fonts=fonts), 200)
    assert {(s.label, s.origin[-9:-8]) for s in samples} == {("A", "A"), ("B", "B")}
    assert len(refusals) < 60


def black_and_white(make_recipe, **changes):
    backgrounds = {"plain": {"palette": {"colours": ["#ffffff"]}}, "gradient": {"weight": 0}, "texture": {"weight": 0}}
    ink = {"palette": {"colours": ["#000000"]}}
    return make_recipe(**{"backgrounds": backgrounds, "ink": ink, **changes})


@pytest.mark.parametrize("text", ["1234567890", "Wavy", "سلام", "नमस्ते", "ภาษาไทย", "a,b.c-d"])
def test_every_glyph_of_the_label_has_its_ink_in_the_picture(make_recipe, tmp_path, text):
    geometry = {"rotation": [-5, 5], "shear": [-10, 10], "perspective": [0, 0.15]}
    fonts = [{"name": "DejaVu Sans"}, {"name": "FreeSerif"}, {"name": "FreeSans"}]
    recipe = black_and_white(make_recipe, **corpus(tmp_path, text), geometry=geometry, fonts=fonts)
    engine = prepare(recipe).engine
    lines = [p for p in engine.planner.plan(np.arange(20), 0) if isinstance(p, Line)]
    assert lines
    for line in lines:
        picture = engine.painter.paint(line)
        assert not isinstance(picture, Refusal)
        darkness = 255.0 - picture[:, :, 1]
        shown = 0.0
        for k in range(len(line.glyphs.rows)):  # each glyph alone, through the same map
            ink = engine.painter.warp(line, engine.painter.mask(line.glyphs, k, k + 1)).astype(float)
            assert (darkness >= ink - 8).all()  # nothing hides it or moves it
            shown += ink.sum()
        assert shown > 0.95 * darkness.sum()


def test_the_text_fills_the_picture_but_for_its_margins(make_recipe):
    margins = {side: [0.25, 0.25] for side in ("left", "right", "top", "bottom")}
    recipe = black_and_white(make_recipe, layout={"margins": margins}, height=60)
    for _, picture, _ in prepare(recipe).engine.pictures(np.arange(10)):
        dark = picture[:, :, 0] < 128
        rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        assert abs(rows[0] - 10) <= 1 and abs(rows[-1] - 49) <= 1
        assert abs(columns[0] - 10) <= 1 and abs(picture.shape[1] - 1 - columns[-1] - 10) <= 1


def test_an_edge_never_lies_behind_the_ink(make_recipe):
    margins = {side: [0.2, 0.4] for side in ("left", "right", "top", "bottom")}
    edge = {"probability": 1, "size": [0.5, 1], "palette": {"colours": ["#ff0000"]}}
    recipe = black_and_white(make_recipe, layout={"margins": margins}, edge=edge, height=64)
    sides = Counter()
    for line, picture, _ in prepare(recipe).engine.pictures(np.arange(40)):
        red = (picture == (0, 0, 255)).all(axis=2)
        dark = picture[:, :, 2] < 128
        assert red.any() and dark.any()
        assert not (red.all(axis=1) & dark.any(axis=1)).any() and not (red.all(axis=0) & dark.any(axis=0)).any()
        sides[line.dress.steps[0].values["side"]] += 1
    assert len(sides) == 4


def test_contrast_is_kept_on_photos(make_recipe, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), cv2.resize(noise, (600, 400), interpolation=cv2.INTER_CUBIC))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 not a photo")
    photos = {"photos": {"folder": str(tmp_path), "weight": 1}, "plain": {"weight": 0}, "gradient": {"weight": 0}}
    recipe = make_recipe(backgrounds={**photos, "texture": {"weight": 0}}, ink={"contrast": 60})
    synthesis = prepare(recipe)
    assert list(synthesis.skipped) == [str(tmp_path / "broken.jpg")] and len(synthesis.photos) == 1
    engine = synthesis.engine
    for line, picture, _ in engine.pictures(np.arange(40)):
        assert line.dress.background.kind == scene.PHOTO
        ink = engine.painter.warp(line, engine.painter.mask(line.glyphs)) > 250
        level = picture @ np.array([0.114, 0.587, 0.299])
        assert abs(level[ink].mean() - level[~ink].mean()) > 45


def test_a_folder_without_photos_is_refused(make_recipe, tmp_path):
    with pytest.raises(UserError, match="no readable photo"):
        prepare(make_recipe(backgrounds={"photos": {"folder": str(tmp_path)}}))


def test_nothing_random_happens_while_painting(make_recipe):
    engine = prepare(make_recipe(noise={"probability": 1})).engine
    line = next(p for p in engine.planner.plan(np.arange(5), 0) if isinstance(p, Line))
    fresh = Painter(engine.recipe, engine.glyphs, engine.painter.banks)
    assert (engine.painter.paint(line) == fresh.paint(line)).all()


def test_a_point_that_blur_wipes_out_is_refused(make_recipe):
    # The digits stand out strongly enough for the line as a whole; the point of a thin font may not.
    white = {"plain": {"palette": {"colours": ["#ffffff"]}}, "gradient": {"weight": 0}, "texture": {"weight": 0}}
    ink = {"palette": {"colours": ["#000000"]}}
    recipe = {"backgrounds": white, "ink": ink, "fonts": [{"name": "DejaVu Sans ExtraLight"}]}

    def wiped_out(text, sigma):
        blur = {"probability": 1, "sigma": [sigma, sigma]}
        engine = prepare(make_recipe(**recipe, blur=blur, **texts("77", text))).engine
        lines = [p for p in engine.planner.plan(np.arange(200), 0) if isinstance(p, Line) and p.text == text]
        made = [engine.painter.paint(line) for line in lines]
        return sum(isinstance(p, Refusal) and "a small mark is wiped out" in p.detail for p in made) / len(made)

    assert wiped_out("77777777", 1.6) == wiped_out("7777.777", 0.5) == 0 and wiped_out("7777.777", 1.6) > 0.5
