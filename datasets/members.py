"""Files inside archives, read where they lie: nothing is unpacked to disk, and memory stays flat."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import tarfile
import threading
import unicodedata
import zipfile
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from ..errors import UserError
from . import tars, zips
from .tars import Entry
from .volumes import first_volume, open_volumes

DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile)
# Left behind by systems that packed the archive; never data.
LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
COMPRESSIONS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
LARGEST_FILE = 256 << 20  # one picture or one label file is read as a whole
CHUNK = 1 << 20
OPEN_ARCHIVES = 16


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
            if _is_damage(error):
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


def plain_name(archive: Path, entry: Entry) -> str | None:
    """The name with forward slashes; None for litter. Raises UserError for a path outside, a link and a device."""
    name = zips.clean(entry.name)
    parts = name.split("/")  # not a path object: there are millions
    if name.startswith("/") or ".." in parts or ":" in name or "\0" in name:
        raise UserError(f"{archive} holds {entry.name!r}, a path outside its folder: refused")
    if entry.kind == "other":
        raise UserError(f"{archive} holds {entry.name!r}, a link or device: refused")
    return None if not LITTER.isdisjoint(parts) or parts[-1].startswith("._") else name


LABEL_SUFFIXES = (".csv", ".json", ".mat", ".txt", ".xml")


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


def is_archive(path: Path) -> bool:
    """Whether a file begins as a zip or a tar does; compressed ones are taken for tars."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(512)
    return zips.is_zip(head) or tars.is_tar(head) or any(head.startswith(magic) for magic, _ in COMPRESSIONS)


def walk(archive: Path) -> Generator[tuple[Entry, Iterator[bytes]], None, None]:
    """All entries in order, each with its data, to be read before the next one or not at all.

    Raises UserError for what is no archive, is damaged, encrypted, or compressed in an unusual way; so does the data.
    """
    head = _head(archive)
    with _naming(archive):
        if zips.is_zip(head):
            with open_volumes(archive) as directory, open_volumes(archive) as file:
                for entry in zips.entries(directory):
                    name = zips.clean(entry.name)
                    yield entry, _named(archive, zips.chunks(file, name, entry.offset, entry.size, entry.packed))
        elif not tars.is_tar(head) and _opener(head) is None:
            raise UserError(f"{archive} is neither a zip nor a tar archive (it begins with {head[:16]!r})")
        else:
            with _unpacked(archive) as stream:
                for entry in tars.entries(stream):
                    yield entry, _named(archive, tars.chunks(stream, entry.size))


def _named(archive: Path, data: Iterator[bytes]) -> Iterator[bytes]:
    with _naming(archive):
        yield from data


def _is_damage(error: BaseException) -> bool:
    """Whether an error tells of the archive, not of the disk or the network that it lies on."""
    return getattr(error, "errno", None) in (None, errno.EINVAL)


@contextmanager
def _naming(archive: Path) -> Iterator[None]:
    """Errors of damage as UserError."""
    try:
        yield
    except (*DAMAGE, OSError) as error:
        if not _is_damage(error):
            raise
        raise UserError(f"{archive} is truncated or damaged ({error}); delete it and fetch it again") from error
    except ValueError as error:
        raise UserError(f"{archive}: {error}") from error


def _head(archive: Path) -> bytes:
    try:
        with archive.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise UserError(f"{archive}: {error.strerror}") from error
    if not head:
        raise UserError(f"{archive} is empty")
    return head


def _opener(head: bytes) -> Callable[..., IO[bytes]] | None:
    return next((opener for magic, opener in COMPRESSIONS if head.startswith(magic)), None)


def _unpacked(archive: Path) -> IO[bytes]:
    """The stream of a tar without its compression."""
    file = open_volumes(archive)
    opener = _opener(_head(archive))
    return file if opener is None else opener(file, "rb")


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
        self.stream = _unpacked(archive)
        self.seeks = _opener(_head(archive)) is None
        self.at = 0

    def chunks(self, member: Member) -> Iterator[bytes]:
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
            self.stream, self.at = _unpacked(self.archive), 0
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
        held[archive] = _Zip(archive) if zips.is_zip(_head(archive)) else _Tar(archive)
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
