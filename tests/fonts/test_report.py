"""What fonts there are, which show a dictionary, and sheets to look at."""

import json
import string

import numpy as np
import pytest

from ocrdata.fonts.discover import FontChoice, find_fonts, installed
from ocrdata.fonts.face import Face, Faces
from ocrdata.fonts.report import check, list_fonts, scripts_of, uncovered
from ocrdata.fonts.specimen import PER_PAGE, specimen

GREEK = "αβγδεζηθικλμνξοπρστυφχψω"


def strokes(char):
    return ((50, 0, 100 + ord(char) % 97 * 4, 100), (50, 300, 100 + ord(char) % 89 * 4, 700))


@pytest.fixture
def fonts(make_font, tmp_path):
    """Two fonts: `Some` shows A-M, `More` shows A-T and has a blank U."""
    make_font(tmp_path / "some.ttf", {c: strokes(c) for c in "ABCDEFGHIJKLM"}, "Some")
    more = {c: strokes(c) for c in "ABCDEFGHIJKLMNOPQRST"} | {"U": ()}
    make_font(tmp_path / "more.ttf", more, "More")
    return find_fonts([FontChoice(name="some.ttf"), FontChoice(name="more.ttf")], tmp_path).faces


def test_a_listing_names_files_scripts_licences_and_what_was_skipped(make_font, tmp_path):
    make_font(tmp_path / "one.ttf", {c: strokes(c) for c in string.ascii_letters + GREEK})
    (tmp_path / "bad.ttf").write_bytes(b"")
    done = []
    listing = list_fonts([FontChoice(name=str(tmp_path))], tmp_path, done.append)
    (row,) = listing.faces
    assert (row.family, row.style, row.characters, row.face) == ("Made Up", "Regular", 76, 0)
    assert row.scripts == ["Latin", "Greek"] and row.licence == "Made for tests"
    assert row.embedding == "preview and print" and row.file.endswith("one.ttf")
    told = json.loads(json.dumps(listing.to_json()))
    assert told["fonts"][0]["family"] == "Made Up" and list(told["skipped"].values()) == ["the file is empty"]
    assert sum(done) == 1


def test_every_sound_face_of_the_system_is_listed():
    listing = list_fonts()
    assert len(listing.faces) + len(listing.skipped) >= len(installed().faces)
    assert [r.family for r in listing.faces] == sorted(r.family for r in listing.faces)
    assert [(r.family, r.face) for r in listing.faces] == [(r.family, r.number) for r in listing.refs]


def test_scripts_are_counted_without_what_all_of_them_share():
    assert scripts_of("abc中国，。12 か") == {"Latin": 3, "Han": 2, "Hiragana": 1}


def test_a_check_says_who_lacks_what_and_who_has_it(fonts):
    told = check(fonts, "ABNUZ")
    assert [(f.name, f.covered, f.missing) for f in told.faces] == [
        ("More Regular", 3, "UZ"),
        ("Some Regular", 2, "NUZ"),
    ]
    assert told.faces[0].reasons == {"blank_glyph": 1, "missing_glyph": 1} and told.faces[0].share == 0.6
    assert told.best == {"N": "More Regular"} and told.nowhere == "UZ"
    assert json.loads(json.dumps(told.to_json()))["characters"] == 5


def test_what_no_font_shows_is_a_sentence_with_the_closest_and_help(fonts):
    assert uncovered(Faces(fonts), "ABT") == ""
    told = uncovered(Faces(fonts), "ABTZ中\U000f0000")
    assert "has 3 of its 6 characters ('Z' U+005A, '中' U+4E2D" in told
    assert "closest come: More Regular lacks 3, Some Regular lacks 4" in told
    assert "of the installed fonts '" in told or "no installed font shows any of them" in told
    nobody = uncovered(Faces(fonts), "A\U000f0000")
    assert "no installed font shows any of them" in nobody and "\n" not in told + nobody


def ink(page, row):
    return int((page[24 + 92 * row + 25 : 24 + 92 * row + 88, 24:-24] < 128).sum())


def test_a_sheet_has_a_line_for_every_face_and_as_many_pages_as_needed(fonts):
    pages = list(specimen(fonts * (PER_PAGE // 2 + 1)))
    assert [p.shape for p in pages] == [(48 + 92 * PER_PAGE, 1200, 3), (48 + 92 * 2, 1200, 3)]
    assert all(p.dtype == np.uint8 for p in pages) and all(ink(pages[0], n) > 500 for n in range(PER_PAGE))
    assert (pages[0][:, -20:] == 255).all() and (pages[0][:, :20] == 255).all()


def test_a_sheet_of_a_text_draws_what_there_is_and_names_what_is_not(fonts):
    (page,) = specimen(fonts, "ABTZ")
    full = next(specimen(fonts, "AB"))
    assert ink(page, 1) > ink(full, 1) and ink(page, 0) == ink(full, 0)
    red = (page[:, :, 2].astype(int) - page[:, :, 0] > 60).any()
    assert red and not (full[:, :, 2].astype(int) - full[:, :, 0] > 60).any()


def test_a_long_text_is_made_to_fit(fonts):
    short, long = next(specimen(fonts, "ABC" * 9)), next(specimen(fonts, "ABC" * 30))
    assert (long[:, -20:] == 255).all()
    assert Face(fonts[0]).place("ABC" * 30) is not None and ink(long, 0) > 0 and ink(short, 0) > 0
