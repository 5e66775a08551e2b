"""What is counted while the lines of a set are read."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..datasets.images import Image
from .bootstrap import Means, Outcomes, of_drawn
from .confusion import Confusions
from .metrics import Policy, Score, similarity


@dataclass(frozen=True)
class Read:
    """A line and what was read there; confidence between 0 and 1. group: of lines that belong together, or ""."""

    origin: str
    label: str
    text: str
    confidence: float
    group: str = ""

    @property
    def similarity(self) -> float:
        """1 - normalised edit distance."""
        return similarity(self.text, self.label)


@dataclass(frozen=True)
class Mistake:
    """A line that was read wrongly. similarity: under the policy; picture: as the network got it."""

    read: Read
    similarity: float
    picture: Image

    def row(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "origin": self.read.origin,
            "label": self.read.label,
            "read": self.read.text,
            "confidence": round(self.read.confidence, 4),
            "similarity": round(self.similarity, 4),
        }


class First:
    """The `count` mistakes with the lowest keys, in bounded memory; of equal ones the earlier."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._heap: list[tuple[tuple[float, ...], Mistake]] = []
        self._seen = 0

    def add(self, key: tuple[float, ...], mistake: Mistake) -> None:
        """Offer one."""
        self._seen += 1
        entry = ((*(-k for k in key), -self._seen), mistake)  # the heap's top is what goes first
        if len(self._heap) < self.count:
            heapq.heappush(self._heap, entry)
        elif self.count and entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def sorted(self) -> list[Mistake]:
        """Lowest key first."""
        return [mistake for _, mistake in sorted(self._heap, key=lambda entry: entry[0], reverse=True)]


class Tally:
    """Scores, lengths, confusions and the worst lines of a set."""

    def __init__(self, policy: Policy, keep: int) -> None:
        self.policy = policy
        self.total = Score()
        self._single: Outcomes = Counter()
        self._groups: dict[str, tuple[int, int, float]] = {}
        self.by_length: dict[int, Score] = {}
        self.confusions = Confusions()
        self.refused: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        self.not_in_dict = 0
        self.worst, self.sure = First(keep), First(keep)

    def add(self, read: Read, picture: Image, unreadable: str = "") -> None:
        """Count a line. unreadable: why the reader refuses its picture, where it does."""
        self.unreadable.update([unreadable] if unreadable else [])
        label, text = self.policy.form(read.label), self.policy.form(read.text)
        right, likeness = int(label == text), similarity(text, label)
        one = Score(1, right, likeness)
        self.total += one
        self._count(read.group, right, likeness)
        self.by_length[len(label)] = self.by_length.get(len(label), Score()) + one
        self.confusions.add(label, text)
        if not right:
            mistake = Mistake(read, likeness, picture)
            self.worst.add((likeness, -read.confidence), mistake)
            self.sure.add((-read.confidence, likeness), mistake)

    def _count(self, group: str, right: int, likeness: float) -> None:
        if group:
            lines, so_far, likenesses = self._groups.get(group, (0, 0, 0.0))
            self._groups[group] = (lines + 1, so_far + right, likenesses + likeness)
        else:
            self._single[1, right, likeness] += 1

    @property
    def outcomes(self) -> Outcomes:
        """What the bootstrap draws from: groups where lines have one, else lines."""
        return self._single + Counter(self._groups.values())

    def report(self, means: Means) -> dict[str, Any]:
        """JSON values; `means` are the resampled ones of `bootstrap`."""
        return {
            "lines": self.total.lines,
            "right": self.total.right,
            "accuracy": self.total.accuracy,
            "similarity": self.total.similarity,
            "interval_95": of_drawn(means, self.outcomes.total(), self.total.accuracy),
            "groups": len(self._groups),
            "by_length": {
                str(n): {"lines": s.lines, "accuracy": s.accuracy, "similarity": s.similarity}
                for n, s in sorted(self.by_length.items())
            },
            "characters": self.confusions.characters(),
            "confused": self.confusions.confused(),
            "not_in_dict": self.not_in_dict,
            "unreadable": dict(self.unreadable),
            "refused": dict(self.refused),
            "worst": [mistake.row() for mistake in self.worst.sorted()],
            "sure": [mistake.row() for mistake in self.sure.sorted()],
        }
