"""Writing files that have their final name only when they are whole."""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

HOST = re.sub("[^A-Za-z0-9]", "_", platform.node()) or "host"
_TOKEN = secrets.token_hex(4)  # containers may have equal names, and equal numbers of processes


def own_name() -> str:
    """A name that no other process has, on this machine or another: HOST-PROCESS-..."""
    return f"{HOST}-{os.getpid()}-{_TOKEN}"


@contextmanager
def whole_file(path: Path, binary: bool = False, scratch: Path | None = None) -> Iterator[IO[Any]]:
    """A file to write: text is UTF-8 with `\\n`. Flushed to the disk and renamed at the end, removed after an error.

    scratch: a folder of this process's own on the same disk, where others may write the same file at this moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if scratch is None:
        temporary = path.with_name(f".{path.name}.tmp")
    else:
        scratch.mkdir(parents=True, exist_ok=True)
        temporary = scratch / path.name
    try:
        with temporary.open("wb") if binary else temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a failed write does not say where
        raise
    finally:
        temporary.unlink(missing_ok=True)  # a full disk must not stay full of a part that nobody reads


def write_json(path: Path, value: Any, scratch: Path | None = None) -> None:
    """Write a JSON value; keys keep their order. scratch: see `whole_file`."""
    with whole_file(path, scratch=scratch) as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
