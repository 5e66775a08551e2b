"""A job is a list of shards; any number of processes, any number of runs, the same bytes."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import cv2

from ..datasets.records import Item, Items, Refusal
from ..errors import UserError
from ..files import write_json
from .processes import CONTEXT, process_count, worker_pool
from .store import TEMPORARY, Tally, read_marker, shard_name, tally_of, write_shard
from .stores import STORES, StoreName

PACKAGES = ("freetype-py", "lmdb", "numpy", "opencv-python-headless", "uharfbuzz")
POLL_SECONDS = 0.2
T = TypeVar("T")
R = TypeVar("R")


class Source(Protocol):
    """Makes samples by index range. Travels to other processes, so it must pickle; open files lazily."""

    def items(self, start: int, stop: int) -> Items:
        """Samples and refusals of the work units `start` to `stop`, the same on every call."""
        ...


@dataclass(frozen=True)
class Job:
    """What is to be made: `units` of work (lines to render, photos to crop) in shards of `shard_size` units.

    config: everything that determines the bytes, as JSON values; another config is another job.
    ledger: rows of what the licence of each ingredient (font, corpus, background, dataset) says.
    retries: a refused unit is tried anew until it gives a sample, so that progress is samples, not items.
    store: how shards lie on disk, a name of `STORES`.
    """

    kind: str
    config: dict[str, Any]
    units: int
    shard_size: int
    ledger: list[dict[str, str]] = field(default_factory=list)
    retries: bool = False
    store: StoreName = "pack"

    @property
    def shards(self) -> list[tuple[int, int]]:
        """(start, stop) of each shard."""
        return [(s, min(s + self.shard_size, self.units)) for s in range(0, self.units, self.shard_size)]

    def identity(self) -> dict[str, Any]:
        """Everything that determines the bytes, the machine's kind and package versions included."""
        return {**asdict(self), "versions": versions()}


def versions() -> dict[str, str]:
    """Versions and processor features on which pixels depend."""
    found = {p: metadata.version(p) for p in PACKAGES}
    cpu = " ".join(f for f in ("AVX2", "AVX512_SKX", "NEON") if _has_feature(f)) or "baseline"
    return {"machine": platform.machine(), "cpu": cpu, **found}


def _has_feature(name: str) -> bool:
    # cv2.getCPUFeaturesLine prefixes '*' to what was dispatched and '?' to what this processor lacks.
    words = cv2.getCPUFeaturesLine().split()
    return name in words or f"*{name}" in words


