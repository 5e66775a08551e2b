"""What an archive holds, entry by entry, whatever its kind; its names and its damage are looked at here alone."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import UserError
from . import tars, zips
from .tars import Entry
from .volumes import is_volume, open_volumes

DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile)
# Left behind by systems that packed the archive; never data.
LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
COMPRESSIONS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


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
    head = head_of(archive)
    with _naming(archive):
        if zips.is_zip(head):
            with open_volumes(archive) as directory, open_volumes(archive) as file:
                for entry in zips.entries(directory):
                    name = zips.clean(entry.name)
                    yield entry, _named(archive, zips.chunks(file, name, entry.offset, entry.size, entry.packed))
        elif not tars.is_tar(head) and _opener(head) is None:
            raise UserError(f"{archive} is neither a zip nor a tar archive (it begins with {head[:16]!r})")
        else:
            with unpacked(archive) as stream:
                for entry in tars.entries(stream):
                    yield entry, _named(archive, tars.chunks(stream, entry.size))


def _named(archive: Path, data: Iterator[bytes]) -> Iterator[bytes]:
    with _naming(archive):
        yield from data


def is_damage(error: BaseException) -> bool:
    """Whether an error tells of the archive, not of the disk or the network that it lies on."""
    return getattr(error, "errno", None) in (None, errno.EINVAL)


@contextmanager
def _naming(archive: Path) -> Iterator[None]:
    """Errors of damage as UserError."""
    try:
        yield
    except (*DAMAGE, OSError) as error:
        if not is_damage(error):
            raise
        raise UserError(f"{archive} is truncated or damaged ({error}); delete it and fetch it again") from error
    except ValueError as error:
        raise UserError(f"{archive}: {error}") from error


def head_of(archive: Path) -> bytes:
    """The first bytes. Raises UserError for an empty file."""
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


def unpacked(archive: Path) -> IO[bytes]:
    """The stream of a tar without its compression."""
    opener = _opener(head_of(archive))
    if opener is None:
        return open_volumes(archive)
    return opener(open_volumes(archive) if is_volume(archive) else archive, "rb")


def is_compressed(archive: Path) -> bool:
    """Whether the whole is compressed, so that it can be read forward only."""
    return _opener(head_of(archive)) is not None


def plain_name(archive: Path, entry: Entry) -> str | None:
    """The name with forward slashes; None for litter. Raises UserError for a path outside, a link and a device."""
    name = zips.clean(entry.name)
    parts = name.split("/")  # not a path object: there are millions
    if name.startswith("/") or ".." in parts or ":" in name or "\0" in name:
        raise UserError(f"{archive} holds {entry.name!r}, a path outside its folder: refused")
    if name in ("", "."):
        if entry.kind == "folder":
            return None
        raise UserError(f"{archive} holds a file without a name ({entry.name!r}): refused")
    if entry.kind == "other":
        raise UserError(f"{archive} holds {entry.name!r}, a link or device: refused")
    return None if not LITTER.isdisjoint(parts) or parts[-1].startswith("._") else name
