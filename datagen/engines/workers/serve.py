"""What all workers share: reading batches, seeding each line by itself, and sending pictures back.

Runs in the engine's interpreter: numpy and OpenCV are there, ocrdata is not.
"""

from __future__ import annotations

import faulthandler
import hashlib
import os
import platform
import queue
import random
import signal
import sys
import threading
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import cv2
import numpy as np
from frames import read_frame, write_frame  # beside this file


class Refused(Exception):
    """This line cannot be drawn. reason: the refusal's name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Drawn(NamedTuple):
    """(H, W, 3) uint8 BGR; (H, W) uint8 how much ink lies on each pixel; the least share of ink that a step kept."""

    image: Any
    ink: Any
    kept: float


class Renderer(Protocol):
    """Draws one line. shapes: whether joined scripts and marks come out right."""

    shapes: bool

    def draw(self, line: dict[str, Any]) -> Drawn:
        """Raises Refused, or whatever the engine raises."""
        ...


def seed_all(seed: int) -> None:
    """Every global generator that engines draw from starts anew, so a picture depends on its own seed alone."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    cv2.setRNGSeed(seed % 2**31)


def versions(package: Any, distributions: list[str]) -> dict[str, str]:
    """What an engine's pixels depend on: its own source by hash, and the versions of what it draws with."""
    root = Path(package.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*.py") if "__pycache__" not in p.parts):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    found = {"python": platform.python_version(), f"{package.__name__} sha256": digest.hexdigest()}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # OpenCV comes under several names; a module that is missing has failed on import
    return found


def serve(name: str, make: Callable[[dict[str, Any]], tuple[Renderer, dict[str, str]]]) -> None:
    """Answer frames until the pipe closes, then end the process.

    make(setup): the renderer and its versions; a missing module is reported to the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    faulthandler.enable()  # a crash in compiled code leaves last words
    source, sink = _private_pipes()
    first = read_frame(source)
    if first is None:
        return
    cv2.setNumThreads(1)
    try:
        renderer, found = make(first[0])
    except ImportError as error:
        write_frame(sink, {"engine": name, "missing": str(error)})
        return
    write_frame(sink, {"engine": name, "versions": found, "shapes": renderer.shapes})
    asked: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(source, asked), daemon=True).start()
    while True:
        answers, pixels = [], []
        for line in asked.get()["lines"]:
            answer, data = _answer(renderer, line)
            answers.append(answer)
            pixels.append(data)
        write_frame(sink, {"lines": answers}, b"".join(pixels))


def _read(source: BinaryIO, asked: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Ends this process when the pipe closes, even in the middle of an endless line: its parent is gone."""
    while (frame := read_frame(source)) is not None:
        asked.put(frame[0])
    os._exit(0)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout for frames alone: whatever an engine prints goes to stderr, what it reads is empty."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


def _answer(renderer: Renderer, line: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    seed_all(line["seed"])
    try:
        image, ink, kept = renderer.draw(line)
    except Refused as refused:
        return {"refused": refused.reason, "detail": refused.detail}, b""
    except Exception as error:  # noqa: BLE001 - an engine may raise anything; it is counted as a refusal of this line
        return {"refused": "engine_error", "detail": f"{type(error).__name__}: {error}"[:300]}, b""
    image = np.ascontiguousarray(image, np.uint8)
    ink = np.ascontiguousarray(ink, np.uint8)
    height, width = image.shape[:2]
    if image.shape != (height, width, 3) or ink.shape != (height, width):
        return {"refused": "engine_error", "detail": f"picture {image.shape}, ink {ink.shape}"}, b""
    return {"height": height, "width": width, "kept": kept}, image.tobytes() + ink.tobytes()
