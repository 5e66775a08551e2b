"""Training pictures that stand in validation sets and benchmarks too, equal or nearly so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpora.leaks import Leaks, leaks
from ..corpora.texts import Text
from ..datasets.images import BadImage, Image, decode
from ..datasets.records import Items, Refusal, Sample
from ..errors import UserError
from .jobs import Planned, digest_of
from .look import thumbnail
from .measured import Example
from .near import Prints, alike, join_prints, near_pairs, picture_hash
from .ranges import over_ranges
from .shards import Source
from .split import PackSource, plan_unchanged
from .store import EXAMPLES_PER_REASON
from .texts import read_input
from .twins import fingerprint

SHOWN = 40
PIECES = 1 << 10
Progress = Callable[[int], None]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Pictures:
    """Everything that can be read at a place; one item a number."""

    path: Path
    source: Source
    count: int
    photos: bool

    def sample(self, index: int) -> Sample | None:
        """Number `index`, where it is a sample."""
        item = next(iter(self.source.items(index, index + 1)))
        return item if isinstance(item, Sample) else None

    def texts(self) -> Iterator[Text]:
        """The labels of lines; photos have none that a leak of theirs would show."""
        if self.photos:
            return
        if isinstance(self.source, PackSource):
            yield from read_input(self.path)  # labels alone, no pictures
            return
        for start in range(0, self.count, PIECES):
            stop = min(start + PIECES, self.count)
            for number, item in enumerate(self.source.items(start, stop), start + 1):
                if isinstance(item, Sample):
                    yield Text(item.label, str(self.path), number)


def open_pictures(path: Path, folder: Path) -> Pictures:
    """A pack, LMDBs, label lines, tar or Parquet files, or photos with regions. folder: for what has to be noted.

    Raises UserError.
    """
    planned = plan_unchanged(path, folder)
    return Pictures(path, planned.source, planned.items, planned.job.store != "pack")


@dataclass(frozen=True)
class Printer:
    """Fingerprints of a range of pictures. Travels to other processes."""

    pictures: Pictures

    def __call__(self, start: int, stop: int) -> Prints:
        exact, bits, aspect, readable = [], [], [], []
        for item in self.pictures.source.items(start, stop):
            image = _decoded(item) if isinstance(item, Sample) else None
            exact.append(fingerprint(item.image) if isinstance(item, Sample) else 0)
            bits.append((0, 0) if image is None else picture_hash(image))
            aspect.append(0 if image is None else np.log(image.shape[1] / image.shape[0]))
            readable.append(image is not None)
        return Prints(
            np.array(exact, np.uint64),
            np.array(bits, np.uint64).reshape(-1, 2),
            np.array(aspect, np.float32),
            np.array(readable, bool),
        )


def prints_of(pictures: Pictures, workers: int = 0, progress: Progress = lambda items: None) -> Prints:
    """Fingerprints of all pictures, 30 bytes each."""
    return join_prints(list(over_ranges(Printer(pictures), pictures.count, workers, progress)))


def _decoded(sample: Sample | None) -> Image | None:
    if sample is None:
        return None
    try:
        return decode(sample.image)
    except BadImage:
        return None


@dataclass
class Found:
    """What one set shares with the training set. exact, near: (k, 2) numbers in the training set and in the other.

    otherwise: near pairs that a closer look told apart. examples: pairs to look at, those with different labels first.
    """

    path: Path
    count: int
    exact: Pairs
    near: Pairs
    otherwise: int
    texts: Leaks
    examples: list[tuple[str, Example, Example]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values."""
        shared = {tuple(p) for pairs in (self.exact, self.near) for p in pairs.tolist()}
        return {
            "set": str(self.path),
            "count": self.count,
            "exact": _figures(self.exact),
            "near": _figures(self.near),
            "share": len({b for _, b in shared}) / max(1, self.count),
            "told_apart": self.otherwise,
            "texts": self.texts.to_json(),
            "pairs": [
                {"kind": kind, "train": _about(a), "other": _about(b), "same_label": a.label == b.label}
                for kind, a, b in self.examples
            ],
        }


def _figures(pairs: Pairs) -> dict[str, int]:
    return {"pairs": len(pairs), "train": len(set(pairs[:, 0].tolist())), "other": len(set(pairs[:, 1].tolist()))}


