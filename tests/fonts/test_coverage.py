"""A character counts as covered only where its drawing shows it."""

import string

import pytest

from ocrdata.fonts.discover import FaceRef, installed
from ocrdata.fonts.face import Face

SMUDGE = ((50, 0, 450, 300),)
RING = ((20, 20, 580, 680), (560, 0, 600, 700))


def strokes(code):
    """Boxes that no other character of a test has."""
    return ((50, 0, 100 + code % 97 * 4, 100), (50, 300, 100 + code % 89 * 4, 700))


def letters(characters):
    return {c: strokes(ord(c)) for c in characters}


@pytest.fixture
def face(make_font, tmp_path):
    def build(characters):
        return Face(FaceRef(make_font(tmp_path / "made.ttf", characters), 0, "Made Up", "Regular"))

    return build


def shown(face, characters):
    return "".join(c for c in characters if not face.missing(c))


def test_one_picture_for_many_characters_is_a_stand_in(face):
    lacking = "ЖДЩЮЯБГЛПФ"
    made = face(letters(string.ascii_uppercase) | dict.fromkeys(lacking, SMUDGE))
    assert shown(made, string.ascii_uppercase + lacking) == string.ascii_uppercase
    assert made.refusal("AЖ") == ("placeholder_glyph", "Ж")


def test_five_han_characters_never_look_the_same(face):
    made = face(letters("中国") | dict.fromkeys("上下左右前", SMUDGE))
    assert shown(made, "中国上下左右前") == "中国"


def test_alphabets_may_share_their_shapes(face):
    alike = "AΑАᎪꓮ" + "IΙІӀⅠⵏ"
    made = face({c: strokes(7) for c in alike[:5]} | {c: strokes(8) for c in alike[5:]})
    assert shown(made, alike) == alike


def test_what_looks_like_the_replacement_character_is_missing(face):
    made = face(letters("AB") | {"\ufffd": RING, "C": RING})
    assert shown(made, "ABC\ufffd") == "AB\ufffd"


def test_small_letters_drawn_as_capitals_would_make_false_labels(face):
    made = face(letters("AB") | {"a": strokes(ord("A")), "b": strokes(ord("b"))})
    assert shown(made, "ABab") == "ABb" and made.fault("a") == "capital_glyph"


def test_enormous_and_misplaced_outlines_are_broken(face):
    made = face(letters("A") | {"B": ((0, 0, 600, 9000),), "C": ((4000, 0, 4600, 700),), "D": ((0, 0, 16000, 10),)})
    assert [made.fault(c) for c in "ABCD"] == ["", "broken_glyph", "broken_glyph", "broken_glyph"]


def test_spaces_need_no_ink_and_fillers_do(face):
    made = face(letters("A") | {" ": (), "\u3000": (), "\u3164": ()})
    assert shown(made, "A \u3000\u3164") == "A \u3000"


@pytest.mark.parametrize("name", ["AR PL UKai CN", "WenQuanYi Micro Hei"])
def test_real_fonts_have_blank_letters(name):
    ref = next((f for f in installed().faces if f.family == name), None)
    if ref is None:
        pytest.skip(f"{name} is not installed")
    found = Face(ref)
    blank = {"AR PL UKai CN": "㖞㘎㤘", "WenQuanYi Micro Hei": "ǎǐǒ"}[name]
    assert {found.refusal(f"中{c}") for c in blank} == {("blank_glyph", c) for c in blank}
