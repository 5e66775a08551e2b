"""From a text to glyphs in order of drawing: HarfBuzz, run by run, along a line or down a column."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Literal, NamedTuple

import uharfbuzz as hb
from fontTools.unicodedata import script

from .bidi import mixed_direction, visual_spans

EM = 65536  # all measures are in 1/65536 of the em: whole numbers add up the same in any order
# A glyph that stands upright in a column. Columns are laid out turned counter-clockwise, top to the left, as lines
# are read, so this glyph lies on its back: what it draws is the glyph turned counter-clockwise.
TURNED = 1 << 20
Vertical = Literal["sideways", "upright"]
STACKED_SCRIPTS = {"Latn", "Grek", "Cyrl", "Zyyy", "Zinh"}
BRACKETS_AND_DASHES = {"Ps", "Pe", "Pi", "Pf", "Pd"}
TURNING = "ー…‥〜～｜＿￣゠"  # beside brackets and dashes: what runs along the column
CORNERED = "、。，．"  # they stand at the cell's upper right; a font without vertical forms has them at the lower left
CORNER = EM * 9 // 16
KNOWN = 50_000
PROBE = "中国你好上下一年の가"
SLACK = EM // 20  # how far ink may stand out of its cell


class Run(NamedTuple):
    """The glyphs of a line in order of drawing: ids, advances to the next, offsets from the pen, in 1/EM.

    clusters: where in the text the first of the characters stands that the glyph is for (several glyphs may be for one
    character, one glyph for several; from right to left they fall).
    """

    glyphs: list[int]
    advances: list[int]
    dx: list[int]
    dy: list[int]
    clusters: list[int]


class UnclearOrder(ValueError):
    """Nobody can say for sure in which order the characters of the text stand."""


def joined(runs: list[Run]) -> Run:
    """Runs one after the other."""
    return Run(*([value for run in runs for value in run[column]] for column in range(len(Run._fields))))


def shape(font: hb.Font, text: str) -> Run:
    """The glyphs of a line: kerning, ligatures, marks, joined letters; mixed directions in the order that is seen.

    Raises UnclearOrder.
    """
    if text.isascii() or not mixed_direction(text):
        return _along(font, text, 0, len(text), "")
    spans = visual_spans(text)
    if spans is None:
        raise UnclearOrder(text)
    runs = (_along(font, text, s.start, s.stop, "ltr" if s.rightwards else "rtl") for s in spans)
    return joined(list(runs))


def _buffer(font: hb.Font, text: str, start: int, stop: int, direction: str) -> hb.Buffer:
    buffer = hb.Buffer()
    buffer.add_str(text, start, stop - start)
    if direction:
        buffer.direction = direction
    buffer.language = "und"  # else that of the user's locale, which would choose other forms on other machines
    buffer.guess_segment_properties()
    return buffer


def _along(font: hb.Font, text: str, start: int, stop: int, direction: str) -> Run:
    buffer = _buffer(font, text, start, stop, direction)
    hb.shape(font, buffer)
    infos, places = buffer.glyph_infos, buffer.glyph_positions or []  # None where the text is empty
    return Run(
        [i.codepoint for i in infos],
        [p.x_advance for p in places],
        [p.x_offset for p in places],
        [p.y_offset for p in places],
        [i.cluster for i in infos],
    )


def _own_metrics(buffer: hb.Buffer) -> Run:
    """What HarfBuzz says of a column, turned: (x, y) goes to (-y, x)."""
    places = buffer.glyph_positions
    return Run([], [-p.y_advance for p in places], [-p.y_offset for p in places], [p.x_offset for p in places], [])


class Columns:
    """Shapes columns of one font, turned counter-clockwise: the pen runs from the column's top to the right."""

    def __init__(self, font: hb.Font) -> None:
        self._font = font
        features = font.face.get_language_feature_tags("GSUB")
        # `vrt2` alone: fonts older than `vert`. With both, `vert` is what other programs show.
        self._features = {"vrt2": "vert" not in features}
        self._upright: dict[tuple[str, bool], bool] = {}
        self._axis: int | None = None
        self._even: bool | None = None  # a cell of one em for each: some fonts' own metrics pile characters up

    def shape(self, text: str, stacked: bool) -> Run:
        """The glyphs of a column; stacked: letters and digits stand upright one below the other, else they lie."""
        runs = []
        start = 0
        for upright, group in groupby(self._standing(text, stacked)):
            stop = start + len(list(group))
            runs.append(self._down(text, start, stop) if upright else self._lying(text[start:stop], start))
            start = stop
        return joined(runs)

    def _standing(self, text: str, stacked: bool) -> list[bool]:
        """For each character whether it stands upright; marks, joiners and spaces do as what they follow."""
        standing: list[bool] = []
        for char in text:
            if standing and (char == " " or unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")):
                standing.append(standing[-1])
                continue
            known = self._upright.get((char, stacked))
            if known is None:
                if len(self._upright) >= KNOWN:
                    self._upright.clear()
                known = self._upright[char, stacked] = self._stands(char, stacked)
            standing.append(known)
        return standing

    def _stands(self, char: str, stacked: bool) -> bool:
        category = unicodedata.category(char)
        width = unicodedata.east_asian_width(char)
        if category in BRACKETS_AND_DASHES or char in TURNING:
            # Upright in its vertical form; the horizontal form of a font that has no other is turned with the column.
            return self._down(char, 0, 1).glyphs[0] & ~TURNED != self._font.get_nominal_glyph(ord(char))
        if width in ("W", "F") or (width == "A" and category in ("No", "So")):
            return True
        return stacked and script(char) in STACKED_SCRIPTS

    def _down(self, text: str, start: int, stop: int) -> Run:
        buffer = _buffer(self._font, text, start, stop, "ttb")
        hb.shape(self._font, buffer, self._features)
        glyphs = [i.codepoint for i in buffer.glyph_infos]
        clusters = [i.cluster for i in buffer.glyph_infos]
        if self._even is None:
            self._even = False  # for the probe itself
            self._even = not self._fits()
        run = self._evenly(glyphs) if self._even else _own_metrics(buffer)
        for i, (glyph, at) in enumerate(zip(glyphs, clusters, strict=True)):
            if text[at] in CORNERED and glyph == self._font.get_nominal_glyph(ord(text[at])):
                run.dx[i] -= CORNER
                run.dy[i] += CORNER
        return run._replace(glyphs=[g | TURNED for g in glyphs], clusters=clusters)

    def _evenly(self, glyphs: list[int]) -> Run:
        half = [-self._font.get_glyph_h_advance(g) // 2 for g in glyphs]
        return Run(glyphs, [EM] * len(glyphs), [self._middle() + EM // 2] * len(glyphs), half, [])

    def _fits(self) -> bool:
        """Whether the font's vertical metrics keep common characters inside of their cells."""
        for char in PROBE:
            if not self._font.get_nominal_glyph(ord(char)):
                continue
            run = self._down(char, 0, 1)
            extents = self._font.get_glyph_extents(run.glyphs[0] & ~TURNED)
            start = run.dx[0] - extents.y_bearing
            if start < -SLACK or start - extents.height > run.advances[0] + SLACK:
                return False
        return True

    def _lying(self, text: str, start: int) -> Run:
        run = shape(self._font, text)
        down = self._middle()
        return run._replace(dy=[y - down for y in run.dy], clusters=[c + start for c in run.clusters])

    def _middle(self) -> int:
        """The height above the baseline that comes to lie on the column's axis."""
        if self._axis is None:
            self._axis = 0
            for char in "中国Hx0":
                extents = self._font.get_glyph_extents(self._font.get_nominal_glyph(ord(char)) or 0)
                if self._font.get_nominal_glyph(ord(char)) and extents is not None:
                    self._axis = extents.y_bearing + extents.height // 2
                    break
        return self._axis
