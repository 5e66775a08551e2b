"""Reading Parquet files by row groups."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from ...datasets.records import Item, Items, Refusal, Sample
from ...errors import UserError
from ..admit import PackConfig, checked
from .parquet import require_pyarrow

IMAGES = ("image", "img", "picture", "jpg", "png", "bytes")
LABELS = ("label", "text", "transcription", "word", "gt")
BATCH = 256


@dataclass(frozen=True)
class GroupSource:
    """The rows of Parquet files, one after the other; opened where they are read.

    groups: (file, number of its row group, rows).
    """

    groups: tuple[tuple[Path, int, int], ...]
    image: str
    label: str
    others: tuple[str, ...]
    config: PackConfig

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(rows for _, _, rows in self.groups)

    def items(self, start: int, stop: int) -> Items:
        """A sample or a refusal for each of the rows `start` to `stop`."""
        ends = list(accumulate(rows for _, _, rows in self.groups))
        while start < stop:
            at = bisect_right(ends, start)
            path, group, rows = self.groups[at]
            begin = ends[at] - rows
            yield from self._read(path, group, start - begin, min(stop, ends[at]) - begin)
            start = min(stop, ends[at])

    def _read(self, path: Path, group: int, start: int, stop: int) -> Iterator[Item]:
        pyarrow = require_pyarrow()
        number = 0
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                columns = [self.image, self.label, *self.others]
                for batch in file.iter_batches(BATCH, row_groups=[group], columns=columns):
                    first, number = number, number + batch.num_rows
                    if number <= start or first >= stop:
                        continue
                    low, high = max(0, start - first), min(batch.num_rows, stop - first)
                    for row, values in enumerate(batch.slice(low, high - low).to_pylist(), first + low):
                        yield self._sample(values, f"{path.name}/{group}/{row}")
        except (pyarrow.ArrowException, OSError) as error:
            raise UserError(f"{path}: damaged: {error}") from error

    def _sample(self, values: dict[str, Any], place: str) -> Item:
        image, label = values[self.image], values[self.label]
        image = image.get("bytes") if isinstance(image, dict) else image
        origin = values.get("origin", place)
        origin = place if origin is None else origin
        if not isinstance(image, bytes):
            return Refusal("missing_image", origin)
        if not isinstance(label, str):
            return Refusal("missing_label", origin)
        return checked(Sample(image, label, origin, polygons=values.get("polygons") or ""), self.config)


def plan_groups(files: tuple[Path, ...], config: PackConfig) -> GroupSource:
    """The rows of Parquet files with the same columns. Raises UserError for files without pictures and labels."""
    pyarrow = require_pyarrow()
    groups, chosen = [], None
    for path in files:
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                columns = _columns(path, file.schema_arrow)
                rows = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        except (pyarrow.ArrowException, OSError) as error:
            raise UserError(f"{path}: not a whole Parquet file: {error}") from error
        if columns != (chosen or columns):
            raise UserError(f"{path}: other columns than {files[0].name}")
        chosen = columns
        groups += [(path, number, count) for number, count in enumerate(rows)]
    assert chosen is not None
    image, label, others = chosen
    return GroupSource(tuple(groups), image, label, others, config)


def _columns(path: Path, schema: Any) -> tuple[str, str, tuple[str, ...]]:
    types = require_pyarrow().types
    binary = {field.name for field in schema if _holds_bytes(field.type, types)}
    text = {field.name for field in schema if types.is_string(field.type) or types.is_large_string(field.type)}
    image = next((name for name in IMAGES if name in binary), None)
    label = next((name for name in LABELS if name in text), None)
    if image is None or label is None:
        lacks = f"pictures ({', '.join(IMAGES)})" if image is None else f"labels ({', '.join(LABELS)})"
        raise UserError(f"{path}: no column of {lacks}; there are: {', '.join(schema.names)}")
    return image, label, tuple(name for name in ("origin", "polygons") if name in text)


def _holds_bytes(kind: Any, types: Any) -> bool:
    if types.is_struct(kind):  # {"bytes", "path"}: how the package `datasets` stores pictures
        return any(kind.field(i).name == "bytes" for i in range(kind.num_fields))
    return bool(types.is_binary(kind) or types.is_large_binary(kind))
