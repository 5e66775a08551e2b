"""The order in which people read texts on a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

SAME_ROW = 0.5  # of the lower text's height: centres no further apart stand in one row


def reading_order(texts: Sequence[Points]) -> list[int]:
    """Indices from top to bottom, in a row from left to right. Texts are (N, 2) px each."""
    if not texts:
        return []
    low = np.array([t.min(0) for t in texts])
    high = np.array([t.max(0) for t in texts])
    centres, heights = (low[:, 1] + high[:, 1]) / 2, high[:, 1] - low[:, 1]
    rows: list[list[int]] = []
    for i in np.argsort(centres, kind="stable").tolist():
        last = rows[-1][-1] if rows else None
        if last is not None and centres[i] - centres[last] <= SAME_ROW * min(heights[i], heights[last]):
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda k: float(low[k, 0]))]
