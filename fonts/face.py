"""One face: which characters it has, how they stand on the line, what their glyphs look like."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Literal

import freetype
import numpy as np
import uharfbuzz as hb
from freetype.raw import FT_Load_Glyph, FT_Set_Char_Size, FT_Set_Pixel_Sizes
from numpy.typing import NDArray

from ..errors import UserError
from .bidi import letters_join, mixed_direction, right_to_left, unclear_order
from .coverage import MISSING, Coverage
from .files import FaceRef
from .shape import EM, TURNED, Columns, Run, UnclearOrder, Vertical, shape
from .strikes import Strike, sizes

__all__ = [
    "EM",
    "JOINERS",
    "PLAIN",
    "TURNED",
    "Face",
    "Faces",
    "Glyph",
    "Run",
    "UnclearOrder",
    "Vertical",
    "invisible",
    "mixed_direction",
    "right_to_left",
    "unclear_order",
]

# Unhinted, because layout is unhinted too; no embedded strikes, because they are not the outline.
FLAGS = freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP | freetype.FT_LOAD_RENDER
PUNCTUATION = "，。、：；！？（）《》「」"
PLAIN = re.compile(f"[0-9\u4e00-\u9fff\u3400-\u4dbf{PUNCTUATION}]+")
JOINERS = "\u200c\u200d"
OPEN_FACES = 256


@dataclass(frozen=True, slots=True)
class Glyph:
    """A drawn glyph: (H, W) uint8 ink, its left edge right of the pen and its top edge above the baseline, in px."""

    ink: NDArray[np.uint8]
    left: int
    top: int


class Face:
    """An opened face. Raises UserError where the file turns out broken.

    plain: characters of `PLAIN` stand by their advances alone in this face.
    """

    def __init__(self, ref: FaceRef) -> None:
        self.ref = ref
        try:
            self._ft = freetype.Face(str(ref.path), ref.number)
            self._hb = hb.Font(hb.Face(hb.Blob.from_file_path(str(ref.path)), ref.number))
        except (freetype.FT_Exception, OSError) as error:
            raise UserError(f"font {ref.path}: it cannot be opened ({error})") from error
        self._hb.scale = (round(EM * ref.width), EM)
        self._size = 0
        self._columns: Columns | None = None
        self._glyphs = Coverage(self, self._hb)
        self._strike = self._open_strike() if ref.strike else None
        self._advances = _Advances(self._strike.advance if self._strike else self._hb.get_glyph_h_advance)
        self._notdef: dict[int, Glyph | None] = {}
        if not len(self._hb.face.unicodes):
            what = "HarfBuzz reads no character map in it: it is broken, or a web font (WOFF)"
            raise UserError(f"font {ref.path}: {what}")
        self.plain = self._strike is not None or self._is_plain()

    def _open_strike(self) -> Strike:
        try:
            return Strike(self._ft, self.ref.strike, self.ref.width)
        except LookupError:
            held = ", ".join(map(str, sizes(self._ft))) or "none"
            raise UserError(
                f"font {self.ref.path}: it holds no bitmaps of {self.ref.strike} px (those that it holds: {held})"
            ) from None

    def glyph_ids(self, text: str) -> list[int]:
        """The glyph of each character before shaping; 0 where this face does not show the character."""
        return list(map(self._glyphs.__getitem__, text))

    def missing(self, text: str) -> str:
        """The first character that this face does not show, or nothing."""
        glyphs = self.glyph_ids(text)
        if 0 not in glyphs:
            return ""
        pairs = zip(text, glyphs, strict=True)
        return next((c for c, glyph in pairs if not glyph and c not in JOINERS), "")

    def fault(self, char: str) -> str:
        """Why this face does not show a character, as the reason of a refusal; empty where it does."""
        return self._glyphs.fault(char)

    def refusal(self, text: str) -> tuple[str, str]:
        """Why `place` gave nothing: the reason, and the character at fault where it is one."""
        char = self.missing(text)
        if not char and unclear_order(text):
            return "unclear_order", ""
        return (self.fault(char), char) if char else (MISSING, "")

    def draws(self, char: str) -> bool:
        """Whether the character's glyph has an outline that can be drawn, whatever it shows."""
        return self._glyphs.drawn(char) is not None

    def glyph_name(self, char: str) -> str:
        """What the font calls the glyph of a character; empty where it has none."""
        glyph = self._hb.get_nominal_glyph(ord(char))
        return (self._hb.get_glyph_name(glyph) or "") if glyph else ""

    def characters(self) -> list[str]:
        """All characters that the face's map holds, whether it shows them or not, in order of code."""
        return [chr(c) for c in sorted(self._hb.face.unicodes) if not 0xD800 <= c < 0xE000]

    def place(self, text: str, vertical: Vertical | Literal[False] = False) -> Run | None:
        """The glyphs of a line, or None where a character has no glyph or the order of the characters is unclear.

        vertical: the line is a column, laid out turned counter-clockwise: the pen runs right from the column's top, and
        upright glyphs are `glyph | TURNED`. Letters and digits lie in it ("sideways"), or are stacked ("upright").
        A composed letter that the face lacks counts as missing, although HarfBuzz would try a loose accent.
        """
        glyphs = self.glyph_ids(text)
        if 0 in glyphs and self.missing(text):
            return None
        if not vertical and self.plain and PLAIN.fullmatch(text):
            return self._standing_alone(glyphs)
        if self._strike:
            return None if vertical or letters_join(text) else self._standing_alone(glyphs)
        try:
            run = self.columns.shape(text, vertical == "upright") if vertical else self.shape(text)
        except UnclearOrder:
            return None
        return None if 0 in run.glyphs or TURNED in run.glyphs else run

    def _standing_alone(self, glyphs: list[int]) -> Run:
        zeros = [0] * len(glyphs)
        return Run(glyphs, list(map(self._advances.__getitem__, glyphs)), zeros, zeros, list(range(len(glyphs))))

    def shape(self, text: str) -> Run:
        """The glyphs of a line by HarfBuzz. Raises UnclearOrder (mixed directions)."""
        return shape(self._hb, text)

    @property
    def columns(self) -> Columns:
        """What shapes columns in this face."""
        if self._columns is None:
            self._columns = Columns(self._hb)
        return self._columns

    def _is_plain(self) -> bool:
        """Whether digits, Han and full-width punctuation stand by their advances alone in this face."""
        probe = "".join(a + b for a, b in product("0123456789", repeat=2))
        probe += "1中2国3" + "".join(f"{a}{b}中{a}" for a, b in product(PUNCTUATION, repeat=2))
        ids = {c: self._hb.get_nominal_glyph(ord(c)) or 0 for c in set(probe)}
        known = "".join(c for c in probe if ids[c])
        run = self.shape(known)
        return run.glyphs == [ids[c] for c in known] and run == self._standing_alone(run.glyphs)

    def box(self, glyph: int) -> tuple[int, int, int, int] | None:
        """(left, bottom, right, top) of the outline in 1/EM, y upwards; None for a glyph without ink."""
        if self._strike:
            return self._strike.box(glyph)
        e = self._hb.get_glyph_extents(glyph & ~TURNED)
        if e is None or not e.width or not e.height:
            return None
        left, bottom, right, top = e.x_bearing, e.y_bearing + e.height, e.x_bearing + e.width, e.y_bearing
        return (-top, left, -bottom, right) if glyph & TURNED else (left, bottom, right, top)

    def draw(self, glyph: int, size: int) -> Glyph | None:
        """The glyph at `size` pixels per em; None where it cannot be drawn, shows nothing or is `.notdef`'s box."""
        drawn = self._shown(glyph & ~TURNED, size)
        return _turned(drawn) if drawn is not None and glyph & TURNED else drawn

    def _shown(self, glyph: int, size: int) -> Glyph | None:
        drawn = self._draw(glyph, size)
        if drawn is None or not np.count_nonzero(drawn.ink):
            return None
        if size not in self._notdef:
            self._notdef[size] = self._draw(0, size)
        return None if glyph and _alike(drawn, self._notdef[size]) else drawn

    def picture(self, glyph: int, size: int) -> bytes:
        """What the glyph looks like at `size` pixels per em: equal bytes, equal pictures; empty without ink."""
        drawn = self._draw(glyph, size)
        return _signature(drawn) if drawn is not None and drawn.ink.any() else b""

    def _draw(self, glyph: int, size: int) -> Glyph | None:
        if self._strike:
            bitmap = self._strike.draw(glyph, size)
            return Glyph(*bitmap) if bitmap else None
        # Raw calls: freetype-py's own bitmap.buffer makes a Python list of all pixels.
        handle = self._ft._FT_Face
        if size != self._size:
            if self.ref.width == 1:
                FT_Set_Pixel_Sizes(handle, size, size)
            else:
                FT_Set_Char_Size(handle, round(64 * size * self.ref.width), 64 * size, 72, 72)
            self._size = size
        if FT_Load_Glyph(handle, glyph, FLAGS):
            return None
        slot = handle.contents.glyph.contents
        bitmap = slot.bitmap
        rows, width, pitch = bitmap.rows, bitmap.width, bitmap.pitch
        if not rows or not width:
            return Glyph(np.zeros((0, 0), np.uint8), 0, 0)
        ink = np.frombuffer(ctypes.string_at(bitmap.buffer, rows * pitch), np.uint8).reshape(rows, pitch)
        return Glyph(ink if pitch == width else np.ascontiguousarray(ink[:, :width]), slot.bitmap_left, slot.bitmap_top)


