"""One shard of a job: made by any process on any machine, its bytes depend on the job and its range alone."""

from __future__ import annotations

import errno
import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import NamedTuple, Protocol

import cv2
import lmdb

from ..datasets.records import Item, Items, Refusal
from ..errors import Trouble
from .place import Place
from .store import make_shard
from .stores import STORES, StoreName

PACKAGES = ("freetype-py", "lmdb", "numpy", "opencv-python-headless", "uharfbuzz")
# What another shard would meet, too: trying them all would only cost time.
FOR_ALL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})


class Source(Protocol):
    """Makes samples by index range. Travels to other processes, so it must pickle; open files lazily."""

    def items(self, start: int, stop: int) -> Items:
        """Samples and refusals of the work units `start` to `stop`, the same on every call."""
        ...


class Task(NamedTuple):
    """One shard of a job."""

    place: Place
    shard: int
    start: int
    stop: int
    identity_hash: str
    retries: bool
    store: StoreName


class Outcome(NamedTuple):
    """What became of a shard. items: how many were made; error: why it was not finished; host: on which machine."""

    shard: int
    items: int = 0
    error: str = ""
    host: str = ""


def attempt(source: Source, task: Task, progress: Callable[[int], None]) -> Outcome:
    """Make a shard and keep it. What a second attempt may mend is an outcome; all else is raised."""
    try:
        return Outcome(task.shard, _make(source, task, progress))
    except OSError as error:
        if error.errno in FOR_ALL:
            raise
        at = f": {error.filename}" if error.filename else ""
        return Outcome(task.shard, error=f"{error.strerror or error}{at}", host=platform.node())
    except (Trouble, lmdb.Error, MemoryError) as error:
        return Outcome(task.shard, error=str(error) or type(error).__name__, host=platform.node())


def _make(source: Source, task: Task, progress: Callable[[int], None]) -> int:
    counted = Counter(progress, task.retries)
    items = counted.count(source.items(task.start, task.stop))
    kind = STORES[task.store]
    made, marker = make_shard(task.place.work, task.shard, items, task.identity_hash, kind.writer, kind.suffix)
    task.place.keep(made, marker)
    return counted.items


class Counter:
    """Counts items as they pass and tells of them now and then."""

    def __init__(self, progress: Callable[[int], None], retries: bool, every: int = 256) -> None:
        self.items = 0
        self._progress, self._retries, self._every = progress, retries, every

    def count(self, items: Items) -> Iterator[Item]:
        """The same items."""
        waiting = 0
        for item in items:
            yield item
            waiting += not (self._retries and isinstance(item, Refusal))
            if waiting == self._every:
                self._tell(waiting)
                waiting = 0
        self._tell(waiting)

    def _tell(self, items: int) -> None:
        self.items += items
        self._progress(items)


def versions() -> dict[str, str]:
    """Versions and processor features on which pixels depend."""
    found = {p: metadata.version(p) for p in PACKAGES}
    cpu = " ".join(f for f in ("AVX2", "AVX512_SKX", "NEON") if _has_feature(f)) or "baseline"
    return {"machine": platform.machine(), "cpu": cpu, **found}


def _has_feature(name: str) -> bool:
    # cv2.getCPUFeaturesLine prefixes '*' to what was dispatched and '?' to what this processor lacks.
    words = cv2.getCPUFeaturesLine().split()
    return name in words or f"*{name}" in words
