"""Where training lines come from: packs, LMDBs of other tools, label files, and several of them as one."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..datasets.dataset import find_labels, open_labels
from ..datasets.places import Place
from ..datasets.records import Refusal, Sample
from ..errors import UserError
from ..prep.jobs import digest_of
from ..prep.store import Pack, image_key
from .config import Source, ValSet

EXAMPLES = 5


class Lines(Protocol):
    """Random access to labelled line pictures. root: where they lie, for messages."""

    root: Path

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...

    def labels(self) -> Iterator[str]: ...


class LabelFile:
    """Line pictures that a label file names, one `picture<TAB>text` a line, or a folder that holds one.

    Names and texts stay in memory (about 300 bytes a line), pictures on the disk. refused: lines left out, by
    reason; examples: of the first few. Raises UserError for labels of regions in photos, and where no line is left.
    """

    def __init__(self, path: Path) -> None:
        self.root = path
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self._lines: list[tuple[Place, str]] = []
        for photo in open_labels(*find_labels(path)):
            if isinstance(photo, Refusal):
                self._refuse(photo.reason, f"{photo.origin}: {photo.detail}" if photo.detail else photo.origin)
                continue
            for region in photo.regions:
                if region.polygon is not None:
                    raise UserError(f"{path} labels regions of photos, lines are needed: `ocrdata crop` cuts them out")
                if region.ignore is not None:
                    self._refuse(f"ignored_{region.ignore}", photo.name)
                else:
                    self._lines.append((photo.path, region.text))
        if not self._lines:
            first = next(iter(self.examples.values()), [""])[0]
            example = f"; for example {first}" if first else ""
            raise UserError(f"{path}: no line can be used: {dict(self.refused) or 'there is none'}{example}")

    def _refuse(self, reason: str, place: str) -> None:
        self.refused[reason] += 1
        places = self.examples.setdefault(reason, [])
        if len(places) < EXAMPLES:
            places.append(place)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> Sample:
        path, label = self._lines[index]
        return Sample(path.read_bytes(), label, str(path))

    def labels(self) -> Iterator[str]:
        """All labels in order."""
        return (label for _, label in self._lines)

    def place(self, index: int) -> str:
        """A sample's picture, for messages."""
        return str(self._lines[index][0])

    def digest(self) -> str:
        """sha256 over names and texts in order."""
        return digest_of([[path.name, label] for path, label in self._lines])


class Mixture:
    """Several sources, one after the other under one index. ratios: their weights, or None for each line once."""

    def __init__(self, sources: Sequence[Lines], ratios: Sequence[float] | None = None) -> None:
        self.sources, self.ratios = list(sources), ratios
        self.root = self.sources[0].root
        self.starts = [sum(len(s) for s in self.sources[:i]) for i in range(len(self.sources))]

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def locate(self, index: int) -> tuple[Lines, int]:
        """Sample `index` to its source and its index there."""
        number = bisect_right(self.starts, index) - 1
        return self.sources[number], index - self.starts[number]

    def __getitem__(self, index: int) -> Sample:
        source, inside = self.locate(index)
        return source[inside]

    def labels(self) -> Iterator[str]:
        """All labels in order."""
        for source in self.sources:
            yield from source.labels()


def left_out(lines: Lines) -> tuple[Counter[str], dict[str, list[str]]]:
    """What was left out when the lines were opened, by reason, and the places of some."""
    refused: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for source in lines.sources if isinstance(lines, Mixture) else [lines]:
        if isinstance(source, LabelFile):
            refused += source.refused
            for reason, found in source.examples.items():
                examples[reason] = [*examples.get(reason, []), *found][:EXAMPLES]
    return refused, examples


def open_source(path: Path) -> Pack | LabelFile:
    """The pack or folder of LMDBs at `path`, or the lines of a label file. Raises UserError."""
    if path.is_dir() and any(path.rglob("data.mdb")):
        return Pack(path)
    return LabelFile(path)


def open_data(data: Path | Sequence[Source]) -> Lines:
    """What the key `data` of a configuration names. Raises UserError."""
    if isinstance(data, Path):
        return open_source(data)
    if not data:
        raise UserError("data: the list of sources is empty")
    _require_once([source.path for source in data], "data", "give it a higher ratio instead")
    ratios = [source.ratio for source in data if source.ratio is not None]
    return Mixture([open_source(source.path) for source in data], ratios or None)


def close(lines: Lines) -> None:
    """Let go of the LMDBs, which cannot be opened twice in a process."""
    for source in lines.sources if isinstance(lines, Mixture) else [lines]:
        if isinstance(source, Pack):
            source.close()


def open_sets(val: Path | Sequence[ValSet]) -> dict[str, Lines]:
    """Validation sets by name; a single path has the name "". Raises UserError."""
    if isinstance(val, Path):
        return {"": open_source(val)}
    _require_once([one.path for one in val], "val", "one name is enough")
    return {one.name: open_source(one.path) for one in val}


def _require_once(paths: Sequence[Path], key: str, hint: str) -> None:
    twice = [path for path, count in Counter(path.resolve() for path in paths).items() if count > 1]
    if twice:
        raise UserError(f"{key}: {twice[0]} is listed more than once; {hint}")


def require_apart(data: Path | Sequence[Source], val: Path | Sequence[ValSet]) -> None:
    """Raises UserError where a validation set is a source of the training data, before either is opened."""
    sources = {path.resolve() for path in ([data] if isinstance(data, Path) else [one.path for one in data])}
    for path in [val] if isinstance(val, Path) else [one.path for one in val]:
        if path.resolve() in sources:
            raise UserError(f"{path} is the training data too: a score on it says nothing; leave it out of val")


def where(lines: Lines, index: int) -> str:
    """A sample's place for messages: shard and key, or the picture's path."""
    if isinstance(lines, Mixture):
        return where(*lines.locate(index))
    if isinstance(lines, Pack):
        folder, number = lines.locate(index)
        return f"{folder}: '{image_key(number).decode()}'"
    return lines.place(index) if isinstance(lines, LabelFile) else f"{lines.root}: sample {index}"


def identity(lines: Lines) -> dict[str, Any]:
    """What tells two sets of training data apart: the manifest's digest; of other LMDBs the shards and their labels.

    Of a label file the names and texts count; of a mixture, all its sources and their ratios.
    """
    if isinstance(lines, Mixture):
        found = [identity(source) for source in lines.sources]
        digest = hashlib.sha256(json.dumps([found, lines.ratios], sort_keys=True).encode()).hexdigest()
        return {"samples": len(lines), "digest": digest, "sources": found, "ratios": lines.ratios}
    if isinstance(lines, LabelFile):
        return {"samples": len(lines), "digest": lines.digest()}
    manifest = lines.root / "manifest.json"
    if manifest.is_file():
        digest = json.loads(manifest.read_text(encoding="utf-8")).get("digest", "")
    elif isinstance(lines, Pack):
        digest = _digest_of_labels(lines)
    else:
        digest = ""
    return {"samples": len(lines), "digest": digest}


def _digest_of_labels(pack: Pack) -> str:
    """sha256 over the names of the shards, their counts and all labels in order."""
    found = hashlib.sha256(json.dumps([[f.name, n] for f, n in zip(pack.folders, pack.counts, strict=True)]).encode())
    for label in pack.labels():
        found.update(f"{len(label)}:{label}".encode())
    return found.hexdigest()
