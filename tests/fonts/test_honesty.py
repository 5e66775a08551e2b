"""Every character of a real dictionary with every font of the system: what is accepted is really shown.

The judge knows nothing of this project's coverage: fontTools reads the character map, Pillow draws, pictures are
compared. Of a collection the one face is tried that a recipe gets; its siblings draw from the same outlines.
"""

from collections import Counter
from pathlib import Path

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont
from PIL import ImageFont

import ocrdata
from ocrdata.fonts.discover import FaceRef, FontChoice, find_fonts
from ocrdata.fonts.face import Face

SHARED = Path(ocrdata.__file__).resolve().parent.parent / "shared" / "data" / "dicts" / "ppocr_keys_v1.txt"
SIZE = 32
UNMAPPED = "\U0010fffd"
MOST_ALIKE = 6  # characters of one dictionary that may look the same: I and its likes in other scripts


def judged(ref, characters):
    """{character: what is wrong with it} by the independent judge; characters without fault are left out."""
    font = ImageFont.truetype(str(ref.path), SIZE, ref.number, layout_engine=ImageFont.Layout.BASIC)
    with TTFont(ref.path, fontNumber=ref.number, lazy=True) as opened:
        cmap, first, glyphs = opened.getBestCmap(), opened.getGlyphOrder()[0], opened.getGlyphSet()
        mapped = [c for c in characters if cmap.get(ord(c), first) != first]
        pictures = {char: picture(font, char) for char in [UNMAPPED, *mapped]}
        shared = Counter(pictures[c] for c in mapped)
        faults = dict.fromkeys(set(characters) - set(mapped), "not in the map")
        for char in mapped:
            size, _, ink = pictures[char]
            if not any(ink) and not char.isspace():
                faults[char] = "blank"
            elif alike(size, pictures[UNMAPPED][0]) and outline(glyphs, cmap[ord(char)]) == outline(glyphs, first):
                faults[char] = "the missing-glyph box"
            elif shared[pictures[char]] > MOST_ALIKE and any(ink):
                faults[char] = f"like {shared[pictures[char]]} others"
    return faults


def picture(font, char):
    mask, offset = font.getmask2(char, mode="L")
    return mask.size, offset, bytes(mask)


def alike(size, other):
    """Whether two pictures may be of one outline: Pillow fits letters to the grid, but not the missing-glyph box."""
    return all(abs(a - b) <= 2 for a, b in zip(size, other, strict=True))


def outline(glyphs, name):
    pen = RecordingPen()
    glyphs[name].draw(pen)
    return pen.value


def accepted(ref, characters):
    """What this project would draw; each with ink in each of its glyphs."""
    face = Face(ref)
    kept = []
    for char in characters:
        run = face.place(char)
        if run is None:
            continue
        assert char.isspace() or all(face.draw(g, SIZE).ink.any() for g in run.glyphs), (ref.name, char)
        kept.append(char)
    return kept


@pytest.mark.skipif(not SHARED.exists(), reason="the dictionary ppocr_keys_v1 is not beside the repository")
def test_no_font_of_the_system_shows_anything_but_the_character():
    characters = [line for line in SHARED.read_text(encoding="utf-8").split("\n") if line]
    refs = find_fonts([FontChoice(name="*")], Path.cwd()).faces
    lies, over = {}, {}
    for ref in refs:
        kept, faults = accepted(ref, characters), judged(ref, characters)
        lies |= {(ref.name, c): faults[c] for c in kept if c in faults}
        over[ref.name] = [c for c in characters if c not in faults and c not in kept]
    assert lies == {}
    # Honest, not timid: next to nothing that the judge finds sound is refused.
    assert {name: refused for name, refused in over.items() if len(refused) > 3} == {}


def test_the_judge_catches_fonts_that_lie(make_font, tmp_path):
    strokes = {c: ((50, 0, 100 + ord(c) % 97 * 4, 600),) for c in "ABC"}
    box = ((100, 0, 500, 700),)
    smudge = dict.fromkeys("中国上下左右前后", ((0, 0, 500, 300),))
    ref = FaceRef(make_font(tmp_path / "lies.ttf", strokes | smudge | {"D": (), "E": box}), 0, "", "")
    faults = judged(ref, "ABCDEF中国上下左右前后")
    assert sorted(faults) == sorted("DEF中国上下左右前后")
    assert accepted(ref, "ABCDEF中国上下左右前后") == ["A", "B", "C"]
