"""Worker processes that start the same way on every system and never outlive their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import cv2

from ..errors import Trouble

CONTEXT = multiprocessing.get_context("spawn")
T = TypeVar("T")
R = TypeVar("R")


def process_count(workers: int, tasks: int) -> int:
    """Processes to use: `workers`, or one per core for 0, but no more than there are tasks."""
    return min(workers or os.cpu_count() or 1, tasks)


@contextmanager
def worker_pool(workers: int, setup: Callable[..., None], *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes first call setup(*arguments). Whatever leaves the block early ends them at once.

    Raises Trouble where a process dies.
    """
    pool = ProcessPoolExecutor(workers, CONTEXT, _start, (setup, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise Trouble(
            "a worker process died (out of memory, or killed); what is finished is kept: run the same command again"
        ) from error
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs; on Windows, where asking would end it, none is said to."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start(setup: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    cv2.setNumThreads(1)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    setup(*arguments)


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
