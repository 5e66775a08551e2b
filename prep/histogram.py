"""Distributions that add up, so that every shard can be measured by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TOP = 10_000


@dataclass
class Histogram:
    """How often each value was seen, rounded to multiples of `step`.

    Values above TOP steps are counted as TOP steps: one absurd picture must not grow the table.
    """

    step: float = 1.0
    counts: Counter[int] = field(default_factory=Counter)

    def add(self, values: Sequence[float]) -> None:
        """Count values."""
        if values:
            steps = np.minimum(np.rint(np.asarray(values, np.float64) / self.step), TOP).astype(np.int64)
            keys, counts = np.unique(steps, return_counts=True)
            self.counts.update(dict(zip(keys.tolist(), counts.tolist(), strict=True)))

    def __add__(self, other: Histogram) -> Histogram:
        if self.step != other.step:
            raise ValueError(f"histograms of steps {self.step} and {other.step} do not add")
        return Histogram(self.step, self.counts + other.counts)

    @property
    def total(self) -> int:
        """Number of values."""
        return self.counts.total()

    @property
    def mean(self) -> float:
        """Mean of the rounded values; 0 where there is none."""
        return sum(k * n for k, n in self.counts.items()) * self.step / self.total if self.counts else 0.0

    def quantile(self, share: float) -> float:
        """The smallest value that at least `share` (0..1) of all values do not exceed; 0 where there is none."""
        need, seen = share * self.total, 0
        for key in sorted(self.counts):
            seen += self.counts[key]
            if seen >= need and seen:
                return key * self.step
        return 0.0

    def share_above(self, value: float) -> float:
        """The share (0..1) of values above `value`."""
        above = sum(n for k, n in self.counts.items() if k * self.step > value)
        return above / self.total if self.counts else 0.0

    def to_json(self) -> dict[str, Any]:
        """Summary and table; keys of the table are the values."""
        quantiles = {f"p{p}": self._tidy(self.quantile(p / 100)) for p in (1, 5, 20, 50, 80, 95, 99)}
        return {
            "values": self.total,
            "step": self.step,
            "min": self._tidy(self.quantile(0.0)),
            "max": self._tidy(self.quantile(1.0)),
            "mean": round(self.mean, 3),
            **quantiles,
            "counts": {str(self._tidy(k * self.step)): self.counts[k] for k in sorted(self.counts)},
        }

    @staticmethod
    def _tidy(value: float) -> float | int:
        return int(value) if value == int(value) else round(value, 6)
