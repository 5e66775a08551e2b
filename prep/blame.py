"""Which fonts and characters refusals were about: a table small enough for every shard's marker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..datasets.records import Refusal
from .text import encodable

KEPT = 300
"""Pairs of font and character written down for each reason; the rest is one number."""
Pair = tuple[str, str]


@dataclass
class Blame:
    """How often each font and character was refused for each reason; either is "" where it had no part.

    Adds up exactly; only `to_json` cuts, to the KEPT most frequent pairs of each reason and the number of the others.
    """

    counts: dict[str, Counter[Pair]] = field(default_factory=dict)
    rest: Counter[str] = field(default_factory=Counter)

    def add(self, refusal: Refusal) -> None:
        """Count a refusal that names a font or a character."""
        if refusal.font or refusal.character:
            pair = encodable(refusal.font), encodable(refusal.character)
            self.counts.setdefault(refusal.reason, Counter())[pair] += 1

    def __add__(self, other: Blame) -> Blame:
        counts = {reason: Counter(pairs) for reason, pairs in self.counts.items()}
        for reason, pairs in other.counts.items():
            counts.setdefault(reason, Counter()).update(pairs)
        return Blame(counts, self.rest + other.rest)

    def to_json(self) -> dict[str, Any]:
        """By reason: rows of font, character and number, most frequent first, and how many are not in them."""
        found = {}
        for reason in sorted(self.counts):
            ranked = _ranked(self.counts[reason])
            more = sum(n for _, n in ranked[KEPT:]) + self.rest[reason]
            found[reason] = {"rows": [[font, sign, n] for (font, sign), n in ranked[:KEPT]], "rest": more}
        return found

    @classmethod
    def of(cls, value: dict[str, Any]) -> Blame:
        """What `to_json` gave."""
        counts = {r: Counter({(font, sign): n for font, sign, n in e["rows"]}) for r, e in value.items()}
        return cls(counts, +Counter({r: e["rest"] for r, e in value.items()}))

    def fonts(self) -> list[tuple[str, dict[str, int]]]:
        """Each font with its refusals by reason; most refused first."""
        return self._by(0)

    def characters(self) -> list[tuple[str, dict[str, int]]]:
        """Each character with its refusals by reason; most refused first."""
        return self._by(1)

    def _by(self, part: int) -> list[tuple[str, dict[str, int]]]:
        found: dict[str, Counter[str]] = {}
        for name, reason, n in self._parts(part):
            found.setdefault(name, Counter())[reason] += n
        totals = Counter({name: reasons.total() for name, reasons in found.items()})
        return [(name, dict(_ranked(found[name]))) for name, _ in _ranked(totals)]

    def _parts(self, part: int) -> Iterator[tuple[str, str, int]]:
        for reason, pairs in self.counts.items():
            for pair, n in pairs.items():
                if pair[part]:
                    yield pair[part], reason, n


def _ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    """Most frequent first, among equals in order: the same for any order of counting."""
    return sorted(counts.items(), key=lambda cn: (-cn[1], cn[0]))
