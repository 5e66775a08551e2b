"""Where the shards of a job lie: a folder, perhaps one that many machines see, or an object store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import UserError
from ..files import write_json
from .store import TEMPORARY, publish, read_marker, scratch, shard_name, sweep
from .stores import Store


class Place(Protocol):
    """Keeps finished shards and the JSON files that tell of them. Travels to other processes and machines.

    A shard is there as soon as its JSON file is, which is written last.
    """

    @property
    def work(self) -> Path:
        """The folder of this machine and process in which shards are made."""
        ...

    def read(self, name: str) -> Any:
        """The JSON value of that name, or None."""
        ...

    def write(self, name: str, value: Any) -> None:
        """Write a JSON value, whole or not at all; others may write the same one."""
        ...

    def remove(self, name: str) -> None:
        """Remove a JSON file, if it is there."""
        ...

    def names(self) -> dict[str, float]:
        """The JSON files, and when they were written: seconds since 1970."""
        ...

    def keep(self, made: Path, marker: dict[str, Any]) -> None:
        """Take a shard out of `work`, then write its marker."""
        ...

    def markers(self, indices: Sequence[int], store: Store) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number and marker of those of the shards that are there, in order."""
        ...

    def join(self, count: int, store: Store) -> None:
        """Write what a store has once for all its shards."""
        ...

    def tidy(self, finished: bool) -> None:
        """Remove what dead processes left; of a finished job, all that is not part of it."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder on a disk, or one that many machines see."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    @property
    def work(self) -> Path:
        """See `Place`."""
        return scratch(self.root)

    def read(self, name: str) -> Any:
        """See `Place`."""
        try:
            return json.loads((self.root / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def write(self, name: str, value: Any) -> None:
        """See `Place`."""
        write_json(self.root / name, value, scratch=self.work)
        with suppress(OSError):
            self.work.rmdir()  # unless this process keeps more there

    def remove(self, name: str) -> None:
        """See `Place`."""
        (self.root / name).unlink(missing_ok=True)

    def names(self) -> dict[str, float]:
        """See `Place`."""
        return {path.name: path.stat().st_mtime for path in self.root.glob("[!.]*.json")}

    def keep(self, made: Path, marker: dict[str, Any]) -> None:
        """See `Place`."""
        publish(self.root, made, marker)

    def markers(self, indices: Sequence[int], store: Store) -> Iterator[tuple[int, dict[str, Any]]]:
        """See `Place`."""
        for index in indices:
            marker = read_marker(self.root, index, store.ending)
            if marker is not None:
                yield index, marker

    def join(self, count: int, store: Store) -> None:
        """See `Place`."""
        if store.join is not None:
            store.join(self.root, count)

    def tidy(self, finished: bool) -> None:
        """See `Place`."""
        if finished:
            shutil.rmtree(self.root / TEMPORARY, ignore_errors=True)
        else:
            sweep(self.root)


def marker_name(index: int) -> str:
    """The JSON file that says that shard `index` is there."""
    return f"{shard_name(index)}.json"


def failure_name(index: int) -> str:
    """The JSON file that says why shard `index` could not be made."""
    return f"failed-{index:05d}.json"


def check_out(out: Path) -> None:
    """Raises UserError where `out` holds something else than a job."""
    if not out.exists() or (out / "job.json").exists():
        return
    if not out.is_dir() or any(p.name != TEMPORARY for p in out.iterdir()):
        raise UserError(f"{out} is not empty and holds no job of ocrdata; choose another folder")


def difference(there: Any, here: Any, key: str = "") -> str:
    """The first key in which two JSON values differ, with both values."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted({*there, *here}):
            if there.get(name) != here.get(name):
                return difference(there.get(name), here.get(name), f"{key}.{name}" if key else name)
    return f"{key} was {str(there)[:80]!r} there and is {str(here)[:80]!r} now"
