"""Where the texts of synthetic lines come from: files of lines, random characters, patterns."""

from __future__ import annotations

import codecs
import mmap
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, PositiveFloat

from ..config import Config
from ..errors import UserError
from .charset import Charset

CHUNK = 16 << 20
# The 3,755 most common Han characters, as GB 2312 lists them: rows 16 to 55, the last one shorter.
COMMON_HAN = "".join(
    bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312")
    for row in range(16, 56)
    for cell in range(1, 95 if row < 55 else 90)
)
CLASSES = {
    "digit": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letter": string.ascii_letters,
    "alnum": string.ascii_uppercase + string.digits,
    "hex": "0123456789ABCDEF",
    "han": COMMON_HAN,
}
FIELD = re.compile(r"\{(?:(?P<name>[a-z]+)(?::(?P<low>\d+)(?:-(?P<high>\d+))?)?|(?P<words>[^{}]*\|[^{}]*))\}")


class Numbers(Protocol):
    """Random numbers of a batch of texts."""

    def __len__(self) -> int: ...

    def uniform(self, name: str, k: int = 0) -> NDArray[np.float64]:
        """(n,) numbers in [0, 1), always the same ones for a name and k."""
        ...

    def uniforms(self, name: str, count: int) -> NDArray[np.float64]:
        """(n, count) numbers in [0, 1)."""
        ...


class Texts(Protocol):
    """An opened source."""

    def draw(self, numbers: Numbers) -> list[str]:
        """One text for each of the batch."""
        ...

    def alphabet(self) -> set[str]:
        """The characters that can occur, where that is known without reading everything; else nothing."""
        ...


