"""How long texts are to be: a distribution, such as that of a real pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ..errors import UserError
from .protocols import Integers, Numbers

LONGEST = 1000


def _checked(counts: dict[int, float]) -> dict[int, float]:
    for length, count in counts.items():
        if not 1 <= length <= LONGEST or not 0 <= count < float("inf"):
            raise ValueError(
                f"{length}: {count:g}: a number of characters from 1 to {LONGEST} and how often texts have it, "
                "0 or more, are expected"
            )
    if not sum(counts.values()):
        raise ValueError("at least one length with a count above 0 is expected, such as {1: 10, 2: 50, 3: 25}")
    return counts


LengthCounts = Annotated[dict[int, float], AfterValidator(_checked)]
"""How often texts have each number of characters; only the ratios matter."""


class Wanted:
    """Draws lengths for the sources that can follow, so that all sources together come to the wanted distribution.

    counts: the wanted distribution; longest: what is above it is left out. fixed: (lengths,) of a trial of the
    sources that keep their own lengths, and share: their part of all texts. gap: the total variation distance, from
    0 to 1, between what is wanted and what these leave possible.
    """

    def __init__(self, counts: Mapping[int, float], longest: int | None, fixed: Integers, share: float) -> None:
        wanted = np.zeros(LONGEST + 1)
        for length, count in counts.items():
            wanted[length] = count if longest is None or length <= longest else 0
        if not wanted.sum():
            raise UserError(f"lengths: all of them are above max_length {longest}")
        if share >= 1:
            raise UserError("lengths: patterns keep their own lengths; give a source of lines, labels or 'random' too")
        wanted /= wanted.sum()
        kept = np.bincount(np.minimum(fixed, LONGEST), minlength=LONGEST + 1) * (share / max(len(fixed), 1))
        rest: NDArray[np.float64] = np.maximum(wanted - kept, 0)
        rest /= rest.sum()
        self.gap = float(np.abs(kept + (1 - share) * rest - wanted).sum() / 2)
        self._steps = np.cumsum(rest)

    def draw(self, numbers: Numbers) -> Integers:
        """(n,) lengths in characters."""
        return np.searchsorted(self._steps, numbers.uniform("text.wanted") * self._steps[-1], side="right").astype(
            np.int64
        )
