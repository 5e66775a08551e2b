"""A worker process: asked with a time limit, killed when it hangs, started anew when it dies, but not for ever."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import Trouble, UserError
from .workers.frames import BadFrame, read_frame, write_frame

TRIES = 3  # processes for one batch; the last one gets it line by line, to name the line at fault
START_SECONDS = 120.0
LAST_WORDS = 12  # lines of stderr that are kept
LEAVE_OUT = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
ENVIRONMENT = {
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One line to draw. background: a kind that the engine makes itself, or a position among the photos.

    joined: the text's letters join or carry marks, so that they cannot be drawn one by one.
    """

    text: str
    font: str
    face: int
    seed: int
    background: str | int
    joined: bool


class Picture(NamedTuple):
    """(H, W, 3) uint8 BGR; (H, W) uint8 ink, 255 where it covers all; the share of the line's ink that is there."""

    image: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    kept: float


class Declined(NamedTuple):
    """What the engine itself refused, and why."""

    reason: str
    detail: str


Reply = Picture | Declined


class _Died(Exception):
    """The process is gone, hangs, or talks nonsense."""


class _Process:
    """One process and the threads that talk with it, so that no read or write of ours can block for ever."""

    def __init__(self, command: Sequence[str], setup: dict[str, Any]) -> None:
        environment = {k: v for k, v in os.environ.items() if k not in LEAVE_OUT} | ENVIRONMENT
        pipe = subprocess.PIPE
        self.popen = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        self.words: deque[str] = deque(maxlen=LAST_WORDS)
        self._asked: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[dict[str, Any], bytes] | str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._talk, daemon=True).start()
        self._setup = setup
        self._hello: dict[str, Any] | None = None

    @property
    def hello(self) -> dict[str, Any]:
        """The answer to the first message. Raises _Died."""
        if self._hello is None:
            hello = self.ask(self._setup, START_SECONDS)[0]
            if "missing" not in hello and not (isinstance(hello.get("versions"), dict) and "shapes" in hello):
                raise _Died("did not introduce itself as an engine")
            self._hello = hello
        return self._hello

    def ask(self, message: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        """The answer to a message. Raises _Died."""
        self._asked.put(message)
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.kill()
            raise _Died(f"gave no answer within {seconds:g} seconds") from None
        if isinstance(answer, str):
            self.kill()
            raise _Died(answer)
        return answer

    def kill(self) -> None:
        """End the process now; its last words stay."""
        self._asked.put(None)
        self.popen.kill()
        self.popen.wait()
        self._listener.join(timeout=2)

    def _talk(self) -> None:
        assert self.popen.stdin is not None and self.popen.stdout is not None
        while (message := self._asked.get()) is not None:
            try:
                write_frame(self.popen.stdin, message)  # type: ignore[arg-type]
                frame = read_frame(self.popen.stdout)  # type: ignore[arg-type]
            except (OSError, ValueError, BadFrame) as error:
                self._answers.put(str(error))
                return
            self._answers.put(frame or self._end())

    def _end(self) -> str:
        try:
            code = self.popen.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "closed its output"
        return f"died of signal {-code}" if code < 0 else f"ended with exit code {code}"

    def _listen(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self.words.append(line.decode("utf-8", "replace").rstrip()[:300])


class Worker:
    """Draws lines in another program; the program is started on first use."""

    def __init__(self, command: Sequence[str], setup: dict[str, Any], seconds: float = 60.0) -> None:
        """command: the program with its arguments. setup: its first message. seconds: allowed for one batch."""
        self.command = list(command)
        self.setup = setup
        self.seconds = seconds
        self.restarts = 0
        self._process: _Process | None = None
        self._end: weakref.finalize[..., Any] | None = None

    @property
    def hello(self) -> dict[str, Any]:
        """What the program said of itself: `versions` and `shapes`. Raises UserError where it cannot run."""
        for attempt in range(TRIES):
            try:
                return self._running().hello
            except _Died as error:
                failure = f"it {error}{self._last_words()}"
                if attempt + 1 < TRIES:
                    self._restart()
        self.close()
        raise UserError(f"{self.command[0]} does not start as an engine: {failure}")

    def render(self, requests: Sequence[Request]) -> list[Reply]:
        """A picture or a refusal for each line, in order.

        Raises Trouble where the program dies or hangs on the same line again and again.
        """
        for _ in range(TRIES - 1):
            try:
                return self._exchange(requests)
            except _Died:
                self._restart()
        return [self._alone(request) for request in requests]

    def close(self) -> None:
        """End the program."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        if self._end is not None:
            self._end.detach()

    def _alone(self, request: Request) -> Reply:
        try:
            return self._exchange([request])[0]
        except _Died as error:
            words = self._last_words()
            self.close()
            raise Trouble(
                f"the engine's program {error} on text {request.text!r} in font {request.font}, {TRIES} times{words}"
            ) from error

    def _exchange(self, requests: Sequence[Request]) -> list[Reply]:
        message, pixels = self._running().ask({"lines": [asdict(r) for r in requests]}, self.seconds)
        try:
            return _replies(message["lines"], pixels, len(requests))
        except (KeyError, TypeError, ValueError) as error:
            raise _Died(f"gave an answer that is none ({error})") from error

    def _running(self) -> _Process:
        if self._process is None:
            try:
                self._process = _Process(self.command, self.setup)
            except OSError as error:
                raise UserError(f"{self.command[0]} cannot be run: {error.strerror or error}") from error
            self._end = weakref.finalize(self, self._process.kill)
        missing = self._process.hello.get("missing")
        if missing:
            self.close()
            raise UserError(f"{self.command[0]} does not have the engine: {missing}")
        return self._process

    def _restart(self) -> None:
        self.close()
        self.restarts += 1

    def _last_words(self) -> str:
        words = list(self._process.words) if self._process else []
        return "; its last words: " + " | ".join(words) if words else "; it said nothing"


def _replies(lines: list[dict[str, Any]], pixels: bytes, count: int) -> list[Reply]:
    """Pictures out of an answer. Raises ValueError, KeyError or TypeError where it does not fit the question."""
    if len(lines) != count:
        raise ValueError(f"{len(lines)} lines for {count}")
    replies: list[Reply] = []
    start = 0
    for line in lines:
        if "refused" in line:
            replies.append(Declined(str(line["refused"]), str(line["detail"])))
            continue
        height, width = int(line["height"]), int(line["width"])
        size = height * width
        data = np.frombuffer(pixels, np.uint8, 4 * size, start)
        start += 4 * size
        replies.append(
            Picture(data[: 3 * size].reshape(height, width, 3), data[3 * size :].reshape(height, width), line["kept"])
        )
    if start != len(pixels):
        raise ValueError(f"{len(pixels)} bytes for {start}")
    return replies
