"""MATLAB files (level 5, up to version 7), a cell at a time: what SynthText's needs, and no more memory than that."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

HEADER = 128
CHUNK = 1 << 16
LARGEST = 1 << 26  # of one cell, bytes
DEEPEST = 4
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHARACTERS = 1, 2, 4
NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
}


@dataclass(frozen=True)
class _Variable:
    offset: int
    size: int
    packed: bool


class MatFile:
    """The variables of a file, found without reading them. Raises ValueError and EOFError for what is none."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = file.read(HEADER)
        if head.startswith(b"\x89HDF") or b"MATLAB 7.3" in head:
            raise ValueError("a file of version 7.3; save it as version 7")
        if len(head) < HEADER or head[126:128] != b"IM":
            raise ValueError("no MATLAB file of level 5 (little-endian)")
        self._variables: dict[str, _Variable] = {}
        offset = HEADER
        while True:
            file.seek(offset)
            tag = file.read(8)
            if len(tag) < 8:
                break
            kind, size = struct.unpack("<II", tag)
            if kind not in (MATRIX, COMPRESSED):
                raise ValueError(f"a variable of kind {kind} at byte {offset}")
            # Of an unpacked one, the tag belongs to what is read.
            at, length = (offset + 8, size) if kind == COMPRESSED else (offset, size + 8)
            variable = _Variable(at, length, kind == COMPRESSED)
            self._variables[_open(_Stream(file, variable)).name] = variable
            offset += 8 + (size if kind == COMPRESSED else -(-size // 8) * 8)

    def cells(self, name: str) -> Iterator[Any]:
        """The elements of a cell array: arrays of numbers, lists of strings (a row each), lists of such."""
        if name not in self._variables:
            raise ValueError(f"no '{name}' in it; there are: {', '.join(self._variables)}")
        stream = _Stream(self._file, self._variables[name])
        matrix = _open(stream)
        if matrix.kind != CELL:
            raise ValueError(f"'{name}' is no cell array")
        for _ in range(matrix.count):
            yield _value(stream, 0)

    def records(self, wanted: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """The elements of the first array of structures, with those of the wanted fields that it has."""
        for variable in self._variables.values():
            stream = _Stream(self._file, variable)
            matrix = _open(stream)
            if matrix.kind == STRUCT:
                yield from _records(stream, matrix, wanted)
                return
        raise ValueError("no array of structures in it")


class _Stream:
    """The bytes of a variable, unpacked as they are asked for; several may read one file in turn."""

    def __init__(self, file: IO[bytes], variable: _Variable) -> None:
        self._file = file
        self._at, self._end = variable.offset, variable.offset + variable.size
        self._unpacker = zlib.decompressobj() if variable.packed else None
        self._rest = b""  # read, not unpacked
        self._buffer = b""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises EOFError where there are fewer, ValueError where they are damaged."""
        if size > LARGEST:
            raise ValueError(f"a piece of {size:,} bytes")
        while len(self._buffer) < size:
            self._buffer += self._more()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def skip(self, size: int) -> None:
        while size:
            size -= len(self.read(min(size, CHUNK)))

    def _more(self) -> bytes:
        if not self._rest:
            self._file.seek(self._at)
            self._rest = self._file.read(min(CHUNK, self._end - self._at))
            self._at += len(self._rest)
            if not self._rest:
                raise EOFError("the file ends within a variable")
        if self._unpacker is None:
            data, self._rest = self._rest, b""
            return data
        try:
            data = self._unpacker.decompress(self._rest, CHUNK)
        except zlib.error as error:
            raise ValueError(f"damaged: {error}") from error
        self._rest = self._unpacker.unconsumed_tail
        if not data and self._unpacker.eof:
            raise EOFError("a variable ends too early")
        return data


@dataclass(frozen=True)
class _Matrix:
    kind: int
    shape: tuple[int, ...]
    name: str

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def _tag(stream: _Stream) -> tuple[int, int, bytes | None]:
    """Kind, size and, for four bytes or fewer, the data itself."""
    kind, size = struct.unpack("<II", stream.read(8))
    if kind >> 16:
        return kind & 0xFFFF, kind >> 16, struct.pack("<I", size)
    return kind, size, None


def _element(stream: _Stream) -> tuple[int, bytes]:
    kind, size, data = _tag(stream)
    if data is not None:
        if size > 4:
            raise ValueError("a short element of more than four bytes")
        return kind, data[:size]
    padded = stream.read(-(-size // 8) * 8)
    return kind, padded[:size]


def _open(stream: _Stream) -> _Matrix:
    kind, _, _ = _tag(stream)
    if kind != MATRIX:
        raise ValueError(f"an element of kind {kind} where a matrix is expected")
    return _header(stream)


def _header(stream: _Stream) -> _Matrix:
    _, flags = _element(stream)
    _, dimensions = _element(stream)
    _, name = _element(stream)
    if len(flags) < 4 or len(dimensions) % 4 or not 4 <= len(dimensions) <= 32:
        raise ValueError("a matrix without its kind or its dimensions")
    shape = struct.unpack(f"<{len(dimensions) // 4}i", dimensions)
    if min(shape) < 0:
        raise ValueError(f"dimensions {shape}")
    return _Matrix(flags[0], shape, name.decode("latin-1"))


def _value(stream: _Stream, depth: int) -> Any:
    kind, size, _ = _tag(stream)
    if kind != MATRIX:
        raise ValueError(f"an element of kind {kind} where a matrix is expected")
    if not size:
        return []
    matrix = _header(stream)
    if matrix.kind == CELL:
        if depth >= DEEPEST or matrix.count > LARGEST // 64:
            raise ValueError("cells within cells within cells")
        return [_value(stream, depth + 1) for _ in range(matrix.count)]
    if matrix.kind == CHARACTERS:
        return _strings(matrix, *_element(stream))
    if matrix.kind == STRUCT:
        raise ValueError("a structure within a cell")
    return _array(matrix, *_element(stream))


def _array(matrix: _Matrix, kind: int, data: bytes) -> Any:
    if kind not in NUMBERS:
        raise ValueError(f"numbers of kind {kind}")
    numbers = np.frombuffer(data[: len(data) // int(NUMBERS[kind][1]) * int(NUMBERS[kind][1])], f"<{NUMBERS[kind]}")
    if len(numbers) != matrix.count:
        raise ValueError(f"{len(numbers)} numbers for the shape {matrix.shape}")
    return numbers.astype(np.float64).reshape(matrix.shape, order="F")


def _strings(matrix: _Matrix, kind: int, data: bytes) -> list[str]:
    """One string for each row; columns come first."""
    encoding = {1: "utf-8", 2: "utf-8", 16: "utf-8", 4: "utf-16-le", 17: "utf-16-le"}.get(kind)
    if encoding is None:
        raise ValueError(f"characters of kind {kind}")
    text = data.decode(encoding)
    if not matrix.count:
        return [""]
    rows = matrix.shape[0]
    if len(text) != matrix.count or len(matrix.shape) != 2:
        raise ValueError(f"{len(text)} characters for the shape {matrix.shape}")
    return [text[row::rows] for row in range(rows)]


def _records(stream: _Stream, matrix: _Matrix, wanted: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    _, width = _element(stream)
    _, names = _element(stream)
    length = int.from_bytes(width, "little")
    if not 0 < length <= 64 or len(names) % length:
        raise ValueError("a structure without field names")
    fields = [names[i : i + length].partition(b"\0")[0].decode("latin-1") for i in range(0, len(names), length)]
    if not fields:
        raise ValueError("a structure without fields")
    for _ in range(matrix.count):
        record = {}
        for field in fields:
            if field in wanted:
                record[field] = _value(stream, 0)
            else:
                _, size, _ = _tag(stream)
                stream.skip(-(-size // 8) * 8)
        yield record
