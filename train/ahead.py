"""Work done ahead in another thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(items: Callable[[], Iterator[T]], room: int, waited: Callable[[float], None]) -> Generator[T, None, None]:
    """What `items()` yields, made in another thread, up to `room` items early; errors there are raised here.

    waited: called with the seconds that each item was waited for.
    """
    ready: queue.Queue[Any] = queue.Queue(room)
    stopping = threading.Event()

    def produce() -> None:
        """Fill `ready`: pairs of an item and an error, then None."""
        try:
            for item in items():
                ready.put((item, None))
                if stopping.is_set():
                    return
            ready.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, and raised there
            ready.put((None, error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            began = time.perf_counter()
            found = ready.get()
            waited(time.perf_counter() - began)
            if found is None:
                return
            item, error = found
            if error is not None:
                raise error
            yield item
    finally:
        stopping.set()
        while thread.is_alive():  # it may stand before a full queue
            while not ready.empty():
                ready.get_nowait()
            thread.join(0.01)
