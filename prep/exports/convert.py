"""`ocrdata convert`: whatever `pack` and `crop` read, in the format of another tool."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...datasets.dataset import find_labels, open_labels
from ...datasets.images import BadImage, decode, read_bytes
from ...datasets.readers.labels import Labels
from ...datasets.records import Item, Items, Photo, Refusal, Region, Sample
from ...errors import UserError
from ..admit import PackConfig
from ..jobs import Job, Planned, Source, check_out
from ..pack import LINE_FORMATS, plan_pack
from ..photos import InputTotals, from_record, to_record
from ..spool import Spool, SpoolWriter
from ..store import lmdb_folders, scratch
from ..stores import StoreName
from .parquet import require_pyarrow
from .read import find_export

Format = Literal["paddleocr", "mmocr", "webdataset", "parquet"]
PHOTO_STORES: dict[Format, StoreName] = {"paddleocr": "paddleocr-photos", "mmocr": "mmocr-photos"}
BREAKS = frozenset("\t\n\r")


def plan_convert(
    source: Path, to: Format, out: Path, config: PackConfig | None = None, images: tuple[Path, ...] = ()
) -> Planned:
    """The job that writes what is at `source` as `to`: lines with one text each, or photos with text regions.

    Raises UserError for what cannot be read, and for photos in a format for lines; MissingPackage.
    """
    if to == "parquet":
        require_pyarrow()
    photos = _photos(source, images)
    if photos is not None and to not in PHOTO_STORES:
        raise UserError(
            f"{photos[1].path} holds photos with text regions ({photos[0]}): --to {' or '.join(PHOTO_STORES)} takes "
            "them; `crop` makes lines of them"
        )
    if photos is not None:
        return _plan_photos(*photos, PHOTO_STORES[to], out, config or PackConfig())
    planned = plan_pack(source, out, config, images)
    kept: Source = OneLine(planned.source) if to == "paddleocr" else planned.source
    return replace(planned, job=replace(planned.job, kind="convert", store=to), source=kept)


def plan_any(source: Path, out: Path, config: PackConfig | None = None) -> Planned:
    """The job that writes what is at `source` in our own form: a pack, or photos with label lines. One item a unit.

    Raises UserError for what cannot be read.
    """
    photos = _photos(source, ())
    return (
        plan_pack(source, out, config)
        if photos is None
        else _plan_photos(*photos, "paddleocr-photos", out, config or PackConfig())
    )


def _photos(source: Path, images: tuple[Path, ...]) -> tuple[str, Labels] | None:
    if (source.is_dir() and lmdb_folders(source)) or find_export(source) is not None:
        return None
    name, labels = find_labels(source, images=images)
    return None if name in LINE_FORMATS else (name, labels)


@dataclass(frozen=True)
class OneLine:
    """Samples whose labels a label line can hold: a tab or a line end would cut them, and they are refused."""

    source: Source

    def items(self, start: int, stop: int) -> Items:
        """The source's items, some samples as refusals."""
        for item in self.source.items(start, stop):
            if isinstance(item, Sample) and BREAKS.intersection(item.label):
                yield Refusal("label_breaks_line", item.origin, "a tab or a line end in the label", item.label)
            else:
                yield item


def _plan_photos(name: str, labels: Labels, store: StoreName, out: Path, config: PackConfig) -> Planned:
    check_out(out)
    totals = InputTotals()
    with SpoolWriter(scratch(out) / "photos.jsonl") as writer:
        for photo in open_labels(name, labels):
            if isinstance(photo, Photo) and any(r.polygon is None for r in photo.regions):
                raise UserError(
                    f"{photo.path}: some pictures have one text and no regions; such lines are packed alone"
                )
            totals.add(photo)
            writer.add(*to_record(photo))
        spool = writer.spool()
    what: dict[str, Any] = {"shard_size": config.shard_size, "input": {**totals.to_json(), "digest": spool.digest}}
    job = Job("convert", what, spool.count, config.shard_size, totals.ledger(), store=store)
    return Planned(job, WholePhotos(spool), out, spool.count)


@dataclass(frozen=True)
class WholePhotos:
    """Photos with their regions as the JSON of a PaddleOCR label line, from a spool."""

    spool: Spool

    def items(self, start: int, stop: int) -> Items:
        """A sample or a refusal for each of the photos `start` to `stop`."""
        for record, place in self.spool.read(start, stop):
            item = from_record(record, place)
            yield item if isinstance(item, Refusal) else _whole(item)


def _whole(photo: Photo) -> Item:
    try:
        data = read_bytes(photo.path)
        decode(data)
    except BadImage as error:
        return Refusal(f"photo_{error.reason}", photo.name, error.detail)
    regions = [_region(region) for region in photo.regions]
    return Sample(data, json.dumps(regions, ensure_ascii=False), photo.name)


def _region(region: Region) -> dict[str, Any]:
    assert region.polygon is not None
    found = {"transcription": region.text, "points": [[_number(x) for x in point] for point in region.polygon]}
    # The mark says it by itself; any other reason not to learn from a text is a flag.
    return found if region.ignore in (None, region.text) else {**found, "difficult": True}


def _number(value: np.float32) -> float | int:
    """The shortest number that is the same float32."""
    return int(value) if value == int(value) else float(str(value))
