"""Fonts that this program makes: segment displays and dot matrices, for meters and signs."""

from __future__ import annotations

import hashlib
import io
import math
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from ..errors import UserError
from .dots import dot_patterns
from .segments import FOURTEEN, SEVEN, Point, outlines

MADE = "made:"
EPOCH = 2082844800  # 1970 in the font clock: a fixed date, so that the bytes are the same every time
EM = 1000
HEIGHT = 700  # of the figures, above the baseline
LEAST_DOT = 90  # a decimal point that a blur would take away changes the number
ROUND = 8  # corners of a round dot's outline
Shape = tuple[list[Point], bool]  # outline, and whether it is curved


@dataclass(frozen=True, slots=True)
class Style:
    """stroke: thickness of segments, or diameter of dots as a share of their distance. slant: degrees."""

    name: str
    stroke: float
    slant: float = 0.0
    round: bool = True


SEGMENT_STYLES = (
    Style("Regular", 88),
    Style("Slanted", 88, 9),
    Style("Thin", 52),
    Style("Thin Slanted", 52, 12),
    Style("Heavy", 124),
)
# Fourteen segments need room for the diagonals.
FOURTEEN_STYLES = (
    Style("Regular", 60),
    Style("Slanted", 60, 9),
    Style("Thin", 38),
    Style("Thin Slanted", 38, 12),
    Style("Heavy", 76),
)
DOT_STYLES = (
    Style("Round", 0.86),
    Style("Square", 0.8, round=False),
    Style("Fine", 0.6),
    Style("Full", 1.0, round=False),
    Style("Slanted", 0.86, 10),
)
# By name: the family, its styles, and what draws its characters.
KINDS = {
    "segments": ("ocrdata Segments", SEGMENT_STYLES, lambda style: _segments(SEVEN, style)),
    "fourteen": ("ocrdata Fourteen Segments", FOURTEEN_STYLES, lambda style: _segments(FOURTEEN, style)),
    "dots": ("ocrdata Dots", DOT_STYLES, lambda style: _dots(style)),
}


def made_fonts(name: str) -> list[Path]:
    """The font files of a kind (`segments`, `fourteen`, `dots`), or of one style (`dots-fine`), written if need be.

    Raises UserError for an unknown name and where the cache folder cannot be written.
    """
    kind, _, style_name = name.partition("-")
    styles = KINDS[kind][1] if kind in KINDS else ()
    chosen = [s for s in styles if style_name in ("", _slug(s))]
    if not chosen:
        names = [f"{MADE}{k}" for k in KINDS] + [f"{MADE}{k}-{_slug(s)}" for k, (_, ss, _) in KINDS.items() for s in ss]
        raise UserError(f"font '{MADE}{name}': there is no such font; the program makes {', '.join(names)}")
    return [_written(kind, style) for style in chosen]


def cache_folder() -> Path:
    """The user's folder for files that can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ocrdata" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ocrdata"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ocrdata"


def _slug(style: Style) -> str:
    return style.name.lower().replace(" ", "-")


@lru_cache(maxsize=64)
def font_bytes(kind: str, style: Style) -> bytes:
    """The font file: the same bytes every time (with the same version of fontTools)."""
    family, _, draw = KINDS[kind]
    return _build(family, style, draw(style))


def _written(kind: str, style: Style) -> Path:
    data = font_bytes(kind, style)
    # The name holds the hash: a file in use is never changed, whatever version of this program runs beside.
    path = cache_folder() / "fonts" / f"{kind}-{_slug(style)}-{hashlib.sha256(data).hexdigest()[:8]}.ttf"
    try:
        if path.is_file() and path.read_bytes() == data:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: several processes may write the same font at once.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(data)
                file.close()
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"font '{MADE}{kind}': {path.parent} cannot be written ({error.strerror or error})") from error
    return path


def _build(family: str, style: Style, glyphs: Mapping[str, tuple[Sequence[Shape], int]]) -> bytes:
    """A TrueType font. glyphs: for each character its shapes and its advance."""
    names = {char: f"uni{ord(char):04X}" for char in glyphs}
    lean = math.tan(math.radians(style.slant))
    box: list[Shape] = [([(50, 0), (50, HEIGHT), (400, HEIGHT), (400, 0)], False)]
    box += [([(80, 30), (370, 30), (370, HEIGHT - 30), (80, HEIGHT - 30)], False)]
    drawn = {".notdef": _glyph(box, 0.0)} | {names[c]: _glyph(shapes, lean) for c, (shapes, _) in glyphs.items()}
    advances = {".notdef": 450} | {names[c]: advance for c, (_, advance) in glyphs.items()}
    builder = FontBuilder(EM, isTTF=True)
    builder.setupHead(unitsPerEm=EM, created=EPOCH, modified=EPOCH)
    builder.setupGlyphOrder(list(drawn))
    builder.setupCharacterMap({ord(c): n for c, n in names.items()})
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({n: (advances[n], getattr(drawn[n], "xMin", 0)) for n in drawn})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    words = {"familyName": family, "styleName": style.name, "licenseDescription": "Made by ocrdata", "version": "1.0"}
    builder.setupNameTable(words)
    builder.setupOS2(fsType=0, achVendID="OCRD", sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost(isFixedPitch=1)
    file = io.BytesIO()
    builder.font.save(file)
    return file.getvalue()


def _glyph(shapes: Sequence[Shape], lean: float) -> object:
    pen = TTGlyphPen(None)
    for points, curved in shapes:
        at = [(round(x + lean * y), round(y)) for x, y in points]
        if curved:
            pen.qCurveTo(*at, None)
        else:
            pen.moveTo(at[0])
            for point in at[1:]:
                pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def _segments(table: Mapping[str, str], style: Style) -> dict[str, tuple[Sequence[Shape], int]]:
    width, side = (380.0, 60) if table is SEVEN else (480.0, 55)
    parts = outlines(width, HEIGHT, style.stroke, 7)
    if table is SEVEN:
        parts["g"] = parts["middle"]
    glyphs: dict[str, tuple[Sequence[Shape], int]] = {}
    for char, lit in table.items():
        shapes = [([(x + side, y) for x, y in parts[name]], False) for name in lit]
        glyphs[char] = shapes, round(width) + 2 * side
    dot = max(style.stroke * 1.1, LEAST_DOT)
    glyphs["."] = [_dot(side + dot / 2, dot / 2, dot, True)], round(dot) + side
    glyphs[":"] = [_dot(side + dot / 2, y, dot, True) for y in (HEIGHT * 0.3, HEIGHT * 0.7)], round(dot) + 2 * side
    glyphs[" "] = [], round(width) + 2 * side
    return glyphs


def _dots(style: Style) -> dict[str, tuple[Sequence[Shape], int]]:
    step = HEIGHT / 7
    glyphs: dict[str, tuple[Sequence[Shape], int]] = {" ": ([], round(6 * step))}
    for char, places in dot_patterns().items():
        dots = [_dot((x + 1) * step, (6.5 - y) * step, step * style.stroke, style.round) for x, y in places]
        glyphs[char] = dots, round(6 * step)
    return glyphs


def _dot(x: float, y: float, size: float, curved: bool) -> Shape:
    """A round or square dot around (x, y), clockwise; the points of a round one are those of its tangents."""
    corners, radius = (ROUND, size / 2 / math.cos(math.pi / ROUND)) if curved else (4, size / 2 * math.sqrt(2))
    turns = [-math.pi * (2 * k + 1) / corners for k in range(corners)]
    return [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns], curved
