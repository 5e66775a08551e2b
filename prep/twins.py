"""Exact duplicates among millions of samples, in 16 bytes a sample."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


def fingerprint(data: bytes) -> int:
    """The first 8 bytes of the sha256: two of a million different pictures meet once in 30 million packs."""
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "little")


@dataclass(frozen=True)
class Groups:
    """Samples that share a fingerprint. Sizes are those of groups of two and more, largest first."""

    distinct: int
    sizes: NDArray[np.int64]
    members: list[list[int]]
    """Indices, from 0, of the first few samples of the largest groups."""

    @property
    def surplus(self) -> int:
        """Samples beyond the first of their group."""
        return int((self.sizes - 1).sum())


@dataclass
class Fingerprints:
    """Fingerprints of pictures and labels of consecutive samples; they add up in the order of the samples."""

    pictures: list[Hashes] = field(default_factory=list)
    labels: list[Hashes] = field(default_factory=list)

    @classmethod
    def of(cls, pictures: list[int], labels: list[int]) -> Fingerprints:
        """From one fingerprint of each kind a sample."""
        return cls([np.array(pictures, np.uint64)], [np.array(labels, np.uint64)])

    def __add__(self, other: Fingerprints) -> Fingerprints:
        return Fingerprints(self.pictures + other.pictures, self.labels + other.labels)

    def picture_groups(self, keep: int) -> Groups:
        """Equal pictures."""
        return _groups(_joined(self.pictures), keep)

    def label_groups(self, keep: int) -> Groups:
        """Equal labels."""
        return _groups(_joined(self.labels), keep)

    def contradictions(self, keep: int) -> Groups:
        """Equal pictures that carry different labels: at most one of the labels is right."""
        pictures, labels = _joined(self.pictures), _joined(self.labels)
        order = np.lexsort((labels, pictures))
        same = pictures[order][1:] == pictures[order][:-1]
        differs = labels[order][1:] != labels[order][:-1]
        guilty = np.unique(pictures[order][1:][same & differs])
        index = np.flatnonzero(np.isin(pictures, guilty))
        found = _groups(pictures[index], keep)
        return Groups(found.distinct, found.sizes, [[int(index[i]) for i in group] for group in found.members])


def _joined(parts: list[Hashes]) -> Hashes:
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _groups(hashes: Hashes, keep: int, members: int = 4) -> Groups:
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.r_[True, hashes[order][1:] != hashes[order][:-1]]) if len(hashes) else order
    sizes = np.diff(np.r_[starts, len(hashes)])
    # Largest first, and among equals the one that appears first, so that the report never flickers.
    ranked = np.lexsort((order[starts], -sizes))
    ranked = ranked[sizes[ranked] > 1]
    examples = [order[starts[g] : starts[g] + min(sizes[g], members)].tolist() for g in ranked[:keep]]
    return Groups(len(starts), sizes[ranked], examples)
