"""The recognition store: shards of LMDB in the layout that every OCR trainer reads.

Keys `image-%09d` (encoded bytes), `label-%09d` (UTF-8), both from 1, `num-samples`, and, beside what others
read, `source-%09d` where a sample's origin is known.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import lmdb

from ..datasets.records import Item, Refusal, Sample
from ..errors import UserError
from ..files import HOST, own_name, write_json
from .blame import Blame
from .lmdb_pages import check_head
from .processes import is_alive
from .text import encodable

BATCH = 1000
FIRST_MAP = 16 << 20
EXAMPLES_PER_REASON = 5
TEMPORARY = ".tmp"


def image_key(number: int) -> bytes:
    """LMDB key of picture `number`, from 1."""
    return b"image-%09d" % number


def label_key(number: int) -> bytes:
    """LMDB key of label `number`, from 1."""
    return b"label-%09d" % number


def polygons_key(number: int) -> bytes:
    """LMDB key of the polygons of sample `number`, from 1: JSON, in some packs only."""
    return b"polygons-%09d" % number


def source_key(number: int) -> bytes:
    """LMDB key of the origin of sample `number`, from 1."""
    return b"source-%09d" % number


@dataclass
class Tally:
    """What a shard or a pack holds. Tallies add up, so a pack's is the sum of its shards'."""

    count: int = 0
    image_bytes: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    blame: Blame = field(default_factory=Blame)
    fonts: Counter[str] = field(default_factory=Counter)

    def accept(self, sample: Sample) -> None:
        """Count a sample."""
        self.count += 1
        self.image_bytes += len(sample.image)
        if sample.notes:
            self.notes.update(sample.notes)
        if sample.font:
            self.fonts[sample.font] += 1

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal and keep the first few of its kind as examples."""
        self.refusals[refusal.reason] += 1
        self.blame.add(refusal)
        if self.refusals[refusal.reason] <= EXAMPLES_PER_REASON:
            example = {name: encodable(getattr(refusal, name)) for name in ("reason", "origin", "detail", "text")}
            example["thumb"] = refusal.thumb.hex() if refusal.thumb else ""
            self.examples.append(example)

    def to_json(self) -> dict[str, Any]:
        """The form that markers and manifests hold; `tally_of` reads it."""
        return {
            "count": self.count,
            "image_bytes": self.image_bytes,
            "refusals": dict(self.refusals),
            "examples": self.examples,
            "notes": dict(self.notes),
            "blame": self.blame.to_json(),
            "fonts": dict(sorted(self.fonts.items())),
        }

    def __add__(self, other: Tally) -> Tally:
        examples: list[dict[str, str]] = []
        kept: Counter[str] = Counter()
        for example in self.examples + other.examples:
            kept[example["reason"]] += 1
            if kept[example["reason"]] <= EXAMPLES_PER_REASON:
                examples.append(example)
        return Tally(
            self.count + other.count,
            self.image_bytes + other.image_bytes,
            self.refusals + other.refusals,
            examples,
            self.notes + other.notes,
            self.blame + other.blame,
            self.fonts + other.fonts,
        )


