"""Cutting and joining texts: at a character where words are not spaced, else between words."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

# Scripts that are written without spaces between words: Thai and its neighbours, Han, kana, and wide punctuation.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
)
TIGHT = re.compile(rf"[{UNSPACED}]")
INSIDE_WORD = re.compile(rf"[^\W{UNSPACED}]{{2}}")


def running(text: str) -> str:
    """Text without line ends: one space for each, or nothing between letters of unspaced scripts; spaces single."""
    if "\n" in text:
        lines = [line for line in map(str.strip, text.split("\n")) if line]
        text = lines[0] if lines else ""
        for line in lines[1:]:
            text += line if TIGHT.match(text[-1]) and TIGHT.match(line) else f" {line}"
    return " ".join(text.split()) if "  " in text or "\t" in text else text


def window(text: str, length: int, place: float) -> str:
    """`length` characters of a longer text; place: in [0, 1), which ones."""
    start = int(place * (max(len(text) - length, 0) + 1))
    return text[_letter(text, start) : _letter(text, start + length)].strip()


def _letter(text: str, at: int) -> int:
    """`at`, or behind the marks there that belong to the letter before: an accent is not cut off."""
    while 0 < at < len(text) and text[at] > "\u02ff" and unicodedata.category(text[at])[0] == "M":
        at += 1
    return at


def near(text: str, length: int, place: float) -> str:
    """A window of `length` characters; where it would cut words, whole words of about that length if there are."""
    if len(text) <= length:
        return text
    start = int(place * (len(text) - length + 1))
    start, stop = _letter(text, start), _letter(text, start + length)
    cuts = (start and INSIDE_WORD.match(text, start - 1)) or INSIDE_WORD.match(text, stop - 1)
    if not cuts and not text[start].isspace() and not text[stop - 1].isspace():
        return text[start:stop]
    words = some_words(text.split(), length, place) if " " in text else ""
    return words if words and abs(len(words) - length) <= max(1, length // 8) else text[start:stop].strip()


def some_words(words: Sequence[str], length: int, place: float) -> str:
    """The run of whole words that comes closest to `length` characters; place: which of the equally close ones."""
    ends = [0, *accumulate(len(word) + 1 for word in words)]  # each word with a space behind it
    best, found = 1 << 30, [(0, 0)]
    for first in range(len(words)):
        wanted = ends[first] + length + 1
        stop = max(bisect_left(ends, wanted), first + 2)
        for last in (stop - 1, stop):
            if last <= len(words):
                miss = abs(ends[last] - wanted)
                if miss < best:
                    best, found = miss, [(first, last)]
                elif miss == best:
                    found.append((first, last))
    first, last = found[int(place * len(found))]
    return " ".join(words[first:last])


def around(text: str, at: int, length: int, place: float) -> str:
    """A window of up to `length` characters that holds character `at`; it cuts no word where it can do without."""
    if len(text) <= length:
        return text.strip()
    low, high = max(0, at - length + 1), min(at, len(text) - length)
    word = text.rfind(" ", 0, at) + 1, (text.find(" ", at) + 1 or len(text) + 1) - 1
    if word[1] - word[0] <= length:
        low, high = max(0, word[1] - length), min(word[0], high)
    start = low + int(place * (high - low + 1))
    start, stop = min(_letter(text, start), at), _letter(text, start + length)
    if start and INSIDE_WORD.match(text, start - 1) and (space := text.find(" ", start, at)) >= 0:
        start = space + 1
    if INSIDE_WORD.match(text, stop - 1) and (space := text.rfind(" ", at + 1, stop)) >= 0:
        stop = space
    return text[start:stop].strip()
