"""A PDF file of the pages that were read, with their texts to search and to copy.

Written page by page, since the libraries that make PDF files hold all pages in memory until the end.
"""

from __future__ import annotations

import io
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from bidi import get_display
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from ...datasets.images import encode_jpeg
from ...files import whole_file
from ...fonts.bidi import right_to_left
from .frame import frame
from .photo_reader import ReadPage, Text

POINTS_PER_PIXEL = 0.5  # 144 px an inch
ADVANCE = 0.5  # em; of every character, stretched until the text is as wide as its box
CATALOG, PAGES, FONT, OUTLINES, METRICS, FILE, GLYPHS, CHARACTERS = range(1, 9)  # numbers of objects
FONT_OBJECTS = {
    FONT: f"<< /Type /Font /Subtype /Type0 /BaseFont /Blank /Encoding /Identity-H /DescendantFonts [{OUTLINES} 0 R] "
    f"/ToUnicode {CHARACTERS} 0 R >>",
    OUTLINES: "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Blank /CIDSystemInfo << /Registry (Adobe) "
    f"/Ordering (Identity) /Supplement 0 >> /FontDescriptor {METRICS} 0 R /DW {1000 * ADVANCE:.0f} "
    f"/CIDToGIDMap {GLYPHS} 0 R >>",
    METRICS: "<< /Type /FontDescriptor /FontName /Blank /Flags 5 /FontBBox [0 0 500 1000] /ItalicAngle 0 "
    f"/Ascent 1000 /Descent 0 /CapHeight 1000 /StemV 80 /FontFile2 {FILE} 0 R >>",
}


class SearchablePdf:
    """Pages are added one by one; the pictures are stored as JPEG."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._length = file, 0
        self._places = array("Q", [0] * CHARACTERS)  # of objects, by number from 1
        self._pages = array("Q")
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        for number, value in FONT_OBJECTS.items():
            self._object(value.encode(), number)
        for number, data in ((FILE, blank_font()), (GLYPHS, bytes(2 << 16)), (CHARACTERS, _characters())):
            self._stream(zlib.compress(data), f"/Filter /FlateDecode /Length1 {len(data)}", number)

    def add(self, page: ReadPage) -> None:
        """One page: its picture, and its texts, invisible, in their places."""
        rows, columns = page.image.shape[:2]
        width, height = POINTS_PER_PIXEL * columns, POINTS_PER_PIXEL * rows
        picture = self._stream(
            encode_jpeg(page.image, 90),
            f"/Type /XObject /Subtype /Image /Width {columns} /Height {rows} /ColorSpace /DeviceRGB "
            "/BitsPerComponent 8 /Filter /DCTDecode",
        )
        texts = "\n".join(_put(text, height) for text in page.texts)
        drawn = f"q {width} 0 0 {height} 0 0 cm /P Do Q\nBT 3 Tr\n{texts}\nET\n"  # 3: invisible
        content = self._stream(zlib.compress(drawn.encode()), "/Filter /FlateDecode")
        said = (
            f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [0 0 {width} {height}] /Contents {content} 0 R /Resources "
            f"<< /XObject << /P {picture} 0 R >> /Font << /F {FONT} 0 R >> >> >>"
        )
        self._pages.append(self._object(said.encode()))

    def close(self) -> None:
        """Write what says where everything is."""
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self._object(f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode(), PAGES)
        self._object(f"<< /Type /Catalog /Pages {PAGES} 0 R >>".encode(), CATALOG)
        start, count = self._length, len(self._places) + 1
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for place in self._places:
            self._write(f"{place:010} 00000 n \n".encode())
        self._write(f"trailer\n<< /Size {count} /Root {CATALOG} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())

    def _stream(self, data: bytes, said: str, number: int = 0) -> int:
        return self._object(f"<< {said} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream", number)

    def _object(self, value: bytes, number: int = 0) -> int:
        """Write an object, by default under a new number; returns that."""
        if not number:
            self._places.append(0)
            number = len(self._places)
        self._places[number - 1] = self._length
        self._write(f"{number} 0 obj\n".encode() + value + b"\nendobj\n")
        return number

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._length += len(data)


def _put(text: Text, page_height: float) -> str:
    """The operators that set a text into its box. PDF counts from below, and has right-to-left letters as they look."""
    shown = get_display(text.text) if right_to_left(text.text) else text.text
    codes = shown.encode("utf-16-be", "replace")
    first, second, below = (POINTS_PER_PIXEL * point for point in frame(text.points))
    width, height = max(float(np.hypot(*(second - first))), 0.1), max(float(np.hypot(*(below - first))), 0.1)
    cos, sin = (second - first) / width * (1, -1)
    stretch = 100 * width / max(ADVANCE * height * len(codes) / 2, 1e-3)
    matrix = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {below[0]:.3f} {page_height - below[1]:.3f}"
    return f"/F {height:.3f} Tf {stretch:.3f} Tz {matrix} Tm <{codes.hex()}> Tj"


@lru_cache(maxsize=1)
def blank_font() -> bytes:
    """A TrueType font with one glyph for every character: a line there and back, which fills nothing but has extent.

    Without, some readers hold a text that runs downwards for empty.
    """
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((int(1000 * ADVANCE), 1000))
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (int(1000 * ADVANCE), 0)})
    builder.setupHorizontalHeader(ascent=1000, descent=0)
    builder.setupOS2(sTypoAscender=1000, usWinAscent=1000)
    builder.setupPost()
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def _characters() -> bytes:
    """The CMap by which every code means itself, in UTF-16. A range may change only the last byte of a code, and 100
    ranges stand together."""
    ranges = [f"<{high:02x}00> <{high:02x}ff> <{high:02x}00>" for high in range(256)]
    blocks = [ranges[start : start + 100] for start in range(0, 256, 100)]
    body = "\n".join(f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Itself def\n/CMapType 2 def\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n1 begincodespacerange\n"
        f"<0000> <ffff>\nendcodespacerange\n{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


@contextmanager
def searchable_pdf(path: Path) -> Iterator[SearchablePdf]:
    """A PDF file that gets its name when it is whole."""
    with whole_file(path, binary=True) as file:
        pdf = SearchablePdf(file)
        yield pdf
        pdf.close()
