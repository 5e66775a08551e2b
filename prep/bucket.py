"""An object store (s3://, gs://, or whatever fsspec reaches) as the place of a job's shards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import MissingPackage, Trouble, UserError
from .place import Folder, check_out, difference, marker_name
from .store import TEMPORARY, publish, scratch, shard_name, sweep
from .stores import STORES, Store

AT_ONCE = 256  # markers read together
BACK_ENDS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
WRITTEN = ("mtime", "LastModified", "last_modified", "updated", "created")  # what back ends call it


@dataclass(frozen=True)
class Bucket:
    """An object store. url: of the job's folder in it; local: a folder of this machine, for shards in the making."""

    url: str
    local: Path

    def __str__(self) -> str:
        return self.url

    @property
    def work(self) -> Path:
        """See `Place`."""
        return scratch(self.local)

    def read(self, name: str) -> Any:
        """See `Place`."""
        with _reaching(self.url) as (files, root):
            try:
                return json.loads(files.cat_file(f"{root}/{name}"))
            except (FileNotFoundError, json.JSONDecodeError):
                return None

    def write(self, name: str, value: Any) -> None:
        """See `Place`."""
        data = json.dumps(value, ensure_ascii=False, indent=1).encode()
        with _reaching(self.url) as (files, root):
            files.makedirs(root, exist_ok=True)
            files.pipe_file(f"{root}/{name}", data)

    def remove(self, name: str) -> None:
        """See `Place`."""
        with _reaching(self.url) as (files, root), suppress(FileNotFoundError):
            files.rm_file(f"{root}/{name}")

    def names(self) -> dict[str, float]:
        """See `Place`."""
        with _reaching(self.url) as (files, root):
            files.invalidate_cache()
            try:
                found = files.ls(root, detail=True)
            except FileNotFoundError:
                return {}
        return {n: _written(f) for f in found if (n := f["name"].rpartition("/")[2]).endswith(".json")}

    def keep(self, made: Path, marker: dict[str, Any]) -> None:
        """See `Place`. Raises Trouble where what arrives is not as long as what was sent."""
        local = sorted(p for p in made.rglob("*") if p.is_file()) if made.is_dir() else [made]
        self._send(local, [p.relative_to(made.parent).as_posix() for p in local])
        self.write(f"{marker['shard']}.json", marker)
        shutil.rmtree(made) if made.is_dir() else made.unlink()

    def _send(self, local: list[Path], names: list[str]) -> None:
        with _reaching(self.url) as (files, root):
            there = [f"{root}/{name}" for name in names]
            for folder in sorted({path.rpartition("/")[0] for path in there}):
                files.makedirs(folder, exist_ok=True)
            files.put([str(p) for p in local], there)
            files.invalidate_cache()
            sizes = files.sizes(there)
        for path, name, size in zip(local, names, sizes, strict=True):
            if size != path.stat().st_size:
                raise Trouble(f"{self.url}/{name}: {size} of {path.stat().st_size} bytes arrived")

    def markers(self, indices: Sequence[int], store: Store) -> Iterator[tuple[int, dict[str, Any]]]:
        """See `Place`."""
        names = self.names()
        there = (index for index in indices if marker_name(index) in names)
        while some := list(islice(there, AT_ONCE)):
            with _reaching(self.url) as (files, root):
                found = files.cat([f"{root}/{marker_name(index)}" for index in some], on_error="raise")
                by_name = {path.rpartition("/")[2]: data for path, data in found.items()}
            for index in some:
                with suppress(json.JSONDecodeError):  # of a back end that shows files before they are whole
                    yield index, json.loads(by_name[marker_name(index)])

    def join(self, count: int, store: Store) -> None:
        """See `Place`."""
        if store.join is None:
            return
        work = self.work
        with _reaching(self.url) as (files, root):
            for index in range(count):
                (work / shard_name(index)).mkdir(parents=True, exist_ok=True)
                path = f"{shard_name(index)}{store.ending}"
                files.get_file(f"{root}/{path}", str(work / path))
        store.join(work, count)
        joined = [path for path in work.iterdir() if path.is_file() and not path.name.endswith(".jsonl")]
        self._send(joined, [path.name for path in joined])

    def tidy(self, finished: bool) -> None:
        """See `Place`."""
        if finished:
            shutil.rmtree(self.local / TEMPORARY, ignore_errors=True)
            with suppress(OSError):
                self.local.rmdir()
        else:
            sweep(self.local)


def bring(url: str, out: Path, progress: Callable[[int], None]) -> dict[str, Any]:
    """Copy a finished job from an object store to a folder; its manifest is returned. A second call goes on.

    progress: called with samples. Raises UserError where there is no finished job, or `out` holds another.
    """
    bucket, folder = Bucket(url.rstrip("/"), out), Folder(out.absolute())
    manifest = bucket.read("manifest.json")
    if manifest is None:
        raise UserError(f"{url}: there is no finished job here (no manifest.json)")
    store, indices = STORES[manifest["store"]], range(len(manifest["shards"]))
    check_out(out)
    job = bucket.read("job.json")
    if (there := folder.read("job.json")) not in (None, job):
        raise UserError(f"{out} holds another job: {difference(there, job)}; choose another folder or delete it")
    folder.write("job.json", job)
    done = {index: marker["count"] for index, marker in folder.markers(indices, store)}
    progress(sum(done.values()))
    for index in indices:
        if index not in done:
            progress(_bring(bucket, out, index, store))
    folder.join(len(indices), store)
    folder.write("manifest.json", manifest)
    folder.tidy(finished=True)
    return dict(manifest)


def _bring(bucket: Bucket, out: Path, index: int, store: Store) -> int:
    """Copy a shard, its marker last; returns how many samples it has."""
    marker: dict[str, Any] = bucket.read(marker_name(index))
    made = scratch(out.absolute()) / f"{shard_name(index)}{store.suffix}"
    made.mkdir(parents=True) if not store.suffix else made.parent.mkdir(parents=True, exist_ok=True)
    with _reaching(bucket.url) as (files, root):
        for path in files.find(f"{root}/{made.name}"):
            to = made.parent / path[len(root) :].lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            files.get_file(path, str(to))
    publish(out.absolute(), made, marker)
    return int(marker["count"])


def _written(found: dict[str, Any]) -> float:
    value = next((found[key] for key in WRITTEN if found.get(key) is not None), 0.0)
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value.timestamp() if isinstance(value, datetime) else float(value)


@contextmanager
def _reaching(url: str) -> Iterator[tuple[Any, str]]:
    """The file system and the path in it. Its errors, of which every back end has its own, become Trouble."""
    files, root = _open(url)
    try:
        yield files, root.rstrip("/")
    except (Trouble, UserError):
        raise
    except Exception as error:
        raise Trouble(f"{url}: {type(error).__name__}: {' '.join(str(error).split())[:300]}") from error


def _open(url: str) -> tuple[Any, str]:
    if find_spec("fsspec") is None:
        raise MissingPackage("fsspec", "cloud", f"the object store {url}")
    import fsspec

    scheme = url.partition("://")[0]
    try:
        files, root = fsspec.core.url_to_fs(url)
    except ImportError:
        raise MissingPackage(BACK_ENDS.get(scheme, scheme), "cloud", f"the object store {url}") from None
    except ValueError as error:
        raise UserError(f"{url}: {error}; s3://, gs:// and file:// are usual") from error
    return files, root