def _ordered(limits: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= limits[0] <= limits[1]:
        raise ValueError("two whole numbers [shortest, longest] are expected, 1 or more, the smaller first")
    return limits


Lengths = Annotated[tuple[int, int], AfterValidator(_ordered)]


class FileText(Config):
    """Lines of a UTF-8 file; with `length`, a window of that many characters where a line is longer."""

    kind: Literal["file"]
    path: str
    length: Lengths | None = None
    weight: PositiveFloat = 1.0

    def open(self, base: Path, charset: Charset | None) -> Texts:
        """Raises UserError naming file, line and byte where the file is not UTF-8."""
        return Lines(find_file(self.path, base), self.length)


class RandomText(Config):
    """Random characters: of `characters` (a dictionary file or the characters themselves), else of the charset."""

    kind: Literal["random"]
    characters: str | None = None
    length: Lengths = (1, 10)
    weight: PositiveFloat = 1.0

    def open(self, base: Path, charset: Charset | None) -> Texts:
        """Raises UserError where neither `characters` nor a charset is given."""
        chosen = read_charset(self.characters, base) if self.characters else charset
        if chosen is None:
            raise UserError("texts: a 'random' source needs 'characters', or a 'charset' in the recipe")
        return Fields([(list(chosen.characters), *self.length)])


def _pattern(pattern: str) -> str:
    parse_pattern(pattern)
    return pattern


class PatternText(Config):
    """A pattern such as `{digit:4}-{upper:2}`, `{digit:1-3}`, `{A|B|}`; `{{` and `}}` are braces."""

    kind: Literal["pattern"]
    pattern: Annotated[str, AfterValidator(_pattern)]
    weight: PositiveFloat = 1.0

    def open(self, base: Path, charset: Charset | None) -> Texts:
        """Never fails: the pattern was checked on reading."""
        return Fields(parse_pattern(self.pattern))


TextSource = Annotated[FileText | RandomText | PatternText, Field(discriminator="kind")]
Part = tuple[list[str], int, int]


def parse_pattern(pattern: str) -> list[Part]:
    """A pattern as (choices, fewest, most) in order. Raises ValueError naming what is not understood."""
    parts: list[Part] = []
    position = 0
    while position < len(pattern):
        if pattern[position : position + 2] in ("{{", "}}"):
            parts.append(([pattern[position]], 1, 1))
            position += 2
        elif pattern[position] in "{}":
            match = FIELD.match(pattern, position)
            if not match:
                raise ValueError(
                    f"'{pattern[position:]}': {{CLASS}}, {{CLASS:4}}, {{CLASS:1-4}} or {{A|B}} is expected"
                )
            parts.append(_field(match))
            position = match.end()
        else:
            parts.append(([pattern[position]], 1, 1))
            position += 1
    if not parts:
        raise ValueError("the pattern is empty")
    return parts


def _field(match: re.Match[str]) -> Part:
    if match["words"] is not None:
        return match["words"].split("|"), 1, 1
    if match["name"] not in CLASSES:
        raise ValueError(f"'{{{match['name']}}}' is no class of characters; there are: {', '.join(CLASSES)}")
    low = int(match["low"] or 1)
    high = int(match["high"] or low)
    if not low <= high:
        raise ValueError(f"'{match[0]}': the smaller number comes first")
    return list(CLASSES[match["name"]]), low, high


class Fields:
    """A row of fields, each filled with a drawn number of drawn choices."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts

    def draw(self, numbers: Numbers) -> list[str]:
        """One text for each of the batch."""
        texts = [""] * len(numbers)
        for place, (choices, low, high) in enumerate(self.parts):
            if len(choices) == 1 and low == high:
                texts = [text + choices[0] * low for text in texts]
                continue
            counts = low + (numbers.uniform(f"text.count.{place}") * (high - low + 1)).astype(np.int64)
            picks = (numbers.uniforms(f"text.pick.{place}", high) * len(choices)).astype(np.int64)
            for i, (count, row) in enumerate(zip(counts.tolist(), picks.tolist(), strict=True)):
                texts[i] += "".join([choices[pick] for pick in row[:count]])
        return texts

    def alphabet(self) -> set[str]:
        """Every character that a field can show."""
        return {c for choices, _, high in self.parts if high for choice in choices for c in choice}


class Lines:
    """The lines of a file, without outer white space and empty lines; the file is mapped, not read into memory."""

    def __init__(self, path: Path, length: tuple[int, int] | None = None) -> None:
        self.length = length
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            raise UserError(f"{path}: the corpus is empty") from None
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error
        _check_utf8(path, self._data)
        ends = np.concatenate([*_newlines(self._data), [len(self._data)]])
        starts = np.concatenate([[0], ends[:-1] + 1])
        if self._data[:3] == codecs.BOM_UTF8:
            starts[0] = 3
        last = np.frombuffer(self._data, np.uint8)[np.maximum(ends - 1, 0)]
        ends = ends - ((last == 13) & (ends > starts))  # "\r\n"
        filled = ends > starts
        self._starts, self._ends = starts[filled], ends[filled]
        if not len(self._starts):
            raise UserError(f"{path}: the corpus holds no text")

    def __len__(self) -> int:
        return len(self._starts)

    def draw(self, numbers: Numbers) -> list[str]:
        """One line, or window of a line, for each of the batch."""
        which = (numbers.uniform("text.line") * len(self)).astype(np.int64)
        spans = zip(self._starts[which].tolist(), self._ends[which].tolist(), strict=True)
        texts = [self._data[start:end].decode().strip() for start, end in spans]
        if self.length is None:
            return texts
        low, high = self.length
        lengths = low + (numbers.uniform("text.length") * (high - low + 1)).astype(np.int64)
        places = numbers.uniform("text.window").tolist()
        return [_window(t, n, u) for t, n, u in zip(texts, lengths.tolist(), places, strict=True)]

    def alphabet(self) -> set[str]:
        """Not known without reading the whole file."""
        return set()


def _window(text: str, length: int, place: float) -> str:
    start = int(place * (max(len(text) - length, 0) + 1))
    return text[start : start + length].strip()


def _newlines(data: mmap.mmap) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(data), CHUNK):
        yield start + np.flatnonzero(np.frombuffer(data[start : start + CHUNK], np.uint8) == 10)


def _check_utf8(path: Path, data: mmap.mmap) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + CHUNK >= len(data))
        except UnicodeDecodeError as error:
            at = start - kept + error.start
            before = data[:at]
            line, column = before.count(b"\n") + 1, at - before.rfind(b"\n")
            raise UserError(
                f"{path} line {line}: byte {column} of the line (0x{data[at]:02x}, byte {at} of the file) is not UTF-8"
            ) from error


def find_file(name: str, base: Path) -> Path:
    """`name` as written in a recipe: absolute, else beside the recipe, else from the current folder.

    Raises UserError naming both places.
    """
    places = list(dict.fromkeys((base, Path.cwd())))
    for place in places:
        if (place / name).exists():
            return place / name
    where = "" if Path(name).is_absolute() else f" in {' or in '.join(map(str, places))}"
    raise UserError(f"{name}: no such file or folder{where}")


def read_charset(value: str, base: Path) -> Charset:
    """A dictionary file (a name that ends in .txt), else the characters of `value` themselves."""
    return Charset.read(find_file(value, base)) if value.endswith(".txt") else Charset(value)
