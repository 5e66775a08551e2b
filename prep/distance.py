"""How far apart two distributions are, in [0, 1], and how far chance alone would put them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from typing import TypeVar

import numpy as np

from .histogram import Histogram

Key = TypeVar("Key", bound=Hashable)
CERTAIN = 1.628
"""Kolmogorov's bound that two samples of one distribution exceed once in a hundred times."""
DRAWN = 100


def kolmogorov(a: Histogram, b: Histogram) -> float:
    """The Kolmogorov-Smirnov distance: the largest difference between the shares at or below any value."""
    keys = sorted({*a.counts, *b.counts})
    if not a.total or not b.total:
        return 0.0
    below = [np.cumsum([h.counts[k] for k in keys]) / h.total for h in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def kolmogorov_chance(a: int, b: int) -> float:
    """The distance that `a` and `b` values of one distribution exceed once in a hundred times."""
    return min(1.0, CERTAIN * math.sqrt((a + b) / (a * b))) if a and b else 1.0


def variation(a: Counter[Key], b: Counter[Key]) -> float:
    """The total variation distance: half of the sum of all differences of shares."""
    total_a, total_b = a.total(), b.total()
    if not total_a or not total_b:
        return 0.0
    return 0.5 * sum(abs(a[k] / total_a - b[k] / total_b) for k in {*a, *b})


def variation_chance(a: Counter[Key], b: Counter[Key]) -> float:
    """The distance that such numbers of things, drawn alike from both, exceed once in a hundred times; simulated."""
    total_a, total_b = a.total(), b.total()
    if not total_a or not total_b:
        return 1.0
    shares = np.array(sorted((a + b).values()), np.float64)
    shares /= shares.sum()
    rng = np.random.default_rng(0)
    first, second = rng.multinomial(total_a, shares, DRAWN), rng.multinomial(total_b, shares, DRAWN)
    return float(np.quantile(0.5 * np.abs(first / total_a - second / total_b).sum(1), 0.99))
