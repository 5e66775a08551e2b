"""A face tells which characters it can show, and places them as HarfBuzz does."""

import itertools
from dataclasses import replace

import pytest

from ocrdata.corpora.patterns import COMMON_HAN
from ocrdata.fonts.discover import FaceRef, installed
from ocrdata.fonts.face import PUNCTUATION, Face, Faces, invisible
from ocrdata.fonts.glyphs import GlyphCache, GlyphTable

STROKES = ((50, 0, 250, 700), (350, 0, 550, 700))
BOX = ((100, 0, 500, 700),)


def dejavu():
    return next(f for f in installed().faces if f.name == "DejaVu Sans Book")


def made(make_font, path, characters):
    return FaceRef(make_font(path / "made.ttf", characters), 0, "Made Up", "Regular")


def test_a_character_without_glyph_is_missing(make_font, tmp_path):
    face = Face(made(make_font, tmp_path, {"A": STROKES}))
    assert face.missing("AAB") == "B" and face.place("AB") is None and face.place("AA") is not None


def test_a_blank_glyph_and_a_copy_of_the_missing_box_show_nothing(make_font, tmp_path):
    face = Face(made(make_font, tmp_path, {"A": STROKES, "B": (), "C": BOX}))
    assert face.draw(1, 32) is not None and face.box(1) is not None
    assert face.draw(2, 32) is None and face.box(2) is None
    assert face.draw(3, 32) is None and face.box(3) is not None
    assert face.refusal("AB") == ("blank_glyph", "B") and face.refusal("C") == ("placeholder_glyph", "C")
    assert face.missing("A") == "" and face.place("AB") is None and face.place("C") is None


@pytest.mark.parametrize("name", ["Noto Sans CJK SC", "Noto Serif CJK SC", "AR PL UMing CN", "WenQuanYi Micro Hei"])
def test_placing_by_advance_equals_harfbuzz(name):
    ref = next((f for f in installed().faces if f.family == name), None)
    if ref is None:
        pytest.skip(f"{name} is not installed")
    face = Face(ref)
    digits = "".join(a + b for a, b in itertools.product("0123456789", repeat=2))
    for text in (COMMON_HAN[:1500], digits, "第12章（上）：3，45。", PUNCTUATION + "1" + PUNCTUATION):
        assert face.place(text) == face.shape(text)


def test_kerning_and_joining_letters_are_shaped():
    face = Face(dejavu())
    assert sum(face.place("AVAV").advances) < 2 * sum(face.place("A").advances + face.place("V").advances)
    assert face.place("سلام").glyphs != face.glyph_ids("سلام")[::-1]


def test_a_width_holds_for_glyphs_boxes_and_advances():
    own, narrow = Face(dejavu()), Face(replace(dejavu(), width=0.5))
    glyph = own.glyph_ids("M")[0]
    wide, slim = own.draw(glyph, 64), narrow.draw(glyph, 64)
    assert slim.ink.shape[0] == wide.ink.shape[0] and abs(slim.ink.shape[1] - wide.ink.shape[1] / 2) <= 1
    assert slim.top == wide.top and narrow.box(glyph)[2] == pytest.approx(own.box(glyph)[2] / 2, abs=2)
    assert sum(narrow.place("AV").advances) == pytest.approx(sum(own.place("AV").advances) / 2, abs=4)


def test_what_nobody_sees():
    assert [c for c in "a\u200bb\ufe0f \t中" if invisible(c)] == ["\u200b", "\ufe0f", "\t"]


def test_a_full_cache_forgets_but_draws_the_same():
    faces = Faces([dejavu()])
    table = GlyphTable(faces)
    roomy, tight = GlyphCache(faces, table), GlyphCache(faces, table, limit=20_000)
    rows = table.rows(0, faces[0].glyph_ids("".join(map(chr, range(33, 127)))))
    for row in rows * 2:
        assert (tight.get(40, row).ink == roomy.get(40, row).ink).all()
    assert len(tight) < len(rows) <= len(roomy)


def test_a_composed_letter_is_missing_although_its_parts_are_there(make_font, tmp_path):
    face = Face(made(make_font, tmp_path, {"e": STROKES, "\u0301": STROKES}))
    assert face.shape("\u00e9").glyphs == face.glyph_ids("e\u0301")
    assert face.place("\u00e9") is None and face.missing("\u00e9") == "\u00e9"
