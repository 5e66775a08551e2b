"""Which of many millions of texts were there before, in 8 bytes a text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Seen:
    """A growing set of texts, kept as 8-byte hashes in sorted runs whose sizes double.

    Two different texts share a hash once in about 37 million corpora of a million.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def first_times(self, texts: Sequence[str]) -> list[bool]:
        """For each text whether it was not there before, neither in an earlier call nor earlier in this one."""
        if not texts:
            return []
        hashes = np.array([text_hash(text) for text in texts], np.uint64)
        unique, first = np.unique(hashes, return_index=True)
        new = np.ones(len(unique), bool)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, unique), len(run) - 1)
            new &= run[place] != unique
        self._add(unique[new])
        answer = np.zeros(len(texts), bool)
        answer[first[new]] = True
        return list(answer.tolist())

    def _add(self, run: NDArray[np.uint64]) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)


def text_hash(text: str) -> int:
    """64 bits of a text."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "little")
