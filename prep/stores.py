"""The ways in which a job's shards can lie on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .exports.folders import (
    ANNOTATIONS,
    LINES,
    MmocrPhotoWriter,
    MmocrWriter,
    PaddleLinesWriter,
    PaddlePhotosWriter,
    join_annotations,
    join_lines,
)
from .exports.parquet import PARQUET, ParquetWriter
from .exports.tar import TAR, TarWriter
from .photo_shards import LABELS, PhotoWriter, join_labels
from .store import ShardWriter, Writer

StoreName = Literal["pack", "photos", "paddleocr", "paddleocr-photos", "mmocr", "mmocr-photos", "webdataset", "parquet"]


@dataclass(frozen=True)
class Store:
    """How a shard is written. Travels to other processes.

    ending: after the shard's name, the file that it cannot be without: "/FILE" in its folder, or the suffix of the one
    file that it is. join: called with the job's folder and the number of shards when all are there.
    """

    writer: Callable[[Path], Writer]
    ending: str
    join: Callable[[Path, int], None] | None = None

    @property
    def suffix(self) -> str:
        """Of a shard's name."""
        return "" if self.ending.startswith("/") else self.ending


STORES: dict[StoreName, Store] = {
    "pack": Store(ShardWriter, "/data.mdb"),
    "photos": Store(PhotoWriter, f"/{LABELS}", join_labels),
    "paddleocr": Store(PaddleLinesWriter, f"/{LINES}", join_lines),
    "paddleocr-photos": Store(PaddlePhotosWriter, f"/{LABELS}", join_labels),
    "mmocr": Store(MmocrWriter, f"/{ANNOTATIONS}", join_annotations),
    "mmocr-photos": Store(MmocrPhotoWriter, f"/{ANNOTATIONS}", join_annotations),
    "webdataset": Store(TarWriter, TAR),
    "parquet": Store(ParquetWriter, PARQUET),
}
