"""Scoring a run or a bundle on labelled lines, with the worst ones named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..datasets.dataset import find_labels, open_labels
from ..datasets.images import BadImage, Image, decode, read_image
from ..datasets.records import Refusal
from ..errors import UserError
from ..prep.store import Pack, image_key
from . import backend
from .bundle import SPEC
from .metrics import Score, score, similarity
from .preprocess import fit
from .reader import EngineName, LineReader, Reader

WINDOW = 512


@dataclass(frozen=True)
class Line:
    """A labelled line picture; origin says where it lies."""

    origin: str
    image: Image
    label: str


@dataclass(frozen=True)
class Read:
    """A line and what was read there."""

    origin: str
    label: str
    text: str
    confidence: float

    @property
    def similarity(self) -> float:
        """1 - normalised edit distance."""
        return similarity(self.text, self.label)


def open_reader(path: Path, engine: EngineName = "auto", threads: int = 0) -> LineReader:
    """A bundle's folder or a run's folder as a reader. Raises UserError, MissingPackage."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; a bundle or the folder of a training run is expected")
    if (path / SPEC).is_file():
        return Reader(path, engine, threads)
    backend.require_paddle("reading with a training run (an exported bundle needs none)")
    from .run import run_reader

    return run_reader(path)


def open_lines(path: Path) -> Iterator[Line | Refusal]:
    """The lines of a pack (or any LMDBs), or of a label file `path<TAB>label`. Bad pictures are refusals."""
    if path.is_dir() and any(path.rglob("data.mdb")):
        return _pack_lines(Pack(path))
    return _label_lines(path)


def _pack_lines(pack: Pack) -> Iterator[Line | Refusal]:
    for index, sample in enumerate(pack):
        folder, number = pack.locate(index)
        origin = f"{folder}: {image_key(number).decode()}"
        try:
            yield Line(origin, decode(sample.image), sample.label)
        except BadImage as error:
            yield Refusal(error.reason, origin, error.detail, sample.label)


def _label_lines(path: Path) -> Iterator[Line | Refusal]:
    for photo in open_labels(*find_labels(path)):
        if isinstance(photo, Refusal):
            yield photo
            continue
        for region in photo.regions:
            if region.polygon is not None:
                raise UserError(
                    f"{path} labels regions of photos, and lines are read here: `ocrdata crop` cuts them out"
                )
            if region.ignore:
                yield Refusal(f"ignored_{region.ignore}", photo.name, text=region.text)
                continue
            try:
                yield Line(str(photo.path), read_image(photo.path), region.text)
            except BadImage as error:
                yield Refusal(error.reason, str(photo.path), error.detail, region.text)


def read_lines(reader: LineReader, lines: Iterable[Line]) -> Iterator[Read]:
    """Each line with what is read there, in order, in bounded memory."""
    remaining = iter(lines)
    while window := [(x.origin, x.label, fit(x.image, reader.rule)) for x in islice(remaining, WINDOW)]:
        for (origin, label, _), reading in zip(window, reader.read(w[2] for w in window), strict=True):
            yield Read(origin, label, *reading)


def evaluate(
    reader: LineReader,
    lines: Iterable[Line | Refusal],
    worst: int = 20,
    known_only: bool = False,
    progress: Callable[[int], None] = lambda lines: None,
) -> dict[str, Any]:
    """A report of JSON values: lines, right, accuracy, similarity, by_length, not_in_dict, refused, worst.

    accuracy: share of lines read without a fault; similarity: mean of 1 - normalised edit distance.
    known_only: leave out (and count) lines whose label holds characters that the model has not; otherwise such
    lines count as wrong, and their number is `not_in_dict`. worst: lowest similarity first, then the most
    confident. Raises UserError where no line is left.
    """
    refused: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    total, by_length = Score(), dict[int, Score]()
    mistakes: list[Read] = []

    def good() -> Iterator[Line]:
        for line in lines:
            if isinstance(line, Refusal):
                refused[line.reason] += 1
                continue
            unknown = reader.charset.unknown(line.label)
            strange.update(["not_in_dict"] if unknown else [])
            if not (unknown and known_only):
                yield line

    for read in read_lines(reader, good()):
        one = score([(read.text, read.label)])
        total += one
        by_length[len(read.label)] = by_length.get(len(read.label), Score()) + one
        progress(1)
        if not one.right:
            mistakes.append(read)
            if len(mistakes) > 50 * worst + 1000:
                mistakes = _worst(mistakes, worst)
    if not total.lines:
        raise UserError(f"no line to score; left out: {dict(refused + strange) or 'there is none'}")
    return {
        "lines": total.lines,
        "right": total.right,
        "accuracy": total.accuracy,
        "similarity": total.similarity,
        "by_length": {str(n): {"lines": s.lines, "accuracy": s.accuracy} for n, s in sorted(by_length.items())},
        "not_in_dict": strange["not_in_dict"],
        "refused": dict(refused),
        "worst": [_row(read) for read in _worst(mistakes, worst)],
    }


def _worst(reads: list[Read], count: int) -> list[Read]:
    return sorted(reads, key=lambda r: (r.similarity, -r.confidence))[:count]


def _row(read: Read) -> dict[str, Any]:
    return {
        "origin": read.origin,
        "label": read.label,
        "read": read.text,
        "confidence": round(read.confidence, 4),
        "similarity": round(read.similarity, 4),
    }
