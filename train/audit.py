"""Which labels are probably wrong: those that a model finds far less probable than what it reads, and reads surely."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import exp
from typing import Any

import numpy as np

from ..datasets.records import Refusal
from ..prep.look import thumbnail
from .likelihood import WINDOW, Judged, judge
from .lines import Line
from .metrics import edit_distance
from .reader import LineReader

LARGEST = 50.0  # more than e^50 to 1 says no more than that


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label to look at. number: of the line in its set, from 1. score: 0 and up, the larger the more suspect.

    odds: natural logarithm of how many times more probable the reading is than the label.
    """

    number: int
    origin: str
    label: str
    text: str
    confidence: float
    odds: float
    edits: int
    score: float
    thumb: bytes | None = None

    def row(self) -> dict[str, Any]:
        """JSON values."""
        names = ("number", "origin", "label", "text", "edits")
        numbers = {name: round(getattr(self, name), 4) for name in ("score", "odds", "confidence")}
        return {name: getattr(self, name) for name in names} | numbers


class Most:
    """The `room` suspects with the largest scores, in bounded memory; of equal ones the earlier."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._heap: list[tuple[float, int, Suspect]] = []

    def wants(self, score: float) -> bool:
        """Whether one with this score would be kept."""
        return self.room > 0 and (len(self._heap) < self.room or score > self._heap[0][0])

    def add(self, suspect: Suspect) -> None:
        """Keep one, and let the least go where there is no room."""
        entry = (suspect.score, -suspect.number, suspect)
        (heapq.heappush if len(self._heap) < self.room else heapq.heapreplace)(self._heap, entry)

    def sorted(self) -> list[Suspect]:
        """The largest score first."""
        return [suspect for _, _, suspect in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


@dataclass
class Audit:
    """What was found in a set. agreed: lines where the model reads the label; unjudged: by reason.

    turned: lines that it reads as labelled once they are turned around: the label is right, the picture upside down.
    """

    lines: int = 0
    agreed: int = 0
    turned: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    suspects: list[Suspect] = field(default_factory=list)
    upside_down: list[Suspect] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "lines": self.lines,
            "agreed": self.agreed,
            "turned": self.turned,
            "unjudged": dict(self.unjudged),
            "suspects": [suspect.row() for suspect in self.suspects],
            "upside_down": [suspect.row() for suspect in self.upside_down],
        }


def suspicion(ways: Sequence[Judged], label: str) -> float:
    """How much a label looks wrong, 0 where it is what was read. ways: the picture as it is, and turned around.

    The odds say how much more probable another text is. They count as far as the reading is sure, as a whole and in
    each character: of a smeared line nothing follows about its label.
    """
    likelihoods = [way.log_label for way in ways if way.log_label is not None]
    if not likelihoods or any(way.text == label for way in ways):
        return 0.0
    best = max(ways, key=_sure)
    odds = min(LARGEST, max(0.0, best.log_read - max(likelihoods)))
    return _sure(best) * best.confidence * odds


def _sure(judged: Judged) -> float:
    """The probability of what was read, as that of one character; rounded, so that of equal ways the first wins."""
    return round(exp(max(-LARGEST, judged.log_read / max(1, len(judged.text)))), 3)


def audit(
    reader: LineReader,
    lines: Iterable[Line | Refusal],
    most: int = 200,
    progress: Callable[[int], None] = lambda lines: None,
) -> Audit:
    """Reads all lines and ranks their labels, the most suspect first. most: how many are kept, with pictures.

    Lines that are not read as labelled are read once more turned around.
    """
    found, suspects, turned = Audit(), Most(most), Most(most)
    numbered = enumerate(lines, 1)
    while window := list(islice(numbered, WINDOW)):
        found.unjudged.update(line.reason for _, line in window if isinstance(line, Refusal))
        good = [(number, line) for number, line in window if isinstance(line, Line)]
        for (number, line), ways in zip(good, _ways(reader, [line for _, line in good]), strict=True):
            found.lines += 1
            found.unjudged.update([ways[0].why] if ways[0].why else [])
            found.agreed += ways[0].text == line.label
            if len(ways) > 1 and ways[1].text == line.label:
                found.turned += 1
                score, kept = ways[1].confidence, turned
            else:
                score, kept = suspicion(ways, line.label), suspects
            if score > 0 and kept.wants(score):
                kept.add(_suspect(number, line, ways, score))
        progress(len(window))
    found.suspects, found.upside_down = suspects.sorted(), turned.sorted()
    return found


def _ways(reader: LineReader, lines: Sequence[Line]) -> list[list[Judged]]:
    """What the model says of each line, and, where that is not its label, of the line turned around."""
    found = [[judged] for judged in judge(reader, ((line.image, line.label) for line in lines))]
    odd = [i for i, line in enumerate(lines) if found[i][0].text != line.label]
    around = ((np.ascontiguousarray(lines[i].image[::-1, ::-1]), lines[i].label) for i in odd)
    for index, judged in zip(odd, judge(reader, around), strict=True):
        found[index].append(judged)
    return found


def _suspect(number: int, line: Line, ways: Sequence[Judged], score: float) -> Suspect:
    best = max(ways, key=lambda way: (way.text == line.label, _sure(way)))
    odds = best.log_read - max((way.log_label for way in ways if way.log_label is not None), default=0.0)
    edits = edit_distance(best.text, line.label)
    where = line.source or line.origin
    return Suspect(number, where, line.label, best.text, best.confidence, odds, edits, score, thumbnail(line.image))
