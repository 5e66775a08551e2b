"""How far a score could lie from the truth by the luck of the lines it was measured on: bootstrap intervals."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95

# (lines, of them right, sum of similarities) of what is drawn as a whole: a line, or a group of lines
Outcome = tuple[int, int, float]
Outcomes = Counter[Outcome]
Means = NDArray[np.float64]  # (RESAMPLES, 2): accuracy and similarity of resampled lines


def resample(outcomes: Outcomes, seed: int) -> Means:
    """Mean accuracy and similarity of `RESAMPLES` drawings of as many lines or groups, with replacement.

    Those with equal outcomes are drawn together: a multinomial is the same drawing, and a million lines take
    milliseconds.
    """
    rows = sorted(outcomes)
    values = np.array(rows, np.float64)
    counts = np.array([outcomes[row] for row in rows], np.int64)
    total = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, RESAMPLES) @ values
    means: Means = drawn[:, 1:] / drawn[:, :1]
    return means


def pooled(means: list[Means], lines: list[int]) -> Means:
    """Resampled means over all lines of several sets, each set resampled by itself."""
    weights = np.array(lines, np.float64) / sum(lines)
    return np.tensordot(weights, np.stack(means), 1)


def macro(means: list[Means]) -> Means:
    """Resampled means of the sets' means."""
    result: Means = np.stack(means).mean(0)
    return result


def intervals(means: Means) -> dict[str, list[float]]:
    """The middle 95 % of accuracy and similarity."""
    edges = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return {"accuracy": edges[:, 0].tolist(), "similarity": edges[:, 1].tolist()}


def of_drawn(means: Means, drawn: int, accuracy: float) -> dict[str, list[float]]:
    """`intervals`, but where all lines or none are right, which no drawing can change, the exact binomial bound.

    drawn: how many lines, or groups of them, were drawn from.
    """
    found = intervals(means)
    beyond = 1 - ((1 - LEVEL) / 2) ** (1 / drawn)
    if accuracy == 1:
        found["accuracy"] = [1 - beyond, 1.0]
    elif accuracy == 0:
        found["accuracy"] = [0.0, beyond]
    return found
