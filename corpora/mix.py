"""The texts of a recipe: several sources, a quota, wanted lengths and held-out texts behind one door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import UserError
from .charset import Charset
from .leaks import HeldOut
from .lengths import Wanted
from .protocols import Integers, Numbers, Texts
from .quota import LINES_UNTIL, Places, Quota, Schedule, put_into, schedule
from .sources import TextSource, read_charset

TRIAL = 50_000
"""Texts of the trial from which quotas are judged."""
BATCH = 4096


class Mix:
    """Draws texts: text i is a function of configuration, seed, i and attempt, whatever the batch.

    sources: with absolute paths. trial: the numbers of samples 0 to TRIAL - 1 in attempt 0, used where there is a
    quota or are lengths. lengths: how often texts should have each number of characters. max_length: longer texts
    will be refused. without: characters that no font shows. held_out: texts that are to be refused.
    Raises UserError for sources that cannot be opened and quotas or lengths that cannot be kept.
    """

    def __init__(
        self,
        sources: Sequence[TextSource],
        charset: Charset | None,
        trial: Numbers,
        *,
        quota: Quota | None = None,
        lengths: Mapping[int, float] | None = None,
        max_length: int | None = None,
        without: Collection[str] = (),
        held_out: HeldOut | None = None,
    ) -> None:
        self.charset, self.max_length, self.held_out = charset, max_length, held_out
        base = Path.cwd()  # paths are absolute
        self.sources: list[Texts] = [source.open(base, charset, bool(lengths)) for source in sources]
        self._weights = [source.weight for source in sources]
        self._wanted = self._measure(lengths, trial) if lengths else None
        self.schedule: Schedule | None = None
        if quota:
            self._plan(quota, set(without), trial)

    def draw(self, numbers: Numbers, index: Integers, attempt: int = 0) -> list[str]:
        """One text for each sample, without outer white space, which nobody could see.

        index: (n,) the samples' numbers; numbers: theirs in this attempt.
        """
        wanted = self._wanted.draw(numbers) if self._wanted else None
        texts = self._natural(numbers, wanted)
        due = self.schedule.due(index) if self.schedule else ()
        if due:
            which, place = numbers.uniform("quota.which"), numbers.uniform("quota.place")
            for i, character in due:
                longest = int(wanted[i]) if wanted is not None else self._longest
                found = self._places.draw(character, longest, which[i], place[i]) if attempt < LINES_UNTIL else ""
                if character not in found or not self._accepts(found):
                    found = put_into(texts[i], character, place[i], attempt, self.max_length)
                texts[i] = found
        return texts

    def alphabet(self) -> set[str]:
        """The characters that certainly can occur: of patterns and random texts, and of the quota."""
        drawn = set().union(*(source.alphabet() for source in self.sources))
        return drawn | set(self.schedule.targets if self.schedule else ())

    def problem(self, text: str) -> str | None:
        """Why a text must not be drawn: the reason `held_out`, or None."""
        return "held_out" if self.held_out is not None and text in self.held_out else None

    @property
    def gap(self) -> float:
        """Total variation distance, 0 to 1, between the wanted lengths and the closest that the sources can come."""
        return self._wanted.gap if self._wanted else 0.0

    def _natural(self, numbers: Numbers, wanted: Integers | None) -> list[str]:
        """One text of a drawn source for each sample."""
        if len(self.sources) == 1:
            return [text.strip() for text in self.sources[0].draw(numbers, wanted)]
        source = numbers.choose("text.source", self._weights)
        texts = [""] * len(numbers)
        for number, opened in enumerate(self.sources):
            where = np.flatnonzero(source == number)
            if len(where):
                drawn = opened.draw(numbers.take(where), None if wanted is None else wanted[where])
                for i, text in zip(where.tolist(), drawn, strict=True):
                    texts[i] = text.strip()
        return texts

    def _measure(self, lengths: Mapping[int, float], trial: Numbers) -> Wanted:
        """What the sources that keep their own lengths leave to the others."""
        fixed = [n for n, source in enumerate(self.sources) if not source.flexible]
        share = sum(self._weights[n] for n in fixed) / sum(self._weights)
        few = trial.take(np.arange(min(BATCH, len(trial))))
        chosen = few.choose("text.source", self._weights)
        found: list[int] = []
        for n in fixed:
            where = np.flatnonzero(chosen == n)
            found += [len(text.strip()) for text in self.sources[n].draw(few.take(where))] if len(where) else []
        return Wanted(lengths, self.max_length, np.array(found, np.int64), share)

    def _accepts(self, text: str) -> bool:
        """Whether a text has a chance to be drawn, as far as texts alone tell."""
        too_long = self.max_length is not None and len(text) > self.max_length
        return bool(text) and not too_long and (self.charset is None or not self.charset.unknown(text))

    def _plan(self, quota: Quota, without: set[str], trial: Numbers) -> None:
        """Give a sample to every character that the natural texts bring too seldom."""
        chosen = read_charset(quota.characters, Path.cwd()) if quota.characters else self.charset
        if chosen is None:
            raise UserError("quota: give its 'characters', or a 'charset' in the recipe")
        outside = [c for c in chosen.characters if self.charset is not None and c not in self.charset]
        if outside:
            raise UserError(f"quota: {len(outside)} of its characters ({outside[0]!r}) are not in the recipe's charset")
        counts: Counter[str] = Counter()
        lengths: list[int] = []
        for start in range(0, len(trial), BATCH):
            numbers = trial.take(np.arange(start, min(start + BATCH, len(trial))))
            wanted = self._wanted.draw(numbers) if self._wanted else None
            for text in self._natural(numbers, wanted):
                if self._accepts(text):
                    counts.update(set(text))
                    lengths.append(len(text))
        if not lengths:
            raise UserError(f"quota: none of {len(trial)} texts keeps to the recipe's charset and max_length")
        self._longest = int(np.percentile(lengths, 90))
        targets = [c for c in chosen.characters if c not in without]
        self.schedule = schedule(quota, targets, counts, len(lengths), trial)
        self._places = Places(self.sources, self.schedule.targets)
