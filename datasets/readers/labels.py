"""What every reader is given: where the labels lie, where the photos, and what a bad line does."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from ...errors import UserError
from ..members import Member, members, split_inside
from ..places import Place, exists, photos_by_stem
from ..records import Photo, Refusal, Region

IN_MEMORY = 16 << 20
BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True)
class Labels:
    """Labels of one format on disk.

    path: the label file or folder; a file may lie inside an archive (`set.zip/gt.txt`).
    images: folders or archives of photos; where empty, the labels' own folder.
    strict: a malformed line stops with UserError; otherwise it is a counted refusal `malformed_line`.
    keep_missing: photos that are absent are given all the same, for counting a whole ground truth;
    otherwise each is a refusal `missing_photo`.
    """

    path: Path
    images: tuple[Path, ...] = ()
    source: str = ""
    licence: str = "not stated"
    strict: bool = True
    keep_missing: bool = False

    def malformed(self, path: Path, line: int | str, detail: str) -> Refusal:
        """The refusal of a line that does not follow the format, or the error that it is when strict."""
        where = f"line {line}" if isinstance(line, int) else line
        if self.strict:
            raise UserError(f"{path} {where}: {detail}")
        return Refusal("malformed_line", f"{path.name} {where}", detail)

    def photo(self, path: Place | None, name: str, regions: Iterable[Region | Refusal]) -> Iterator[Photo | Refusal]:
        """The refused regions, then the photo with the others; one refusal where there is no such photo."""
        regions = list(regions)
        if path is None and not self.keep_missing:
            yield Refusal("missing_photo", name, f"no such picture; its {len(regions)} texts are left out")
            return
        yield from (r for r in regions if isinstance(r, Refusal))
        texts = tuple(r for r in regions if isinstance(r, Region))
        yield Photo(path or Path(name), name, texts, self.source, self.licence)

    def photos(self) -> dict[str, Place]:
        """The pictures by stem; nothing where all are missing and may be. Raises UserError for two of one name."""
        folders = self.images or (self.path if self.path.is_dir() else self.path.parent,)
        return {} if self.keep_missing and not any(map(exists, folders)) else photos_by_stem(folders)


def open_label(path: Path) -> IO[bytes]:
    """A label file, seekable; one inside an archive is copied to a temporary file. Raises UserError."""
    try:
        if path.is_file() or (found := split_inside(path)) is None:
            return path.open("rb")
        member = _member(*found, found[0].stat().st_mtime_ns)
        copy = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - the caller closes it
        for data in member.chunks():
            copy.write(data)
        copy.seek(0)
        return copy
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no such label file") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise UserError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


@lru_cache(maxsize=8)
def _member(archive: Path, inside: str, changed: int) -> Member:
    """The file of that path in an archive, which has to be searched for it once. Raises UserError."""
    member = next((m for m in members(archive) if f"/{m.name}".endswith(f"/{inside}")), None)
    if member is None or not inside:
        raise UserError(f"{archive}: holds no file '{inside}'")
    return member


def label_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, text) of every line that is not blank; BOM and line ends removed.

    Lines end at `\\n` or `\\r\\n` alone: U+2028, U+0085 and their like may stand inside a text.
    Raises UserError for a missing file and for a line that is not UTF-8.
    """
    number = 0
    with open_label(path) as file:
        try:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                text = text.removesuffix("\n").removesuffix("\r")
                if text.strip():
                    yield number, text
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path} line {number}: not UTF-8 (byte {error.start + 1} of the line); "
                "Chinese files are often GB18030: convert the file to UTF-8 first"
            ) from error
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error


def label_text(path: Path) -> str:
    """A whole label file, BOM removed. Raises UserError for a missing file and for what is not UTF-8."""
    with open_label(path) as file:
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: not UTF-8 at byte {error.start}") from error
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error


def label_json(path: Path) -> Any:
    """The value of a JSON file. Raises UserError with line and column."""
    with _naming_json(path):
        return json.loads(label_text(path))


class JsonObject:
    """A file of one JSON object, whose values are parsed when they are asked for.

    Parsed at once, the labels of 400,000 photos take ten times the room of their text.
    Raises UserError with line and column, for a name that stands twice, and for another value than an object.
    """

    def __init__(self, path: Path, shape: str) -> None:
        self.path = path
        self._text = label_text(path)
        self._places: dict[str, int] = {}
        with _naming_json(path):
            self._index(f"{path}: an object {shape} is expected; it is empty or something else")
        self._decoder = json.JSONDecoder()

    def _index(self, otherwise: str) -> None:
        text, decoder = self._text, json.JSONDecoder()
        at = _blanks(text, 0)
        if text[at : at + 1] != "{" or text.startswith("}", _blanks(text, at + 1)):
            decoder.raw_decode(text, at)  # what is no JSON at all says so
            raise UserError(otherwise)
        while not self._places or text[at] == ",":
            name, at = decoder.raw_decode(text, _blanks(text, at + 1))
            at = _expect(text, _blanks(text, at), ":")
            if not isinstance(name, str):
                raise json.JSONDecodeError("a name in double quotes is expected", text, at)
            if name in self._places:
                raise UserError(f"{self.path}: '{name}' stands twice in it")
            self._places[name] = _blanks(text, at)
            at = _blanks(text, decoder.raw_decode(text, self._places[name])[1])
            if text[at : at + 1] not in ("}", ","):
                raise json.JSONDecodeError("',' or '}' is expected", text, at)
        if text[at + 1 :].strip():
            raise json.JSONDecodeError("more text behind the object", text, at + 1)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, name: str) -> Any:
        return self._decoder.raw_decode(self._text, self._places[name])[0]


def _blanks(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"'{sign}' is expected", text, at)
    return at + 1


@contextmanager
def _naming_json(path: Path) -> Iterator[None]:
    try:
        yield
    except json.JSONDecodeError as error:
        raise UserError(f"{path} line {error.lineno} column {error.colno}: not valid JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # lists in lists in lists; a number of thousands of digits
        raise UserError(f"{path}: no label file: {error}") from error
