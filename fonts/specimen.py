"""Drawn lines without any effect: what a face really shows."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from .face import EM, Face, Run


def draw_run(face: Face, run: Run, size: int) -> tuple[NDArray[np.uint8], int]:
    """(H, W) uint8 ink of a run at `size` px per em, cropped to it, and how many px the baseline lies below its top.

    A column's run gives the column turned counter-clockwise. Nothing but spaces gives a (0, 0) array.
    """
    pens = [0, *accumulate(run.advances)]
    placed = []
    for glyph, pen, dx, dy in zip(run.glyphs, pens, run.dx, run.dy, strict=False):
        drawn = face.draw(glyph, size)
        if drawn is not None:
            x = ((pen + dx) * size + EM // 2) // EM + drawn.left
            placed.append((drawn.ink, x, -((dy * size + EM // 2) // EM) - drawn.top))
    if not placed:
        return np.zeros((0, 0), np.uint8), 0
    left, top = min(x for _, x, _ in placed), min(y for _, _, y in placed)
    right = max(x + ink.shape[1] for ink, x, _ in placed)
    bottom = max(y + ink.shape[0] for ink, _, y in placed)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for ink, x, y in placed:
        part = canvas[y - top : y - top + ink.shape[0], x - left : x - left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    # A glyph's bitmap may be larger than its ink: it holds the control points of its curves.
    rows, columns = np.flatnonzero(canvas.any(1)), np.flatnonzero(canvas.any(0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], -top - int(rows[0])
