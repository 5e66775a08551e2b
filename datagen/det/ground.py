"""Where text may stand: flat, even places that nothing else has taken, found by sums over cells."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from ..rng import Floats

CELL = 8  # px
TAKEN_RIM = 2  # cells around what is taken
ROUGH = 4  # times the mean gradient that is allowed: no cell may have more, so that no edge runs through a text
LIGHT = 25  # cells over which brightness is averaged to tell light from things
Sums = NDArray[np.float64]
Mask = NDArray[np.uint8]


class Ground:
    """A backdrop's texture and brightness by cell, and the places taken so far.

    shade: (H, W) uint8, its brightness without details: the light that text and panels take on.
    """

    def __init__(self, image: Image) -> None:
        height, width = image.shape[:2]
        size = (-(-width // CELL), -(-height // CELL))
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        # At half the size noise of single pixels is gone, and strokes of small print are still there.
        half = cv2.resize(grey, (max(width // 2, 2), max(height // 2, 2)), interpolation=cv2.INTER_AREA)
        steps = np.zeros_like(half)
        steps[:, 1:] = cv2.absdiff(half[:, 1:], half[:, :-1])
        steps[1:] = cv2.add(steps[1:], cv2.absdiff(half[1:], half[:-1]))
        brightness = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        self._texture = cv2.resize(steps, size, interpolation=cv2.INTER_AREA)
        self._steps = cv2.integral(self._texture)
        self._sum, self._squares = cv2.integral2(brightness)
        self._taken = np.zeros((size[1], size[0]), np.uint8)
        self.width, self.height = width, height
        smooth = cv2.blur(brightness, (LIGHT, LIGHT))
        self.shade: Mask = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)

    def find(self, size: Floats, lot: float, flat: float, even: float) -> Floats | None:
        """The middle (x, y), px, of one of the free places of `size` (width, height) that are flat and even enough.

        lot: 0..1, which of them. flat: levels per px of mean gradient; even: standard deviation of luminance.
        """
        wide, high = (int(-(-v // CELL)) for v in size.tolist())
        rows, columns = self._taken.shape
        if wide > columns or high > rows:
            return None
        cells = wide * high
        free = _windows(cv2.integral(self._taken), wide, high) == 0
        mean = _windows(self._sum, wide, high) / cells
        variance = _windows(self._squares, wide, high) / cells - mean * mean
        quiet = _windows(self._steps, wide, high) <= flat * cells
        rough = (self._texture > ROUGH * flat).view(np.uint8)
        smooth = _windows(cv2.integral(rough), wide, high) == 0
        found = np.flatnonzero(free & quiet & smooth & (variance <= even * even))
        if not len(found):
            return None
        row, column = divmod(int(found[int(lot * len(found))]), columns - wide + 1)
        middle = np.array([column + wide / 2, row + high / 2]) * CELL
        # The last cells reach over the picture's edge where its size is no multiple of a cell.
        return np.clip(middle, size / 2, np.maximum(np.array([self.width, self.height]) - size / 2, size / 2))

    def free(self, quad: Floats) -> bool:
        """Whether nothing is taken inside of the quad (4, 2), px."""
        return not cv2.countNonZero(cv2.bitwise_and(self._taken, self._cells(quad)))

    def take(self, polygon: Floats) -> None:
        """Mark the polygon, (k, 2) px, and a rim around it as taken."""
        self._taken |= self._cells(polygon)

    def _cells(self, polygon: Floats) -> Mask:
        mask = np.zeros_like(self._taken)
        corners = np.floor(polygon / CELL).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1)
        cv2.polylines(mask, [corners], True, 1, thickness=TAKEN_RIM)
        return mask


def _windows(sums: NDArray[Any], wide: int, high: int) -> Sums:
    """The sum over the window at every position."""
    return np.asarray(sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide], np.float64)
