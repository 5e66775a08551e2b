"""What readers give, as records of a spool."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.images import OF_THE_FILE
from ..datasets.members import Member
from ..datasets.records import Photo, Refusal, Region


@dataclass
class InputTotals:
    """How much ground truth a job was given, and where it came from."""

    photos: int = 0
    boxes: int = 0
    refusals: int = 0
    sources: set[tuple[str, str]] = field(default_factory=set)

    def add(self, photo: Photo | Refusal) -> None:
        """Count one item of a reader."""
        if isinstance(photo, Refusal):
            self.refusals += 1
            return
        self.photos += 1
        self.boxes += len(photo.regions)
        self.sources.add((photo.source, photo.licence))

    @property
    def items(self) -> int:
        """Samples and refusals that will come of it, at least."""
        return self.boxes + self.refusals

    def to_json(self) -> dict[str, Any]:
        """For a job's configuration."""
        return {"photos": self.photos, "boxes": self.boxes, "refused_by_reader": self.refusals}

    def ledger(self) -> list[dict[str, str]]:
        """A row for each source and licence."""
        return [{"kind": "dataset", "name": name, "licence": licence} for name, licence in sorted(self.sources)]


def to_record(photo: Photo | Refusal) -> tuple[Any, Any]:
    """(record, place) for a spool; the file's size stands for its pixels, so that a replaced photo is another job."""
    if isinstance(photo, Refusal):
        return {name: getattr(photo, name) for name in ("reason", "origin", "detail", "text")}, None
    place: Any
    if isinstance(photo.path, Member):
        member = photo.path
        size = member.size
        place = [str(member.archive.absolute()), member.name, member.offset, member.size, member.packed]
    else:
        size, place = _size(photo.path), str(photo.path.absolute())
    regions = [
        [None if r.polygon is None else np.asarray(r.polygon, np.float32).tolist(), r.text, r.ignore]
        for r in photo.regions
    ]
    return {"name": photo.name, "source": photo.source, "size": size, "regions": regions}, place


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise  # or it would be another job, once its disk answers again
        return -1


def from_record(record: Any, place: Any) -> Photo | Refusal:
    """What `to_record` was given; of a photo, what its pixels need."""
    if "reason" in record:
        return Refusal(**record)
    regions = (
        Region(None if polygon is None else np.array(polygon, np.float32), text, ignore)
        for polygon, text, ignore in record["regions"]
    )
    path = Path(place) if isinstance(place, str) else Member(_archive(place[0]), *place[1:])
    return Photo(path, record["name"], tuple(regions), record["source"])


@lru_cache(maxsize=64)
def _archive(place: str) -> Path:
    return Path(place)  # one for all its members: hashing a path costs more than reading a small file
