"""The bitmaps that some fonts hold for small sizes: what screens without smoothing show."""

from __future__ import annotations

import cv2
import freetype
import numpy as np
from numpy.typing import NDArray

from .shape import EM

FLAGS = freetype.FT_LOAD_RENDER | freetype.FT_LOAD_TARGET_MONO
BITMAPS_ONLY = 1 << 14  # FT_LOAD_SBITS_ONLY, for which freetype-py has no name
Bitmap = tuple[NDArray[np.uint8], int, int]


def sizes(face: freetype.Face) -> list[int]:
    """The sizes of which a face holds bitmaps, in px per em."""
    return [size.y_ppem >> 6 for size in face.available_sizes]


class Strike:
    """The bitmaps of one size. Raises LookupError where the face has none of it.

    width: a factor of all widths.
    """

    def __init__(self, face: freetype.Face, size: int, width: float) -> None:
        if size not in sizes(face):
            raise LookupError(size)
        self._face, self._size, self._width = face, size, width
        self._index = sizes(face).index(size)
        self._known: dict[int, tuple[Bitmap | None, int]] = {}

    def bitmap(self, glyph: int) -> Bitmap | None:
        """(H, W) uint8 ink, 0 or 255, its left edge right of the pen and its top above the baseline; None without."""
        return self._read(glyph)[0]

    def advance(self, glyph: int) -> int:
        """In 1/EM."""
        return round(self._read(glyph)[1] * EM * self._width / self._size)

    def box(self, glyph: int) -> tuple[int, int, int, int] | None:
        """(left, bottom, right, top) of the ink in 1/EM; None without ink."""
        bitmap = self.bitmap(glyph)
        if bitmap is None:
            return None
        (high, wide), left, top = bitmap[0].shape, *bitmap[1:]
        across, up = EM * self._width / self._size, EM / self._size
        return round(left * across), round((top - high) * up), round((left + wide) * across), round(top * up)

    def draw(self, glyph: int, size: int) -> Bitmap | None:
        """The bitmap enlarged to `size` px per em, as a screenshot is; None without ink."""
        bitmap = self.bitmap(glyph)
        if bitmap is None:
            return None
        ink, left, top = bitmap
        up, across = size / self._size, size * self._width / self._size
        x, y = round(left * across), round(top * up)
        wide = max(1, round((left + ink.shape[1]) * across) - x)
        high = max(1, y - round((top - ink.shape[0]) * up))
        return np.asarray(cv2.resize(ink, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8), x, y

    def _read(self, glyph: int) -> tuple[Bitmap | None, int]:
        if glyph not in self._known:
            self._known[glyph] = self._load(glyph)
        return self._known[glyph]

    def _load(self, glyph: int) -> tuple[Bitmap | None, int]:
        self._face.select_size(self._index)
        try:
            self._face.load_glyph(glyph, FLAGS | BITMAPS_ONLY)
        except freetype.FT_Exception:
            return None, 0
        slot, bitmap = self._face.glyph, self._face.glyph.bitmap
        advance = slot.advance.x >> 6
        rows = np.array(bitmap.buffer, np.uint8).reshape(bitmap.rows, -1)
        ink = np.unpackbits(rows, axis=1)[:, : bitmap.width] * np.uint8(255) if bitmap.rows else rows
        ys, xs = np.nonzero(ink)
        if not len(ys):
            return None, advance
        cut = ink[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]  # some fonts store whole cells
        return (np.ascontiguousarray(cut), slot.bitmap_left + int(xs.min()), slot.bitmap_top - int(ys.min())), advance
