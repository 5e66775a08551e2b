"""Texts of any input of `ocrdata corpus`: packs, fetched datasets and ground truth as well as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..corpora.texts import UNREADABLE, Form, Text, read_texts
from ..datasets.dataset import DATASET, find_labels, open_labels, read_dataset
from ..datasets.records import Photo
from .store import Pack, lmdb_folders


def read_inputs(paths: Sequence[Path], form: Form = "auto") -> Iterator[Text]:
    """The texts of packs, ground truth and files, in the order given. form: of the files, as `read_texts` takes it.

    A folder with LMDBs is a pack; another folder, and a .json file, is ground truth as `ocrdata crop` takes it, all
    splits, whether the photos are there or not. Raises UserError as the readers do.
    """
    for path in paths:
        if path.is_dir() and lmdb_folders(path):
            yield from _of_pack(path)
        elif path.is_dir() or path.suffix.lower() == ".json":
            yield from _of_ground_truth(path)
        else:
            yield from read_texts(path, form)


def _of_pack(path: Path) -> Iterator[Text]:
    pack = Pack(path)
    try:
        for number, label in enumerate(pack.labels(), 1):
            yield Text(label, str(path), number, label in UNREADABLE)
    finally:
        pack.close()


def _of_ground_truth(path: Path) -> Iterator[Text]:
    splits = sorted(read_dataset(path)["splits"]) if (path / DATASET).is_file() else [None]
    for split in splits:
        name, labels = find_labels(path, split)
        number = 0
        for item in open_labels(name, replace(labels, keep_missing=True)):
            for region in item.regions if isinstance(item, Photo) else ():
                number += 1
                yield Text(region.text, str(path), number, region.ignore is not None)
