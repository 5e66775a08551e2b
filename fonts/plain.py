"""Batches of lines whose characters stand by their advances alone: their glyphs by tables, not letter by letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .face import PLAIN, Faces
from .glyphs import GlyphTable

Integers = NDArray[np.int64]

CODES = 1 << 16  # every character of `PLAIN` has a code below
OTHER, NEW = 0, -1  # instead of a column: characters for HarfBuzz, and those that no line had so far
LACKED, UNKNOWN = -1, -2  # instead of a row: not in this face or not by its advance alone, and not asked for so far
MOST = 4_000_000  # entries of a table; further characters go to HarfBuzz
FIRST = 1024


@dataclass(slots=True)
class Placed:
    """The glyphs of lines, one behind the other: rows of the glyph table and advances in 1/EM, (G,) each.

    counts: (n,) glyphs of each line.
    """

    rows: Integers
    advances: Integers
    counts: Integers

    def take(self, lines: NDArray[np.bool_]) -> Placed:
        """Some of the lines."""
        inside = np.repeat(lines, self.counts)
        return Placed(self.rows[inside], self.advances[inside], self.counts[lines])


class PlainLines:
    """Places lines of plain characters. allowed: other characters are not looked at; None: all are."""

    def __init__(self, faces: Faces, table: GlyphTable, allowed: Sequence[str] | None = None) -> None:
        self._faces = faces
        self._table = table
        self._columns = np.array([NEW if PLAIN.fullmatch(chr(c)) else OTHER for c in range(CODES)], np.int32)
        if allowed is not None:
            known = np.zeros(CODES, np.bool_)
            known[[ord(c) for c in allowed if ord(c) < CODES]] = True
            self._columns[~known] = OTHER
        self._codes = [0]
        self._rows = np.full((len(faces.refs), FIRST), UNKNOWN, np.int32)
        self._rows[:, OTHER] = LACKED
        self._advances = np.zeros_like(self._rows)

    def place(self, texts: Sequence[str], faces: Integers) -> tuple[NDArray[np.bool_], Placed]:
        """Which of the lines stand by advances alone, each in its face, and the glyphs of these lines."""
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        counts = np.array([len(text) for text in texts], np.int64)
        codes = np.minimum(codes, CODES - 1)
        columns = self._columns[codes]
        if columns.min(initial=OTHER) < OTHER:
            self._number(np.unique(codes[columns == NEW]).tolist())
            columns = self._columns[codes]
        face = np.repeat(faces, counts)
        rows = self._rows[face, columns]
        unknown = np.flatnonzero(rows == UNKNOWN)
        if len(unknown):
            for pair in set(zip(face[unknown].tolist(), columns[unknown].tolist(), strict=True)):
                self._ask(*pair)
            rows = self._rows[face, columns]
        lacking = np.repeat(np.arange(len(counts)), counts)[rows < 0]
        able = counts > 0
        able[lacking] = False
        placed = Placed(rows.astype(np.int64), self._advances[face, columns].astype(np.int64), counts)
        return able, placed if able.all() else placed.take(able)

    def _number(self, codes: list[int]) -> None:
        """Give columns to characters."""
        for code in codes:
            if (len(self._codes) + 1) * len(self._rows) > MOST:
                self._columns[self._columns == NEW] = OTHER
                return
            self._columns[code] = len(self._codes)
            self._codes.append(code)
            if len(self._codes) > self._rows.shape[1]:
                wider = np.full_like(self._rows, UNKNOWN)
                self._rows = np.concatenate([self._rows, wider], axis=1)
                self._advances = np.concatenate([self._advances, np.zeros_like(wider)], axis=1)

    def _ask(self, face: int, column: int) -> None:
        opened = self._faces[face]
        run = opened.place(chr(self._codes[column])) if opened.plain else None
        self._rows[face, column] = LACKED
        if run is not None:
            self._rows[face, column] = self._table.row(face, run.glyphs[0])
            self._advances[face, column] = run.advances[0]
