"""Texts of any input of `ocrdata corpus`: packs, fetched datasets and ground truth as well as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..corpora.texts import PICTURES, UNREADABLE, Form, Text, read_lines, read_texts
from ..datasets.dataset import DATASET, find_labels, open_labels, read_dataset
from ..datasets.readers.jsons import WEAK
from ..datasets.readers.words import QUOTED
from ..datasets.records import Photo
from ..errors import UserError
from .store import Pack, lmdb_folders


def read_inputs(paths: Sequence[Path], form: Form = "auto") -> Iterator[Text]:
    """The texts of packs, ground truth and files, in the order given. form: of the files, as `read_texts` takes it.

    A folder with LMDBs is a pack; another folder, and a .json file, is ground truth as `ocrdata crop` takes it, all
    splits, whether the photos are there or not. Raises UserError as the readers do.
    """
    for path in paths:
        yield from read_input(path, None, form)


def read_input(path: Path, split: str | None = None, form: Form = "auto") -> Iterator[Text]:
    """The texts of one input. split: of a fetched dataset, None takes all. Raises UserError where there is none."""
    fetched = path.is_dir() and (path / DATASET).is_file()
    if split is not None and not fetched:
        raise UserError(f"{path} is not a fetched dataset, so there is no split '{split}'")
    if path.is_dir() and lmdb_folders(path):
        yield from _of_pack(path)
    elif (
        path.is_dir()
        or path.suffix.lower() == ".json"
        or (form == "auto" and lists_words(next(read_lines(path), (0, ""))[1]))
    ):
        yield from _of_ground_truth(path, split)
    else:
        yield from read_texts(path, form)


def lists_words(line: str) -> bool:
    """Whether a file's first line is one such as `word_1.png, "text"`."""
    match = QUOTED.fullmatch(line)
    return match is not None and match["name"].lower().endswith(PICTURES)


def _holds_words(path: Path) -> bool:
    return lists_words(next(read_lines(path), (0, ""))[1])


def _of_pack(path: Path) -> Iterator[Text]:
    pack = Pack(path)
    try:
        for number, label in enumerate(pack.labels(), 1):
            yield Text(label, str(path), number, label in UNREADABLE)
    finally:
        pack.close()


def _of_ground_truth(path: Path, split: str | None) -> Iterator[Text]:
    whole = split is None and (path / DATASET).is_file()
    splits = sorted(read_dataset(path)["splits"]) if whole else [split]
    for one in splits:
        name, labels = find_labels(path, one)
        number = 0
        for item in open_labels(name, replace(labels, keep_missing=True)):
            for region in item.regions if isinstance(item, Photo) else ():
                number += 1
                # What is weak is where the text stands, not what it says.
                yield Text(region.text, str(path), number, region.ignore not in (None, WEAK))
