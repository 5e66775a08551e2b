"""Opening photos with labels: a fetched dataset, or labels that lie anywhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from .members import split_inside
from .places import any_archive, exists, is_picture
from .readers import READERS
from .readers.folder import FolderReader
from .readers.jsons import ByPhoto
from .readers.labels import Labels, label_lines, open_label
from .readers.names import MJSYNTH, named_as_word
from .readers.words import QUOTED
from .records import Photo, Refusal

DATASET = "dataset.json"
HEAD = 1 << 16


def open_labels(format: str, labels: Labels) -> Iterator[Photo | Refusal]:
    """The photos that `labels` speaks of, read as `format`.

    Raises UserError for an unknown format, and for labels none of which follow the format.
    """
    if format not in READERS:
        raise UserError(f"there is no label format '{format}'; there are: {', '.join(READERS)}")
    return _not_all_malformed(format, labels)


def _not_all_malformed(format: str, labels: Labels) -> Iterator[Photo | Refusal]:
    reasons: Counter[str] = Counter()
    photos, example = 0, ""
    for item in READERS[format](labels):
        if isinstance(item, Photo):
            photos += 1
        else:
            reasons[item.reason] += 1
            example = example or f"{item.origin}: {item.detail}"
        yield item
    if not photos and reasons.keys() == {"malformed_line"}:
        raise UserError(f"{labels.path}: no line follows the format '{format}'; {example}")


def read_dataset(folder: Path) -> dict[str, Any]:
    """The dataset.json of a fetched folder. Raises UserError where there is none: it is written last."""
    path = folder / DATASET
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder}: no fetched dataset ({DATASET} is missing; was the fetch cut short?)") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: unreadable: {error}") from error
    if not isinstance(data, dict) or not {"name", "licence", "splits"} <= data.keys():
        raise UserError(f"{path}: not what a fetch writes; name the label file itself")
    return data


def dataset_labels(folder: Path, split: str | None = None) -> tuple[str, Labels]:
    """Format and labels of a split of a fetched dataset; `split` may be left out where there is one only.

    Malformed lines are counted, not errors: nobody can be asked to mend what is published.
    """
    data = read_dataset(folder)
    splits = data["splits"]
    if split is None and len(splits) == 1:
        (split,) = splits
    if split not in splits:
        what = f"{folder} has no split '{split}'" if split else f"{folder} has several splits; name one"
        raise UserError(f"{what}: {', '.join(splits)}")
    entry = splits[split]
    images = tuple(folder / name for name in entry["images"])
    labels = Labels(
        folder / entry["labels"],
        tuple(path for path in images if exists(path)) or images,
        f"{data['name']}/{split}",
        data["licence"],
        strict=False,
    )
    return entry["format"], labels


def labels_in_archive(folder: Path, split: str) -> bool:
    """Whether a split's labels lie in an archive, so that reading them means reading through all of it."""
    return split_inside(dataset_labels(folder, split)[1].path) is not None


def open_dataset(folder: Path, split: str | None = None) -> Iterator[Photo | Refusal]:
    """The photos of a split of a fetched dataset. Raises UserError."""
    return open_labels(*dataset_labels(folder, split))


def find_labels(
    path: Path, split: str | None = None, format: str | None = None, images: tuple[Path, ...] = ()
) -> tuple[str, Labels]:
    """Format and labels of whatever `path` is: a fetched dataset, a label file, or a folder of label files.

    A folder without dataset.json is searched for Label.txt, rec_gt.txt, gt.txt, a .json, or gt_*.txt.
    format, images: override what would be found. Raises UserError where it stays unclear.
    """
    if not path.exists() and split_inside(path) is None:
        raise UserError(f"{path}: no such file or folder")
    if path.is_dir() and (path / DATASET).is_file() and format is None:
        return dataset_labels(path, split)
    if split is not None:
        raise UserError(f"{path} is not a fetched dataset, so there is no split '{split}'")
    if path.is_dir() and not (format == "ccpd" or isinstance(READERS.get(format or ""), FolderReader)):
        path = _label_file(path)
    format = format or guess_format(path)
    if not images:
        images = _usual_images(format, path)
    return format, Labels(path, images, path.name)


