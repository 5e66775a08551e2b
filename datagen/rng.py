"""Random numbers that are a function of (seed, sample, attempt, name): no state, any batch, any order.

Every parameter has a name, so a new parameter never shifts the numbers of the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def mix(words: Words) -> Words:
    """The finaliser of splitmix64: a bijection of 64-bit words that flips half of the bits."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


@lru_cache(maxsize=4096)
def _key(name: str) -> int:
    data = name.encode()
    return int(mix(np.array([zlib.crc32(data) | len(data) << 32], np.uint64))[0])


class Draws:
    """The numbers of a batch of samples. Methods return one number (or row) per sample."""

    def __init__(self, seed: int, index: Integers, attempt: int = 0) -> None:
        start = mix(np.array([seed & MASK, (attempt * GOLDEN + 1) & MASK], np.uint64))
        self._words = mix(mix(index.astype(np.uint64) + start[:1]) ^ start[1:])

    def __len__(self) -> int:
        return len(self._words)

    def take(self, which: Integers | NDArray[np.bool_]) -> Draws:
        """The same numbers for some of the samples only."""
        part = object.__new__(Draws)
        part._words = self._words[which]
        return part

    def fork(self, name: str) -> Draws:
        """Other numbers for the same samples, under the same names."""
        other = object.__new__(Draws)
        other._words = mix(self._words ^ np.uint64(_key(name)))
        return other

    def uniform(self, name: str, k: int = 0) -> Floats:
        """(n,) numbers in [0, 1): the k-th of parameter `name`."""
        offset = np.uint64((_key(name) + k * GOLDEN) & MASK)
        return (mix(self._words + offset) >> np.uint64(11)) * 2.0**-53

    def uniforms(self, name: str, count: int) -> Floats:
        """(n, count) numbers in [0, 1); column k is `uniform(name, k)`."""
        steps = np.arange(count, dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(_key(name))
        return (mix(self._words[:, None] + steps) >> np.uint64(11)) * 2.0**-53

    def between(self, name: str, limits: tuple[float, float]) -> Floats:
        """(n,) numbers, uniform between the limits."""
        low, high = limits
        return low + (high - low) * self.uniform(name)

    def integer(self, name: str, below: int | Integers) -> Integers:
        """(n,) whole numbers from 0 to `below` - 1; 0 where `below` is under 1."""
        return np.maximum((self.uniform(name) * below).astype(np.int64), 0)

    def choose(self, name: str, weights: Sequence[float]) -> Integers:
        """(n,) positions in `weights`, each as likely as its weight."""
        steps = np.cumsum(np.asarray(weights, np.float64))
        found = np.searchsorted(steps, self.uniform(name) * steps[-1], side="right")
        return np.minimum(found, len(weights) - 1).astype(np.int64)

    def chance(self, name: str, probability: float) -> NDArray[np.bool_]:
        """(n,) true with this probability."""
        return self.uniform(name) < probability
