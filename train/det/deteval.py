"""A second opinion on found texts: DetEval, which forgives a text found in parts, or several found as one.

Wolf and Jolion, "Object count/area graphs for the evaluation of object detection and segmentation algorithms", 2006,
with the thresholds of ICDAR2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from .metrics import OVERLAP, Points, shapes

RECALL, PRECISION = 0.8, 0.4  # of areas
IN_PARTS = 0.8  # what a text is worth that was found in parts; several found as one are worth 1 each
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AreaScore:
    """Sums over photos of what true and found texts are worth; they add up."""

    recalled: float = 0.0
    true: int = 0
    right: float = 0.0
    found: int = 0

    @property
    def precision(self) -> float:
        """What found texts are worth on average."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """What true texts are worth on average."""
        return self.recalled / self.true if self.true else 0.0

    @property
    def hmean(self) -> float:
        """The harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: AreaScore) -> AreaScore:
        return AreaScore(
            self.recalled + other.recalled,
            self.true + other.true,
            self.right + other.right,
            self.found + other.found,
        )


def area_score(true: Sequence[Points], ignored: Sequence[bool], found: Sequence[Points]) -> AreaScore:
    """One photo. Ignored texts, and what lies by more than half in one of them, do not count."""
    a, b = shapes(true), shapes(found)
    common = (
        shapely.area(shapely.intersection(a[:, None], b[None])) if len(a) and len(b) else np.zeros((len(a), len(b)))
    )
    inside = common / np.maximum(shapely.area(b)[None], 1e-9)
    keep = ~(inside[np.asarray(ignored, bool)] > OVERLAP).any(0)
    rows = np.flatnonzero(~np.asarray(ignored, bool))
    recall = (common / np.maximum(shapely.area(a)[:, None], 1e-9))[rows][:, keep]
    return _worth(recall, inside[rows][:, keep])


def _worth(recall: Floats, precision: Floats) -> AreaScore:
    """recall, precision: (true, found) shares of the true and of the found area that the two have in common."""
    true, found = np.zeros(len(recall)), np.zeros(recall.shape[1])
    both = (recall >= RECALL) & (precision >= PRECISION)
    for t, f in zip(*np.nonzero(both & (both.sum(0) == 1) & (both.sum(1) == 1)[:, None]), strict=True):
        true[t] = found[f] = 1.0
    for t in np.flatnonzero(true == 0):  # found in parts
        parts = np.flatnonzero((precision[t] >= PRECISION) & (found == 0))
        if len(parts) > 1 and recall[t, parts].sum() >= RECALL:
            true[t], found[parts] = IN_PARTS, IN_PARTS
    for f in np.flatnonzero(found == 0):  # several as one
        many = np.flatnonzero((recall[:, f] >= RECALL) & (true == 0))
        if len(many) and precision[many, f].sum() >= PRECISION:
            found[f], true[many] = 1.0, 1.0
    return AreaScore(float(true.sum()), len(true), float(found.sum()), len(found))
