"""Writing files that have their final name only when they are whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def whole_file(path: Path, binary: bool = False) -> Iterator[IO[Any]]:
    """A file to write: text is UTF-8 with `\\n`. Flushed to the disk and renamed at the end, removed after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
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


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value; keys keep their order."""
    with whole_file(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
