"""How an LMDB of somebody else names and numbers its pictures and labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from ..errors import UserError
from .lmdb_pages import check_pages
from .store import open_lmdb

NUMBERED = re.compile(rb"(?P<stem>.*?)(?P<digits>[0-9]{1,19})(?P<rest>[^0-9]*)", re.DOTALL)
TEXT_KEYS = ("text", "transcription", "label")
COUNT = b"num-samples"
SOURCE = b"source-"
LABELS_LOOKED_AT = 200
# Numbers for each key that is there: beyond, the numbers are not a running count.
SPARSE = 100


@dataclass(frozen=True, slots=True)
class Family:
    """Keys that differ in their number only: stem, digits, rest. width: digits, or 0 where they are not padded."""

    stem: bytes
    rest: bytes
    width: int
    first: int
    last: int
    count: int

    def key(self, number: int) -> bytes:
        """The key of a number."""
        return self.stem + str(number).zfill(self.width).encode() + self.rest

    @property
    def shown(self) -> str:
        """For messages: `image-%09d`."""
        digits = f"%0{self.width}d" if self.width else "%d"
        return self.stem.decode(errors="replace") + digits + self.rest.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which keys hold pictures and which labels. text_key: labels are JSON objects and this member is the text."""

    images: Family | None
    labels: Family | None
    text_key: str | None
    declared: bytes | None
    others: tuple[bytes, ...] = ()

    @property
    def is_counted(self) -> bool:
        """Whether the numbers are a running count, some gaps allowed."""
        biggest = max((f.count for f in (self.images, self.labels) if f), default=0)
        return len(self.numbers) <= SPARSE * biggest

    @property
    def numbers(self) -> range:
        """All sample numbers that have a picture or a label."""
        families = [f for f in (self.images, self.labels) if f]
        return range(min(f.first for f in families), max(f.last for f in families) + 1) if families else range(0)


@contextmanager
def transaction(folder: Path) -> Iterator[Any]:
    """A read transaction. Raises UserError for what is no LMDB, or a damaged one."""
    environment = open_lmdb(folder)
    try:
        with environment.begin(buffers=False) as reading:
            yield reading
    except (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.InvalidError) as error:
        raise UserError(f"{folder}: the LMDB is damaged: {error}") from error
    finally:
        environment.close()


def layout_of(folder: Path) -> Layout:
    """The layout of the LMDB in `folder`, by reading all its keys (not the values).

    Raises UserError, also for a file that only looks like an LMDB, before LMDB reads it.
    """
    check_pages(folder)
    with transaction(folder) as reading:
        families, others = _families(reading)
        images = _largest([f for f in families if _is_image(reading, f)])
        rest = [f for f in families if f != images and f.stem != SOURCE and not _is_image(reading, f)]
        named = [f for f in rest if b"label" in f.stem.lower() or b"label" in f.rest.lower()]
        labels = _largest(named or rest)
        return Layout(images, labels, _text_key(reading, labels), reading.get(COUNT), tuple(others))


def _families(reading: Any) -> tuple[list[Family], list[bytes]]:
    found: dict[tuple[bytes, bytes], list[int]] = {}  # first, last, count, shortest, longest
    others: list[bytes] = []
    for key in reading.cursor().iternext(values=False):
        match = NUMBERED.fullmatch(key)
        if not match:
            if key != COUNT and len(others) < 20:
                others.append(key)
            continue
        number, digits = int(match["digits"]), len(match["digits"])
        entry = found.setdefault((match["stem"], match["rest"]), [number, number, 0, digits, digits])
        entry[0], entry[1], entry[2] = min(entry[0], number), max(entry[1], number), entry[2] + 1
        entry[3], entry[4] = min(entry[3], digits), max(entry[4], digits)
    families = [
        Family(stem, rest, shortest if shortest == longest and (shortest > 1) else 0, first, last, count)
        for (stem, rest), (first, last, count, shortest, longest) in found.items()
    ]
    return families, others


def _largest(families: list[Family]) -> Family | None:
    return max(families, key=lambda f: f.count, default=None)


def _is_image(reading: Any, family: Family) -> bool:
    name = (family.stem + family.rest).lower()
    called_so = (b"image" in name or b"img" in name) and b"label" not in name
    return called_so or looks_like_image(reading.get(family.key(family.first)) or b"")


def looks_like_image(value: bytes) -> bool:
    """Whether the bytes begin as JPEG, PNG, GIF, BMP, WebP or TIFF do."""
    magic = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")
    return value.startswith(magic) and len(value) > 32


def _text_key(reading: Any, labels: Family | None) -> str | None:
    """The member that holds the text where every label looked at is a JSON object with it."""
    if labels is None:
        return None
    numbers = range(labels.first, labels.last + 1)
    step = max(1, len(numbers) // LABELS_LOOKED_AT)
    values = [v for n in numbers[::step] if (v := reading.get(labels.key(n))) is not None]
    for key in TEXT_KEYS:
        if values and all(key in (json_label(v) or {}) for v in values):
            return key
    return None


def json_label(value: str | bytes) -> dict[str, Any] | None:
    """The object that a label is, or None."""
    if not value[:1].isspace() and value[:1] not in (b"{", "{"):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
