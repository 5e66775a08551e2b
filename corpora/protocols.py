"""What text sources ask of random numbers, and what is asked of a source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Numbers(Protocol):
    """Random numbers of a batch of n texts: each text's are the same in any batch."""

    def __len__(self) -> int: ...

    def take(self, which: Integers) -> Numbers:
        """The same numbers for some of the texts only."""
        ...

    def uniform(self, name: str, k: int = 0) -> NDArray[np.float64]:
        """(n,) numbers in [0, 1), always the same ones for a name and k."""
        ...

    def uniforms(self, name: str, count: int) -> NDArray[np.float64]:
        """(n, count) numbers in [0, 1)."""
        ...

    def choose(self, name: str, weights: Sequence[float]) -> Integers:
        """(n,) positions in `weights`, each as likely as its weight."""
        ...


class Texts(Protocol):
    """An opened source."""

    @property
    def flexible(self) -> bool:
        """Whether it can give texts of a wanted length."""
        ...

    def draw(self, numbers: Numbers, wanted: Integers | None = None) -> list[str]:
        """One text for each of the batch, of about `wanted` characters where that is given and possible."""
        ...

    def alphabet(self) -> set[str]:
        """The characters that can occur, where that is known without reading everything; else nothing."""
        ...


def whole(numbers: Numbers, name: str, low: int, high: int) -> Integers:
    """(n,) whole numbers from `low` to `high`, both included, equally likely."""
    return low + (numbers.uniform(name) * (high - low + 1)).astype(np.int64)
