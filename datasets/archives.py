"""Unpacking archives from elsewhere: nothing outside the folder, nothing special, nothing without bound."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from ..errors import UserError

CHUNK = 1 << 20
# Photos hardly shrink and label files shrink tenfold; gzip's own limit is a thousandfold.
LARGEST_RATIO = 200
SMALLEST_LIMIT = 256 << 20
ENTRY_COST = 512  # so that millions of empty files count, too
BLOCK = 512
# Left behind by systems that packed the archive; never data.
LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile)

Entry = tuple[str, bool, Callable[[], IO[bytes]]]
Seen = dict[str, tuple[str, bool]]  # by folded name: name, whether a file
Decompressor = Callable[..., Any]
COMPRESSIONS: tuple[tuple[bytes, Decompressor], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


def extract(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar (plain, gz, bz2, xz) into `folder`, which appears only when it is whole.

    A single folder at the archive's top becomes `folder` itself. Raises UserError for an archive that is damaged,
    empty or encrypted, or that holds a path outside, a link, a device, one name twice or far too much data.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        with closing(_entries(archive)) as entries:  # Windows deletes no file that is open
            _write_all(archive, entries, temporary)
        _only_folder(temporary).replace(folder)
    except DAMAGE as error:
        raise UserError(f"{archive} is truncated or damaged ({error}); delete it and fetch it again") from error
    except NotImplementedError as error:
        raise UserError(f"{archive}: {error}; unpack it by hand and name the folder") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_all(archive: Path, entries: Iterator[Entry], folder: Path) -> None:
    limit = max(SMALLEST_LIMIT, LARGEST_RATIO * archive.stat().st_size)
    total = 0
    seen: Seen = {}
    files = 0
    for name, is_folder, open_entry in entries:
        path = _safe(archive, name)
        if LITTER & set(path.parts) or path.name.startswith("._"):
            continue
        _claim(archive, path, is_folder, seen)
        target = folder / path
        total += ENTRY_COST
        if is_folder:
            target.mkdir(parents=True, exist_ok=True)
            continue
        files += 1
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_entry() as source, target.open("xb") as out:
            while chunk := source.read(CHUNK):
                total += len(chunk)
                if total > limit:
                    raise UserError(f"{archive} unpacks to more than {limit >> 20} MiB: not what such an archive holds")
                out.write(chunk)
    if not files:
        raise UserError(f"{archive} is an archive without files")


def _safe(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or any(":" in p or "\0" in p for p in path.parts):
        raise UserError(f"{archive} holds {name!r}, a path outside its folder: not unpacked")
    return path


def _claim(archive: Path, path: PurePosixPath, is_folder: bool, seen: Seen) -> None:
    """Refuse what one file system or another cannot tell apart, and a file where a folder must be."""
    for part in [*reversed(path.parents), path]:
        is_file = part == path and not is_folder
        key = unicodedata.normalize("NFC", str(part)).casefold()
        other, was_file = seen.setdefault(key, (str(part), False)) if not is_file else seen.get(key, (None, False))
        if was_file or (is_file and other is not None) or (other is not None and other != str(part)):
            raise UserError(f"{archive} holds {str(part)!r} twice, or as {other!r} too: not unpacked")
        if is_file:
            seen[key] = (str(part), True)


def _only_folder(folder: Path) -> Path:
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _entries(archive: Path) -> Generator[Entry, None, None]:
    with archive.open("rb") as file:
        head = file.read(BLOCK)
    if not head:
        raise UserError(f"{archive} is empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _zip_entries(archive)
        return
    for magic, opener in COMPRESSIONS:
        if head.startswith(magic):
            with opener(archive, "rb") as stream:
                yield from _tar_entries(archive, stream)
            return
    if head[257:262] != b"ustar":
        raise UserError(f"{archive} is neither a zip nor a tar archive (it begins with {head[:16]!r})")
    with archive.open("rb") as stream:
        yield from _tar_entries(archive, stream)


def _zip_entries(archive: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UserError(f"{archive} holds {info.filename!r}, a link or device: not unpacked")
            if info.flag_bits & 1:
                raise UserError(f"{archive} is encrypted ({info.filename!r}): unpack it by hand and name the folder")
            yield info.filename, info.is_dir(), lambda info=info: opened.open(info)  # type: ignore[misc]


class _Tail:
    """Remembers the last bytes read: a tar that was cut between two files has no zero blocks at its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        """Read like a file."""
        data = self.stream.read(size)
        self.last = (self.last + data)[-BLOCK:]
        return data


def _tar_entries(archive: Path, stream: IO[bytes]) -> Iterator[Entry]:
    tail = _Tail(stream)
    with tarfile.open(fileobj=cast(IO[bytes], tail), mode="r|") as opened:
        for member in opened:
            if not (member.isreg() or member.isdir()):
                raise UserError(f"{archive} holds {member.name!r}, a link or device: not unpacked")
            yield member.name, member.isdir(), lambda m=member: cast(IO[bytes], opened.extractfile(m))  # type: ignore[misc]
    while tail.read(CHUNK):
        pass
    if tail.last.strip(b"\0") or len(tail.last) < BLOCK:
        raise EOFError("the end-of-archive mark is missing")