def _about(example: Example) -> dict[str, Any]:
    return {"index": example.index, "label": example.label, "origin": example.origin}


def find_leaks(
    train: Pictures, prints: Prints, other: Pictures, workers: int = 0, progress: Progress = lambda items: None
) -> Found:
    """Compares all pictures of two sets; near ones are looked at once more, closely."""
    theirs = prints_of(other, workers, progress)
    exact = _equal(prints, theirs)
    candidates, distances = near_pairs(prints, theirs)
    known = {tuple(pair) for pair in exact.tolist()}
    candidates = candidates[np.argsort(distances, kind="stable")]
    rest = [pair for pair in candidates.tolist() if tuple(pair) not in known]
    near = [pair for pair in rest if _alike(train, other, pair)]
    pairs = np.array(near, np.int64).reshape(-1, 2)
    found = Found(other.path, other.count, exact, pairs, len(rest) - len(near), leaks(train.texts(), other.texts()))
    shown = [("equal", p) for p in exact.tolist()] + [("near", p) for p in near]
    ranked = [(k, _show(train, p[0]), _show(other, p[1])) for k, p in shown[: 20 * SHOWN]]
    found.examples = sorted(ranked, key=lambda e: e[1].label == e[2].label)[:SHOWN]
    return found


def _equal(a: Prints, b: Prints) -> Pairs:
    """Pairs of equal bytes: of several equal ones in a set, each with the first of the other set."""
    _, first_a = np.unique(a.exact, return_index=True)
    _, first_b = np.unique(b.exact, return_index=True)
    pairs = [_matches(a.exact, b.exact, first_b), _matches(b.exact, a.exact, first_a)[:, ::-1]]
    joined = np.unique(np.concatenate(pairs), axis=0)
    return joined[a.readable[joined[:, 0]] & b.readable[joined[:, 1]]] if len(joined) else joined


def _matches(these: NDArray[np.uint64], others: NDArray[np.uint64], first: Pairs) -> Pairs:
    values = others[first]
    place = np.minimum(np.searchsorted(values, these), max(0, len(values) - 1))
    if not len(values):
        return np.empty((0, 2), np.int64)
    hits = np.flatnonzero(values[place] == these)
    return np.stack([hits, first[place[hits]]], 1)


def _alike(train: Pictures, other: Pictures, pair: Sequence[int]) -> bool:
    a, b = _decoded(train.sample(pair[0])), _decoded(other.sample(pair[1]))
    return a is not None and b is not None and alike(a, b)


def _show(pictures: Pictures, index: int) -> Example:
    sample = pictures.sample(index)
    image = _decoded(sample)
    thumb = None if image is None else thumbnail(image)
    label = "" if sample is None or pictures.photos else sample.label
    return Example(index, label, sample.origin if sample else "", "", thumb)


@dataclass(frozen=True)
class Without:
    """The items of a source; those that stand in another set as refusals. reasons: by number, why and where."""

    source: Source
    reasons: dict[int, tuple[str, str]]

    def items(self, start: int, stop: int) -> Items:
        """Of the units `start` to `stop`."""
        shown = Counter[str]()
        for index, item in enumerate(self.source.items(start, stop), start):
            if index not in self.reasons or not isinstance(item, Sample):
                yield item
                continue
            reason, where = self.reasons[index]
            shown[reason] += 1
            image = _decoded(item) if shown[reason] <= EXAMPLES_PER_REASON else None
            yield Refusal(reason, item.origin, where, item.label, None if image is None else thumbnail(image))


def plan_without(train: Path, found: Sequence[Found], out: Path) -> Planned:
    """The job that writes the training set anew without what leaks. Raises UserError."""
    if out.resolve().is_relative_to(train.resolve()):
        raise UserError(f"{out} is inside {train}: the next run would read it as input; choose another folder")
    reasons: dict[int, tuple[str, str]] = {}
    for one in found:
        for reason, pairs in (("leak_equal", one.exact), ("leak_near", one.near)):
            for index, other in pairs.tolist():
                reasons.setdefault(index, (reason, f"{one.path} number {other + 1}"))
    planned = plan_unchanged(train, out)
    config = {**planned.job.config, "dropped": digest_of(sorted((i, r) for i, (r, _) in reasons.items()))}
    job = replace(planned.job, kind="leaks", config=config)
    return replace(planned, job=job, source=Without(planned.source, reasons))
