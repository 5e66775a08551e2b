"""A job's input, one line a unit, on disk: every process reads its own part, none holds all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

MARK_EVERY = 256


@dataclass(frozen=True)
class Spool:
    """What `SpoolWriter` wrote. digest: sha256 over what identifies the records, places left out."""

    path: Path
    marks: tuple[int, ...]
    count: int
    digest: str

    def read(self, start: int, stop: int) -> Iterator[tuple[Any, Any]]:
        """(record, place) of the units `start` to `stop`."""
        if start >= stop:
            return
        with self.path.open("rb") as file:
            file.seek(self.marks[start // MARK_EVERY])
            for line in islice(file, start % MARK_EVERY, start % MARK_EVERY + stop - start):
                record, place = line.split(b"\t")
                yield json.loads(record), json.loads(place)


class SpoolWriter:
    """Appends (record, place) pairs of JSON values; a place (an absolute path) does not count for the digest."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.count = 0
        self._file = path.open("wb")
        self._marks: list[int] = []
        self._hash = hashlib.sha256()

    def add(self, record: Any, place: Any = None) -> None:
        """The next unit. JSON escapes tabs, line ends and what is no Unicode, so a line stays a line."""
        if self.count % MARK_EVERY == 0:
            self._marks.append(self._file.tell())
        line = json.dumps(record, separators=(",", ":")).encode()
        self._hash.update(line + b"\n")
        self._file.write(line + b"\t" + json.dumps(place).encode() + b"\n")
        self.count += 1

    def spool(self) -> Spool:
        """Everything that was added."""
        self._file.flush()
        return Spool(self.path, tuple(self._marks), self.count, self._hash.hexdigest())

    def __enter__(self) -> SpoolWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is not None:
            self.path.unlink()
            with suppress(OSError):  # the job's folder goes too, if there is nothing else in it
                for folder in list(self.path.parents)[:3]:
                    folder.rmdir()
