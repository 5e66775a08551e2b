"""A job is a list of shards; any number of processes on any machines, any number of runs, the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import Trouble, UserError
from .executors.local import run_local
from .executors.on_ray import run_ray
from .place import Folder, Place, check_out, difference, failure_name
from .shards import Outcome, Source, Task, versions
from .store import Tally, shard_name, tally_of
from .stores import STORES, StoreName

MOST_FAILURES = 20  # shards; then something is wrong with all of them
SHOWN = 3
COMMAND = "command.json"  # what began the job, until it is finished


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


def digest_of(value: Any) -> str:
    """sha256 of a JSON value, independent of key order."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class How:
    """Who makes the shards of a job, and where they go. The bytes do not depend on it.

    executor: processes of this machine, or a Ray cluster at `address` (None: one that is started here). workers: of
    this machine; 0 is one per core, 1 stays in this process. rank, size: this run makes the shards rank, rank + size,
    rank + 2 size, ...; others make the rest. store: URL of an object store for finished shards, instead of the job's
    folder, which then only holds shards in the making.
    Raises UserError for what does not go together.
    """

    executor: Literal["local", "ray"] = "local"
    workers: int = 0
    address: str | None = None
    rank: int = 0
    size: int = 1
    store: str | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.rank < self.size:
            raise UserError(f"rank {self.rank} of size {self.size}: ranks go from 0 to below the size")
        if self.executor == "ray" and self.size > 1:
            raise UserError("Ray divides the work itself: rank and size are for runs that know nothing of each other")
        if self.executor == "ray" and self.workers:
            raise UserError("workers are processes of this machine: a Ray cluster has as many as it has processors")
        if self.executor != "ray" and self.address is not None:
            raise UserError("an address is that of a Ray cluster: the executor must be ray")

    def place(self, out: Path, part: str = "") -> Place:
        """Where the shards of the job at `out` go. part: of the URL, where a run makes several jobs."""
        if self.store is None:
            return Folder(out.absolute())
        from .bucket import Bucket

        return Bucket("/".join(filter(None, (self.store.rstrip("/"), part))), out.absolute())

    def run(self, source: Source, tasks: Sequence[Task], progress: Callable[[int], None]) -> Iterator[Outcome]:
        """What became of each shard, in the order in which they end."""
        if self.executor == "ray":
            return run_ray(source, tasks, self.address, progress)
        return run_local(source, tasks, self.workers, progress)


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
    Raises UserError where `out` holds another job, Trouble where a worker dies or a shard cannot be made.
    """
    manifest = run_shards(job, source, Folder(out.absolute()), How(workers=workers), progress)
    if manifest is None:
        raise Trouble(f"{out}: shards have vanished while the job ran")
    return manifest


def run_shards(
    job: Job, source: Source, place: Place, how: How, progress: Callable[[int], None]
) -> dict[str, Any] | None:
    """Write those shards of this run's share that are not there yet.

    Returns the manifest, which whoever finds all shards there writes; None as long as others are at work.
    Raises UserError where `place` holds another job, Trouble where a worker dies or shards cannot be made: the others
    are made before, and the next run makes the failed ones alone.
    """
    identity = job.identity()
    identity_hash = digest_of(identity)
    claim(place, identity)
    place.tidy(finished=False)
    share = range(how.rank, len(job.shards), how.size)
    done = set()
    for index, tally in _done(place, share, job, identity_hash):
        done.add(index)
        progress(tally.count if job.retries else tally.count + tally.refusals.total())
    tasks = [Task(place, i, *job.shards[i], identity_hash, job.retries, job.store) for i in share if i not in done]
    failed = _follow(place, how.run(source, tasks, progress) if tasks else iter(()))
    if failed:
        raise Trouble(_told(place, failed, len(share)))
    return _finish(place, job, identity, identity_hash)


def _follow(place: Place, outcomes: Iterator[Outcome]) -> list[Outcome]:
    """Note what became of each shard. Returns those that failed."""
    noted = {name for name in place.names() if name.startswith("failed-")}
    failed = []
    for outcome in outcomes:
        name = failure_name(outcome.shard)
        if outcome.error:
            place.write(name, {"shard": outcome.shard, "error": outcome.error, "host": outcome.host})
            failed.append(outcome)
        elif name in noted:
            place.remove(name)
        if len(failed) == MOST_FAILURES:
            break
    return failed


def _told(place: Place, failed: list[Outcome], shards: int) -> str:
    why = "".join(f"\n  {shard_name(o.shard)}{f' on {o.host}' if o.host else ''}: {o.error}" for o in failed[:SHOWN])
    more = f"\n  and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    gave_up = "; it was given up" if len(failed) == MOST_FAILURES else ""
    return (
        f"{place}: {len(failed)} of {shards} shards failed{gave_up}:{why}{more}\n"
        "what is finished is kept: the same command again makes only the rest"
    )


def claim(place: Place, identity: dict[str, Any]) -> None:
    """Record which job a place holds. Raises UserError where it holds another, or something else."""
    there = place.read("job.json")
    if there is None:
        if isinstance(place, Folder):
            check_out(place.root)
        place.write("job.json", identity)
        there = place.read("job.json")  # of two that claim at once, one finds the other's
    if there != json.loads(json.dumps(identity)):
        raise UserError(f"{place} holds another job: {difference(there, identity)}; choose another folder or delete it")


def _done(place: Place, indices: Sequence[int], job: Job, identity_hash: str) -> Iterator[tuple[int, Tally]]:
    for index, marker in place.markers(indices, STORES[job.store]):
        if marker["job"] == identity_hash:
            yield index, tally_of(marker)


def _finish(place: Place, job: Job, identity: dict[str, Any], identity_hash: str) -> dict[str, Any] | None:
    count, total, digests = len(job.shards), Tally(), []
    for _, marker in place.markers(range(count), STORES[job.store]):
        if marker["job"] == identity_hash:
            total += tally_of(marker)
            digests.append(marker["digest"])
    if len(digests) < count:
        return None
    manifest = {
        **identity,
        "job": identity_hash,
        "digest": digest_of(digests),
        "shards": [f"{shard_name(i)}{STORES[job.store].suffix}" for i in range(count)],
        **total.to_json(),
    }
    place.join(count, STORES[job.store])
    place.write("manifest.json", manifest)
    for name in place.names():
        if name == COMMAND or name.startswith("failed-"):
            place.remove(name)
    place.tidy(finished=True)
    return manifest
