"""Glyph measures in one table for all faces, and drawn glyphs in a bounded cache."""

from __future__ import annotations

import ctypes
import struct
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .face import Faces, Glyph

RECORD = struct.Struct("=Q6i")
BLOCK = 16  # bytes: what a record's rows are filled up to
CACHE_BYTES = 96 << 20
OVERHEAD = 350  # what Python and numpy need for one cached glyph beside its pixels
FAR = 1 << 30  # an empty box, (FAR, FAR, -FAR, -FAR), never wins a minimum or maximum


class GlyphTable:
    """Rows (left, bottom, right, top) in 1/EM, one for each (face, glyph) that was asked for.

    Rows are numbered in order of asking, which no picture depends on.
    """

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self._rows: list[dict[int, int]] = [{} for _ in faces.refs]
        self._owners: list[tuple[int, int]] = []
        self.boxes: NDArray[np.int64] = np.zeros((1024, 4), np.int64)

    def row(self, face: int, glyph: int) -> int:
        """The row of a glyph."""
        rows = self._rows[face]
        row = rows.get(glyph)
        if row is None:
            row = rows[glyph] = len(self._owners)
            self._owners.append((face, glyph))
            if row == len(self.boxes):
                self.boxes = np.concatenate([self.boxes, np.zeros_like(self.boxes)])
            self.boxes[row] = self._faces[face].box(glyph) or (FAR, FAR, -FAR, -FAR)
        return row

    def rows(self, face: int, glyphs: list[int]) -> list[int]:
        """The rows of several glyphs of a face."""
        rows = self._rows[face]
        return [rows[g] if g in rows else self.row(face, g) for g in glyphs]

    def owner(self, row: int) -> tuple[int, int]:
        """(face, glyph) of a row."""
        return self._owners[row]


class GlyphCache:
    """Drawn glyphs by size and row. When it is full the oldest half goes: hits stay one look-up."""

    NOTHING: ClassVar[int] = 1

    def __init__(self, faces: Faces, table: GlyphTable, limit: int = CACHE_BYTES) -> None:
        self.faces = faces
        self._table = table
        self._limit = limit
        self._bytes = 0
        self._cache: dict[tuple[int, int], Glyph | None] = {}
        self._addresses: dict[int, NDArray[np.uint64]] = {}
        self._held: dict[tuple[int, int], object] = {}
        self._gone: list[object] = []  # forgotten since addresses were asked for

    def __len__(self) -> int:
        return len(self._cache)

    def get(self, size: int, row: int) -> Glyph | None:
        """The glyph of `row` at `size` pixels per em; None where it shows nothing or `.notdef`."""
        key = (size, row)
        if key in self._cache:
            return self._cache[key]
        face, number = self._table.owner(row)
        glyph = self.faces[face].draw(number, size)
        self._cache[key] = glyph
        self._bytes += _bytes(glyph)
        if self._bytes > self._limit:
            self._forget()
        return glyph

    def addresses(self, sizes: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """(G,) where records of glyphs lie for code outside of Python: address of the ink, width, height, left, top.

        `NOTHING` where a glyph shows nothing although it is no space, 0 where the cache is too small for all of them.
        They stay until other addresses are asked for.
        """
        self._gone.clear()
        found = np.zeros(len(rows), np.uint64)
        for size in np.unique(sizes).tolist():
            here = np.flatnonzero(sizes == size)
            known = self._known(size)
            missing = rows[here[known[rows[here]] == 0]]
            # By face: another face or size costs the font library as much as a glyph.
            for row in sorted(set(missing.tolist()), key=self._table.owner):
                self._record(size, row)
            found[here] = known[rows[here]]
        return found

    def _known(self, size: int) -> NDArray[np.uint64]:
        """The addresses of all rows of the table at a size, 0 for those that are not known."""
        known = self._addresses.get(size)
        rows = len(self._table.boxes)
        if known is None:
            known = self._addresses[size] = np.zeros(rows, np.uint64)
        elif len(known) < rows:
            known = self._addresses[size] = np.concatenate([known, np.zeros(rows - len(known), np.uint64)])
        return known

    def _record(self, size: int, row: int) -> None:
        key, known = (size, row), self._addresses[size]
        glyph = self.get(size, row)
        if glyph is None and not self.is_space(row):
            known[row] = self.NOTHING
        if known[row] or key not in self._cache:
            return
        high, wide = glyph.ink.shape if glyph else (0, 0)
        ink = np.zeros((high, -(-wide // BLOCK) * BLOCK), np.uint8)
        if glyph:
            ink[:, :wide] = glyph.ink
            self._cache[key] = Glyph(ink[:, :wide], glyph.left, glyph.top)  # the same pixels for both
        place = (glyph.left, glyph.top) if glyph else (0, 0)
        record = ctypes.create_string_buffer(RECORD.pack(ink.ctypes.data, wide, high, *place, ink.shape[1], 0))
        self._held[key] = record, ink
        known[row] = ctypes.addressof(record)

    def is_space(self, row: int) -> bool:
        """Whether the glyph of `row` has no outline, as a space has none."""
        return bool(self._table.boxes[row, 0] == FAR)

    def describe(self, row: int) -> str:
        """Glyph and font of a row, for people."""
        face, glyph = self._table.owner(row)
        return f"glyph {glyph} shows nothing or the font's missing-glyph box, font {self.faces.refs[face].name}"

    def _forget(self) -> None:
        for key in list(self._cache)[: len(self._cache) // 2 + 1]:
            self._bytes -= _bytes(self._cache.pop(key))
            if key in self._held:
                self._gone.append(self._held.pop(key))
            if key[0] in self._addresses:
                self._addresses[key[0]][key[1]] = 0


def _bytes(glyph: Glyph | None) -> int:
    return OVERHEAD + (glyph.ink.size if glyph is not None else 0)
