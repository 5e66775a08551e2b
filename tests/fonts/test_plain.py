"""Plain lines placed by tables: the same glyphs as one by one, and everything else left to HarfBuzz."""

import numpy as np
import pytest

from ocrdata.fonts.discover import FontChoice, find_fonts
from ocrdata.fonts.face import Faces
from ocrdata.fonts.glyphs import GlyphTable
from ocrdata.fonts.plain import PlainLines


@pytest.fixture
def faces(tmp_path):
    names = ("DejaVu Sans", "DejaVu Sans Mono", "Noto Sans CJK SC", "WenQuanYi*")
    choices = [FontChoice(name=name, optional=name != "DejaVu Sans") for name in names]
    return Faces(find_fonts(choices, tmp_path).faces)


def test_glyphs_and_advances_are_those_of_each_face(faces):
    table = GlyphTable(faces)
    texts = ["0123", "9", "中文字", "2024年", "价：5", "x1", "", "1 2", "\ud800", "𠀀", "12"]
    for face in range(len(faces.refs)):
        able, placed = PlainLines(faces, table).place(texts, np.full(len(texts), face))
        known = [t for t, a in zip(texts, able, strict=True) if a]
        runs = [faces[face].place(text) for text in known]
        assert placed.counts.tolist() == [len(text) for text in known]
        assert placed.rows.tolist() == [table.row(face, g) for run in runs for g in run.glyphs]
        assert placed.advances.tolist() == [a for run in runs for a in run.advances]
        assert {"0123", "9", "12"} <= set(known) and not {"x1", "", "1 2", "\ud800", "𠀀"} & set(known)
        assert ("中文字" in known) == (faces[face].place("中文字") is not None)


def test_characters_outside_of_the_dictionary_are_left_to_others(faces):
    able, placed = PlainLines(faces, GlyphTable(faces), allowed="12").place(["12", "13", "21"], np.zeros(3, np.int64))
    assert able.tolist() == [True, False, True] and len(placed.rows) == 4


def test_more_characters_than_the_table_has_columns_at_first(faces):
    lines, table = PlainLines(faces, GlyphTable(faces)), faces.refs[-1].name
    texts = [chr(c) for c in range(0x4E00, 0x4E00 + 3000)]
    able, placed = lines.place(texts, np.full(len(texts), len(faces.refs) - 1))
    if "DejaVu" in table:
        pytest.skip("no Chinese font is installed")
    again, twice = lines.place(texts, np.full(len(texts), len(faces.refs) - 1))
    assert able.sum() > 2000 and len(set(placed.rows.tolist())) == able.sum()
    assert np.array_equal(able, again) and np.array_equal(placed.rows, twice.rows)
