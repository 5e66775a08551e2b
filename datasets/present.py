"""Which datasets of the catalogue lie on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalogue.entry import Entry, find_entry, names
from .dataset import DATASET
from .fetch import DOWNLOADS, LOCK


@dataclass(frozen=True)
class Presence:
    """What of a dataset is there. splits: fetched ones; files: their number, of all; waiting: placed or downloading."""

    entry: Entry
    folder: Path
    splits: tuple[str, ...]
    files: int
    waiting: int

    @property
    def summary(self) -> str:
        """In a few words: `train, val`, or `2 of 8 files`, or nothing."""
        if self.splits:
            return ", ".join(self.splits)
        return f"{self.files} of {len(self.entry.files)} files" if self.files or self.waiting else ""


def presence(name: str, data: Path) -> Presence:
    """What lies in `data`/NAME of a dataset, named as for `find_entry`. Raises UserError for an unknown one."""
    entry = find_entry(name)
    folder = data / entry.name
    dataset, lock = _json(folder / DATASET), _json(folder / LOCK)
    waiting = folder / DOWNLOADS
    return Presence(
        entry,
        folder,
        tuple(dataset.get("splits", ())) if dataset.get("name") == entry.name else (),
        sum(f.name in lock and (folder / f.target).exists() for f in entry.files),
        sum(1 for _ in waiting.iterdir()) if waiting.is_dir() else 0,
    )


def all_presences(data: Path) -> list[Presence]:
    """Of every dataset of the catalogue."""
    return [presence(name, data) for name in names()]


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
