"""Shards made by a Ray cluster: one that runs already, or one that is started on this machine.

Every machine of it must have this program in the same versions, and see the inputs under the same paths.
"""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from ...errors import MissingPackage, Trouble, UserError
from ..place import difference
from ..shards import Outcome, Source, Task, attempt, versions

POLL_SECONDS = 0.5
CONNECT_SECONDS = 10.0
RETRIES = 5  # of a shard whose machine was lost


class Shared(NamedTuple):
    """What all shards of a run have in common."""

    source: Source
    versions: dict[str, str]
    folder: str


def require_ray() -> Any:
    """The package. Raises MissingPackage."""
    if find_spec("ray") is None:
        raise MissingPackage("ray", "ray", "--executor ray")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or it would report to its makers
    import ray

    return ray


def run_ray(
    source: Source, tasks: Sequence[Task], address: str | None, progress: Callable[[int], None]
) -> Iterator[Outcome]:
    """What became of each shard, in the order in which they end.

    address: of the cluster: HOST:PORT, ray://HOST:PORT, or auto; None: a new one on this machine.
    Raises Trouble where there is no cluster, UserError where one of its machines has other versions.
    """
    ray = require_ray()
    _connect(ray, address)
    waiting: dict[Any, Task] = {}
    try:
        shared = ray.put(Shared(source, versions(), str(Path.cwd())))
        work = ray.remote(num_cpus=1, max_retries=RETRIES)(_work)
        waiting = {work.remote([shared], task): task for task in tasks}
        while waiting:
            done, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=POLL_SECONDS)
            for reference in done:
                outcome = _outcome(ray, reference, waiting.pop(reference))
                if not outcome.error:
                    progress(outcome.items)
                yield outcome
    finally:
        for reference in waiting:
            with suppress(ray.exceptions.RayError):
                ray.cancel(reference, force=True)
        ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    options = {"include_dashboard": False} if address == "local" else {}
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        if port.isdecimal():  # Ray itself would go on asking for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address, log_to_driver=False, logging_level="ERROR", **options)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        hint = "" if "RAY_AUTH_MODE" in os.environ else " (one that wants a token: set RAY_AUTH_MODE=token)"
        raise Trouble(f"no Ray cluster is reached at {address}: {reason}{hint}") from error


def _outcome(ray: Any, reference: Any, task: Task) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, UserError | OSError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        return Outcome(task.shard, error=f"its machine or process was lost: {' '.join(str(error).split())[:300]}")
    return outcome


_taken: dict[str, Source] = {}


def _work(shared: list[Any], task: Task) -> Outcome:
    """Make a shard in a process of the cluster, which keeps the source for the shards to come."""
    if task.identity_hash not in _taken:
        import ray

        found: Shared = ray.get(shared[0])
        here = versions()
        if here != found.versions:
            what = difference(found.versions, here)
            raise UserError(f"the machine {platform.node()} is of another kind: {what}")
        if Path(found.folder).is_dir():
            os.chdir(found.folder)
        cv2.setNumThreads(1)
        _taken.clear()
        _taken[task.identity_hash] = found.source
    return attempt(_taken[task.identity_hash], task, lambda items: None)
