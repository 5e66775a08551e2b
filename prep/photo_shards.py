"""The detection store: folders of photos with PaddleOCR's label lines.

`shard-00000/images/000000001.jpg …`, `shard-00000/Label.txt`, and one `Label.txt` for the whole job, whose paths start
at the job's folder: PaddleOCR's `data_dir`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..datasets.records import Sample
from ..files import whole_file
from .store import SampleDigest, Tally, shard_name

LABELS = "Label.txt"
IMAGES = "images"


class PhotoWriter:
    """Writes one shard: pictures as they come, the label lines at the end."""

    def __init__(self, folder: Path) -> None:
        (folder / IMAGES).mkdir(parents=True)
        self.folder = folder
        self.tally = Tally()
        self._lines: list[str] = []
        self._digest = SampleDigest()

    def put(self, sample: Sample) -> None:
        """Append a photo; its label is the JSON of a label line."""
        self.tally.accept(sample)
        picture = f"{IMAGES}/{self.tally.count:09d}.jpg"
        (self.folder / picture).write_bytes(sample.image)
        self._digest.add(sample.image, sample.label.encode())
        self._lines.append(f"{self.folder.name}/{picture}\t{sample.label}\n")

    def finish(self) -> str:
        """Write the labels, flush to disk. Returns the sha256 over all photos and labels in order."""
        for picture in sorted((self.folder / IMAGES).iterdir()):
            # All at the end: by then the system has written most of them, and waiting costs little.
            with picture.open("rb+") as file:
                os.fsync(file.fileno())
        with whole_file(self.folder / LABELS) as file:
            file.writelines(self._lines)
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def join_labels(out: Path, shards: int) -> None:
    """Write the job's `Label.txt`: those of its shards, one after the other."""
    with whole_file(out / LABELS, binary=True) as file:
        for index in range(shards):
            with (out / shard_name(index) / LABELS).open("rb") as part:
                shutil.copyfileobj(part, file)


def photo_folders(out: Path) -> list[Path]:
    """The finished shards of photos in a job's folder, in order."""
    return sorted(path.parent for path in out.glob(f"shard-*/{LABELS}"))


def labels_joined(out: Path, folders: Sequence[Path]) -> bool:
    """Whether the job's `Label.txt` holds those of its shards, one after the other."""
    if not (out / LABELS).is_file():
        return False
    with (out / LABELS).open("rb") as file:
        same = all(file.read((folder / LABELS).stat().st_size) == (folder / LABELS).read_bytes() for folder in folders)
        return same and not file.read(1)
