"""Which sample comes when: a function of the seed alone, over any number of sources and processes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


class Order:
    """Epochs over groups of samples; each epoch is one shuffle over all groups.

    groups: indices of the samples of each source. ratios: None draws every sample once an epoch; otherwise each
    group gives its share of an epoch's samples, going round through permutations of itself, so that none comes
    twice before all have come. rank, size: this process of how many; each takes every size-th sample.
    """

    def __init__(
        self, groups: Sequence[Indices], ratios: Sequence[float] | None, seed: int, rank: int = 0, size: int = 1
    ) -> None:
        self._groups, self._seed, self._rank, self._size = list(groups), seed, rank, size
        self._all = np.concatenate(self._groups)
        self._counts = shares(len(self._all), ratios) if ratios else None
        self.samples = len(self._all) // size

    def epoch(self, number: int) -> tuple[Indices, Indices]:
        """(samples,) indices of epoch `number`, and how often each had come before, in this process."""
        if self._counts is None:
            chosen = np.random.default_rng((self._seed, number)).permutation(self._all)
            rounds = np.full(len(chosen), number, np.int64)
        else:
            parts = [self._part(g, number * n, n) for g, n in enumerate(self._counts)]
            chosen, rounds = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
            shuffle = np.random.default_rng((self._seed, number)).permutation(len(chosen))
            chosen, rounds = chosen[shuffle], rounds[shuffle]
        mine = slice(self._rank, self.samples * self._size, self._size)
        return chosen[mine], rounds[mine]

    def _part(self, group: int, start: int, count: int) -> tuple[Indices, Indices]:
        """`count` samples of a group's endless row of permutations, from `start`."""
        indices = self._groups[group]
        if not count:
            return indices[:0], indices[:0]
        first, last = start // len(indices), (start + count - 1) // len(indices)
        turns = [np.random.default_rng((self._seed, 1 + group, t)).permutation(indices) for t in range(first, last + 1)]
        rounds = np.repeat(np.arange(first, last + 1), len(indices))
        window = slice(start - first * len(indices), start - first * len(indices) + count)
        return np.concatenate(turns)[window], rounds[window]


def shares(total: int, ratios: Sequence[float]) -> list[int]:
    """`total` in whole parts that are proportional to `ratios`, by largest remainder."""
    exact = np.asarray(ratios, float) / sum(ratios) * total
    parts = np.floor(exact).astype(int)
    for i in np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]:
        parts[i] += 1
    return [int(part) for part in parts]
