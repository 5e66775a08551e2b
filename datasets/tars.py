"""Where the files of a tar lie, from its stream, without keeping anything about them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Literal, NamedTuple

BLOCK = 512
CHUNK = 1 << 20
LONGEST_NAME = 1 << 16
NUL = b"\0" * BLOCK
KINDS: dict[bytes, Literal["file", "folder"]] = {b"0": "file", b"\0": "file", b"7": "file", b"5": "folder"}


class Entry(NamedTuple):
    """What an archive says of one file. offset: see `Member`; kind `other` is a link or device."""

    name: str
    kind: Literal["file", "folder", "other"]
    offset: int
    size: int
    packed: int = -1


def is_tar(head: bytes) -> bool:
    """Whether the first block is a tar's."""
    return head[257:262] == b"ustar"


def entries(stream: IO[bytes]) -> Iterator[Entry]:
    """All entries in order. Raises EOFError and tarfile.TarError for a damaged one.

    Not `tarfile`, which keeps a record of each file: of nine million, some gigabytes.
    """
    at = 0
    path, length = "", -1  # what an extension says of the next entry
    while True:
        block = stream.read(BLOCK)
        at += len(block)
        if len(block) < BLOCK:
            raise EOFError("the end-of-archive mark is missing")
        if block == NUL:
            while stream.read(CHUNK):  # the check sum of a compressed stream stands at its end
                pass
            return
        name, kind, size = _header(block)
        if kind in (b"L", b"x"):
            data = _payload(stream, size)
            if kind == b"L":
                path = data.rstrip(b"\0").decode("utf-8", "replace")
            else:
                path, length = _pax(data, path, length)
        else:
            size = size if length < 0 else length
            if kind != b"g":
                yield Entry(path or name, KINDS.get(kind, "other"), at, size)
                path, length = "", -1
            _skip(stream, at + _padded(size) - stream.tell())  # what nobody has read
        at += _padded(size)


def chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The next `size` bytes in pieces. Raises EOFError."""
    while size:
        data = stream.read(min(CHUNK, size))
        if not data:
            raise EOFError("the archive ends within a file")
        size -= len(data)
        yield data


def _header(block: bytes) -> tuple[str, bytes, int]:
    """Name, kind and size. Raises tarfile.ReadError."""
    # The check sum is over the header with blanks in its own place.
    if _octal(block[148:156]) != sum(block) - sum(block[148:156]) + 256:
        raise tarfile.ReadError("a header's check sum is wrong")
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0":
        name = prefix + b"/" + name
    kind = block[156:157]
    if kind in (b"\0", b"0") and name.endswith(b"/"):
        kind = b"5"
    return name.decode("utf-8", "replace"), kind, _octal(block[124:136])


def _octal(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise tarfile.ReadError(f"{field!r} is no octal number")
    return int(digits, 8)


def _payload(stream: IO[bytes], size: int) -> bytes:
    if size > LONGEST_NAME:
        raise tarfile.ReadError(f"a name of {size:,} bytes")
    data = stream.read(_padded(size))
    if len(data) < _padded(size):
        raise EOFError("the archive ends within a header")
    return data[:size]


def _pax(data: bytes, path: str, length: int) -> tuple[str, int]:
    """Path and size of the records `LENGTH KEY=VALUE\\n`; others (times, owners) say nothing of the content."""
    while data:
        digits = data.partition(b" ")[0]
        count = int(digits) if digits.isdigit() and len(digits) < 6 else 0
        if not len(digits) + 1 < count <= len(data):
            raise tarfile.ReadError("an extended header is malformed")
        key, _, value = data[len(digits) + 1 : count - 1].partition(b"=")
        if key == b"path":
            path = value.decode("utf-8", "replace")
        elif key == b"size":
            if not value.isdigit() or len(value) > 15:
                raise tarfile.ReadError(f"a size of {value[:20]!r}")
            length = int(value)
        elif key.startswith(b"GNU.sparse"):
            raise tarfile.ReadError("sparse files are not read")
        data = data[count:]
    return path, length


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _skip(stream: IO[bytes], size: int) -> None:
    for _ in chunks(stream, size):
        pass
