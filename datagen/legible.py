"""Whether ink can still be read once it is seen through the lens."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2

from .colours import Ink
from .effects.base import Mask
from .effects.pixels import box

FAINT = 0.5  # of the demanded contrast must be left, on average over the ink, after blur and thinning
SHARP = 0.6  # of 1: what is as strong is surely not blurred beyond reading
NARROW = 0.06  # of the picture's height: half of the width of narrow gaps
WIPED = 0.25  # of 1: a point or comma whose strongest pixel is weaker is lost among the letters


class Gaps(NamedTuple):
    """Pixels of the strokes, of strokes and narrow gaps, and of the strokes and all beside them, and what is seen in
    each."""

    strokes: int
    grown: int
    beside: int
    in_strokes: int
    in_grown: int
    in_beside: int

    @property
    def share(self) -> float:
        """How much stronger strokes are than the narrow gaps between them, of 1.

        Where there are next to none, than the px beside them.
        """
        around, both = self.grown, self.in_grown
        if around < 1.1 * self.strokes:
            around, both = self.beside, self.in_beside
        levels = self.in_strokes
        return (levels / max(self.strokes, 1) - (both - levels) / max(around - self.strokes, 1)) / 255


class Seen(NamedTuple):
    """Sums over the ink seen through the lens, and over its squares; the strongest px of its weakest small mark."""

    total: int
    squares: int
    weakest: int

    def faint(self, shown: float, ink: Ink, between: Callable[[], Gaps]) -> str:
        """Says so where too little is left of the planned contrast `shown`; ink: what is demanded."""
        strength = self.squares / (255 * self.total) if self.total else 0.0
        left = shown * strength
        if left < FAINT * ink.contrast:
            return f"{left:.0f} levels are left of {shown:.0f}"
        if (weakest := self.weakest / 255) < WIPED:
            return f"a small mark is wiped out: {weakest:.0%} of its ink is left at its strongest point"
        if strength < SHARP and (share := between().share) < ink.gaps:
            return f"strokes run together: {share:.0%} of the contrast is left between them and the gaps beside them"
        return ""


def reach(height: int) -> int:
    """Half of the width of narrow gaps in a picture of this height, px."""
    return max(round(NARROW * height), 1)


def gaps(ink: Mask, seen: Mask) -> Gaps:
    """Strokes of the ink and the gaps beside them, as they are seen."""
    strokes = cv2.threshold(ink, cv2.minMaxLoc(ink)[1] / 2, 255, cv2.THRESH_BINARY)[1]
    square = box(reach(ink.shape[0]))
    beside = cv2.dilate(strokes, square)
    areas = (strokes, cv2.erode(beside, square), beside)
    counts = (cv2.countNonZero(area) for area in areas)
    return Gaps(*counts, *(int(cv2.sumElems(cv2.bitwise_and(seen, area))[0]) for area in areas))