def _turned(glyph: Glyph) -> Glyph:
    """The glyph turned counter-clockwise around its pen."""
    ink = np.ascontiguousarray(np.rot90(glyph.ink))
    return Glyph(ink, -glyph.top, glyph.left + glyph.ink.shape[1])


def _alike(a: Glyph, b: Glyph | None) -> bool:
    if b is None or (a.left, a.top) != (b.left, b.top):
        return False
    return np.array_equal(a.ink, b.ink)


def _signature(glyph: Glyph) -> bytes:
    return bytes(f"{glyph.ink.shape}{glyph.left}{glyph.top}", "ascii") + glyph.ink.tobytes()


def invisible(char: str) -> bool:
    """Whether a character is never visible although fonts may hold it: controls, format marks, variation selectors."""
    if char in JOINERS or char == " ":
        return False
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or 0xFE00 <= ord(char) <= 0xFE0F


class _Advances(dict[int, int]):
    """Advances of glyphs, in 1/EM, found on first use."""

    def __init__(self, ask: Callable[[int], int]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, glyph: int) -> int:
        self[glyph] = advance = int(self._ask(glyph))
        return advance


class Faces:
    """Faces by position in a list, opened on first use; at most `OPEN_FACES` stay open."""

    def __init__(self, refs: list[FaceRef]) -> None:
        self.refs = refs
        self._open: OrderedDict[int, Face] = OrderedDict()

    def __getitem__(self, position: int) -> Face:
        face = self._open.get(position)
        if face is None:
            face = self._open[position] = Face(self.refs[position])
            if len(self._open) > OPEN_FACES:
                self._open.popitem(last=False)
        return face
