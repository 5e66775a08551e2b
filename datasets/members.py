"""Files inside archives, read where they lie: nothing is unpacked to disk, and memory stays flat."""

from __future__ import annotations

import os
import threading
import unicodedata
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import UserError
from . import tars, zips
from .volumes import first_volume, open_volumes
from .walk import DAMAGE, head_of, is_archive, is_compressed, is_damage, plain_name, unpacked, walk

LARGEST_FILE = 256 << 20  # one picture or one label file is read as a whole
CHUNK = 1 << 20
OPEN_ARCHIVES = 16
LABEL_SUFFIXES = (".csv", ".json", ".mat", ".txt", ".xml")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    offset: in a zip, of its local header; in a tar, of its first byte in the unpacked stream.
    size: bytes unpacked. packed: bytes in a zip, -1 in a tar.
    """

    archive: Path
    name: str
    offset: int
    size: int
    packed: int = -1

    def __str__(self) -> str:
        return f"{self.archive}/{self.name}"

    @property
    def stem(self) -> str:
        """File name without folders and suffix."""
        return PurePosixPath(self.name).stem

    def is_file(self) -> bool:
        """As of a path."""
        return self.archive.is_file()

    def read_bytes(self) -> bytes:
        """The whole file. Raises OSError where the archive is damaged or has changed.

        In a compressed tar reading goes forward only: what lies before the last file read costs a new start.
        """
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces. Raises OSError as `read_bytes` does."""
        try:
            yield from _opened(self.archive).chunks(self)
        except (*DAMAGE, OSError, ValueError) as error:
            _close(self.archive)  # where its cursor stands is unknown
            if is_damage(error):
                raise OSError(f"{self}: damaged: {error}") from error
            raise


def members(archive: Path) -> Iterator[Member]:
    """The files of a zip or tar (plain, gz, bz2, xz; also in volumes .001, .002 …), in the archive's order.

    Memory: 8 bytes a file. Raises UserError, naming the entry, for a path outside, a link, a device, an encrypted
    or far too large file, and, at the end, for one name twice or names that differ in case only.
    """
    hashes = array("q")
    for entry, _ in walk(archive):
        name = plain_name(archive, entry)
        if name is None or entry.kind == "folder":
            continue
        if entry.size > LARGEST_FILE and not name.lower().endswith(LABEL_SUFFIXES):
            raise UserError(f"{archive} holds {entry.name!r} of {entry.size >> 20:,} MiB: no picture is that large")
        hashes.append(hash(_folded(name)))
        yield Member(archive, name, entry.offset, entry.size, entry.packed)
    _no_twins(archive, hashes)


def _folded(name: str) -> str:
    return name if name.isascii() and name.islower() else unicodedata.normalize("NFC", name).casefold()


def _no_twins(archive: Path, hashes: array[int]) -> None:
    """Two files of one name, or of names that some file systems cannot tell apart: which one is meant?"""
    numbers = np.frombuffer(hashes, np.int64) if hashes else np.empty(0, np.int64)
    numbers.sort()
    twice = set(numbers[1:][numbers[1:] == numbers[:-1]].tolist())
    if not twice:
        return
    seen: dict[str, str] = {}
    for entry, _ in walk(archive):
        name = plain_name(archive, entry)
        if entry.kind == "file" and name is not None and hash(_folded(name)) in twice:
            other = seen.get(_folded(name))
            if other is not None:
                also = "twice" if other == name else f"and {other!r}, which differ in case only"
                raise UserError(f"{archive} holds {name!r} {also}: refused")
            seen[_folded(name)] = name


class _Zip:
    def __init__(self, archive: Path) -> None:
        self.file = open_volumes(archive)

    def chunks(self, member: Member) -> Iterator[bytes]:
        return zips.chunks(self.file, member.name, member.offset, member.size, member.packed)

    def close(self) -> None:
        self.file.close()


class _Tar:
    """A cursor: compressed streams are read forward; a step back begins anew."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.stream = unpacked(archive)
        self.seeks = not is_compressed(archive)
        self.at = 0

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member, piece by piece."""
        if self.seeks:
            self.stream.seek(member.offset)
        else:
            self._forward(member.offset)
        for data in tars.chunks(self.stream, member.size):
            self.at += len(data)
            yield data

    def _forward(self, offset: int) -> None:
        if offset < self.at:
            self.stream.close()
            self.stream, self.at = unpacked(self.archive), 0
        while self.at < offset:
            skipped = len(self.stream.read(min(CHUNK, offset - self.at)))
            if not skipped:
                raise EOFError("the archive has become shorter")
            self.at += skipped

    def close(self) -> None:
        self.stream.close()


class _Opened(threading.local):
    """What this thread of this process holds open: a shared file has one position, and readers would take turns."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.process = os.getpid()
        self.archives: OrderedDict[Path, _Zip | _Tar] = OrderedDict()


_mine = _Opened()


def _opened(archive: Path) -> _Zip | _Tar:
    """The archive, kept open: the few that were used last."""
    if _mine.process != os.getpid():  # a fork: the files are still the parent's
        _mine.forget()
    held = _mine.archives
    if archive not in held:
        held[archive] = _Zip(archive) if zips.is_zip(head_of(archive)) else _Tar(archive)
        if len(held) > OPEN_ARCHIVES:
            held.popitem(last=False)[1].close()
    held.move_to_end(archive)
    return held[archive]


def _close(archive: Path) -> None:
    if archive in _mine.archives:
        _mine.archives.pop(archive).close()


def close_archives() -> None:
    """Close what this thread holds open: Windows deletes no open file."""
    while _mine.archives:
        _mine.archives.popitem()[1].close()


def split_inside(path: Path) -> tuple[Path, str] | None:
    """`set.zip/img/train` to the archive and the path inside it; None where no part of it is an archive."""
    for parent in (path, *path.parents):
        if parent.is_file():
            inside = path.relative_to(parent).as_posix()
            return (first_volume(parent), "" if inside == "." else inside) if is_archive(parent) else None
    return None
