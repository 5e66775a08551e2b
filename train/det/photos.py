"""Where a detector's photos come from: label files, fetched datasets, synthetic scenes; and several of them as one."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.dataset import find_labels, open_labels
from ...datasets.places import Place
from ...datasets.records import Photo, Polygon, Refusal
from ...errors import UserError
from .config import PhotoSource


@dataclass(frozen=True)
class Texts:
    """A photo and the texts on it. polygons: (N, 2) float32 px each; ignored: which of them do not count."""

    path: Place
    name: str
    polygons: list[Polygon]
    ignored: list[bool]


class Photos:
    """Photos with the polygons of their texts, in the order of the labels.

    Points lie in one array (about 40 bytes a text); pictures stay on the disk. refused: photos and texts left out,
    by reason. Raises UserError for labels of lines, and where no photo is left or every text is ignored.
    """

    def __init__(
        self, path: Path, split: str | None = None, format: str | None = None, images: tuple[Path, ...] = ()
    ) -> None:
        self.root = path
        self.refused: Counter[str] = Counter()
        self._paths: list[Place] = []
        self._names: list[str] = []
        points: list[Polygon] = []
        ignored: list[bool] = []
        texts = [0]
        for photo in open_labels(*find_labels(path, split, format, images)):
            if isinstance(photo, Refusal):
                self.refused[photo.reason] += 1
                continue
            self._add(photo, points, ignored)
            texts.append(len(points))
        if not self._paths:
            raise UserError(f"{path}: no photo can be used: {dict(self.refused) or 'there is none'}")
        if all(ignored):
            what = "every text is ignored (###)" if ignored else "there is no text on any photo"
            raise UserError(f"{path}: {what}, so there is nothing to learn from")
        self._texts = np.array(texts, np.int64)
        self._bounds = np.cumsum([0, *(len(p) for p in points)], dtype=np.int64)
        self._points = np.concatenate(points)
        self._ignored = np.array(ignored, bool)

    def _add(self, photo: Photo, points: list[Polygon], ignored: list[bool]) -> None:
        for region in photo.regions:
            if region.polygon is None:
                raise UserError(f"{self.root} labels whole pictures; a detector needs the places of texts on photos")
            points.append(region.polygon)
            ignored.append(region.ignore is not None)
        self._paths.append(photo.path)
        self._names.append(photo.name)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Texts:
        first, last = int(self._texts[index]), int(self._texts[index + 1])
        bounds = self._bounds[first : last + 1]
        polygons = [self._points[a:b] for a, b in pairwise(bounds)]
        return Texts(self._paths[index], self._names[index], polygons, self._ignored[first:last].tolist())

    def counts(self) -> tuple[int, int]:
        """Texts in all, and how many of them count."""
        return len(self._ignored), int((~self._ignored).sum())

    def paths(self) -> set[str]:
        """Where the photos lie, from the root of the disk."""
        return {str(Path(str(path)).absolute()) for path in self._paths}

    def identity(self) -> dict[str, Any]:
        """What tells two sets apart: sha256 over names, polygons and what is ignored."""
        digest = hashlib.sha256("\n".join(self._names).encode())
        for array in (self._texts, self._bounds, self._points, self._ignored):
            digest.update(np.ascontiguousarray(array).tobytes())
        return {"photos": len(self), "digest": digest.hexdigest()}


class PhotoMixture:
    """Several sets, one after the other under one index. ratios: their weights, or None for each photo once."""

    def __init__(self, sources: Sequence[Photos], ratios: Sequence[float] | None = None) -> None:
        self.sources, self.ratios = list(sources), ratios
        self.root = self.sources[0].root
        self._starts = [sum(len(s) for s in self.sources[:i]) for i in range(len(self.sources))]

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def __getitem__(self, index: int) -> Texts:
        source = bisect_right(self._starts, index) - 1
        return self.sources[source][index - self._starts[source]]

    def groups(self, indices: Sequence[int]) -> list[NDArray[np.int64]]:
        """Those of the indices that lie in each source."""
        chosen = np.asarray(indices, np.int64)
        ends = [*self._starts[1:], len(self)]
        parts = [chosen[(chosen >= a) & (chosen < b)] for a, b in zip(self._starts, ends, strict=True)]
        for source, part in zip(self.sources, parts, strict=True):
            if not len(part):
                raise UserError(f"{source.root}: no photo of this source can be used")
        return parts

    def identity(self) -> dict[str, Any]:
        """The identities of all sources, and their ratios."""
        return {"photos": len(self), "sources": [s.identity() for s in self.sources], "ratios": self.ratios}


def names(photos: Photos | PhotoMixture, indices: Sequence[int]) -> Iterator[str]:
    """Paths of photos, for messages."""
    return (str(photos[index].path) for index in indices)


def require_apart(data: PhotoMixture, val: PhotoMixture) -> None:
    """Raises UserError where a photo is trained on and validated on."""
    trained, asked = (set[str]().union(*(source.paths() for source in mixture.sources)) for mixture in (data, val))
    both = trained & asked
    if both:
        said = f"{len(both):,} of {len(asked):,} photos to validate on are trained on, too, for example {min(both)}"
        raise UserError(f"{said}: a score on them says nothing; leave them out of val")


def open_photos(data: Path | Sequence[PhotoSource]) -> PhotoMixture:
    """What the keys `data` and `val` of a configuration name. Raises UserError."""
    if isinstance(data, Path):
        return PhotoMixture([Photos(data)])
    if not data:
        raise UserError("data: the list of sources is empty")
    ratios = [source.ratio for source in data if source.ratio is not None]
    return PhotoMixture([Photos(s.path, s.split, s.format, s.images) for s in data], ratios or None)
