"""Where the files of a zip lie, from its central directory, and their bytes one by one."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from .tars import Entry

END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
LARGE, LARGE16 = 0xFFFFFFFF, 0xFFFF
CHUNK = 1 << 20
UTF8, STREAMED, ENCRYPTED = 0x800, 0x8, 0x1
STORED, DEFLATED = 0, 8
UNIX = 3


def is_zip(head: bytes) -> bool:
    """Whether the first bytes are a zip's."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def entries(file: IO[bytes]) -> Iterator[Entry]:
    """All entries in the directory's order, read as they come. Raises zipfile.BadZipFile, EOFError, ValueError.

    Not `zipfile`, which keeps a record of each file: of a million, most of a gigabyte.
    """
    count, size, start, shift = _directory(file)
    file.seek(start)
    end = start + size
    for _ in range(count):
        if file.tell() >= end:
            raise zipfile.BadZipFile("the directory is shorter than it says")
        yield _entry(file, shift)


def _entry(file: IO[bytes], shift: int) -> Entry:
    fields = CENTRAL.unpack(_exactly(file, CENTRAL.size))
    (magic, _, system, _, _, flags, method, _, _, _, packed, size, name_size, extra_size, note_size, _, _, mode, at) = (
        fields
    )
    if magic != b"PK\x01\x02":
        raise zipfile.BadZipFile("the directory is damaged")
    raw = _exactly(file, name_size)
    name = raw.decode("utf-8" if flags & UTF8 else "cp437", "replace")
    extra = _exactly(file, extra_size + note_size)[:extra_size]
    size, packed, at = _large(extra, size, packed, at)
    if flags & ENCRYPTED:
        raise ValueError(f"{name!r} is encrypted: unpack it by hand and name the folder")
    kind = stat.S_IFMT(mode >> 16) if system == UNIX else 0
    if name.endswith("/"):
        return Entry(name, "folder", at + shift, 0, 0)
    if kind not in (0, stat.S_IFREG):
        return Entry(name, "other", at + shift, size, packed)
    if method not in (STORED, DEFLATED):
        raise ValueError(f"{name!r} is compressed by method {method}: unpack it by hand and name the folder")
    return Entry(name, "file", at + shift, size, packed)


def _directory(file: IO[bytes]) -> tuple[int, int, int, int]:
    """Entries, bytes and place of the central directory, and how far all places are off (data before the zip)."""
    length = file.seek(0, os.SEEK_END)
    tail_at = max(0, length - END.size - LARGE16)
    file.seek(tail_at)
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < END.size:
        raise zipfile.BadZipFile("its directory is missing")
    _, _, _, _, count, size, start, _ = END.unpack_from(tail, found)
    end = tail_at + found
    if LARGE in (size, start) or count == LARGE16:
        locator = found - LOCATOR.size
        if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
            _, _, end, _ = LOCATOR.unpack_from(tail, locator)
            file.seek(min(end, length))
            magic, _, _, _, _, _, _, count, size, start = END64.unpack(_exactly(file, END64.size))
            if magic != b"PK\x06\x06":
                raise zipfile.BadZipFile("its large directory is missing")
    shift = end - size - start
    if not 0 <= start + shift <= length or shift < 0:
        raise zipfile.BadZipFile("its directory lies outside the file")
    return count, size, start + shift, shift


def _large(extra: bytes, size: int, packed: int, at: int) -> tuple[int, int, int]:
    """The 64-bit values of what does not fit the directory's fields."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        data, extra = extra[4 : 4 + length], extra[4 + length :]
        if tag == 1:
            values = iter(struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8]))
            size = next(values, size) if size == LARGE else size
            packed = next(values, packed) if packed == LARGE else packed
            at = next(values, at) if at == LARGE else at
    return size, packed, at


def chunks(file: IO[bytes], name: str, offset: int, size: int, packed: int) -> Iterator[bytes]:
    """The bytes of the file whose local header is at `offset`. Raises zipfile.BadZipFile, at the latest at the end."""
    file.seek(offset)
    magic, _, flags, method, _, _, crc, _, _, name_size, extra_size = LOCAL.unpack(_exactly(file, LOCAL.size))
    if magic != b"PK\x03\x04":
        raise zipfile.BadZipFile("no file begins there")
    there = _exactly(file, name_size + extra_size)[:name_size].decode("utf-8" if flags & UTF8 else "cp437", "replace")
    if clean(there) != name:
        raise zipfile.BadZipFile(f"{there!r} lies there")
    if method not in (STORED, DEFLATED):
        raise zipfile.BadZipFile(f"compressed by method {method}")
    total = check = 0
    for data in _inflated(file, packed) if method == DEFLATED else _stored(file, packed):
        total, check = total + len(data), zlib.crc32(data, check)
        if total > size:
            break
        yield data
    if total != size:
        raise zipfile.BadZipFile(f"not the {size:,} bytes that the directory says")
    # With flag 8 the check sum follows the data, and this field is 0.
    if not flags & STREAMED and check != crc:
        raise zipfile.BadZipFile("its check sum is wrong")


def _stored(file: IO[bytes], packed: int) -> Iterator[bytes]:
    while packed:
        data = _exactly(file, min(CHUNK, packed))
        packed -= len(data)
        yield data


def _inflated(file: IO[bytes], packed: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    for data in _stored(file, packed):
        while data:
            yield unpacker.decompress(data, CHUNK)
            data = unpacker.unconsumed_tail
    yield unpacker.flush()


def clean(name: str) -> str:
    """A name with forward slashes and without `./`."""
    name = name.replace("\\", "/")
    if "./" in name or "//" in name or name.endswith(("/", "/.")):
        return str(PurePosixPath(name))
    return name


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the file ends too early")
    return data
