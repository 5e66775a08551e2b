"""A made-up font: real outlines where wanted, empty ones and copies of the missing-glyph box where wanted."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def _glyph(*boxes):
    pen = TTGlyphPen(None)
    for left, bottom, right, top in boxes:
        pen.moveTo((left, bottom))
        pen.lineTo((left, top))
        pen.lineTo((right, top))
        pen.lineTo((right, bottom))
        pen.closePath()
    return pen.glyph()


BOX = ((100, 0, 500, 700),)


def build_font(path, characters, family="Made Up", symbol=False):
    """characters: {char: boxes}; the character's glyph is made of these filled boxes, an empty one of ().

    symbol: the character map is one of symbols, not of Unicode.
    """
    names = {c: f"g{ord(c):04X}" for c in characters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(c): n for c, n in names.items()})
    if symbol:
        cmap = builder.font["cmap"]
        cmap.tables = cmap.tables[:1]
        cmap.tables[0].platformID, cmap.tables[0].platEncID = 3, 0
    glyphs = {".notdef": _glyph(*BOX), **{names[c]: _glyph(*boxes) for c, boxes in characters.items()}}
    builder.setupGlyf(glyphs)
    metrics = {n: (600, getattr(glyphs[n], "xMin", 0)) for n in glyphs}
    builder.setupHorizontalMetrics(metrics)
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "licenseDescription": "Made for tests"})
    builder.setupOS2(fsType=4)
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def make_font():
    return build_font
