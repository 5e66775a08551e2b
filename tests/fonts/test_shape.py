"""Shaping: what stands where, along a line and down a column, and which characters each glyph is for."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from ocrdata.fonts.discover import installed
from ocrdata.fonts.face import EM, TURNED, Face
from ocrdata.fonts.specimen import draw_run

COLUMN = "「你好。」（上、下）ー、2年"


def opened(name):
    ref = next((f for f in installed().faces if name in (f.family, f.name)), None)
    if ref is None:
        pytest.skip(f"{name} is not installed")
    return Face(ref)


def column(face, text, vertical="upright", size=64):
    """The picture of a column as it stands."""
    return np.rot90(draw_run(face, face.place(text, vertical), size)[0], -1)


def by_pillow(face, text, size=64):
    """The same column by Pillow and Raqm, cropped to its ink."""
    font = ImageFont.truetype(str(face.ref.path), size, face.ref.number, layout_engine=ImageFont.Layout.RAQM)
    canvas = Image.new("L", (4 * size, (len(text) + 4) * size * 3 // 2))
    ImageDraw.Draw(canvas).text((2 * size, size), text, 255, font, direction="ttb")
    return np.asarray(canvas.crop(canvas.getbbox()))


def likeness(one, other):
    height, width = max(one.shape[0], other.shape[0]), max(one.shape[1], other.shape[1])
    a, b = (np.pad(x, ((0, height - x.shape[0]), (0, width - x.shape[1]))).astype(float) for x in (one, other))
    return np.minimum(a, b).sum() / np.maximum(a, b).sum()


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no Raqm")
@pytest.mark.parametrize("name", ["Noto Sans CJK SC", "Noto Serif CJK JP"])
def test_a_column_is_drawn_as_another_program_draws_it(name):
    face = opened(name)
    mine, theirs = column(face, COLUMN), by_pillow(face, COLUMN)
    assert abs(mine.shape[0] - theirs.shape[0]) <= 3 and abs(mine.shape[1] - theirs.shape[1]) <= 3
    assert likeness(mine, theirs) > 0.75
    assert likeness(mine, by_pillow(face, COLUMN[::-1])) < 0.4


def test_vertical_forms_take_the_place_of_punctuation():
    face = opened("Noto Sans CJK SC")
    run = face.place("「。ー中", "upright")
    flat = face.place("「。ー中").glyphs
    assert [g & ~TURNED != f for g, f in zip(run.glyphs, flat, strict=True)] == [True, True, True, False]
    assert run.clusters == [0, 1, 2, 3] and run.advances == [EM] * 4


def test_letters_lie_or_are_stacked():
    face = opened("Noto Sans CJK SC")
    lying, stacked = face.place("年AV12", "sideways"), face.place("年AV12", "upright")
    assert [bool(g & TURNED) for g in lying.glyphs] == [True, False, False, False, False]
    assert lying.advances[1:] == face.place("AV12").advances and lying.glyphs[1:] == face.place("AV12").glyphs
    assert all(g & TURNED for g in stacked.glyphs) and stacked.advances == [EM] * 5
    assert lying.clusters == stacked.clusters == [0, 1, 2, 3, 4]


def test_a_turned_glyph_is_the_glyph_on_its_back():
    face = opened("Noto Sans CJK SC")
    glyph = face.glyph_ids("永")[0]
    plain, turned = face.draw(glyph, 50), face.draw(glyph | TURNED, 50)
    assert (np.rot90(plain.ink) == turned.ink).all()
    left, bottom, right, top = face.box(glyph)
    assert face.box(glyph | TURNED) == (-top, left, -bottom, right)
    x0, y0, x1, y1 = (v * 50 / EM for v in face.box(glyph | TURNED))
    assert abs(turned.left - x0) <= 1 and abs(turned.top - y1) <= 1
    assert abs(turned.left + turned.ink.shape[1] - x1) <= 1 and abs(turned.top - turned.ink.shape[0] - y0) <= 1


@pytest.mark.parametrize("name", ["WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "AR PL UKai CN", "Noto Serif CJK SC"])
def test_no_font_piles_the_characters_of_a_column_up(name):
    face = opened(name)
    text = "永国漢字書道"
    ink = column(face, text)
    parts = [column(face, c) for c in text]
    assert abs(int(ink.astype(int).sum()) / sum(int(p.astype(int).sum()) for p in parts) - 1) < 0.01


def test_stops_of_a_font_without_vertical_forms_stand_at_the_upper_right():
    face = opened("WenQuanYi Micro Hei")
    ink = column(face, "国。国")
    cell = ink.shape[0] / 3
    columns = np.nonzero(ink[int(cell) : int(cell * 1.9)])[1]
    assert columns.mean() > ink.shape[1] * 0.55


def test_ligatures_and_marks_point_at_their_first_character():
    sans = opened("DejaVu Sans Book")
    ligature = sans.place("a\ufb01b, office")
    assert ligature.clusters[:3] == [0, 1, 2]
    whole = sans.place("office")
    assert len(whole.glyphs) < 6 and whole.clusters == [0, 1, 4, 5]
    assert sans.place("e\u0301x").clusters[-1] == 2


def test_arabic_runs_from_right_to_left_with_clusters_in_the_label():
    face = opened("DejaVu Sans Book")
    run = face.place("سلام")
    assert run.clusters == sorted(run.clusters, reverse=True) and run.clusters[-1] == 0


@pytest.mark.parametrize("name", ["DejaVu Sans Book", "FreeSerif"])
def test_mixed_directions_stand_in_the_order_that_is_read(name):
    face = opened(name)
    text = "رقم 12 abc"
    run = face.place(text)
    shown = [text[c] for c in run.clusters]
    assert "".join(shown) == "abc 12 مقر" and sorted(run.clusters) == list(range(len(text)))
    assert run.glyphs[-3:] == face.place("رقم").glyphs and run.glyphs[:3] == face.place("abc").glyphs


def test_brackets_of_leftward_text_are_mirrored():
    face = opened("DejaVu Sans Book")
    text = "שלום (ABC) 12"
    run = face.place(text)
    brackets = [(text[c], g) for c, g in zip(run.clusters, run.glyphs, strict=True) if text[c] in "()"]
    opening, closing = face.glyph_ids("()")
    assert brackets == [(")", opening), ("(", closing)]


def test_an_unclear_order_is_not_drawn():
    face = opened("DejaVu Sans Book")
    text = "سلام \u202dABC 12"  # an override, which nobody sees
    assert face.missing(text) == "" and face.place(text) is None and face.refusal(text) == ("unclear_order", "")
    assert face.place(text, "sideways") is None


def test_indic_letters_are_reordered():
    face = opened("FreeSerif")
    run = face.place("कि")
    assert run is not None and run.glyphs != face.glyph_ids("कि")
