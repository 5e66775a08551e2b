"""One file over HTTP: into a part file that the next attempt, or the next run, continues."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

Progress = Callable[[int], None]
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 60.0


class Failed(Exception):
    """This address does not give the file; the message says why."""


@dataclass(frozen=True)
class Patience:
    """How often to try: `attempts` in a row without a new byte, waiting `wait` seconds, then twice that, …"""

    attempts: int = 5
    wait: float = 1.0
    timeout: float = 60.0


def part_of(path: Path) -> Path:
    """Where the bytes of `path` wait until they are whole."""
    return path.with_name(f"{path.name}.part")


def forget(path: Path) -> None:
    """Drop what was downloaded of `path` so far."""
    part_of(path).unlink(missing_ok=True)
    _state_path(path).unlink(missing_ok=True)


def download(url: str, path: Path, progress: Progress, patience: Patience = Patience()) -> bool:
    """Bring `url` into the part file of `path`; True where the last request continued an earlier one.

    progress: called with bytes gained, negative where the server made us start again.
    Raises Failed where this address will not give it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    meter = _Meter(progress)
    best, tries = 0, 0
    with httpx.Client(
        follow_redirects=True, timeout=patience.timeout, headers={"Accept-Encoding": "identity"}
    ) as client:
        while True:
            wait = patience.wait * 2**tries
            try:
                return _attempt(client, url, path, meter)
            except _Retry as error:
                reason, wait = str(error), max(wait, error.wait)
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Failed(str(error)) from error
            # A server that ignores ranges and always cuts gives bytes every time, but never new ones.
            size = _size(part_of(path))
            tries = 0 if size > best else tries + 1
            best = max(best, size)
            if tries >= patience.attempts:
                raise Failed(f"{reason} (gave up after {tries} attempts without a new byte)")
            time.sleep(min(wait, LONGEST_WAIT))


class _Meter:
    """Reports bytes held as bytes gained."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.held = 0

    def at(self, size: int) -> None:
        """`size` bytes are held now."""
        self.progress(size - self.held)
        self.held = size


class _Retry(Exception):
    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def _attempt(client: httpx.Client, url: str, path: Path, meter: _Meter) -> bool:
    """One request. True where it continued a part file. Raises _Retry, Failed or an error of httpx."""
    part = part_of(path)
    offset, validator = _resumable(url, path)
    headers = {"Range": f"bytes={offset}-", "If-Range": validator} if offset else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            return _beyond_the_end(response, path, offset, validator)
        _check_status(response)
        if response.status_code == 206:
            if _start(response) != offset or (_validators(response) and validator not in _validators(response)):
                forget(path)
                raise _Retry("the file changed on the server")
        else:
            offset = 0
            _write_state(url, path, response)
        meter.at(offset)
        expected = _total(response, offset)
        with part.open("ab" if offset else "wb") as file:
            # No chunk size: httpx would drop an unfinished chunk when the connection breaks.
            for chunk in response.iter_raw():
                file.write(chunk)
                meter.at(meter.held + len(chunk))
    size = _size(part)
    if expected is not None and size != expected:
        raise _Retry(f"{size} of {expected} bytes came")
    return offset > 0


def _beyond_the_end(response: httpx.Response, path: Path, offset: int, validator: str) -> bool:
    """416: nothing is left to send. That is success if what we hold is the whole of the same file."""
    total = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
    same = not _validators(response) or validator in _validators(response)
    if total and int(total[1]) == offset and same:
        return True
    forget(path)
    raise _Retry("the server has no such range: starting again")


def _check_status(response: httpx.Response) -> None:
    code = response.status_code
    if code in AGAIN:
        after = response.headers.get("Retry-After", "")
        raise _Retry(f"HTTP {code} {response.reason_phrase}", float(after) if after.isdecimal() else 0.0)
    if code in (401, 403):
        raise Failed(f"HTTP {code} {response.reason_phrase}: the site wants a login")
    if code not in (200, 206):
        raise Failed(f"HTTP {code} {response.reason_phrase}")


def _validators(response: httpx.Response) -> list[str]:
    """What identifies these very bytes, best first; weak tags promise less and cannot continue a file."""
    tag = response.headers.get("ETag", "")
    strong = [tag] if tag and not tag.startswith("W/") else []
    date = response.headers.get("Last-Modified", "")
    return strong + ([date] if date else [])


def _start(response: httpx.Response) -> int | None:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _total(response: httpx.Response, offset: int) -> int | None:
    whole = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if whole:
        return int(whole[1])
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdecimal() else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _state_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.json")


def _write_state(url: str, path: Path, response: httpx.Response) -> None:
    """Remember which bytes the part file will hold, before it holds any of them."""
    part_of(path).unlink(missing_ok=True)
    validators = _validators(response)
    state = {"url": url, "validator": validators[0] if validators else ""}
    _state_path(path).write_text(json.dumps(state), encoding="utf-8", newline="\n")


def _resumable(url: str, path: Path) -> tuple[int, str]:
    """(bytes held, what identifies them), or (0, "") where nothing proves that they belong to this file."""
    try:
        state = json.loads(_state_path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return 0, ""
    if state.get("url") != url or not state.get("validator"):
        return 0, ""
    size = _size(part_of(path))
    return (size, state["validator"]) if size else (0, "")
