"""From tar files of WebDataset, Parquet, and what `convert` wrote, to a pack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...datasets.dataset import DATASET
from ...datasets.images import OF_THE_FILE
from ...datasets.records import Items, Refusal, Sample
from ...errors import UserError
from ..admit import PackConfig, checked
from ..jobs import Job, Planned, check_out
from ..spool import Spool, SpoolWriter
from ..store import scratch
from .folder_parts import read_annotations, read_lines
from .parquet import PARQUET
from .parquet_parts import plan_groups
from .tar import TAR
from .tar_parts import read_tar

Kind = Literal["paddleocr", "mmocr", "webdataset", "parquet"]
LINE_STORES = ("paddleocr", "mmocr", "webdataset", "parquet")


@dataclass(frozen=True)
class Export:
    """Files that hold samples. ours: written by `convert`, so that nothing has to be guessed."""

    root: Path
    kind: Kind
    files: tuple[Path, ...]
    ours: bool


def find_export(source: Path) -> Export | None:
    """What is at `source`, where it is of one of these formats.

    A folder with labels of its own beside tar files is none. Raises UserError for a job that is not finished.
    """
    if source.is_file():
        if source.name.lower().endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")):
            raise UserError(f"{source}: a compressed tar cannot be read at its places; unpack it to a plain .tar first")
        kind: Kind | None = "webdataset" if source.suffix == TAR else "parquet" if source.suffix == PARQUET else None
        return Export(source, kind, (source,), False) if kind else None
    if not source.is_dir() or (source / DATASET).exists():
        return None
    if (source / "job.json").is_file():
        return _ours(source)
    tars, parquets = (tuple(sorted(source.glob(f"*{suffix}"))) for suffix in (TAR, PARQUET))
    if any(source.glob("*.txt")) or not (tars or parquets):
        return None
    if tars and parquets:
        raise UserError(f"{source} holds tar files and Parquet files; name one of them")
    return Export(source, "webdataset" if tars else "parquet", tars or parquets, False)


def _ours(source: Path) -> Export | None:
    if json.loads((source / "job.json").read_text(encoding="utf-8")).get("store") not in LINE_STORES:
        return None
    manifest = _manifest(source)
    if manifest is None:
        raise UserError(f"{source}: this export is not finished (no manifest.json): run its command again")
    files = tuple(source / name for name in manifest["shards"])
    missing = [path.name for path in files if not path.exists()]
    if missing:
        raise UserError(f"{source}: {', '.join(missing[:3])}: listed in manifest.json, and not there")
    return Export(source, manifest["store"], files, True)


def _manifest(source: Path) -> dict[str, Any] | None:
    try:
        value: dict[str, Any] = json.loads((source / "manifest.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UserError(f"{source / 'manifest.json'}: not valid JSON: {error}") from error
    return value


def ledger_of(source: Path) -> list[dict[str, str]]:
    """What the manifest of a job of ours says of licences; for anything else, that nothing is stated."""
    try:
        ledger: list[dict[str, str]] = json.loads((source / "manifest.json").read_bytes())["ledger"]
    except (OSError, ValueError, LookupError, TypeError):
        return [{"kind": "dataset", "name": source.name, "licence": "not stated"}]
    return ledger


def plan_export(export: Export, out: Path, config: PackConfig | None = None) -> Planned:
    """The job that packs what `find_export` found. Raises UserError for files that are not what they seem."""
    config = config or PackConfig()
    check_out(out)
    if export.root.is_dir() and out.resolve().is_relative_to(export.root.resolve()):
        raise UserError(f"{out} is inside {export.root}: the next run would read it as input; choose another folder")
    ledger = ledger_of(export.root)
    if export.kind == "parquet":
        source = plan_groups(export.files, config)
        inputs: Any = [[path.name, path.stat().st_size] for path in export.files]
        job = Job("pack", {**config.model_dump(mode="json"), "input": inputs}, source.rows, config.shard_size, ledger)
        return Planned(job, source, out, source.rows)
    with SpoolWriter(scratch(out) / "lines.jsonl") as writer:
        for record, place in _records(export):
            writer.add(record, place)
        spool = writer.spool()
    if not spool.count:
        raise UserError(f"{export.root}: holds no sample")
    what = {**config.model_dump(mode="json"), "input": {"kind": export.kind, "digest": spool.digest}}
    return Planned(
        Job("pack", what, spool.count, config.shard_size, ledger), PlacedSource(spool, config), out, spool.count
    )


def _records(export: Export) -> Iterator[tuple[dict[str, Any], str]]:
    for path in export.files:
        if export.kind == "webdataset":
            yield from read_tar(path, export.ours)
        elif export.kind == "mmocr":
            yield from read_annotations(export.root, path)
        else:
            yield from read_lines(export.root, path)


@dataclass(frozen=True)
class PlacedSource:
    """Samples whose pictures lie at known places of files, from a spool."""

    spool: Spool
    config: PackConfig

    def items(self, start: int, stop: int) -> Items:
        """A sample or a refusal for each of the records `start` to `stop`."""
        for record, place in self.spool.read(start, stop):
            if "reason" in record:
                yield Refusal(**record)
                continue
            origin, label = record["origin"], record["label"]
            try:
                with Path(place).open("rb") as file:
                    file.seek(record.get("start", 0))
                    image = file.read(record.get("size", -1))
            except OSError as error:
                if error.errno not in OF_THE_FILE:
                    raise  # the disk, which another attempt may find in order
                reason = "missing_file" if isinstance(error, FileNotFoundError) else "unreadable_file"
                yield Refusal(reason, origin, error.strerror or str(error), label)
                continue
            yield checked(Sample(image, label, origin, polygons=record["polygons"]), self.config)