class SampleDigest:
    """sha256 over samples in order: sizes, picture bytes, labels, polygons where there are any."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, image: bytes, label: bytes, polygons: bytes = b"") -> None:
        """The next sample."""
        self._hash.update(b"".join((struct.pack("<II", len(image), len(label)), image, label, polygons)))

    def hexdigest(self) -> str:
        """The digest of all samples so far."""
        return self._hash.hexdigest()


class ShardWriter:
    """Writes one LMDB in key order, in batches, growing the map when it is full.

    Key order lets LMDB append, which is fast and leaves full pages; so labels wait in memory until the
    pictures are in.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.tally = Tally()
        self._map = FIRST_MAP
        self._env = lmdb.open(str(folder), map_size=self._map, sync=False, metasync=False, lock=False, max_dbs=0)
        self._batch: list[tuple[bytes, bytes]] = []
        self._texts: list[tuple[str, str, str]] = []
        self._digest = SampleDigest()

    def put(self, sample: Sample) -> None:
        """Append a sample."""
        self.tally.accept(sample)
        self._texts.append((sample.label, sample.polygons, sample.origin))
        self._digest.add(sample.image, sample.label.encode(), sample.polygons.encode())
        self._put(image_key(self.tally.count), sample.image)

    def _put(self, key: bytes, value: bytes) -> None:
        self._batch.append((key, value))
        if len(self._batch) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        while self._batch:
            try:
                with self._env.begin(write=True) as transaction:
                    for key, value in self._batch:
                        transaction.put(key, value, append=True)
            except lmdb.MapFullError:
                self._map *= 2
                self._env.set_mapsize(self._map)
            except lmdb.Error as error:
                raise self._disk_full(error) from error
            else:
                self._batch.clear()

    def finish(self) -> str:
        """Write labels and count, flush to disk. Returns the sha256 over all samples in order."""
        for number, (label, _, _) in enumerate(self._texts, 1):
            self._put(label_key(number), label.encode())
        self._put(b"num-samples", str(self.tally.count).encode())
        for number, (_, polygons, _) in enumerate(self._texts, 1):
            if polygons:
                self._put(polygons_key(number), polygons.encode())
        for number, (_, _, origin) in enumerate(self._texts, 1):
            if origin:
                self._put(source_key(number), encodable(origin).encode())
        self._flush()
        if os.name == "nt":
            self._compact()
        self._env.close()
        _sync(self.folder / "data.mdb")
        return self._digest.hexdigest()

    def _compact(self) -> None:
        """Cut the file to what it holds: on Windows it has the size of the map. Elsewhere keys put in order leave
        next to nothing to save, and a copy costs more than the puts."""
        compact = self.folder / "compact.mdb"
        try:
            # Not `copy`: it writes past the page cache.
            with compact.open("wb") as file:
                self._env.copyfd(file.fileno(), compact=True)
        except lmdb.Error as error:
            raise self._disk_full(error) from error
        self._env.close()
        compact.replace(self.folder / "data.mdb")

    def _disk_full(self, error: lmdb.Error) -> OSError:
        # LMDB's errors carry no errno, and a write that a full disk cuts short is an "Input/output error" to it.
        full = "No space left" in str(error) or shutil.disk_usage(self.folder).free < FIRST_MAP
        if full or isinstance(error, lmdb.DiskError):
            return OSError(errno.ENOSPC, "No space left on device", str(self.folder))
        return OSError(errno.EIO, str(error), str(self.folder))

    def abandon(self) -> None:
        """Close and remove everything."""
        self._env.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def shard_name(index: int) -> str:
    """Folder name of shard `index`, from 0."""
    return f"shard-{index:05d}"


class Writer(Protocol):
    """Writes one shard into a folder that is not there yet."""

    tally: Tally

    def put(self, sample: Sample) -> None:
        """Append a sample."""
        ...

    def finish(self) -> str:
        """Flush all to disk. Returns the sha256 over all samples in order."""
        ...

    def abandon(self) -> None:
        """Remove everything."""
        ...


def scratch(pack: Path) -> Path:
    """Where this process makes what `pack` will hold: a folder that no other process has, on any machine."""
    return pack / TEMPORARY / own_name()


def sweep(pack: Path) -> None:
    """Remove what processes of this machine that live no more have left of shards that they did not finish."""
    if not (pack / TEMPORARY).is_dir():
        return
    for path in (pack / TEMPORARY).iterdir():
        owner, _, rest = path.name.partition("-")
        if owner == HOST and rest.split("-")[0].isdecimal() and not is_alive(int(rest.split("-")[0])):
            shutil.rmtree(path, ignore_errors=True)


def write_shard(
    pack: Path,
    index: int,
    items: Iterator[Item],
    job: str,
    open_writer: Callable[[Path], Writer] = ShardWriter,
    suffix: str = "",
) -> dict[str, Any]:
    """Write shard `index` of `pack` from `items`; its marker, written last, is returned. See `make_shard`."""
    made, marker = make_shard(scratch(pack), index, items, job, open_writer, suffix)
    publish(pack, made, marker)
    return marker


def make_shard(
    folder: Path, index: int, items: Iterator[Item], job: str, open_writer: Callable[[Path], Writer], suffix: str
) -> tuple[Path, dict[str, Any]]:
    """Make shard `index` in `folder` from `items`. Returns where it is, and its marker.

    job: the hash of everything that determines the shard's bytes; a later run redoes other jobs' shards.
    suffix: of the shard's name, where it is a file.
    """
    name = shard_name(index)
    made = folder / f"{name}{suffix}"
    _remove(made)
    writer = open_writer(made)
    try:
        for item in items:
            if isinstance(item, Sample):
                writer.put(item)
            else:
                writer.tally.refuse(item)
        digest = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return made, {"shard": name, "job": job, "digest": digest, **writer.tally.to_json()}


def publish(pack: Path, made: Path, marker: dict[str, Any]) -> None:
    """Give a shard that was made in the scratch of `pack` its final name, then write its marker."""
    final = pack / made.name
    old = made.with_name(f"old-{made.name}")
    with suppress(FileNotFoundError):
        final.rename(old)  # at once, where removing takes its time: no part of a shard ever has a final name
    made.replace(final)
    write_json(pack / f"{marker['shard']}.json", marker, scratch=made.parent)
    _remove(old)
    with suppress(OSError):
        made.parent.rmdir()  # unless this process keeps more there


