"""At least so many samples of every character, while natural text stays the bulk."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from ..config import Config
from ..errors import UserError
from .lines import Lines, Stream
from .protocols import Integers, Numbers, Texts

LINES_UNTIL = 6
"""The attempt from which a refused sample no longer shows a line of a file."""
LONE_FROM = 8
"""The attempt from which a refused sample shows its character alone: some font may have it, but not the others."""
SCANNED = 32 << 20
BLOCK = 1 << 18
EACH = 64
SAFE = 4
"""How many times the quota natural text must bring: samples with rare characters are refused more often than others,
since fewer fonts have them."""
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


class Quota(Config):
    """At least `samples` samples of every character in the first `within` samples, however rare it is in the texts.

    characters: a dictionary file or the characters themselves; None takes the recipe's charset.
    """

    samples: PositiveInt = 20
    within: PositiveInt = 1_000_000
    characters: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _possible(self) -> Quota:
        if 2 * self.samples > self.within:
            raise ValueError(
                f"samples: {self.samples} of every character do not fit into half of within: {self.within}"
            )
        return self


@dataclass(frozen=True)
class Schedule:
    """Which samples show which character for the quota: sample i where i modulo `step` is `phase`."""

    targets: tuple[str, ...]
    step: int
    phase: int

    def due(self, index: Integers) -> list[tuple[int, str]]:
        """(position in the batch, character) of the batch's quota samples."""
        if not self.targets:
            return []
        where = np.flatnonzero(index % self.step == self.phase)
        slots = index[where] // self.step % len(self.targets)
        return [(i, self.targets[slot]) for i, slot in zip(where.tolist(), slots.tolist(), strict=True)]

    @property
    def share(self) -> float:
        """Quota samples among all."""
        return 1 / self.step if self.targets else 0.0


def schedule(quota: Quota, characters: Sequence[str], natural: Counter[str], texts: int, numbers: Numbers) -> Schedule:
    """The quota samples of a job.

    natural: in how many of `texts` accepted texts of a trial each character was; numbers: of the trial, for the order.
    Raises UserError where more than half of the samples would be the quota's.
    """
    wanted = [c for c in dict.fromkeys(characters) if unicodedata.category(c) not in INVISIBLE]
    enough = SAFE * quota.samples + 5 * quota.samples**0.5
    rare = [c for c in wanted if _expected(natural[c], texts, quota.within) < enough]
    if not rare:
        return Schedule((), 1, 0)
    step = quota.within // (len(rare) * quota.samples)
    if step < 2:
        raise UserError(
            f"quota: {quota.samples} samples of each of {len(rare)} characters, which the texts bring too seldom, are "
            f"{len(rare) * quota.samples} of {quota.within}, more than half: raise 'within' to "
            f"{2 * len(rare) * quota.samples}, lower 'samples' to {quota.within // (2 * len(rare))}, "
            "or give texts that hold more of the characters"
        )
    rows = -(-len(rare) // len(numbers))
    order = np.argsort(numbers.uniforms("quota.order", rows).ravel()[: len(rare)], kind="stable")
    phase = int(numbers.uniform("quota.phase")[0] * step)
    return Schedule(tuple(rare[i] for i in order.tolist()), step, phase)


def _expected(found: int, texts: int, within: int) -> float:
    """Samples with a character that natural text brings at the very least, judged from a trial: half of the samples
    may be the quota's, and a count is uncertain by its square root."""
    return max(found - 4 * found**0.5, 0) / max(texts, 1) * within / 2


class Places:
    """Where characters stand in files: up to `EACH` places of each, found in an even spread of `SCANNED` bytes."""

    def __init__(self, sources: Sequence[Texts], characters: Sequence[str]) -> None:
        self._files = [s for s in sources if isinstance(s, Lines | Stream)]
        table = np.zeros(0x110000, bool)
        table[[ord(c) for c in characters]] = True
        rows = [r for number in range(len(self._files)) for r in self._scan(number, table)]
        self._of: dict[str, list[tuple[int, int]]] = {}
        if not rows:
            return
        codes, files, offsets = np.concatenate(rows, axis=1)
        order = np.argsort(codes, kind="stable")
        first = np.flatnonzero(np.diff(codes[order], prepend=-1))
        for group in np.split(order, first[1:]):
            kept = group[np.linspace(0, len(group) - 1, min(len(group), EACH)).astype(np.int64)]
            pairs = list(zip(files[kept].tolist(), offsets[kept].tolist(), strict=True))
            self._of[chr(int(codes[group[0]]))] = pairs

    def _scan(self, number: int, table: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[Integers]:
        """(code points, file, byte) rows of the characters in one file."""
        text = self._files[number].text
        blocks = max(SCANNED // len(self._files) // BLOCK, 1)
        size = len(text) - text.start
        starts = (
            range(0, size, BLOCK) if size <= blocks * BLOCK else np.linspace(0, size - BLOCK, blocks).astype(np.int64)
        )
        rows = []
        for start in starts:
            begin = text.start + int(start)
            data = text.data[begin : begin + BLOCK]
            begin += len(data) - len(data.lstrip(bytes(range(0x80, 0xC0))))
            codes = np.frombuffer(text.decode(begin, text.start + int(start) + BLOCK).encode("utf-32-le"), "<u4")
            found = np.flatnonzero(table[codes])
            if len(found):
                widths = 1 + (codes > 0x7F) + (codes > 0x7FF).astype(np.int64) + (codes > 0xFFFF)
                at = begin + (np.cumsum(widths) - widths)[found]
                rows.append(np.stack([codes[found].astype(np.int64), np.full(len(found), number), at]))
        return rows

    def draw(self, character: str, longest: int, which: float, place: float) -> str:
        """A line, or window of up to `longest` characters, with the character; empty where no file has it.

        which, place: numbers in [0, 1).
        """
        found = self._of.get(character, ())
        if not found:
            return ""
        number, at = found[int(which * len(found))]
        return self._files[number].around(at, longest, place)


def put_into(text: str, character: str, place: float, attempt: int, longest: int | None) -> str:
    """The text with the character in it; alone where it cannot stand in such a text, or was refused often."""
    inner = character.isspace() or bool(unicodedata.combining(character))
    if not inner and (attempt >= LONE_FROM or _other_direction(text, character)):
        return character
    if longest is not None and len(text) >= longest:
        text = text[: longest - 1]
    if inner:  # white space at an end would be taken off, and a mark needs a letter before it
        text = text if len(text) > 1 else text * 2
        at = 1 + int(place * (len(text) - 1))
    else:
        at = int(place * (len(text) + 1))
    return text[:at] + character + text[at:]


def _other_direction(text: str, character: str) -> bool:
    right_to_left = unicodedata.bidirectional(character) in ("R", "AL")
    return any((unicodedata.bidirectional(c) in ("R", "AL")) != right_to_left for c in text if c.isalpha())
