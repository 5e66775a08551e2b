"""What a pattern is made of: pieces that draw a string for each text of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .protocols import Numbers, whole

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DIRECTIVES: dict[str, Callable[[date, int], str]] = {
    "%Y": lambda day, second: f"{day.year:04d}",
    "%y": lambda day, second: f"{day.year % 100:02d}",
    "%m": lambda day, second: f"{day.month:02d}",
    "%-m": lambda day, second: str(day.month),
    "%d": lambda day, second: f"{day.day:02d}",
    "%-d": lambda day, second: str(day.day),
    "%b": lambda day, second: MONTHS[day.month - 1][:3],
    "%B": lambda day, second: MONTHS[day.month - 1],
    "%a": lambda day, second: DAYS[day.weekday()][:3],
    "%A": lambda day, second: DAYS[day.weekday()],
    "%H": lambda day, second: f"{second // 3600:02d}",
    "%-H": lambda day, second: str(second // 3600),
    "%I": lambda day, second: f"{(second // 3600 + 11) % 12 + 1:02d}",
    "%p": lambda day, second: "AM" if second < 43200 else "PM",
    "%M": lambda day, second: f"{second // 60 % 60:02d}",
    "%S": lambda day, second: f"{second % 60:02d}",
    "%%": lambda day, second: "%",
}


class Piece(Protocol):
    """A part of a pattern."""

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """A string for each text; name: of the random numbers."""
        ...

    def alphabet(self) -> set[str]:
        """Every character that it can show."""
        ...


@dataclass(frozen=True)
class Literal:
    """Always the same text."""

    text: str

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """The text."""
        return [self.text] * len(numbers)

    def alphabet(self) -> set[str]:
        """Its characters."""
        return set(self.text)


class Characters:
    """`low` to `high` characters, each drawn from the same ones; steps: their cumulative shares, None if equal."""

    def __init__(
        self, characters: Sequence[str], low: int = 1, high: int = 1, weights: Sequence[float] | None = None
    ) -> None:
        self.low, self.high = low, high
        self._codes = np.array([ord(c) for c in characters], np.uint32)
        self._steps = None if weights is None else np.cumsum(weights) / np.sum(weights)

    def draw(self, numbers: Numbers, name: str, wanted: NDArray[np.int64] | None = None) -> list[str]:
        """Strings of drawn length, or of `wanted` characters."""
        high = self.high if wanted is None else max(int(wanted.max(initial=1)), 1)
        uniform = numbers.uniforms(f"{name}.pick", high)
        if self._steps is None:
            picks = (uniform * len(self._codes)).astype(np.int64)
        else:
            picks = np.minimum(np.searchsorted(self._steps, uniform, side="right"), len(self._codes) - 1)
        codes = self._codes[picks]
        if wanted is None and self.low == self.high:
            return _strings(codes)
        counts = whole(numbers, f"{name}.count", self.low, self.high) if wanted is None else wanted
        codes[np.arange(high) >= counts[:, None]] = 0
        return _strings(codes)

    def alphabet(self) -> set[str]:
        """The characters."""
        return {chr(c) for c in self._codes.tolist()} if self.high else set()


def _strings(codes: NDArray[np.uint32]) -> list[str]:
    """(n, length) code points as n strings; zeros at the end do not count."""
    if not codes.shape[1]:
        return [""] * len(codes)
    return list(np.ascontiguousarray(codes).view(f"U{codes.shape[1]}").ravel().tolist())


@dataclass(frozen=True)
class Row:
    """Pieces one after the other."""

    pieces: tuple[Piece, ...]

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """The pieces' strings joined."""
        columns = [piece.draw(numbers, f"{name}.{place}") for place, piece in enumerate(self.pieces)]
        return ["".join(parts) for parts in zip(*columns, strict=True)] if columns else [""] * len(numbers)

    def alphabet(self) -> set[str]:
        """Of all pieces."""
        return set().union(*(piece.alphabet() for piece in self.pieces))


