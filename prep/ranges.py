"""Measuring a long sequence in pieces, in several processes, the results always in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

import cv2

from ..errors import Trouble

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
    workers = min(workers or os.cpu_count() or 1, len(pieces))
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
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start_worker, (measure,))
    waiting: deque[tuple[int, Future[Result]]] = deque()
    try:
        for start, stop in pieces:
            waiting.append((stop - start, pool.submit(_work, start, stop)))
            if len(waiting) > 2 * workers:
                yield _next(waiting, progress)
        while waiting:
            yield _next(waiting, progress)
    except BrokenProcessPool as error:
        raise Trouble("a worker process died (out of memory, or killed); run the same command again") from error
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _next(waiting: deque[tuple[int, Future[Result]]], progress: Callable[[int], None]) -> Result:
    items, future = waiting.popleft()
    result = future.result()
    progress(items)
    return result


_measure: Measure[Any]


def _start_worker(measure: Measure[Any]) -> None:
    global _measure
    _measure = measure
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    cv2.setNumThreads(1)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(start: int, stop: int) -> Any:
    return _measure(start, stop)
