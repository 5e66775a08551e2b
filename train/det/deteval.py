"""A second opinion on found texts: DetEval, which forgives a text found in parts, or several found as one.

Wolf and Jolion, "Object count/area graphs for the evaluation of object detection and segmentation algorithms", 2006,
with the thresholds of ICDAR2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metrics import Points, areas

RECALL, PRECISION = 0.8, 0.4  # of areas
IN_PARTS = 0.8  # what a text is worth that was found in parts; several found as one are worth 1 each
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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
    """One photo. Ignored texts, and what lies in one of them by more than 0.4 of its area, do not count."""
    common, area_true, area_found = areas(true, found)
    recall = common / np.maximum(area_true[:, None], 1e-9)
    precision = common / np.maximum(area_found[None], 1e-9)
    care = ~np.asarray(ignored, bool)
    keep = ~(precision[~care] > PRECISION).any(0)
    alone = _alone(recall, precision, care, keep)
    return _worth(recall[care][:, keep], precision[care][:, keep], alone[care][:, keep])


def _alone(recall: Floats, precision: Floats, care: Bools, keep: Bools) -> Bools:
    """(true, found): the two have each other, and neither touches another one that counts.

    Ignored texts, and what lies in them, can take the place of the one partner, too.
    """
    both = (recall >= RECALL) & (precision >= PRECISION)
    touching = recall > 0
    single = (both.sum(1) == 1) & (touching[:, keep].sum(1) == 1)
    return both & single[:, None] & ((both.sum(0) == 1) & (touching[care].sum(0) == 1))[None]


def _worth(recall: Floats, precision: Floats, alone: Bools) -> AreaScore:
    """recall, precision: (true, found) shares of the true and of the found area that the two have in common.

    alone: pairs that are worth 1. The others of the true texts take their parts in order, then the found ones theirs.
    """
    touching = recall > 0
    true, found = np.where(alone.any(1), 1.0, 0.0), np.where(alone.any(0), 1.0, 0.0)
    for t in np.flatnonzero((true == 0) & (touching.sum(1) > 1)):
        parts = np.flatnonzero((precision[t] >= PRECISION) & (found == 0))
        if len(parts) and _reaches(recall[t, parts], RECALL):
            true[t] = found[parts] = 1.0 if len(parts) == 1 else IN_PARTS
    for f in np.flatnonzero((found == 0) & (touching.sum(0) > 1)):
        many = np.flatnonzero((recall[:, f] >= RECALL) & (true == 0))
        if len(many) and _reaches(precision[many, f], PRECISION):
            found[f], true[many] = 1.0, 1.0
    return AreaScore(float(true.sum()), len(true), float(found.sum()), len(found))


def _reaches(shares: Floats, limit: float) -> bool:
    return round(float(shares.sum()), 4) >= limit  # the competition rounds: 0.79995 is enough
