"""Whether somebody's LMDB file is safe to read: LMDB itself trusts its pages, and a false one kills a process."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError

MAGIC, VERSION = 0xBEEFC0DE, 1
HEADER = struct.Struct("<Q4H")  # page number, padding, flags, then where free space begins and ends
META = struct.Struct("<2I2Q")  # magic, version, address, map size
TREE = struct.Struct("<I2H5Q")  # page size, flags, depth; pages by kind, entries, root
LAST = struct.Struct("<2Q")  # last page, transaction
NODE = struct.Struct("<4H")  # size or child in two halves, flags, key length
BRANCH, LEAF, OVERFLOW, METAPAGE = 0x01, 0x02, 0x04, 0x08
ELSEWHERE = 0x01  # the value has pages of its own
NOTHING = (1 << 64) - 1
DEEPEST = 32  # LMDB's own limit


class _Bad(Exception):
    """A page is not what it must be."""


@dataclass(frozen=True)
class _Meta:
    page_size: int
    tree_flags: int
    entries: int
    root: int
    last: int
    transaction: int


def check_head(folder: Path) -> None:
    """Raises UserError where the two first pages of the LMDB in `folder` cannot be right: opening it would crash."""
    path = folder / "data.mdb"
    try:
        with path.open("rb") as file:
            _newest(file.read(1 << 17))
    except _Bad as error:
        raise UserError(f"{folder}: not a readable LMDB: {error}") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def check_pages(folder: Path) -> None:
    """Raises UserError, naming page and key, where a page that holds keys points outside, in a circle or into another.

    Reads every page of keys; pages that hold nothing but large values are only measured.
    """
    path = folder / "data.mdb"
    check_head(folder)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            _Walk(data).run()
        except _Bad as error:
            raise UserError(f"{folder}: {error}") from None


def _newest(data: bytes | mmap.mmap) -> _Meta:
    first = _meta(data, 0)
    second = _meta(data, first.page_size)
    if second.page_size != first.page_size:
        raise _Bad("its two first pages disagree about the size of pages")
    return max(first, second, key=lambda m: m.transaction)


def _meta(data: bytes | mmap.mmap, at: int) -> _Meta:
    start = at + HEADER.size
    if len(data) < start + META.size + 2 * TREE.size + LAST.size:
        raise _Bad("it is too short")
    _, _, flags, _, _ = HEADER.unpack_from(data, at)
    magic, version, _, _ = META.unpack_from(data, start)
    if magic != MAGIC or version != VERSION or not flags & METAPAGE:
        raise _Bad("it does not begin as an LMDB of version 1 does")
    page_size, *_ = TREE.unpack_from(data, start + META.size)
    if page_size not in (1 << n for n in range(9, 17)):
        raise _Bad(f"pages of {page_size} bytes")
    _, tree_flags, _, _, _, _, entries, root = TREE.unpack_from(data, start + META.size + TREE.size)
    last, transaction = LAST.unpack_from(data, start + META.size + 2 * TREE.size)
    if root != NOTHING and not 2 <= root <= last:
        raise _Bad(f"its first page of keys is page {root} of {last}")
    return _Meta(page_size, tree_flags, entries, root, last, transaction)


class _Walk:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.meta = _newest(data)
        self.size = self.meta.page_size
        self.pages = self.meta.last + 1
        if self.pages * self.size > len(data):
            raise _Bad(f"data.mdb is cut short: {len(data):,} of {self.pages * self.size:,} bytes")
        if self.meta.tree_flags & ~0x08:  # integer keys do no harm
            raise _Bad("several values for a key, or keys in another order: no LMDB of pictures and labels")
        self.used = bytearray(self.pages)
        self.entries = 0
        self.previous: bytes | None = None

    def run(self) -> None:
        """Visit every page from the root, in the order of keys."""
        if self.meta.root == NOTHING:
            return
        waiting = [iter([self.meta.root])]
        while waiting:
            page = next(waiting[-1], None)
            if page is None:
                waiting.pop()
                continue
            if len(waiting) > DEEPEST:
                raise _Bad(f"page {page}: more than {DEEPEST} pages deep")
            waiting.append(self._page(page))
        if self.entries != self.meta.entries:
            raise _Bad(f"{self.entries:,} keys, but it says {self.meta.entries:,}")

    def _claim(self, page: int, count: int, whose: str) -> None:
        if not 2 <= page <= self.pages - count:
            raise _Bad(f"{whose} points to page {page} of {self.pages:,}")
        if any(self.used[page : page + count]):
            raise _Bad(f"{whose} points to page {page}, which something else uses")
        self.used[page : page + count] = b"\1" * count

    def _page(self, page: int) -> Iterator[int]:
        self._claim(page, 1, "a page of keys")
        at = page * self.size
        number, _, flags, lower, upper = HEADER.unpack_from(self.data, at)
        if number != page or flags not in (BRANCH, LEAF):
            raise _Bad(f"page {page} is no page of keys")
        if not HEADER.size <= lower <= upper <= self.size or lower % 2:
            raise _Bad(f"page {page} has no sound directory")
        count = (lower - HEADER.size) // 2
        if not count or (flags == BRANCH and count < 2):
            raise _Bad(f"page {page} holds {count} entries")
        nodes = struct.unpack_from(f"<{count}H", self.data, at + HEADER.size)
        if min(nodes) < upper or max(nodes) > self.size - NODE.size:
            raise _Bad(f"page {page} has an entry outside of it")
        if flags == BRANCH:
            return iter([self._child(page, at, node) for node in nodes])
        for node in nodes:
            self._leaf(page, at, node)
        return iter(())

    def _child(self, page: int, at: int, node: int) -> int:
        low, high, top, length = NODE.unpack_from(self.data, at + node)
        if node + NODE.size + length > self.size:
            raise _Bad(f"page {page} has a key outside of it")
        return int(low | high << 16 | top << 32)

    def _leaf(self, page: int, at: int, node: int) -> None:
        low, high, flags, length = NODE.unpack_from(self.data, at + node)
        value = low | high << 16
        start = at + node + NODE.size
        stored = 8 if flags & ELSEWHERE else value
        if node + NODE.size + length + stored > self.size:
            raise _Bad(f"page {page} has a key or a value that reaches out of it")
        key = self.data[start : start + length]
        if flags & ~ELSEWHERE:
            raise _Bad(f"key {_shown(key)} holds a database of its own: no LMDB of pictures and labels")
        if not self.meta.tree_flags and self.previous is not None and key <= self.previous:
            raise _Bad(f"key {_shown(key)} stands behind {_shown(self.previous)}")
        self.previous = key
        self.entries += 1
        if flags & ELSEWHERE:
            (first,) = struct.unpack_from("<Q", self.data, start + length)
            count = -(-(HEADER.size + value) // self.size)
            self._claim(first, count, f"key {_shown(key)}, whose value takes {count} pages,")
            _, _, kind, _, _ = HEADER.unpack_from(self.data, first * self.size)
            if kind != OVERFLOW:
                raise _Bad(f"key {_shown(key)} points to page {first}, which holds no value")


def _shown(key: bytes) -> str:
    return repr(key[:60].decode(errors="replace"))
