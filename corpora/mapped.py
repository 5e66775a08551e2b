"""A UTF-8 file of texts, mapped and not read into memory; what is not UTF-8 is named by line and byte."""

from __future__ import annotations

import codecs
import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .texts import ENCODINGS

CHUNK = 4 << 20


class MappedText:
    """The bytes of a checked file. start: where the text begins, behind a byte order mark."""

    def __init__(self, path: Path) -> None:
        """Raises UserError for an empty file, and naming line and byte of what is not UTF-8."""
        self.path = path
        try:
            with path.open("rb") as file:
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            raise UserError(f"{path}: the corpus is empty") from None
        except FileNotFoundError:
            raise UserError(f"{path}: no such file") from None
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error
        check_utf8(path, self.data)
        self.start = 3 if self.data[:3] == codecs.BOM_UTF8 else 0

    def __len__(self) -> int:
        return len(self.data)

    def decode(self, start: int, stop: int) -> str:
        """The text between two bytes; parts of characters at the ends are left out."""
        return self.data[start:stop].decode(errors="ignore")

    def first_line(self) -> str:
        """Its first 4 KiB at most."""
        return self.decode(self.start, self.start + 4096).partition("\n")[0]

    def chunks(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(offset, bytes) of the whole text, one piece after the other."""
        for start in range(self.start, len(self.data), CHUNK):
            yield start, np.frombuffer(self.data[start : start + CHUNK], np.uint8)


def check_utf8(path: Path, data: mmap.mmap) -> None:
    """Raises UserError naming line and byte of the first byte that is not UTF-8."""
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
            kind = next((k for begin, k in ENCODINGS.items() if data[: len(begin)] == begin), "")
            hint = f"; this looks like {kind}" if kind else ""
            raise UserError(
                f"{path} line {line}: byte {column} of the line (0x{data[at]:02x}, byte {at} of the file) is not "
                f"UTF-8{hint}; convert the file to UTF-8 first"
            ) from error
