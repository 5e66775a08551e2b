"""Precision, recall and hmean of found texts, by the protocol of ICDAR2015: IoU > 0.5, ignored texts do not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Points = NDArray[np.float32]
Floats = NDArray[np.float64]

OVERLAP = 0.5  # IoU that a hit exceeds, and the share of a found text inside an ignored one from which it is ignored


@dataclass(frozen=True)
class PhotoMatch:
    """What was found on one photo.

    pairs: (true, found) indices of the hits; true, found: indices of those that count.
    """

    pairs: list[tuple[int, int]]
    true: list[int]
    found: list[int]

    @property
    def misses(self) -> list[int]:
        """Indices of true texts that were not found."""
        hit = {t for t, _ in self.pairs}
        return [t for t in self.true if t not in hit]

    @property
    def false_alarms(self) -> list[int]:
        """Indices of found texts that are none."""
        hit = {f for _, f in self.pairs}
        return [f for f in self.found if f not in hit]


@dataclass(frozen=True)
class DetScore:
    """Counts over photos; they add up."""

    hits: int = 0
    true: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        """Hits of what was found; 0 where nothing was."""
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Hits of what there is; 0 where there is nothing."""
        return self.hits / self.true if self.true else 0.0

    @property
    def hmean(self) -> float:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: DetScore) -> DetScore:
        return DetScore(self.hits + other.hits, self.true + other.true, self.found + other.found)

    @classmethod
    def of(cls, matches: Iterable[PhotoMatch]) -> DetScore:
        """The sum over photos."""
        return sum((cls(len(m.pairs), len(m.true), len(m.found)) for m in matches), cls())


def match(true: Sequence[Points], ignored: Sequence[bool], found: Sequence[Points]) -> PhotoMatch:
    """Pair the texts of one photo with what was found.

    A true text takes the first found one with an IoU above 0.5, in order. Found ones of which more than half lies in
    one ignored text are left out, and so are the ignored texts. Polygons that cross themselves are mended first.
    """
    return pair(*overlaps(true, found), ignored)


def pair(ious: Floats, inside: Floats, ignored: Sequence[bool], kept: NDArray[np.bool_] | None = None) -> PhotoMatch:
    """`match` from what `overlaps` gives. kept: which of the found texts take part; by default all."""
    dropped = (inside[np.asarray(ignored, bool)] > OVERLAP).any(0)
    free = ~dropped if kept is None else ~dropped & kept
    counting = np.flatnonzero(free).tolist()
    pairs: list[tuple[int, int]] = []
    for t, ignore in enumerate(ignored):
        hits = np.flatnonzero((ious[t] > OVERLAP) & free)
        if len(hits) and not ignore:
            pairs.append((t, int(hits[0])))
            free[hits[0]] = False
    return PhotoMatch(pairs, [t for t, i in enumerate(ignored) if not i], counting)


def overlaps(true: Sequence[Points], found: Sequence[Points]) -> tuple[Floats, Floats]:
    """(true, found) IoUs, and which share of each found text lies in each true one."""
    common, area_true, area_found = areas(true, found)
    union = area_true[:, None] + area_found[None] - common
    # Without area there is no union where polygons cross: the official evaluation counts that as no overlap, too.
    return _share(common, union), _share(common, np.broadcast_to(area_found[None], common.shape))


def areas(true: Sequence[Points], found: Sequence[Points]) -> tuple[Floats, Floats, Floats]:
    """(true, found) areas in common, (true,) and (found,) areas.

    As in the official evaluation, a polygon that crosses itself covers what lies inside an odd number of times, but
    its area is that of its loops with their signs.
    """
    a, b = shapes(true), shapes(found)
    common = np.zeros((len(a), len(b)))
    if len(a) and len(b):
        rows, columns = shapely.STRtree(b).query(a)
        common[rows, columns] = shapely.area(shapely.intersection(a[rows], b[columns]))
    return common, shapely.area(_outlines(true)), shapely.area(_outlines(found))


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def shapes(polygons: Sequence[Points]) -> NDArray[np.object_]:
    """Polygons as valid shapes."""
    return np.asarray(shapely.make_valid(_outlines(polygons)), object).reshape(len(polygons))


def _outlines(polygons: Sequence[Points]) -> NDArray[np.object_]:
    return np.array([shapely.Polygon(p) if len(p) > 2 else shapely.Polygon() for p in polygons], object)
