"""Stopping in good order: the first SIGTERM or Ctrl-C is noted, so that a step can be finished and saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals() -> Iterator[list[str]]:
    """A list that receives the name of the first SIGTERM or Ctrl-C; a second one acts at once."""
    caught: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught  # only the main thread may set handlers
        return
    previous = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        caught.append(signal.Signals(number).name)
        for s, handler in previous.items():
            signal.signal(s, handler)

    for s in previous:
        signal.signal(s, handle)
    try:
        yield caught
    finally:
        for s, handler in previous.items():
            signal.signal(s, handler)