def _remove(path: Path) -> None:
    """Remove a file or a folder, or nothing."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def read_marker(pack: Path, index: int, ending: str = "/data.mdb") -> dict[str, Any] | None:
    """The marker of shard `index`, or None if the shard is not complete: it lacks its marker, or its file.

    ending: of that file's path, after the shard's name.
    """
    path = pack / f"{shard_name(index)}.json"
    try:
        marker: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return marker if (pack / f"{shard_name(index)}{ending}").is_file() else None


def tally_of(marker: dict[str, Any]) -> Tally:
    """The tally that a marker or a manifest holds."""
    return Tally(
        marker["count"],
        marker["image_bytes"],
        Counter(marker["refusals"]),
        list(marker["examples"]),
        Counter(marker.get("notes", {})),
        Blame.of(marker.get("blame", {})),
        Counter(marker.get("fonts", {})),
    )


def lmdb_folders(root: Path) -> list[Path]:
    """All folders at or below `root` that hold an LMDB, in name order; unfinished shards left out."""
    found = [p.parent for p in root.rglob("data.mdb") if TEMPORARY not in p.relative_to(root).parts]
    return sorted(found)


def open_lmdb(folder: Path) -> lmdb.Environment:
    """For reading; the folder may be on a read-only disk. Raises UserError for what is no LMDB, or a part of one."""
    check_head(folder)
    try:
        environment = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False, create=False)
    except lmdb.Error as error:
        raise UserError(f"{folder}: not a readable LMDB: {error}") from error
    # Reading a mapped page behind the end of a cut file would kill the process by a signal.
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    there = (folder / "data.mdb").stat().st_size
    if there < needed:
        environment.close()
        raise UserError(f"{folder}: data.mdb is cut short: {there:,} of {needed:,} bytes")
    return environment


class Pack:
    """Random access to every sample of a pack, or of any folder of LMDBs in the same layout.

    Environments are opened on first use in each process, so a Pack travels to spawned workers.
    Raises UserError where there is no LMDB or one has no sample count.
    """

    def __init__(self, root: Path) -> None:
        if not root.exists():
            raise UserError(f"{root}: no such folder")
        self.root = root
        self.folders = lmdb_folders(root)
        if not self.folders:
            raise UserError(f"{root}: no LMDB (a file data.mdb) in this folder or below")
        self._environments: dict[int, lmdb.Environment] = {}
        self.counts = [self._count(i) for i in range(len(self.folders))]
        self._starts = [sum(self.counts[:i]) for i in range(len(self.counts))]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_environments": {}}

    def __len__(self) -> int:
        return sum(self.counts)

    def _open(self, shard: int) -> lmdb.Environment:
        if shard not in self._environments:
            self._environments[shard] = open_lmdb(self.folders[shard])
        return self._environments[shard]

    def _count(self, shard: int) -> int:
        with self._open(shard).begin() as transaction:
            value = transaction.get(b"num-samples")
        if value is None or not bytes(value).strip().isdigit():
            raise UserError(
                f"{self.folders[shard]}: no 'num-samples' count: `ocrdata pack --diagnose {self.root}` explains"
            )
        return int(bytes(value))

    def locate(self, index: int) -> tuple[Path, int]:
        """Sample `index`, from 0, to its shard's folder and its number there, from 1."""
        shard, number = self._locate(index)
        return self.folders[shard], number

    def _locate(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= index else (low, middle)
        while self.counts[low] == 0:
            low -= 1
        return low, index - self._starts[low] + 1

    def __getitem__(self, index: int) -> Sample:
        """Sample `index`, from 0. Raises UserError naming shard and key where one is missing."""
        shard, number = self._locate(index)
        with self._open(shard).begin(buffers=False) as transaction:
            image, label = transaction.get(image_key(number)), transaction.get(label_key(number))
            origin, polygons = transaction.get(source_key(number)), transaction.get(polygons_key(number))
        if image is None or label is None:
            missing = image_key(number) if image is None else label_key(number)
            raise UserError(f"{self.folders[shard]}: key '{missing.decode()}' is missing")
        text = self._text(shard, number, label)
        others = (value.decode(errors="replace") if value else "" for value in (origin, polygons))
        return Sample(image, text, next(others), polygons=next(others))

    def _text(self, shard: int, number: int, label: bytes) -> str:
        try:
            return label.decode()
        except UnicodeDecodeError as error:
            key = label_key(number).decode()
            raise UserError(f"{self.folders[shard]}: key '{key}' is not UTF-8 at byte {error.start}") from error

    def __iter__(self) -> Iterator[Sample]:
        for index in range(len(self)):
            yield self[index]

    def labels(self) -> Iterator[str]:
        """All labels in order, without touching the pictures."""
        for shard, count in enumerate(self.counts):
            with self._open(shard).begin() as transaction:
                for number in range(1, count + 1):
                    label = transaction.get(label_key(number))
                    if label is None:
                        raise UserError(f"{self.folders[shard]}: key '{label_key(number).decode()}' is missing")
                    yield self._text(shard, number, label)

    def close(self) -> None:
        """Close all environments of this process."""
        for environment in self._environments.values():
            environment.close()
        self._environments.clear()
