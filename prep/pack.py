"""From label lines, or somebody's LMDB, to a pack: picture bytes as they are, each decoded once to prove it whole."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from ..datasets.dataset import find_labels, open_labels
from ..datasets.images import BadImage, read_bytes
from ..datasets.readers import WORDS
from ..datasets.records import Item, Items, Photo, Refusal, Sample
from ..errors import UserError
from .admit import PackConfig, checked
from .exports.read import find_export, ledger_of, plan_export
from .jobs import Job, Planned, check_out
from .layout import Layout, json_label, layout_of, transaction
from .photos import InputTotals, from_record, to_record
from .spool import Spool, SpoolWriter
from .store import lmdb_folders, polygons_key, scratch, source_key

__all__ = ["PackConfig", "checked", "pack", "plan_lines", "plan_pack", "plan_repack"]

LINE_FORMATS = tuple(WORDS)


def pack(
    source: Path,
    out: Path,
    config: PackConfig | None = None,
    images: tuple[Path, ...] = (),
    workers: int = 0,
    progress: Callable[[int], None] = lambda items: None,
) -> dict[str, Any]:
    """Packs what `plan_pack` finds at `source`; returns the manifest. Raises UserError."""
    return plan_pack(source, out, config, images).run(workers, progress)


def plan_pack(
    source: Path,
    out: Path,
    config: PackConfig | None = None,
    images: tuple[Path, ...] = (),
    split: str | None = None,
    format: str | None = None,
) -> Planned:
    """The job that packs a label file, a folder that holds one, a fetched dataset, a folder of LMDBs in whatever
    layout, tar files of WebDataset, Parquet, or what `convert` wrote.

    images: folders or archives that the paths in labels start from. split: of a fetched dataset. format: of labels,
    where it cannot be guessed. Raises UserError, naming file and line of a bad label line.
    """
    if source.is_dir() and lmdb_folders(source):
        return plan_repack(source, out, config)
    export = find_export(source) if format is None else None
    if export is not None:
        return plan_export(export, out, config)
    name, labels = find_labels(source, split, format, images)
    if name not in LINE_FORMATS:
        raise UserError(f"{labels.path} holds regions of photos ({name}), not one text for each picture: use `crop`")
    return plan_lines(open_labels(name, labels), out, config)


@dataclass(frozen=True)
class LineSource:
    """Whole pictures with one text each, from a spool."""

    spool: Spool
    config: PackConfig

    def items(self, start: int, stop: int) -> Items:
        """A sample or a refusal for each of the lines `start` to `stop`."""
        for record, place in self.spool.read(start, stop):
            item = from_record(record, place)
            yield item if isinstance(item, Refusal) else self._sample(item)

    def _sample(self, photo: Photo) -> Item:
        (region,) = photo.regions
        if region.ignore is not None:
            return Refusal(f"ignored_{region.ignore}", photo.name, text=region.text)
        try:
            image = read_bytes(photo.path)
        except BadImage as error:
            return Refusal(error.reason, photo.name, error.detail, region.text)
        return checked(Sample(image, region.text, photo.name), self.config)


def plan_lines(items: Iterable[Photo | Refusal], out: Path, config: PackConfig | None = None) -> Planned:
    """The job that packs what a reader of line pictures gives. Raises UserError for photos with regions."""
    config = config or PackConfig()
    check_out(out)
    totals = InputTotals()
    with SpoolWriter(scratch(out) / "lines.jsonl") as writer:
        for item in items:
            if isinstance(item, Photo) and (len(item.regions) != 1 or item.regions[0].polygon is not None):
                raise UserError(f"{item.path}: the picture has text regions, not one text: use `crop`")
            totals.add(item)
            writer.add(*to_record(item))
        spool = writer.spool()
    what = {**config.model_dump(mode="json"), "input": {**totals.to_json(), "digest": spool.digest}}
    job = Job("pack", what, spool.count, config.shard_size, totals.ledger())
    return Planned(job, LineSource(spool, config), out, spool.count)


@dataclass(frozen=True)
class LmdbSource:
    """The samples of LMDBs of any layout, one after the other; opened where they are read."""

    folders: tuple[tuple[Path, str, Layout], ...]
    config: PackConfig

    def items(self, start: int, stop: int) -> Items:
        """A sample or a refusal for each of the numbers `start` to `stop`, counted over all LMDBs."""
        ends = list(accumulate(len(layout.numbers) for _, _, layout in self.folders))
        while start < stop:
            at = bisect_right(ends, start)
            folder, name, layout = self.folders[at]
            begin = ends[at] - len(layout.numbers)
            numbers = layout.numbers[start - begin : min(stop, ends[at]) - begin]
            yield from self._read(folder, name, layout, numbers)
            start = min(stop, ends[at])

    def _read(self, folder: Path, name: str, layout: Layout, numbers: range) -> Iterator[Item]:
        assert layout.images is not None and layout.labels is not None
        with transaction(folder) as reading:
            for number in numbers:
                image_key = layout.images.key(number)
                image, label = reading.get(image_key), reading.get(layout.labels.key(number))
                known, polygons = reading.get(source_key(number)), reading.get(polygons_key(number))
                origin = known.decode(errors="replace") if known else f"{name}/{image_key.decode(errors='replace')}"
                if image is None:
                    yield Refusal("missing_image", origin)
                elif label is None:
                    yield Refusal("missing_label", origin)
                else:
                    item = self._sample(image, label, origin, layout.text_key)
                    yield replace(item, polygons=polygons.decode()) if polygons and isinstance(item, Sample) else item

    def _sample(self, image: bytes, label: bytes, origin: str, text_key: str | None) -> Item:
        try:
            text = label.decode(self.config.encoding)
        except UnicodeDecodeError as error:
            return Refusal("undecodable_label", origin, f"not {self.config.encoding}: {error.reason}", repr(label[:60]))
        if text_key is not None:
            member: object = (json_label(text) or {}).get(text_key)
            if not isinstance(member, str):
                return Refusal("malformed_label", origin, f"no JSON object with a text '{text_key}'", text[:60])
            text = member
        return checked(Sample(image, text, origin), self.config)


def plan_repack(source: Path, out: Path, config: PackConfig | None = None) -> Planned:
    """The job that packs LMDBs at or below `source`: keys from 0, other key names, gaps, a wrong count, JSON labels.

    Raises UserError for an LMDB without pictures or without labels.
    """
    config = config or PackConfig()
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{out} is inside {source}: the next run would read it as input; choose another folder")
    folders = []
    for folder in lmdb_folders(source):
        layout = layout_of(folder)
        if layout.images is None or layout.labels is None:
            lacks = "pictures" if layout.images is None else "labels"
            raise UserError(f"{folder}: no {lacks} in this LMDB: `ocrdata pack --diagnose {source}` explains")
        if not layout.is_counted:
            raise UserError(f"{folder}: the keys {layout.images.shown} are not numbered one after the other")
        folders.append((folder, _name(folder, source), layout))
    inputs = [
        {"name": name, "bytes": (folder / "data.mdb").stat().st_size, "numbers": [n.start, n.stop], **_keys(layout)}
        for folder, name, layout in folders
        for n in [layout.numbers]
    ]
    units = sum(len(layout.numbers) for _, _, layout in folders)
    what = {**config.model_dump(mode="json"), "input": inputs}
    job = Job("pack", what, units, config.shard_size, ledger_of(source))
    return Planned(job, LmdbSource(tuple(folders), config), out, units)


def _name(folder: Path, source: Path) -> str:
    return folder.relative_to(source).as_posix() if folder != source else source.name


def _keys(layout: Layout) -> dict[str, Any]:
    families = {"images": layout.images, "labels": layout.labels}
    return {
        **{k: f.shown for k, f in families.items() if f},
        "text_key": layout.text_key,
    }
