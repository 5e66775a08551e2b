"""Damaged, disguised and forbidden fonts: a sentence or a counted skip before anything is drawn."""

import random

import pytest
from fontTools.ttLib import TTFont

from ocrdata.errors import UserError
from ocrdata.fonts.discover import FontChoice, find_fonts, installed
from ocrdata.fonts.face import Face
from ocrdata.fonts.licence import embedding, ledger_row

BOXES = ((50, 0, 250, 700),)


def real_font():
    ref = next((f for f in installed().faces if f.name == "DejaVu Sans Mono Book"), None)
    if ref is None:
        pytest.skip("DejaVu Sans Mono is not installed")
    return ref.path


def table(data, tag):
    """(offset, length) of a table of a font file."""
    for at in range(12, 12 + 16 * int.from_bytes(data[4:6], "big"), 16):
        if data[at : at + 4] == tag:
            return int.from_bytes(data[at + 8 : at + 12], "big"), int.from_bytes(data[at + 12 : at + 16], "big")
    raise KeyError(tag)


def overwrite(data, tag, noise):
    start, length = table(data, tag)
    return data[:start] + noise(length) + data[start + length :]


def garbage(length):
    return random.Random(1).randbytes(length)


def edited(path, change):
    font = TTFont(real_font())
    change(font)
    font.save(path)
    return path.read_bytes()


def scramble(font):
    """Letters that show other letters."""
    for sub in font["cmap"].tables:
        if sub.isUnicode():
            old = dict(sub.cmap)
            sub.cmap.update({c: old[97 + (c - 97 + 5) % 26] for c in range(97, 123)})


def one_glyph_for_all(font):
    for sub in font["cmap"].tables:
        if sub.isUnicode():
            sub.cmap.update(dict.fromkeys(sub.cmap, "question"))


def enormous(font):
    for name in font.getGlyphOrder():
        glyph = font["glyf"][name]
        if glyph.numberOfContours > 0:
            glyph.coordinates.scale((8, 8))


def damages(path):
    data = real_font().read_bytes()
    return {
        "empty": b"",
        "cut short": data[: len(data) // 3],
        "cut in the directory": data[:100],
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "text": b"this is no font\n" * 100,
        "zeros": bytes(10_000),
        "all garbage behind the directory": data[:400] + garbage(len(data) - 400),
        "outlines zeroed": overwrite(data, b"glyf", bytes),
        "outlines garbage": overwrite(data, b"glyf", garbage),
        "places of outlines garbage": overwrite(data, b"loca", garbage),
        "character map garbage": overwrite(data, b"cmap", garbage),
        "head garbage": overwrite(data, b"head", garbage),
        "scrambled map": edited(path, scramble),
        "enormous outlines": edited(path, enormous),
    }


NAMES = [
    "empty",
    "cut short",
    "cut in the directory",
    "picture",
    "text",
    "zeros",
    "all garbage behind the directory",
    "outlines zeroed",
    "outlines garbage",
    "places of outlines garbage",
    "character map garbage",
    "head garbage",
    "scrambled map",
    "enormous outlines",
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fonts")
    for name, data in damages(folder / "work.ttf").items():
        (folder / f"{name}.ttf").write_bytes(data)
    (folder / "work.ttf").write_bytes(real_font().read_bytes())
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_font_is_a_sentence_when_it_is_named(broken, name):
    with pytest.raises(UserError) as caught:
        find_fonts([FontChoice(name=f"{name}.ttf")], broken)
    told = str(caught.value)
    assert f"{name}.ttf: " in told and "\n" not in told and "Traceback" not in told


def test_a_folder_passes_over_what_is_damaged_and_says_why(broken):
    found = find_fonts([FontChoice(name=str(broken))], broken)
    assert [f.path.name for f in found.faces] == ["work.ttf"]
    reasons = {name.rsplit("/", 1)[-1].removesuffix(".ttf"): why for name, why in found.skipped.items()}
    assert sorted(reasons) == sorted(NAMES) and all(reasons.values())
    assert reasons["empty"] == "the file is empty" and "scrambled" in reasons["scrambled map"]
    assert "broken outlines" in reasons["outlines zeroed"] and "FreeType cannot open it" in reasons["picture"]


def test_a_folder_of_nothing_but_damage_is_an_error_with_reasons(tmp_path):
    (tmp_path / "a.ttf").write_bytes(b"")
    with pytest.raises(UserError, match=r"none of 1 files can be used \(a\.ttf: the file is empty\)"):
        find_fonts([FontChoice(name=str(tmp_path))], tmp_path)


@pytest.mark.parametrize("tag", [b"hmtx", b"hhea", b"maxp", b"GSUB", b"GPOS", b"GDEF", b"OS/2", b"name", b"post"])
def test_damage_anywhere_else_is_drawn_through_or_refused(tmp_path, tag):
    path = tmp_path / "odd.ttf"
    path.write_bytes(overwrite(real_font().read_bytes(), tag, garbage))
    try:
        faces = find_fonts([FontChoice(name="odd.ttf")], tmp_path).faces
    except UserError as error:
        assert "odd.ttf: " in str(error)
        return
    face = Face(faces[0])
    for text in ("Hello, fi 12", "سلام", "é"):
        run = face.place(text)
        assert run is None or all(0 <= abs(a) < 16 * 65536 for a in run.advances)
    assert ledger_row(faces[0])["sha256"]


def test_a_map_of_one_glyph_shows_nothing_for_sure(tmp_path):
    edited(tmp_path / "same.ttf", one_glyph_for_all)
    face = Face(find_fonts([FontChoice(name="same.ttf", embedding="ignore")], tmp_path).faces[0])
    assert face.refusal("A") == ("placeholder_glyph", "A")


def test_a_restricted_font_needs_leave_when_named_and_is_skipped_when_found(make_font, tmp_path):
    def restricted(flags, name):
        font = TTFont(make_font(tmp_path / name, {"A": BOXES}))
        font["OS/2"].fsType = flags
        font.save(tmp_path / name)

    restricted(2, "no.ttf")
    restricted(2 | 8, "yes.ttf")
    restricted(0x200, "bitmaps.ttf")
    with pytest.raises(UserError, match=r"no\.ttf: its OS/2 table forbids embedding.*'embedding: ignore'"):
        find_fonts([FontChoice(name="no.ttf")], tmp_path)
    assert find_fonts([FontChoice(name="no.ttf", embedding="ignore")], tmp_path).faces[0].restricted
    found = find_fonts([FontChoice(name=str(tmp_path))], tmp_path)
    assert [f.path.name for f in found.faces] == ["bitmaps.ttf", "yes.ttf"]
    assert ["forbids embedding" in why for why in found.skipped.values()] == [True]


def test_embedding_rights_in_words():
    told = [embedding(flags) for flags in (0, 2, 4, 8, 2 | 8, 0x104, 0x200)]
    assert told[:5] == ["installable", "restricted", "preview and print", "editable", "editable"]
    assert told[5:] == ["preview and print, no subsetting", "installable, bitmaps only"]
