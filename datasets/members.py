"""Files inside archives, read where they lie: nothing is unpacked to disk, and memory stays flat."""

from __future__ import annotations

import unicodedata
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from ..errors import UserError
from . import tars, zips
from .archives import COMPRESSIONS, DAMAGE, LITTER
from .tars import Entry
from .volumes import first_volume, open_volumes

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
        except (*DAMAGE, ValueError) as error:
            raise OSError(f"{self}: damaged: {error}") from error


def members(archive: Path) -> Iterator[Member]:
    """The files of a zip or tar (plain, gz, bz2, xz; also in volumes .001, .002 …), in the archive's order.

    Memory: 8 bytes a file. Raises UserError, naming the entry, for a path outside, a link, a device, an encrypted
    or far too large file, and, at the end, for one name twice or names that differ in case only.
    """
    hashes = array("q")
    try:
        for entry in _entries(archive):
            if (name := _checked(archive, entry)) is not None:
                hashes.append(hash(_folded(name)))
                yield Member(archive, name, entry.offset, entry.size, entry.packed)
    except DAMAGE as error:
        raise UserError(f"{archive} is truncated or damaged ({error}); fetch it again") from error
    except ValueError as error:
        raise UserError(f"{archive}: {error}") from error
    _no_twins(archive, hashes)


def _checked(archive: Path, entry: Entry) -> str | None:
    """The cleaned name of a file; None for a folder and for litter."""
    name = zips.clean(entry.name)
    parts = name.split("/")  # not a path object: there are millions
    if name.startswith("/") or ".." in parts or ":" in name or "\0" in name:
        raise UserError(f"{archive} holds {entry.name!r}, a path outside its folder: refused")
    if entry.kind == "other":
        raise UserError(f"{archive} holds {entry.name!r}, a link or device: refused")
    if entry.kind == "folder" or not LITTER.isdisjoint(parts) or parts[-1].startswith("._"):
        return None
    if entry.size > LARGEST_FILE and not name.lower().endswith(LABEL_SUFFIXES):
        raise UserError(f"{archive} holds {entry.name!r} of {entry.size >> 20:,} MiB: no picture is that large")
    return name


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
    for entry in _entries(archive):
        name = _checked(archive, entry)
        if name is not None and hash(_folded(name)) in twice:
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


def _entries(archive: Path) -> Iterator[Entry]:
    head = _head(archive)
    if zips.is_zip(head):
        with open_volumes(archive) as file:
            yield from zips.entries(file)
        return
    if not tars.is_tar(head) and _opener(head) is None:
        raise UserError(f"{archive} is neither a zip nor a tar archive (it begins with {head[:16]!r})")
    with _unpacked(archive) as stream:
        yield from tars.entries(stream)


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
        rest = member.size
        while rest:
            data = self.stream.read(min(CHUNK, rest))
            if not data:
                raise EOFError("the archive ends within the file")
            self.at += len(data)
            rest -= len(data)
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


_open: OrderedDict[Path, _Zip | _Tar] = OrderedDict()


def _opened(archive: Path) -> _Zip | _Tar:
    """The archive, kept open in this process: the few that were used last."""
    if archive not in _open:
        _open[archive] = _Zip(archive) if zips.is_zip(_head(archive)) else _Tar(archive)
        if len(_open) > OPEN_ARCHIVES:
            _open.popitem(last=False)[1].close()
    _open.move_to_end(archive)
    return _open[archive]


def close_archives() -> None:
    """Close what this process holds open: Windows deletes no open file."""
    while _open:
        _open.popitem()[1].close()


def split_inside(path: Path) -> tuple[Path, str] | None:
    """`set.zip/img/train` to the archive and the path inside it; None where no part of it is an archive."""
    for parent in (path, *path.parents):
        if parent.is_file():
            inside = path.relative_to(parent).as_posix()
            return (first_volume(parent), "" if inside == "." else inside) if is_archive(parent) else None
    return None