def _usual_images(format: str, path: Path) -> tuple[Path, ...]:
    """Where the photos of a loose label file are, if nobody says so."""
    inside = split_inside(path)
    if inside is not None and inside[1]:  # labels in an archive speak of its photos
        return (inside[0],)
    if path.suffix.lower() != ".json" or path.is_dir():
        return ()
    beside = _folders_of_photos(path.parent)
    return beside if isinstance(READERS.get(format), ByPhoto) else tuple(dict.fromkeys((path.parent, *beside)))


def _folders_of_photos(folder: Path) -> tuple[Path, ...]:
    """`folder` where it holds pictures, else those of its folders that do, one for each archive, else archives."""
    candidates = [folder, *sorted(p for p in folder.iterdir() if p.is_dir())]
    found = [c for c in candidates if any(is_picture(p.name) for p in c.iterdir())]
    return (folder,) if folder in found else tuple(found) or any_archive(folder) or (folder,)


def _label_file(folder: Path) -> Path:
    """The one label file of a loose folder, or the folder itself where it holds one file for each photo."""
    if any(folder.glob("gt_*.txt")):
        return folder
    names = [folder / n for n in ("Label.txt", "rec_gt.txt", "gt.txt")]
    found = [p for p in names if p.is_file()] or _first([sorted(folder.glob(f"*.{s}")) for s in ("json", "txt", "mat")])
    if len(found) == 1 or (found and found[0] in names):
        return found[0]
    what = f"{len(found)} possible label files" if found else "no label file"
    raise UserError(f"{folder}: {what}; name the label file itself, or the format (one of {', '.join(READERS)})")


def _first(lists: list[list[Path]]) -> list[Path]:
    return next(filter(None, lists), [])


def guess_format(path: Path) -> str:
    """The format of labels by their ending or first line. Raises UserError where it follows none."""
    if path.is_dir():
        return "icdar2015"
    if path.suffix.lower() == ".json":
        return _json_format(path)
    if path.suffix.lower() in (".mat", ".xml"):
        return "svt" if path.suffix.lower() == ".xml" else "synthtext" if path.name == "gt.mat" else "iiit5k"
    for _, line in label_lines(path):
        _, tab, value = line.partition("\t")
        if tab:
            return "paddle" if re.match(r"\[\s*(\{|\])", value) else "paddle-rec"
        if QUOTED.fullmatch(line):
            return "icdar2015-words"
        listed = MJSYNTH.fullmatch(line)
        if listed and named_as_word(listed["name"]):  # else numbers may have lost their tab
            return "mjsynth"
        raise UserError(
            f"{path} line 1: no tab between picture and label, nor another label format that can be told "
            f"by its first line; name one of {', '.join(READERS)}: {line[:60]!r}"
        )
    raise UserError(f"{path}: the label file is empty")


def _json_format(path: Path) -> str:
    with open_label(path) as file:
        head = file.read(HEAD)
    if b'"dataset_type"' in head or b'"data_list"' in head:
        return "mmocr-words" if b'"TextRecogDataset"' in head else "mmocr"
    if b'"imgs"' in head or b'"anns"' in head:
        return "coco-text" if b'"legibility"' in head else "textocr"
    return "lsvt"


@dataclass
class LabelCounts:
    """How much a reader gave. Counts add up; a refused polygon is in `refusals`, not in `regions`."""

    photos: int = 0
    regions: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def legible(self) -> int:
        """Regions to learn from."""
        return self.regions - self.ignored.total()

    def add(self, item: Photo | Refusal) -> None:
        """Count one item."""
        if isinstance(item, Refusal):
            self.refusals[item.reason] += 1
            return
        self.photos += 1
        self.regions += len(item.regions)
        self.ignored.update(r.ignore for r in item.regions if r.ignore is not None)

    def __add__(self, other: LabelCounts) -> LabelCounts:
        return LabelCounts(
            self.photos + other.photos,
            self.regions + other.regions,
            self.ignored + other.ignored,
            self.refusals + other.refusals,
        )


def count_labels(items: Iterable[Photo | Refusal]) -> LabelCounts:
    """Fold a reader's items into counts."""
    counts = LabelCounts()
    for item in items:
        counts.add(item)
    return counts


def count_split(folder: Path, split: str) -> tuple[LabelCounts, int]:
    """The whole ground truth of a split of a fetched dataset, and how many of its photos are there."""
    format, labels = dataset_labels(folder, split)
    counts, here = LabelCounts(), 0
    for item in open_labels(format, replace(labels, keep_missing=True)):
        counts.add(item)
        here += isinstance(item, Photo) and item.path.is_file()
    return counts, here
