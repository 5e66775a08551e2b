"""Fonts are found by file, folder and family; what cannot be used is named."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from ocrdata.errors import UserError
from ocrdata.fonts.discover import FontChoice, faces_of, find_fonts, installed
from ocrdata.fonts.face import Face
from ocrdata.fonts.licence import ledger_row

LETTER = {"A": ((50, 0, 250, 700), (350, 0, 550, 700))}


def find(base, *names, **options):
    return find_fonts([FontChoice(name=n, **options) for n in names], base)


def test_a_file_a_folder_and_a_weight(make_font, tmp_path):
    make_font(tmp_path / "one.ttf", LETTER)
    (tmp_path / "more").mkdir()
    make_font(tmp_path / "more" / "two.TTF", LETTER, "Second")
    found = find(tmp_path, "one.ttf", "more", weight=2.5)
    assert [f.family for f in found.faces] == ["Made Up", "Second"]
    assert {f.weight for f in found.faces} == {2.5}


def test_a_font_found_twice_counts_once(make_font, tmp_path):
    make_font(tmp_path / "one.ttf", LETTER)
    assert len(find(tmp_path, "one.ttf", "one.ttf").faces) == 1


def test_a_font_in_two_widths_counts_twice(make_font, tmp_path):
    make_font(tmp_path / "one.ttf", LETTER)
    found = find_fonts([FontChoice(name="one.ttf", width=width) for width in (1, 0.6)], tmp_path)
    assert [f.name for f in found.faces] == ["Made Up Regular", "Made Up Regular, 0.6 as wide"]


def test_a_broken_file_is_an_error_when_named_and_a_counted_skip_in_a_folder(make_font, tmp_path):
    make_font(tmp_path / "good.ttf", LETTER)
    broken = tmp_path / "broken.ttf"
    broken.write_bytes((tmp_path / "good.ttf").read_bytes()[:200])
    with pytest.raises(UserError, match=r"broken\.ttf.*FreeType cannot open it"):
        find(tmp_path, "broken.ttf")
    found = find(tmp_path, str(tmp_path))
    assert len(found.faces) == 1 and list(found.skipped) == [str(broken)]


def test_a_font_of_symbols_is_no_font_of_letters(make_font, tmp_path):
    make_font(tmp_path / "symbols.ttf", LETTER, symbol=True)
    with pytest.raises(UserError, match="no Unicode character map"):
        find(tmp_path, "symbols.ttf")


def test_a_missing_file_and_an_unknown_family_say_what_there_is(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.ttf: no such file or folder"):
        find(tmp_path, "nowhere.ttf")
    with pytest.raises(UserError, match=r"'DejaVu Snas'.*DejaVu Sans"):
        find(tmp_path, "DejaVu Snas")


def test_an_optional_font_may_be_absent_if_another_is_there(tmp_path):
    choices = [FontChoice(name="No Such Family", optional=True), FontChoice(name="DejaVu Sans")]
    found = find_fonts(choices, tmp_path)
    assert found.faces and "No Such Family" in found.skipped
    with pytest.raises(UserError, match=r"none of 'No Such Family' is installed; install fonts"):
        find_fonts(choices[:1], tmp_path)


def collections():
    return [f for f in installed().faces if f.family == "Noto Sans CJK SC"]


@pytest.mark.skipif(not collections(), reason="Noto Sans CJK is not installed")
def test_the_simplified_chinese_face_of_a_collection_is_chosen(tmp_path):
    path = collections()[0].path
    assert [f.family for f in find(tmp_path, str(path)).faces] == ["Noto Sans CJK SC"]
    assert all(f.family == "Noto Sans CJK SC" for f in find(tmp_path, "Noto Sans CJK*").faces)
    assert find(tmp_path, str(path), face=0).faces[0].number == 0
    with pytest.raises(UserError, match=f"no face 99; it holds {len(faces_of(path))}"):
        find(tmp_path, str(path), face=99)


def test_the_ledger_holds_licence_embedding_right_and_hash(make_font, tmp_path):
    make_font(tmp_path / "one.ttf", LETTER)
    row = ledger_row(find(tmp_path, "one.ttf").faces[0])
    assert row["licence"] == "Made for tests" and row["embedding"] == "preview and print"
    assert row["name"] == "Made Up Regular" and len(row["sha256"]) == 64
    assert row.keys() >= {"vendor", "version", "licence_url"}


def test_all_faces_of_a_collection_and_all_instances_of_a_variable_font(make_font, tmp_path):
    collection = TTCollection()
    collection.fonts = [TTFont(make_font(tmp_path / f"{n}.ttf", LETTER, n)) for n in ("First", "Second")]
    collection.save(tmp_path / "both.ttc")
    assert [f.family for f in find(tmp_path, "both.ttc").faces] == ["First"]
    assert [f.family for f in find(tmp_path, "both.ttc", face="all").faces] == ["First", "Second"]


def test_named_instances_of_a_variable_font_are_faces_of_their_own(make_font, tmp_path):
    font = TTFont(make_font(tmp_path / "plain.ttf", LETTER))
    builder = FontBuilder(font=font)
    heavy = {"location": {"wght": 900}, "stylename": "Heavy"}
    builder.setupFvar([("wght", 400, 400, 900, "Weight")], [{"location": {"wght": 400}, "stylename": "Plain"}, heavy])
    wider = [(0, 0)] * 6 + [(200, 0)] * 2 + [(0, 0), (150, 0), (0, 0), (0, 0)]
    builder.setupGvar({"g0041": [TupleVariation({"wght": (0, 1, 1)}, wider)]})
    font.save(tmp_path / "variable.ttf")
    assert [f.style for f in find(tmp_path, "variable.ttf").faces] == ["Regular"]
    faces = find(tmp_path, "variable.ttf", face="all").faces
    assert [f.style for f in faces] == ["Regular", "Plain", "Heavy"]
    regular, heavy = (Face(f) for f in (faces[0], faces[2]))
    glyph = regular.glyph_ids("A")[0]
    assert heavy.draw(glyph, 100).ink.sum() > regular.draw(glyph, 100).ink.sum() * 1.2
    assert heavy.box(glyph)[2] > regular.box(glyph)[2]
    assert ledger_row(faces[2])["sha256"] == ledger_row(faces[0])["sha256"]
