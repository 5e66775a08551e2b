"""Worker processes that start the same way on every system and never outlive their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import cv2

from ..errors import Trouble

CONTEXT = multiprocessing.get_context("spawn")


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
