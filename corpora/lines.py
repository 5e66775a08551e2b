"""Texts of a file: its lines, and windows over it as one running text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .mapped import MappedText
from .protocols import Integers, Numbers, whole
from .windows import around, near, running, some_words, window

FEW = 100
REACH = 4096
"""Bytes on either side of a character in which its line is looked for."""
JOINED = 32
LONG = 16 << 10


class Lines:
    """The lines of a file without outer white space; empty ones do not count. Memory: 4 bytes a line.

    length: shortest and longest window that is cut out of a line where the line is longer.
    measured: lengths can be wanted; 6 bytes more a line.
    """

    flexible = True

    def __init__(self, text: MappedText, length: tuple[int, int] | None = None, measured: bool = False) -> None:
        self.text, self.length = text, length
        starts: list[Integers] = []
        counts: list[Integers] = []
        open_line, characters = True, 0
        for offset, data in text.chunks():
            begins, open_line = _begins(data, open_line)
            starts.append((offset + begins).astype(np.uint32 if len(text) < 1 << 32 else np.int64))
            if measured:
                so_far = np.cumsum(((data & 0xC0) != 0x80) & (data != 10) & (data != 13), dtype=np.int64)
                counts.append(characters + np.where(begins, so_far[begins - 1], 0))
                characters += int(so_far[-1])
        self._starts = np.concatenate(starts) if starts else np.empty(0, np.uint32)
        if not len(self._starts):
            raise UserError(f"{text.path}: the corpus holds no text")
        if measured:
            self._measure(np.diff(np.concatenate([*counts, [characters]])))

    def _measure(self, lengths: Integers) -> None:
        """Sort the lines by length, so that those of a wanted length are neighbours."""
        shortened = np.minimum(lengths, np.iinfo(np.uint16).max).astype(np.uint16)
        self._order = np.argsort(shortened, kind="stable").astype(np.uint32)
        self._edges = np.searchsorted(shortened[self._order], np.arange(int(shortened.max()) + 2))

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[str]:
        ends = chain(self._starts[1:].tolist(), [len(self.text)])
        spans = zip(self._starts.tolist(), ends, strict=True)
        return (self.text.data[start:end].decode().strip() for start, end in spans)

    def _line(self, start: int, place: float = 0.0) -> str:
        """A line; of one that is a whole book, 16 KiB from `place` on, in [0, 1)."""
        end = self.text.data.find(b"\n", start)
        end = end if end >= 0 else len(self.text)
        if end - start > LONG:
            start += int(place * (end - start - LONG))
            return self.text.decode(start, start + LONG).strip()
        return self.text.data[start:end].decode().strip()

    def draw(self, numbers: Numbers, wanted: Integers | None = None) -> list[str]:
        """One line, or window of a line, for each of the batch; of `wanted` characters where that is given."""
        if wanted is not None:
            return self._of_length(numbers, wanted)
        which = (numbers.uniform("text.line") * len(self)).astype(np.int64)
        starts = self._starts[which].tolist()
        if self.length is None:
            return [self._line(start) for start in starts]
        lengths = whole(numbers, "text.length", *self.length).tolist()
        places = numbers.uniform("text.window").tolist()
        return [window(self._line(s, u), n, u) for s, n, u in zip(starts, lengths, places, strict=True)]

    def _of_length(self, numbers: Numbers, wanted: Integers) -> list[str]:
        """Lines as long as wanted or cut to it; where there are but few so long, several lines joined."""
        uniform, places = numbers.uniform("text.line"), numbers.uniform("text.window").tolist()
        last = len(self._edges) - 1
        low = self._edges[np.minimum(wanted, last)]
        # Whole lines of this length; where they are few, longer ones too, so that texts do not repeat too soon.
        many = max(10 * FEW, len(self) // 50)
        high = np.maximum(self._edges[np.minimum(wanted + 1, last)], np.minimum(low + many, len(self)))
        joined = high - low < min(FEW, len(self) // 10 + 1)
        rank = (low + uniform * (high - low)).astype(np.int64)
        line = np.where(joined, (uniform * len(self)).astype(np.int64), self._order[np.minimum(rank, len(self) - 1)])
        texts = []
        for i, (first, length, place) in enumerate(zip(line.tolist(), wanted.tolist(), places, strict=True)):
            text = self._joined(first, length) if joined[i] else self._line(int(self._starts[first]), place)
            cut = near(text, length, place)
            if len(cut) != length and " " in cut and not joined[i]:
                # In a few lines there is a run of whole words of the very length.
                cut = near(self._joined(first, length), length, place)
            texts.append(cut)
        return texts

    def _joined(self, line: int, length: int) -> str:
        """Line and lines behind it (after the last one, the first) as running text, long enough to choose words."""
        text = ""
        for k in range(JOINED):
            text = running(f"{text}\n{self._line(int(self._starts[(line + k) % len(self)]))}").strip()
            if len(text) >= 4 * length + 32 or (len(text) >= length and " " not in text):
                break
        return text

    def alphabet(self) -> set[str]:
        """Not known without reading the whole file."""
        return set()

    def around(self, at: int, longest: int, place: float) -> str:
        """The line that holds the character at byte `at`, or a window of `longest` characters around it."""
        data = self.text.data
        begin = max(data.rfind(b"\n", max(at - REACH, self.text.start), at) + 1, at - REACH, self.text.start)
        end = data.find(b"\n", at, at + REACH)
        before = self.text.decode(begin, at)
        return around(before + self.text.decode(at, end if end >= 0 else at + REACH), len(before), longest, place)


def _begins(data: NDArray[np.uint8], open_line: bool) -> tuple[NDArray[np.int64], bool]:
    """Where lines that are not empty begin. open_line: whether a line may begin with the first byte."""
    after = np.concatenate([[open_line], data[:-1] == 10])
    # "\r\n" is a line end; any other carriage return is white space inside a line.
    ended = (data == 10) | ((data == 13) & np.concatenate([data[1:] == 10, [True]]))
    begins = np.flatnonzero(after & ~ended)
    return begins, bool(data[-1] == 10)


class Stream:
    """A file as one running text, whatever its line ends: windows of characters, or of whole words."""

    flexible = True

    def __init__(self, text: MappedText, length: tuple[int, int], words: bool) -> None:
        self.text, self.length, self.words = text, length, words
        if not text.decode(text.start, text.start + REACH).strip() and not text.data[text.start :].strip():
            raise UserError(f"{text.path}: the corpus holds no text")

    def draw(self, numbers: Numbers, wanted: Integers | None = None) -> list[str]:
        """A window for each of the batch; wanted: characters, also where windows are of words."""
        starts = (self.text.start + numbers.uniform("text.at") * (len(self.text) - self.text.start)).astype(np.int64)
        places = numbers.uniform("text.window").tolist()
        lengths = whole(numbers, "text.length", *self.length) if wanted is None else wanted
        cut: Callable[[int, int, float], str] = self._some_characters
        if self.words:
            cut = self._some_words if wanted is None else self._wanted_words
        return [cut(at, n, u) for at, n, u in zip(starts.tolist(), lengths.tolist(), places, strict=True)]

    def _some_characters(self, at: int, length: int, place: float) -> str:
        size = 4 * length + 64
        while len(text := running(self._piece(at, size)).strip()) < length and size < len(self.text):
            size *= 4
        # Words that the piece's own ends cut are left out.
        inner = text[text.find(" ") + 1 : text.rfind(" ")] if " " in text else ""
        return near(inner if len(inner) >= length else text, length, place)

    def _wanted_words(self, at: int, length: int, place: float) -> str:
        words = self._words(at, 6 * length + 160)
        if sum(map(len, words)) < length:
            return " ".join(words)
        return some_words(words, length, place)

    def _some_words(self, at: int, count: int, place: float) -> str:
        size = 16 * count + 32
        while len(words := self._words(at, size)) < count and size < len(self.text):
            size *= 4
        first = int(place * (max(len(words) - count, 0) + 1))
        return " ".join(words[first : first + count])

    def _words(self, at: int, size: int) -> list[str]:
        """The whole words of a piece."""
        words = self._piece(at, size).split()
        begin = self._begin(at, size)
        inside = begin > self.text.start and not self.text.data[begin - 1 : begin].isspace()
        return words[1 if inside else 0 : len(words) if begin + size >= len(self.text) else -1]

    def _piece(self, at: int, size: int) -> str:
        """About `size` bytes of text from `at`, or before the end."""
        begin = self._begin(at, size)
        return self.text.decode(begin, begin + size)

    def _begin(self, at: int, size: int) -> int:
        return max(min(at, len(self.text) - size), self.text.start)

    def alphabet(self) -> set[str]:
        """Not known without reading the whole file."""
        return set()

    def around(self, at: int, longest: int, place: float) -> str:
        """A window of up to `longest` characters around the character at byte `at`."""
        reach = 4 * longest
        before = running(self.text.decode(max(at - reach, self.text.start), at))
        return around(before + running(self.text.decode(at, at + reach)), len(before), longest, place)
