"""Archives that come in pieces `x.zip.001`, `x.zip.002` …: one file, were they put together."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from itertools import accumulate, count
from pathlib import Path
from typing import IO

VOLUME = re.compile(r".+\.[0-9]{3}")


def is_later_volume(path: Path) -> bool:
    """Whether `path` is the second or a later piece."""
    return VOLUME.fullmatch(path.name) is not None and path.suffix != ".001" and first_volume(path).is_file()


def first_volume(path: Path) -> Path:
    """The piece that stands for all of them; a whole file stands for itself."""
    return path.with_suffix(".001") if VOLUME.fullmatch(path.name) else path


def is_volume(path: Path) -> bool:
    """Whether `path` is the first of several pieces."""
    return path.name.endswith(".001")


def open_volumes(path: Path) -> IO[bytes]:
    """For reading, seekable: a whole file, or all pieces one after the other."""
    if not is_volume(path):
        return path.open("rb")
    names = (path.with_suffix(f".{n:03d}") for n in count(1))
    pieces = []
    for piece in names:
        if not piece.is_file():
            break
        pieces.append(piece)
    return io.BufferedReader(_Volumes(pieces), 1 << 16)


class _Volumes(io.RawIOBase):
    def __init__(self, pieces: list[Path]) -> None:
        self._files = [p.open("rb") for p in pieces]
        self._ends = list(accumulate(p.stat().st_size for p in pieces))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Bytes read, up to the end of the piece at hand; 0 behind the last."""
        index = bisect_right(self._ends, self._at)
        if index == len(self._files):
            return 0
        start = self._ends[index - 1] if index else 0
        self._files[index].seek(self._at - start)
        data = self._files[index].read(min(len(buffer), self._ends[index] - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
