"""Proves a pack: every key read, every picture decoded, every digest and count compared with what was recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..datasets.images import BadImage, decode
from ..errors import UserError
from .jobs import digest_of
from .layout import COUNT, transaction
from .photo_shards import IMAGES, LABELS, labels_joined, photo_folders
from .processes import map_processes
from .store import SampleDigest, image_key, label_key, lmdb_folders, polygons_key, source_key


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where. key: of the LMDB, or empty for the whole shard."""

    shard: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.shard}{f' {self.key}' if self.key else ''}: {self.what}"


@dataclass(frozen=True)
class ShardReport:
    """One shard, all of it read. digest: as in the marker."""

    shard: str
    samples: int
    digest: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class VerifyReport:
    """The whole pack; good when there is no problem. recorded: whether it has a manifest to compare with."""

    shards: int
    samples: int
    recorded: bool
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify(pack: Path, workers: int = 0, progress: Callable[[int], None] = lambda samples: None) -> VerifyReport:
    """Reads a pack, any folder of LMDBs in the usual layout, or a job's photos with label lines, completely.

    Raises UserError where there is none of them.

    progress: called with the number of samples newly read, shard by shard.
    """
    if not pack.exists():
        raise UserError(f"{pack}: no such folder")
    folders, work = photo_folders(pack), verify_photos
    if not folders:
        folders, work = lmdb_folders(pack), verify_shard
    manifest = _json(pack / "manifest.json")
    if not folders and not (manifest and not manifest.get("count")):
        raise UserError(f"{pack}: no LMDB (a file data.mdb) in this folder or below")
    reports = []
    for report in map_processes(work, [(pack, folder) for folder in folders], workers):
        reports.append(report)
        progress(report.samples)
    problems = [p for r in reports for p in r.problems] + list(_against_manifest(pack, manifest, reports))
    if work is verify_photos and manifest is not None and not labels_joined(pack, folders):
        problems.append(Problem(pack.name, LABELS, "not the label lines of all shards, one after the other"))
    return VerifyReport(len(reports), sum(r.samples for r in reports), manifest is not None, tuple(problems))


def recorded_samples(pack: Path) -> int | None:
    """How many samples the manifest says there are, for a progress bar; None without one."""
    manifest = _json(pack / "manifest.json")
    return manifest["count"] if manifest else None


KEYS = {b"image": image_key, b"label": label_key, b"polygons": polygons_key, b"source": source_key}


def verify_shard(task: tuple[Path, Path]) -> ShardReport:
    """Reads every key of one shard of a pack and compares with the marker beside it, where there is one."""
    pack, folder = task
    name = folder.relative_to(pack).as_posix() if folder != pack else folder.name
    digest, count = SampleDigest(), 0
    problems: list[Problem] = []
    try:
        with transaction(folder) as reading:
            declared = reading.get(COUNT)
            if declared is None or not declared.isdigit():
                return ShardReport(name, 0, "", (Problem(name, COUNT.decode(), f"no count: {declared!r}"),))
            count = int(declared)
            for number in range(1, count + 1):
                problems += _sample_problems(name, number, reading, digest)
            problems += _key_problems(name, count, reading)
    except UserError as error:
        problems.append(Problem(name, "", str(error)))
    problems += _against_marker(name, folder.parent / f"{folder.name}.json", count, digest.hexdigest())
    return ShardReport(name, count, digest.hexdigest(), tuple(problems))


def verify_photos(task: tuple[Path, Path]) -> ShardReport:
    """Reads every photo and label line of one shard and compares with the marker beside it."""
    job, folder = task
    digest, count = SampleDigest(), 0
    problems: list[Problem] = []
    listed: set[Path] = set()
    for line in (folder / LABELS).read_bytes().split(b"\n")[:-1]:
        count += 1
        name, _, label = line.partition(b"\t")
        path = job / os.fsdecode(name)
        listed.add(path)
        try:
            image = path.read_bytes() if path.is_file() else b""
            digest.add(image, label)
            decode(image)
            json.loads(label)
        except BadImage as error:
            problems.append(Problem(folder.name, path.name, f"{error.reason}: {error.detail}"))
        except ValueError as error:
            problems.append(Problem(folder.name, path.name, f"its label is not JSON: {error}"))
    for path in sorted(set((folder / IMAGES).iterdir()) - listed):
        problems.append(Problem(folder.name, path.name, f"not listed in {LABELS}"))
    problems += _against_marker(folder.name, job / f"{folder.name}.json", count, digest.hexdigest())
    return ShardReport(folder.name, count, digest.hexdigest(), tuple(problems))


def _sample_problems(shard: str, number: int, reading: Any, digest: SampleDigest) -> Iterator[Problem]:
    image, label = reading.get(image_key(number)), reading.get(label_key(number))
    digest.add(image or b"", label or b"", reading.get(polygons_key(number)) or b"")
    if image is None:
        yield Problem(shard, image_key(number).decode(), "missing")
    else:
        try:
            decode(image)
        except BadImage as error:
            yield Problem(shard, image_key(number).decode(), f"{error.reason}: {error.detail}")
    if label is None:
        yield Problem(shard, label_key(number).decode(), "missing")
        return
    try:
        text = label.decode()
    except UnicodeDecodeError as error:
        yield Problem(shard, label_key(number).decode(), f"not UTF-8 at byte {error.start}")
    else:
        if not text.strip():
            yield Problem(shard, label_key(number).decode(), "empty")


def _key_problems(shard: str, count: int, reading: Any) -> Iterator[Problem]:
    """Keys that no reader of this layout looks at: a count that is too low, keys from 0, foreign names."""
    for key in reading.cursor().iternext(values=False):
        stem, _, digits = key.rpartition(b"-")
        known = KEYS.get(stem)
        number = int(digits) if digits.isdigit() else 0
        if key != COUNT and (known is None or not 1 <= number <= count or key != known(number)):
            yield Problem(shard, key.decode(errors="replace"), f"never read: the count is {count}")


def _against_marker(shard: str, path: Path, count: int, digest: str) -> Iterator[Problem]:
    marker = _json(path)
    if marker is None or "digest" not in marker:
        return
    if marker["count"] != count:
        yield Problem(shard, COUNT.decode(), f"{count}, but the marker {path.name} says {marker['count']}")
    if marker["digest"] != digest:
        yield Problem(shard, "", f"the samples' digest is {digest[:12]}, but {path.name} says {marker['digest'][:12]}")


def _against_manifest(pack: Path, manifest: dict[str, Any] | None, reports: list[ShardReport]) -> Iterator[Problem]:
    if manifest is None:
        if (pack / "job.json").exists():
            yield Problem(pack.name, "", "the pack is not finished (no manifest.json): run its command again")
        return
    found = {r.shard: r for r in reports}
    for name in manifest["shards"]:
        if name not in found:
            yield Problem(name, "", "named in manifest.json, but it is missing")
        elif not (pack / f"{name}.json").is_file():
            yield Problem(name, "", f"its marker {name}.json is missing")
    for name in sorted(found.keys() - set(manifest["shards"])):
        yield Problem(name, "", "not named in manifest.json")
    samples = sum(r.samples for r in reports)
    if samples != manifest["count"]:
        yield Problem(pack.name, "", f"{samples} samples, but manifest.json says {manifest['count']}")
    digest = digest_of([found[name].digest for name in manifest["shards"] if name in found])
    if digest != manifest["digest"]:
        yield Problem(pack.name, "", f"the pack's digest is {digest[:12]}, but manifest.json says otherwise")


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UserError(f"{path}: not readable JSON: {error}") from error
    return value if isinstance(value, dict) else None
