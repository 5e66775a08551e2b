"""Lists of cut-out words: one line a picture, its name and its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...errors import UserError
from ..places import PhotosByPath
from ..records import Photo, Refusal, Region
from .labels import Labels, label_lines
from .regions import ignore_reason

# Greedy: exactly one pair of outer quotes goes, whatever commas and quotes the text holds.
QUOTED = re.compile(r'(?P<name>[^,"]+?)\s*,\s*"(?P<text>.*)"\s*')
ESCAPED = re.compile(r'\\(["\\])')
PLAIN = re.compile(r"(?P<name>\S+) (?P<text>.*\S.*)")
TWICE = re.compile(r"(?P<name>\S+) (?P<text>\S.*?) (?:\d+) (?P=text)\s*")
MEASURED = re.compile(r"\d+\s+\d+\s+(?P<name>\S+)[\t ](?P<text>.*)")


@dataclass(frozen=True)
class WordReader:
    """Reads a list, each line by `line`, whose groups are `name` and `text`; `shape` describes it in messages."""

    line: re.Pattern[str]
    shape: str
    clean: Callable[[str], str] = str

    def __call__(self, labels: Labels) -> Iterator[Photo | Refusal]:
        """Words in the file's order, each a photo with one region that is the whole picture.

        labels.path: the file, or a folder that holds gt.txt.
        Raises UserError for a missing or empty file and for a malformed line (when strict).
        """
        path = labels.path / "gt.txt" if labels.path.is_dir() else labels.path
        photos = PhotosByPath(labels.images or (path.parent,))
        first_line: dict[str, int] = {}
        number = 0
        for number, line in label_lines(path):
            match = self.line.fullmatch(line)
            if not match:
                yield labels.malformed(path, number, f"{self.shape} is expected, not {line[:60]!r}")
                continue
            name, text = match["name"], self.clean(match["text"])
            if name in first_line:
                where = f"{path.name} line {number}"
                yield Refusal("duplicate_photo", where, f"as on line {first_line[name]}: {name}", text)
                continue
            first_line[name] = number
            yield from labels.photo(photos.find(name), name, [Region(None, text, ignore_reason(text))])
        if not number:
            raise UserError(f"{path}: the label file is empty")


def _unescaped(text: str) -> str:
    """`\\"` and `\\\\` as they are meant."""
    return ESCAPED.sub(r"\1", text)


icdar2015_words = WordReader(QUOTED, 'NAME.png, "text"', _unescaped)
words = WordReader(PLAIN, "NAME TEXT")
cute80 = WordReader(TWICE, "NAME TEXT 1 TEXT")
street_view_words = WordReader(MEASURED, "WIDTH HEIGHT NAME<TAB>TEXT")
