"""Shards made by processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import cv2

from ..processes import CONTEXT, process_count, worker_pool
from ..shards import Outcome, Source, Task, attempt

POLL_SECONDS = 0.2


def run_local(
    source: Source, tasks: Sequence[Task], workers: int, progress: Callable[[int], None]
) -> Iterator[Outcome]:
    """What became of each shard, in the order in which they end. workers: 0 is one per core, 1 stays in this process.

    Raises Trouble where a process dies.
    """
    workers = process_count(workers, len(tasks))
    if workers > 1:
        yield from _run_processes(source, tasks, workers, progress)
        return
    cv2.setNumThreads(1)
    for task in tasks:
        yield attempt(source, task, progress)


_source: Source
_made: Any


def _take_source(source: Source, made: Any) -> None:
    global _source, _made
    _source, _made = source, made


def _work(task: Task) -> Outcome:
    def progress(samples: int) -> None:
        with _made.get_lock():
            _made.value += samples

    return attempt(_source, task, progress)


def _run_processes(
    source: Source, tasks: Sequence[Task], workers: int, progress: Callable[[int], None]
) -> Iterator[Outcome]:
    made = CONTEXT.Value("q", 0)
    with worker_pool(workers, _take_source, source, made) as pool:
        waiting: set[Future[Outcome]] = {pool.submit(_work, task) for task in tasks}
        reported = 0
        while waiting:
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
            now = made.value
            progress(now - reported)
            reported = now
            yield from (future.result() for future in done)
