"""The edges of a text's box along which it is set anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...prep.rectify import VERTICAL_RATIO

Points = NDArray[np.float64]


def frame(points: NDArray[np.float32]) -> tuple[Points, Points, Points]:
    """Where a text begins, where it ends, both above, and where it begins below; (2,) each.

    Of a polygon only the rectangle around it is known. A column is a line that runs downwards.
    """
    corners = points.astype(float)
    if len(corners) != 4:
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    first, second, last = corners[0], corners[1], corners[3]
    if np.hypot(*(last - first)) >= VERTICAL_RATIO * np.hypot(*(second - first)):
        return second, second + last - first, first
    return first, second, last
