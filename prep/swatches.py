"""A picture of learnt colours for people: the word "Ink" in each pair, the frequent ones larger."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..datasets.images import Image
from .colours import Colours, bgr

WIDTH = 960
GAP = 4
SIZES = (72, 48, 32)


def swatches(colours: Colours) -> Image:
    """(H, WIDTH, 3) BGR, pairs in the order of the file; a pair's area grows with its weight in three steps."""
    heaviest = max(p.weight for p in colours.pairs)
    rows: list[list[Image]] = []
    for pair in colours.pairs:
        size = SIZES[min(int(math.log2(heaviest / pair.weight) / 2), len(SIZES) - 1)]
        box = _swatch(bgr([pair.ink])[0], bgr([pair.paper])[0], size)
        row = rows[-1] if rows else []
        if not row or len(row[0]) != size or (len(row) + 1) * (box.shape[1] + GAP) > WIDTH:
            row = []
            rows.append(row)
        row.append(box)
    return np.concatenate([_strip(row) for row in rows])


def _swatch(ink: Image | np.ndarray, paper: Image | np.ndarray, size: int) -> Image:
    box = np.empty((size, size * 2, 3), np.uint8)
    box[:] = np.rint(paper)
    place = (size // 4, size * 2 // 3)
    cv2.putText(box, "Ink", place, cv2.FONT_HERSHEY_SIMPLEX, size / 42, ink.tolist(), max(1, size // 16), cv2.LINE_AA)
    return box


def _strip(row: list[Image]) -> Image:
    strip = np.full((len(row[0]) + GAP, WIDTH, 3), 255, np.uint8)
    x = GAP // 2
    for box in row:
        strip[GAP // 2 : GAP // 2 + len(box), x : x + box.shape[1]] = box
        x += box.shape[1] + GAP
    return strip
