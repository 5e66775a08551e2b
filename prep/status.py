"""How far a job is: shards done, rate, time to go, failures, and what is in the works."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UserError
from .place import Folder, Place
from .store import TEMPORARY

RECENT = 64  # shards whose times give the rate


class Failed(NamedTuple):
    """A shard that could not be made."""

    shard: int
    error: str
    host: str


@dataclass(frozen=True)
class Status:
    """The state of a job. units: of work (lines to render, photos to crop); rate: units a second, lately.

    newest: seconds since the last shard was finished. working: "shard-00003 on HOST" for shards in the making that
    can be seen from here.
    """

    kind: str
    shards: int
    shards_done: int
    units: int
    units_done: int
    rate: float
    newest: float
    failed: list[Failed]
    working: list[str]
    finished: bool

    @property
    def remaining(self) -> float | None:
        """Seconds to go at this rate; None where there is none."""
        left = self.units - self.units_done
        return left / self.rate if self.rate else (None if left else 0.0)


def status(place: Place, now: float | None = None) -> Status:
    """The state of the job at `place`. now: seconds since 1970. Raises UserError where there is no job."""
    job = place.read("job.json")
    if job is None:
        raise UserError(f"{place}: there is no job here (no job.json)")
    names = place.names()
    now = time.time() if now is None else now
    count = -(-job["units"] // job["shard_size"])
    done = {int(name[6:-5]): at for name, at in names.items() if name.startswith("shard-")}
    finished = "manifest.json" in names and len(done) == count
    whole = len(done) * job["shard_size"]
    short = count * job["shard_size"] - job["units"] if count - 1 in done else 0
    return Status(
        kind=job["kind"],
        shards=count,
        shards_done=len(done),
        units=job["units"],
        units_done=whole - short,
        rate=_rate(sorted(done.values()), names["job.json"], now, finished) * job["shard_size"],
        newest=now - max(done.values(), default=names["job.json"]),
        failed=_failed(place, names),
        working=_working(place),
        finished=finished,
    )


def _rate(times: list[float], begun: float, now: float, finished: bool) -> float:
    """Shards a second among the last ones; it falls while nothing comes."""
    if not times:
        return 0.0
    recent = times[-RECENT - 1 :]
    start = recent[0] if len(recent) > 2 else begun
    number = len(recent) - 1 if len(recent) > 2 else len(recent)
    return number / max((recent[-1] if finished else now) - start, 1e-3)


def _failed(place: Place, names: dict[str, float]) -> list[Failed]:
    found: list[dict[str, Any] | None] = [place.read(name) for name in sorted(names) if name.startswith("failed-")]
    return [Failed(one["shard"], one["error"], one["host"]) for one in found if one]


def _working(place: Place) -> list[str]:
    if not isinstance(place, Folder):
        return []
    there = islice(sorted((place.root / TEMPORARY).glob("*/shard-*")), RECENT)
    return [f"{path.name} on {path.parent.name.partition('-')[0]}" for path in there]


def open_place(where: str) -> Place:
    """The place that a path or a URL names. Raises UserError for a folder that is not there."""
    if "://" in where:
        from .bucket import Bucket

        return Bucket(where.rstrip("/"), Path())
    if not Path(where).is_dir():
        raise UserError(f"{where}: no such folder")
    return Folder(Path(where).absolute())
