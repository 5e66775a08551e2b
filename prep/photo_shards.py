"""The detection store: folders of photos with PaddleOCR's label lines.

`shard-00000/images/000000001.jpg …`, `shard-00000/Label.txt`, and one `Label.txt` for the whole job, whose paths start
at the job's folder: PaddleOCR's `data_dir`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..datasets.records import Item, Sample
from ..files import whole_file, write_json
from .store import TEMPORARY, SampleDigest, Tally, shard_name

LABELS = "Label.txt"
IMAGES = "images"


def write_photo_shard(out: Path, index: int, items: Iterator[Item], job: str) -> dict[str, Any]:
    """Write shard `index` of a job from samples (JPEG bytes, label in JSON) and refusals; returns its marker.

    The marker is written last; job: the hash of everything that determines the shard's bytes.
    """
    name = shard_name(index)
    temporary, final = out / TEMPORARY / name, out / name
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        tally, digest = _write(temporary, name, items)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(final, ignore_errors=True)
    temporary.replace(final)
    marker = {"shard": name, "job": job, "digest": digest, **tally.to_json()}
    write_json(out / f"{name}.json", marker)
    return marker


def _write(folder: Path, name: str, items: Iterator[Item]) -> tuple[Tally, str]:
    (folder / IMAGES).mkdir(parents=True)
    tally, digest = Tally(), SampleDigest()
    with whole_file(folder / LABELS) as labels:
        for item in items:
            if not isinstance(item, Sample):
                tally.refuse(item)
                continue
            tally.count += 1
            tally.image_bytes += len(item.image)
            tally.notes.update(item.notes)
            picture = f"{IMAGES}/{tally.count:09d}.jpg"
            (folder / picture).write_bytes(item.image)
            digest.add(item.image, item.label.encode())
            labels.write(f"{name}/{picture}\t{item.label}\n")
        for number in range(1, tally.count + 1):
            _sync(folder / IMAGES / f"{number:09d}.jpg")
    return tally, digest.hexdigest()


def _sync(path: Path) -> None:
    # All at the end: by then the system has written most of them, and waiting costs little.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def read_photo_marker(out: Path, index: int) -> dict[str, Any] | None:
    """The marker of shard `index`, or None where the shard is not complete."""
    name = shard_name(index)
    try:
        marker: dict[str, Any] = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return marker if (out / name / LABELS).is_file() else None


def join_labels(out: Path, shards: int) -> None:
    """Write the job's `Label.txt`: those of its shards, one after the other."""
    with whole_file(out / LABELS, binary=True) as file:
        for index in range(shards):
            with (out / shard_name(index) / LABELS).open("rb") as part:
                shutil.copyfileobj(part, file)