def digest_of(value: Any) -> str:
    """sha256 of a JSON value, independent of key order."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def run_job(
    job: Job,
    source: Source,
    out: Path,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
) -> dict[str, Any]:
    """Write all shards that are not there yet, then the manifest, which is returned.

    workers: processes; 0 is one per core, 1 stays in this process.
    progress: called with the number of items made since the last call.
    Raises UserError where `out` holds another job, Trouble where a worker dies.
    """
    identity = job.identity()
    identity_hash = digest_of(identity)
    _claim(out, identity)
    todo = []
    for index in range(len(job.shards)):
        tally = _done(out, index, job.store, identity_hash)
        if tally is None:
            todo.append(index)
        else:
            progress(tally.count if job.retries else tally.count + tally.refusals.total())
    tasks = [Task(out, i, *job.shards[i], identity_hash, job.retries, job.store) for i in todo]
    workers = process_count(workers, len(tasks))
    if workers <= 1:
        cv2.setNumThreads(1)
        for task in tasks:
            _write(source, task, progress)
    else:
        _run_processes(source, tasks, workers, progress)
    shutil.rmtree(out / TEMPORARY, ignore_errors=True)
    return _finish(out, job, identity, identity_hash)


def check_out(out: Path) -> None:
    """Raises UserError where `out` holds something else than a job."""
    if not out.exists() or (out / "job.json").exists():
        return
    if not out.is_dir() or any(p.name != TEMPORARY for p in out.iterdir()):
        raise UserError(f"{out} is not empty and holds no job of ocrdata; choose another folder")


def _claim(out: Path, identity: dict[str, Any]) -> None:
    """Record in `out` which job it holds, or refuse to mix two."""
    check_out(out)
    path = out / "job.json"
    if path.exists():
        there = json.loads(path.read_text(encoding="utf-8"))
        if there != json.loads(json.dumps(identity)):
            raise UserError(
                f"{out} holds another job: {_difference(there, identity)}; choose another folder or delete it"
            )
        return
    out.mkdir(parents=True, exist_ok=True)
    write_json(path, identity)


def _difference(there: Any, here: Any, key: str = "") -> str:
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted({*there, *here}):
            if there.get(name) != here.get(name):
                return _difference(there.get(name), here.get(name), f"{key}.{name}" if key else name)
    return f"{key} was {str(there)[:80]!r} there and is {str(here)[:80]!r} now"


def _marker(out: Path, index: int, store: StoreName) -> dict[str, Any] | None:
    return read_marker(out, index, STORES[store].ending)


def _done(out: Path, index: int, store: StoreName, identity_hash: str) -> Tally | None:
    marker = _marker(out, index, store)
    return tally_of(marker) if marker is not None and marker["job"] == identity_hash else None


class Task(NamedTuple):
    """One shard of a job."""

    out: Path
    shard: int
    start: int
    stop: int
    identity_hash: str
    retries: bool
    store: StoreName


def _write(source: Source, task: Task, progress: Callable[[int], None]) -> None:
    items = _counted(source.items(task.start, task.stop), progress, task.retries)
    store = STORES[task.store]
    write_shard(task.out, task.shard, items, task.identity_hash, store.writer, store.suffix)


def _counted(items: Items, progress: Callable[[int], None], retries: bool, every: int = 256) -> Iterator[Item]:
    waiting = 0
    for item in items:
        yield item
        waiting += not (retries and isinstance(item, Refusal))
        if waiting == every:
            progress(waiting)
            waiting = 0
    progress(waiting)


_source: Source
_made: Any


def _take_source(source: Source, made: Any) -> None:
    global _source, _made
    _source, _made = source, made


def _work(task: Task) -> None:
    def progress(samples: int) -> None:
        with _made.get_lock():
            _made.value += samples

    _write(_source, task, progress)


@dataclass(frozen=True)
class Planned:
    """A job that is ready to run. items: samples and refusals that it will give, for a progress bar's end."""

    job: Job
    source: Source
    out: Path
    items: int

    def run(self, workers: int = 0, progress: Callable[[int], None] = lambda items: None) -> dict[str, Any]:
        """See `run_job`."""
        return run_job(self.job, self.source, self.out, workers, progress)


def map_processes(work: Callable[[T], R], tasks: Sequence[T], workers: int = 0) -> Iterator[R]:
    """`work` of each task, in order, in processes (0: one per core; 1: in this one). Raises Trouble for a dead one."""
    workers = process_count(workers, len(tasks))
    if workers <= 1:
        yield from map(work, tasks)
        return
    with worker_pool(workers, nothing) as pool:
        yield from pool.map(work, tasks)


def nothing() -> None:
    """Processes that need no preparation."""


def _run_processes(source: Source, tasks: Sequence[Task], workers: int, progress: Callable[[int], None]) -> None:
    made = CONTEXT.Value("q", 0)
    with worker_pool(workers, _take_source, source, made) as pool:
        waiting: set[Future[None]] = {pool.submit(_work, task) for task in tasks}
        reported = 0
        while waiting:
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
            now = made.value
            progress(now - reported)
            reported = now
            for future in done:
                future.result()


def _finish(out: Path, job: Job, identity: dict[str, Any], identity_hash: str) -> dict[str, Any]:
    markers = [_marker(out, i, job.store) for i in range(len(job.shards))]
    total = sum((tally_of(m) for m in markers if m), Tally())
    digest = digest_of([m["digest"] for m in markers if m])
    manifest = {
        **identity,
        "job": identity_hash,
        "digest": digest,
        "shards": [f"{shard_name(i)}{STORES[job.store].suffix}" for i in range(len(markers))],
        **total.to_json(),
    }
    join = STORES[job.store].join
    if join is not None:
        join(out, len(markers))
    write_json(out / "manifest.json", manifest)
    return manifest
