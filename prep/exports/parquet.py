"""Parquet: a file for each shard, the columns image, label, origin and polygons."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...datasets.records import Sample
from ...errors import MissingPackage
from ..store import SampleDigest, Tally
from ..text import encodable

PARQUET = ".parquet"
COLUMNS = ("image", "label", "origin", "polygons")
ROWS, GROUP_BYTES = 1000, 32 << 20


def require_pyarrow() -> Any:
    """The package pyarrow with its parquet part. Raises MissingPackage."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingPackage("pyarrow", "parquet", "Parquet") from None
    return pyarrow


class ParquetWriter:
    """Rows in groups of a thousand, fewer where pictures are large: a reader holds one group."""

    def __init__(self, path: Path) -> None:
        pyarrow = require_pyarrow()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.tally = Tally()
        self._digest = SampleDigest()
        types = {"image": pyarrow.binary(), **dict.fromkeys(COLUMNS[1:], pyarrow.string())}
        self._schema = pyarrow.schema([pyarrow.field(name, kind, nullable=False) for name, kind in types.items()])
        # The pictures are compressed already.
        compression = {"image": "none", **dict.fromkeys(COLUMNS[1:], "zstd")}
        self._file = path.open("wb")
        self._writer = pyarrow.parquet.ParquetWriter(
            self._file, self._schema, compression=compression, use_dictionary=False
        )
        self._rows: list[Sample] = []
        self._bytes = 0

    def put(self, sample: Sample) -> None:
        """Append a sample."""
        self.tally.accept(sample)
        self._digest.add(sample.image, sample.label.encode(), sample.polygons.encode())
        self._rows.append(sample)
        self._bytes += len(sample.image)
        if len(self._rows) == ROWS or self._bytes > GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        columns = {
            "image": [s.image for s in self._rows],
            "label": [s.label for s in self._rows],
            "origin": [encodable(s.origin) for s in self._rows],
            "polygons": [s.polygons for s in self._rows],
        }
        self._writer.write_table(require_pyarrow().table(columns, schema=self._schema))
        self._rows.clear()
        self._bytes = 0

    def finish(self) -> str:
        """Flush all to disk. Returns the sha256 over all samples in order."""
        if self._rows:
            self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Remove everything."""
        self._file.close()
        self.path.unlink(missing_ok=True)
