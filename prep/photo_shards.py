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
SUFFIXES = {b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp", b"II*\0": ".tif", b"MM\0*": ".tif"}


class PhotoWriter:
    """Writes one shard: pictures as they come, the label lines at the end."""

    labels = LABELS

    def __init__(self, folder: Path) -> None:
        (folder / IMAGES).mkdir(parents=True)
        self.folder = folder
        self.tally = Tally()
        self._lines: list[str] = []
        self._digest = SampleDigest()

    def put(self, sample: Sample) -> None:
        """Append a photo; its label is the JSON of a label line."""
        self.tally.accept(sample)
        picture = f"{IMAGES}/{self.tally.count:09d}{picture_suffix(sample.image)}"
        (self.folder / picture).write_bytes(sample.image)
        self._digest.add(sample.image, sample.label.encode(), sample.polygons.encode())
        self.add_line(f"{self.folder.name}/{picture}", sample)

    def add_line(self, picture: str, sample: Sample) -> None:
        """Say of a picture what it shows. picture: its path below the job's folder."""
        self._lines.append(f"{picture}\t{sample.label}\n")

    def finish(self) -> str:
        """Write the labels, flush to disk. Returns the sha256 over all photos and labels in order."""
        for picture in sorted((self.folder / IMAGES).iterdir()):
            # All at the end: by then the system has written most of them, and waiting costs little.
            with picture.open("rb+") as file:
                os.fsync(file.fileno())
        self.write_labels()
        return self._digest.hexdigest()

    def write_labels(self) -> None:
        """Write what was said of all pictures."""
        with whole_file(self.folder / self.labels) as file:
            file.writelines(self._lines)

    def abandon(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def join_labels(out: Path, shards: int, labels: str = LABELS) -> None:
    """Write the job's label file: those of its shards, one after the other."""
    with whole_file(out / labels, binary=True) as file:
        for index in range(shards):
            with (out / shard_name(index) / labels).open("rb") as part:
                shutil.copyfileobj(part, file)


def picture_suffix(data: bytes) -> str:
    """The usual ending of a picture's file, by its first bytes; .jpg where they say nothing else."""
    if data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for start, suffix in SUFFIXES.items() if data.startswith(start)), ".jpg")


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
