"""A font's own bitmaps of small sizes, drawn in place of its outlines."""

from pathlib import Path

import numpy as np
import pytest

from ocrdata.errors import UserError
from ocrdata.fonts.discover import FontChoice, find_fonts
from ocrdata.fonts.face import EM, Face


def small(width=1.0):
    found = find_fonts(
        [
            FontChoice(name="AR PL UMing CN", strike=12, width=width, optional=True),
            FontChoice(name="DejaVu Sans"),
        ],
        Path(),
    )
    if not found.faces[0].strike:
        pytest.skip("AR PL UMing CN is not installed")
    return Face(found.faces[0])


def test_a_bitmap_at_its_own_size_is_black_and_white_and_enlarged_it_is_the_same_shape():
    face = small()
    (glyph,) = face.glyph_ids("数")
    own, large = face.draw(glyph, 12), face.draw(glyph, 36)
    assert set(np.unique(own.ink)) == {0, 255} and own.ink.shape == (11, 11)
    assert large.ink.shape == (33, 33) and (large.left, large.top) == (3 * own.left, 3 * own.top)
    assert ((large.ink[1::3, 1::3] > 127) == (own.ink > 127)).all()


def test_letters_are_half_as_wide_as_han_and_nothing_is_kerned():
    run = small().place("数AV1")
    assert run.advances == [EM, EM // 2, EM // 2, EM // 2] and not any(run.dx + run.dy)
    assert small(width=0.5).place("数A").advances == [EM // 2, EM // 4]


def test_the_box_is_that_of_the_ink():
    face = small()
    (dot,) = face.glyph_ids(".")
    left, bottom, right, top = face.box(dot)
    drawn = face.draw(dot, 12)
    assert (round((right - left) * 12 / EM), round((top - bottom) * 12 / EM)) == drawn.ink.shape[::-1]
    assert round(left * 12 / EM) == drawn.left and round(top * 12 / EM) == drawn.top


def test_what_bitmaps_cannot_show_is_refused():
    face = small()
    assert face.place("سلام") is None and face.place("数", vertical="upright") is None
    assert face.missing("数\U00020000") == "\U00020000"


def test_a_font_without_bitmaps_of_the_size_says_which_it_has():
    with pytest.raises(
        UserError, match=r"font 'DejaVu Sans': it holds no bitmaps of 12 px \(those that it holds: none"
    ):
        find_fonts([FontChoice(name="DejaVu Sans", strike=12)], Path())