@dataclass(frozen=True)
class OneOf:
    """One of several, equally likely."""

    options: tuple[Piece, ...]

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """Each text's choice."""
        chosen = whole(numbers, name, 0, len(self.options) - 1)
        if len(words := self._words) == len(self.options):
            return [words[i] for i in chosen.tolist()]
        texts = [""] * len(numbers)
        for number, option in enumerate(self.options):
            _fill(texts, np.flatnonzero(chosen == number), option, numbers, f"{name}.{number}")
        return texts

    @cached_property
    def _words(self) -> list[str]:
        """The options that are plain text; word lists have hundreds, and are drawn from again and again."""
        return [option.text for option in self.options if isinstance(option, Literal)]

    def alphabet(self) -> set[str]:
        """Of all options."""
        return set().union(*(option.alphabet() for option in self.options))


@dataclass(frozen=True)
class Repeat:
    """`low` to `high` times the piece, drawn anew each time."""

    piece: Piece
    low: int
    high: int

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """The repetitions joined."""
        counts = whole(numbers, name, self.low, self.high)
        texts = [""] * len(numbers)
        for k in range(self.high):
            _fill(texts, np.flatnonzero(counts > k), self.piece, numbers, f"{name}.{k}")
        return texts

    def alphabet(self) -> set[str]:
        """Of the piece."""
        return self.piece.alphabet() if self.high else set()


def _fill(texts: list[str], where: NDArray[np.int64], piece: Piece, numbers: Numbers, name: str) -> None:
    """Append the piece's strings to some of the texts."""
    if len(where):
        for i, text in zip(where.tolist(), piece.draw(numbers.take(where), name), strict=True):
            texts[i] += text


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, both counted in units of the last of `places` decimals.

    width: digits before the point, filled with zeros; even: by size (each power of ten as likely), else by value.
    """

    low: int
    high: int
    places: int = 0
    width: int = 0
    grouped: bool = False
    even: bool = False

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """The numbers as written."""
        if self.even:
            low = np.log(self.low)
            values = np.exp(low + numbers.uniform(name) * (np.log(self.high + 1) - low)).astype(np.int64)
            values = np.clip(values, self.low, self.high)
        else:
            values = whole(numbers, name, self.low, self.high)
        return [self._write(value) for value in values.tolist()]

    def _write(self, value: int) -> str:
        units, rest = divmod(abs(value), 10**self.places)
        text = f"{units:,}" if self.grouped else f"{units:0{self.width}d}"
        sign = "-" if value < 0 else ""
        return f"{sign}{text}.{rest:0{self.places}d}" if self.places else f"{sign}{text}"

    def alphabet(self) -> set[str]:
        """Digits, and the signs that it uses."""
        signs = ("-" if self.low < 0 else "") + ("." if self.places else "") + ("," if self.grouped else "")
        return set("0123456789" + signs)


@dataclass(frozen=True)
class Moment:
    """A day of the calendar and a second of that day. parts: DIRECTIVES and plain text; days: ordinals."""

    parts: tuple[str, ...]
    first: int
    last: int

    def draw(self, numbers: Numbers, name: str) -> list[str]:
        """The moments as written."""
        days = whole(numbers, f"{name}.day", self.first, self.last).tolist()
        seconds = whole(numbers, f"{name}.second", 0, 86399).tolist()
        writers = [DIRECTIVES.get(part, lambda day, second, text=part: text) for part in self.parts]
        return [
            "".join([write(day, second) for write in writers])
            for day, second in zip(map(date.fromordinal, days), seconds, strict=True)
        ]

    def alphabet(self) -> set[str]:
        """Digits, names of months and days, and the plain text."""
        shown = set("".join(part for part in self.parts if part not in DIRECTIVES))
        named: dict[str, Sequence[str]] = {
            "%b": MONTHS,
            "%B": MONTHS,
            "%a": DAYS,
            "%A": DAYS,
            "%p": ["AMP"],
            "%%": ["%"],
        }
        for part in self.parts:
            shown |= set("".join(named.get(part, ["0123456789"] if part in DIRECTIVES else [])))
        return shown
