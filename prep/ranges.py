"""Measuring a long sequence in pieces, in several processes, the results always in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import cv2

from .processes import process_count, worker_pool

Result = TypeVar("Result")
Measure = Callable[[int, int], Result]
PIECE = 2000


def over_ranges(
    measure: Measure[Result],
    count: int,
    workers: int = 0,
    progress: Callable[[int], None] = lambda items: None,
) -> Iterator[Result]:
    """`measure(start, stop)` of the pieces of 0 to `count`, in order; few results wait at any time.

    measure: pure, pickles, and opens its files on first use. workers: processes; 0 is one per core, 1 stays in
    this process. Raises Trouble where a worker dies.
    """
    pieces = [(start, min(start + PIECE, count)) for start in range(0, count, PIECE)]
    workers = process_count(workers, len(pieces))
    if workers > 1:
        yield from _in_processes(measure, pieces, workers, progress)
        return
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for start, stop in pieces:
            yield measure(start, stop)
            progress(stop - start)
    finally:
        cv2.setNumThreads(threads)


def _in_processes(
    measure: Measure[Result], pieces: list[tuple[int, int]], workers: int, progress: Callable[[int], None]
) -> Iterator[Result]:
    waiting: deque[tuple[int, Future[Result]]] = deque()
    with worker_pool(workers, _take_measure, measure) as pool:
        for start, stop in pieces:
            waiting.append((stop - start, pool.submit(_work, start, stop)))
            if len(waiting) > 2 * workers:
                yield _next(waiting, progress)
        while waiting:
            yield _next(waiting, progress)


def _next(waiting: deque[tuple[int, Future[Result]]], progress: Callable[[int], None]) -> Result:
    items, future = waiting.popleft()
    result = future.result()
    progress(items)
    return result


_measure: Measure[Any]


def _take_measure(measure: Measure[Any]) -> None:
    global _measure
    _measure = measure


def _work(start: int, stop: int) -> Any:
    return _measure(start, stop)
