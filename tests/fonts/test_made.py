"""Fonts that the program makes: every character its own, the same bytes every time."""

import string
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocrdata.errors import UserError
from ocrdata.fonts.discover import FontChoice, find_fonts
from ocrdata.fonts.dots import dot_patterns
from ocrdata.fonts.face import Face
from ocrdata.fonts.licence import ledger_row
from ocrdata.fonts.made import KINDS, font_bytes, made_fonts
from ocrdata.fonts.segments import FOURTEEN, SEVEN

SHOWN = {
    "segments": string.digits + "-.: " + "ACEFHLPU" + "bdhnortc",
    "fourteen": string.digits + string.ascii_uppercase + "+-*/=.: ",
    "dots": "".join(map(chr, range(32, 127))),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))


@pytest.mark.parametrize("table", [SEVEN, FOURTEEN], ids=["seven", "fourteen"])
def test_no_two_characters_light_the_same_segments(table):
    assert len({frozenset(lit) for lit in table.values()}) == len(table)


def test_no_two_characters_have_the_same_dots():
    patterns = dot_patterns()
    assert len({tuple(p) for p in patterns.values()}) == len(patterns)
    assert all(0 <= x < 5 and 0 <= y < 7 for p in patterns.values() for x, y in p)


@pytest.mark.parametrize("kind", KINDS)
def test_every_style_shows_its_characters(kind, tmp_path):
    found = find_fonts([FontChoice(name=f"made:{kind}")], tmp_path)
    assert len(found.faces) == 5 and not found.skipped
    for ref in found.faces:
        face = Face(ref)
        assert face.missing(SHOWN[kind]) == "" and face.place(SHOWN[kind]) is not None
        pictures = [face.picture(face.glyph_ids(c)[0], 64) for c in face.characters() if c != " "]
        assert len(set(pictures)) == len(pictures)
    assert ledger_row(found.faces[0])["licence"] == "Made by ocrdata"


def test_the_same_bytes_every_time_and_one_style_by_name(tmp_path):
    kind, style = "dots", KINDS["dots"][1][2]
    first = font_bytes(kind, style)
    font_bytes.cache_clear()
    assert font_bytes(kind, style) == first
    (path,) = made_fonts("dots-fine")
    assert path.read_bytes() == first and path.parent.parts[-1] == "fonts"


def test_a_damaged_copy_is_mended_and_writers_do_not_collide():
    (path,) = made_fonts("segments-slanted")
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with ThreadPoolExecutor(8) as pool:
        assert {p for (p,) in pool.map(made_fonts, ["segments-slanted"] * 16)} == {path}
    assert path.read_bytes() == whole and [p.name for p in path.parent.iterdir()] == [path.name]


def test_an_unknown_name_and_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"'made:dot'.*made:segments, made:fourteen, made:dots, .*made:dots-fine"):
        find_fonts([FontChoice(name="made:dot")], tmp_path)
    (tmp_path / "file").write_text("")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot be written"):
        made_fonts("dots")
