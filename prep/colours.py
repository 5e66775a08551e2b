"""Pairs of ink and paper colours learnt from real crops, in a file that a recipe can name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from ..config import Config, load
from ..datasets.dataset import find_labels, open_labels
from ..datasets.images import BadImage, Image, decode, read_image
from ..datasets.places import Place
from ..datasets.records import Photo
from ..errors import UserError
from ..files import whole_file
from .inks import Split, small, split
from .pack import LINE_FORMATS
from .ranges import over_ranges
from .shades import hex_of
from .store import Pack, lmdb_folders

HEX = re.compile(r"#[0-9a-fA-F]{6}")
LIMIT = 200
CROPS = 5000
ROUNDS = 12
CLOSE = 8.0
"""Pairs that differ by less, in 8-bit Lab, need no pair of their own."""
Floats = NDArray[np.float64]
Labs = NDArray[np.float32]


def _colour(value: str) -> str:
    if not HEX.fullmatch(value):
        raise ValueError(f"a colour such as '#f2d22e' is expected (is '{value}')")
    return value.lower()


Hex = Annotated[str, AfterValidator(_colour)]


class Pair(Config):
    """Ink on paper, "#rrggbb" each; weight: how many crops had about these."""

    ink: Hex
    paper: Hex
    weight: Annotated[float, Field(gt=0, le=1e9)] = 1


class Colours(Config):
    """A file of pairs. source, crops, unclear: where they are from, how many crops told, how many did not and why."""

    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)]
    source: str = ""
    crops: int = 0
    unclear: dict[str, int] = Field(default_factory=dict)

    def write(self, path: Path) -> None:
        """The YAML file that `read_colours` takes; most frequent pairs first."""
        head = {"source": self.source, "crops": self.crops, "unclear": dict(self.unclear)}
        with whole_file(path) as file:
            yaml.safe_dump(head, file, allow_unicode=True, sort_keys=False)
            file.write("pairs:\n")
            for pair in self.pairs:
                file.write(f'  - {{ink: "{pair.ink}", paper: "{pair.paper}", weight: {pair.weight:g}}}\n')


def read_colours(path: Path) -> Colours:
    """The pairs in a file. Raises UserError naming file, line and key."""
    if not path.is_file():
        raise UserError(f"{path}: no such file of colours; `ocrdata colours PACK -o {path.name}` makes one")
    return load(str(path), "colours", Colours)


def bgr(colours: list[str]) -> Floats:
    """(n, 3) BGR levels of "#rrggbb" colours."""
    return np.array([[int(c[i : i + 2], 16) for i in (5, 3, 1)] for c in colours], np.float64).reshape(-1, 3)


def lightness(colours: Floats) -> Floats:
    """(n,) CIE lightness, scaled to 0..255, of (n, 3) BGR levels."""
    pixels = (np.clip(colours, 0, 255) / 255).astype(np.float32).reshape(1, -1, 3)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[0, :, 0].astype(np.float64) * 2.55


def learn_colours(
    source: Path,
    limit: int = LIMIT,
    crops: int = CROPS,
    workers: int = 1,
    progress: Callable[[int], None] = lambda crops: None,
) -> Colours:
    """The pairs of colours in the crops of a pack, or of a label file or folder as `pack` takes it.

    limit: pairs at most; crops: look at about so many, evenly spread. Crops whose ink and paper cannot be told
    apart are counted by reason. Raises UserError for what holds no crops, or none with clear colours.
    """
    for name, value in {"limit": limit, "crops": crops}.items():
        if value < 1:
            raise UserError(f"{name} is {value}: at least 1 is expected")
    source_of = PackCrops(Pack(source)) if source.is_dir() and lmdb_folders(source) else _files(source)
    if not len(source_of):
        raise UserError(f"{source}: there is no crop in it")
    chosen = tuple(range(0, len(source_of), -(-len(source_of) // crops)))
    found: list[NDArray[np.float32]] = []
    unclear = Counter(source_of.lost)
    for pairs, reasons in over_ranges(Learner(source_of, chosen), len(chosen), workers, progress):
        found.append(pairs)
        unclear += reasons
    pairs = np.concatenate(found)
    if not len(pairs):
        why = ", ".join(f"{reason} {n}" for reason, n in unclear.most_common())
        raise UserError(f"{source}: in none of {len(chosen)} crops could ink and paper be told apart ({why})")
    name = source.resolve().name
    return Colours(pairs=_pairs(pairs, limit), source=name, crops=len(pairs), unclear=dict(sorted(unclear.items())))


@dataclass
class PackCrops:
    """The pictures of a pack by number."""

    pack: Pack
    lost: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.pack)

    def picture(self, index: int) -> Image:
        """Raises BadImage."""
        return decode(self.pack[index].image)


@dataclass
class FileCrops:
    """Picture files by number; lost: why labels have none."""

    paths: list[Place]
    lost: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.paths)

    def picture(self, index: int) -> Image:
        """Raises BadImage."""
        return read_image(self.paths[index])


def _files(source: Path) -> FileCrops:
    name, labels = find_labels(source)
    if name not in LINE_FORMATS:
        raise UserError(f"{labels.path} holds regions of photos ({name}), not crops: `ocrdata crop` cuts them out")
    crops = FileCrops([])
    for item in open_labels(name, labels):
        if isinstance(item, Photo):
            crops.paths.append(item.path)
        else:
            crops.lost[item.reason] += 1
    return crops


@dataclass
class Learner:
    """Splits ranges of the chosen crops. Travels to other processes."""

    crops: PackCrops | FileCrops
    chosen: tuple[int, ...]

    def __call__(self, start: int, stop: int) -> tuple[Labs, Counter[str]]:
        """(n, 6) ink and paper in 8-bit Lab, and why other crops gave none."""
        rows, unclear = [], Counter[str]()
        for index in self.chosen[start:stop]:
            found = self._split(index)
            if isinstance(found, Split):
                rows.append((*found.ink, *found.paper))
            else:
                unclear[found] += 1
        return np.array(rows, np.float32).reshape(-1, 6), unclear

    def _split(self, index: int) -> Split | str:
        try:
            return split(small(self.crops.picture(index)))
        except BadImage as error:
            return error.reason


def _pairs(rows: Labs, limit: int) -> tuple[Pair, ...]:
    """Clusters of (n, 6) rows: k-means from rows far from each other, the same on every run."""
    centres = _far_apart(rows, limit)
    for _ in range(ROUNDS):
        nearest = _nearest(rows, centres)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.stack([np.bincount(nearest, rows[:, i], len(centres)) for i in range(6)], 1)
        centres = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)[counts > 0]
    counts = np.bincount(_nearest(rows, centres), minlength=len(centres))
    merged: Counter[tuple[str, str]] = Counter()
    for centre, n in zip(centres.tolist(), counts.tolist(), strict=True):
        merged[hex_of(tuple(centre[:3])), hex_of(tuple(centre[3:]))] += n
    ranked = sorted(merged.items(), key=lambda pn: (-pn[1], pn[0]))
    return tuple(Pair(ink=ink, paper=paper, weight=n) for (ink, paper), n in ranked if n)


def _far_apart(rows: Labs, limit: int) -> Labs:
    """At most `limit` rows, drawn one by one, each as likely as the square of its distance from those before.

    Fewer where all others are close to one of them.
    """
    rng = np.random.default_rng(0)
    centres = [rows[0]]
    far = ((rows - rows[0]) ** 2).sum(1)
    while len(centres) < limit and far.max() > CLOSE**2:
        steps = np.cumsum(far, dtype=np.float64)
        row = rows[min(int(np.searchsorted(steps, rng.random() * steps[-1], side="right")), len(rows) - 1)]
        centres.append(row)
        far = np.minimum(far, ((rows - row) ** 2).sum(1))
    return np.stack(centres)


def _nearest(rows: Labs, centres: Labs) -> NDArray[np.int64]:
    distance = (centres**2).sum(1) - 2 * rows @ centres.T
    return distance.argmin(1)
