"""Whether a face really shows a character: a glyph in the map is a promise, its drawing is the proof."""

from __future__ import annotations

import io
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb
from fontTools.cffLib import CFFFontSet
from fontTools.ttLib import TTLibError

from .shape import EM

if TYPE_CHECKING:
    from .face import Face

PROBE_SIZE = 32  # px per em: small, yet different characters look different
# So many unrelated characters may look alike before their picture counts as a stand-in for what the font lacks. Real
# fonts reach 6 (I, Greek and Cyrillic I, palochka, Roman one, Lisu ...), and 3 among Han characters.
ALIKE, ALIKE_HAN = 8, 4
WIDEST, TALLEST = 12 * EM, 5 * EM  # one Arabic ligature of a whole phrase needs 10 em
OUTSIDE = 2 * EM  # how far a glyph's ink may stand out of its own advance
KNOWN = 50_000
# Their capital looks the same by right.
ONE_CASE = "ӏ"
NO_ADVANCE = ("Mn", "Mc", "Me", "Cf", "Lm", "Sk")

# What fontTools raises where a table is damaged.
UNREADABLE = (TTLibError, struct.error, AssertionError, ValueError, LookupError, TypeError, AttributeError, EOFError)

MISSING, BLANK, PLACEHOLDER, BROKEN, CAPITAL = (
    "missing_glyph",
    "blank_glyph",
    "placeholder_glyph",
    "broken_glyph",
    "capital_glyph",
)


class Coverage(dict[str, int]):
    """The glyph of each character that the face shows, 0 for the others; found on first use, at most `KNOWN` kept."""

    def __init__(self, face: Face, font: hb.Font) -> None:
        super().__init__()
        self._face = face
        self._font = font
        self._stand_ins: set[int] | None = None
        self._boxes: set[bytes] | None = None

    def __missing__(self, char: str) -> int:
        if len(self) >= KNOWN:
            self.clear()
        glyph = self._font.get_nominal_glyph(ord(char)) or 0
        self[char] = glyph = 0 if glyph and self.fault(char) else glyph
        return glyph

    def fault(self, char: str) -> str:
        """Why the face does not show this character: the reason of a refusal; empty where it does."""
        glyph = self._font.get_nominal_glyph(ord(char))
        if not glyph:
            return MISSING
        if char.isspace() or unicodedata.category(char) == "Cf":
            return ""
        box = self._face.box(glyph)
        if box is None:
            return BLANK
        if self._broken(char, glyph, box):
            return BROKEN
        picture = self._face.picture(glyph, PROBE_SIZE)
        if not picture:
            return BLANK
        if picture in self.boxes or glyph in self.stand_ins:
            return PLACEHOLDER if char != "\ufffd" else ""
        return CAPITAL if self._is_capital(char, picture) else ""

    def drawn(self, char: str) -> bytes | None:
        """The picture of a character, whatever it shows; None where it has none or its outline is broken."""
        glyph = self._font.get_nominal_glyph(ord(char))
        box = self._face.box(glyph) if glyph else None
        if not glyph or box is None or self._broken(char, glyph, box):
            return None
        return self._face.picture(glyph, PROBE_SIZE) or None

    def _broken(self, char: str, glyph: int, box: tuple[int, int, int, int]) -> bool:
        """Enormous, far from its place, or standing on its neighbour."""
        left, bottom, right, top = box
        advance = self._font.get_glyph_h_advance(glyph)
        if right - left > WIDEST or top - bottom > TALLEST or max(top, -bottom) > TALLEST or abs(advance) > WIDEST:
            return True
        if unicodedata.category(char) in NO_ADVANCE:
            return False
        return advance <= 0 or left < -OUTSIDE or right > advance + OUTSIDE

    def _is_capital(self, char: str, picture: bytes) -> bool:
        """Whether a small letter is drawn as its capital: a label with it would say what the picture does not show."""
        upper = char.upper()
        if not char.islower() or len(upper) != 1 or upper == char or char in ONE_CASE:
            return False
        capital = self._font.get_nominal_glyph(ord(upper))
        return bool(capital) and self._face.picture(capital, PROBE_SIZE) == picture

    @property
    def boxes(self) -> set[bytes]:
        """The pictures by which this face says that it lacks a character."""
        if self._boxes is None:
            glyphs = {0, self._font.get_nominal_glyph(0xFFFD) or 0}
            self._boxes = {p for g in glyphs if (p := self._face.picture(g, PROBE_SIZE))}
        return self._boxes

    @property
    def stand_ins(self) -> set[int]:
        """The glyphs that many unrelated characters share, by number or by equal outlines."""
        if self._stand_ins is None:
            self._stand_ins = _stand_ins(self._font)
        return self._stand_ins


def _stand_ins(font: hb.Font) -> set[int]:
    by_glyph: dict[int, list[int]] = defaultdict(list)
    for code in font.face.unicodes:
        glyph = font.get_nominal_glyph(code)
        if glyph:
            by_glyph[glyph].append(code)
    by_outline: dict[bytes, list[int]] = defaultdict(list)
    for glyph, outline in enumerate(_outlines(font.face)):
        if outline and glyph in by_glyph:
            by_outline[outline].append(glyph)
    groups = [g for g in by_outline.values() if len(g) > 1] + [[g] for g, codes in by_glyph.items() if len(codes) > 1]
    return {g for group in groups if _unrelated([c for g in group for c in by_glyph[g]]) for g in group}


def _unrelated(codes: list[int]) -> bool:
    """Whether these characters are too many and too different to look the same by right."""
    if len(codes) <= ALIKE_HAN:
        return False
    seen = {unicodedata.normalize("NFKC", chr(c)).casefold() for c in codes}
    seen = {s for s in seen if s.strip() and unicodedata.category(s[0]) not in ("Cc", "Cf", "Co", "Cn")}
    return len(seen) > ALIKE or sum("\u3400" <= s <= "\u9fff" or s >= "\U00020000" for s in seen) > ALIKE_HAN


def _outlines(face: hb.Face) -> Iterator[bytes]:
    """The encoded outline of each glyph, as far as the tables can be read."""
    data = face.reference_table("glyf").data  # empty where there is none
    if data:
        head = face.reference_table("head").data
        long = len(head) > 51 and head[51]
        offsets = face.reference_table("loca").data
        scale, size = (1, 4) if long else (2, 2)
        loca = np.frombuffer(offsets[: len(offsets) // size * size], f">u{size}").tolist()
        for start, stop in pairwise(loca):
            yield data[start * scale : stop * scale]
    elif compact := face.reference_table("CFF ").data:
        fonts = CFFFontSet()
        try:
            fonts.decompile(io.BytesIO(compact), None)
            index = fonts[0].CharStrings.charStringsIndex
        except UNREADABLE:
            return  # what cannot be read by fontTools may still draw; shared numbers are found all the same
        for start, stop in pairwise(index.offsets):
            yield compact[start + index.offsetBase : stop + index.offsetBase]
