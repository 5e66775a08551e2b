"""Bringing a dataset of the catalogue into a folder, from its site, a mirror or a folder of archives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Trouble, UserError
from ..files import write_json
from .archives import extract
from .catalogue.entry import Entry, File, find_entry
from .checks import Fingerprint, Mismatch, Useless, check, fingerprint
from .dataset import DATASET
from .download import Failed, Patience, Progress, download, forget, part_of
from .members import split_inside

LOCK = "files.lock.json"
DOWNLOADS = "downloads"


@dataclass
class Fetch:
    """One run: what is wanted, whence, and what was found.

    source: None for the official addresses, a base URL, or a folder with the archives or what they unpack to.
    """

    entry: Entry
    out: Path
    source: str | Path | None
    trust: bool
    splits: tuple[str, ...]
    progress: Progress
    patience: Patience
    lock: dict[str, dict[str, Any]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[File]:
        """What the wanted splits are read from."""
        needed = set().union(*(self.entry.needs(split) for split in self.splits))
        return [f for f in self.entry.files if f.target in needed or self.splits == tuple(self.entry.splits)]

    @property
    def downloads(self) -> Path:
        """Where archives wait, and where a user may place them by hand."""
        return self.out / DOWNLOADS


def fetch(
    name: str,
    out: Path,
    source: str | None = None,
    trust: bool = False,
    progress: Callable[[int], None] = lambda size: None,
    patience: Patience = Patience(),
    splits: Sequence[str] = (),
) -> dict[str, Any]:
    """Fetch the dataset `name` (of the catalogue, or a YAML file) into `out`; what dataset.json holds is returned.

    source: None for the official addresses and mirrors, a base URL, or a folder with the archives by their official
    names or already unpacked. trust: take files that differ from the published or recorded hash, and record theirs.
    progress: called with bytes gained. splits: the wanted ones; none means all. Finished files are kept, so a second
    run continues and a third does nothing.
    Raises UserError and Trouble; each names the file, where it was sought and what to do.
    """
    entry = find_entry(name)
    job = Fetch(entry, out, _source(source), trust, tuple(splits) or tuple(entry.splits), progress, patience)
    wanted = job.files
    _claim(job)
    for file in wanted:
        _obtain(job, file)
    _enough(job)
    if job.downloads.is_dir() and not any(job.downloads.iterdir()):
        job.downloads.rmdir()
    dataset = _describe(job)
    write_json(out / DATASET, dataset)
    return dataset


def _source(source: str | None) -> str | Path | None:
    if source is None or source.startswith(("http://", "https://")):
        return source
    if not Path(source).is_dir():
        raise UserError(f"{source}: no such folder (a folder, or an address that begins with http:// or https://)")
    return Path(source)


def _claim(job: Fetch) -> None:
    """Make the folder, or refuse one that holds something else; read what is recorded there."""
    ours = {DATASET, LOCK, DOWNLOADS}
    if job.out.exists() and (not job.out.is_dir() or any(job.out.iterdir())):
        if not job.out.is_dir() or not ours & {p.name for p in job.out.iterdir()}:
            raise UserError(f"{job.out} is not empty and holds no fetched dataset; choose another folder")
        other = _read(job.out / DATASET).get("name", job.entry.name)
        if other != job.entry.name:
            raise UserError(f"{job.out} holds the dataset '{other}'; choose another folder for '{job.entry.name}'")
    job.downloads.mkdir(parents=True, exist_ok=True)
    job.lock = _read(job.out / LOCK)


def _read(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON ({error}); delete it to start anew") from error
    return data


def _obtain(job: Fetch, file: File) -> None:
    """Bring one file into place, unless it is there already."""
    target = job.out / file.target
    if target.exists() and file.name in job.lock:
        return
    placed = job.downloads / file.name
    if placed.is_file():
        _place(job, file, placed, _checked(job, file, placed))
    elif isinstance(job.source, Path):
        _from_folder(job, file, job.source)
    else:
        _from_network(job, file)


def _checked(job: Fetch, file: File, path: Path) -> Fingerprint:
    """The fingerprint of a file that the user placed. Raises UserError where it is not the right one."""
    try:
        return check(file, path, job.lock.get(file.name), job.trust)
    except Useless as error:
        raise UserError(f"{path}: {error}") from error
    except Mismatch as error:
        raise UserError(f"{path}: {error}; replace it, or add --trust to take it as it is") from error


def _from_folder(job: Fetch, file: File, folder: Path) -> None:
    archive, unpacked = folder / file.name, folder / file.target
    if archive.is_file():
        found = _checked(job, file, archive)
        _place(job, file, archive, found)
        job.progress(found.size)
    elif file.extract and unpacked.is_dir():
        found = fingerprint(unpacked)
        if not found.size:
            raise UserError(f"{unpacked}: the folder is empty")
        _copy(unpacked, job.out / file.target)
        _record(job, file, found)
        job.progress(found.size)
    elif file.optional:
        job.absent.append(file.name)
    else:
        also = f" and no folder '{file.extract}'" if file.extract else ""
        raise UserError(f"{folder}: no file '{file.name}'{also}; {_by_hand(job)}")


def _from_network(job: Fetch, file: File) -> None:
    base = job.source
    urls = [f"{str(base).rstrip('/')}/{file.name}"] if base else [*file.urls, *file.mirrors]
    reasons: dict[str, str] = {}
    differs = False
    for url in urls:
        try:
            _download_and_place(job, file, url)
            return
        except (Failed, Useless, UserError) as error:
            reasons[url] = str(error)
        except Mismatch as error:
            reasons[url] = str(error)
            differs = True
    if base and file.optional and all(r.startswith("HTTP 404") for r in reasons.values()):
        job.absent.append(file.name)
        return
    why = "".join(f"\n  {url}: {reason}" for url, reason in reasons.items()) or " no address is known"
    hint = " Add --trust to take a file that differs." if differs else ""
    raise Trouble(f"{file.name} could not be fetched:{why}\n{_by_hand(job)}{hint}")


def _download_and_place(job: Fetch, file: File, url: str) -> None:
    """Download, compare, rename, unpack. Raises Failed, Useless, Mismatch, and UserError for a bad archive."""
    path = job.downloads / file.name
    recorded = job.lock.get(file.name)
    continued = download(url, path, job.progress, job.patience)
    try:
        found = check(file, part_of(path), recorded, job.trust)
    except (Mismatch, Useless):
        if not continued:
            raise
        # The two parts may stem from different files: once more, from the start.
        job.progress(-part_of(path).stat().st_size)
        forget(path)
        download(url, path, job.progress, job.patience)
        found = check(file, part_of(path), recorded, job.trust)
    part_of(path).replace(path)
    forget(path)
    try:
        _place(job, file, path, found)
    except UserError:
        path.unlink()  # or every later run would stumble over it
        raise


def _place(job: Fetch, file: File, path: Path, found: Fingerprint) -> None:
    """Unpack, copy or move, then record the hash: both together mean that the file is done."""
    target = job.out / file.target
    if file.extract:
        if target.exists():
            shutil.rmtree(target)
        extract(path, target)
    elif path.parent == job.downloads:
        path.replace(target)
    else:
        _copy(path, target)
    _record(job, file, found)


def _record(job: Fetch, file: File, found: Fingerprint) -> None:
    job.lock[file.name] = found.to_json()
    write_json(job.out / LOCK, job.lock)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder under a temporary name, then rename."""
    temporary = target.with_name(f".{target.name}.tmp")
    if source.is_dir():
        for old in (temporary, target):
            shutil.rmtree(old, ignore_errors=True)
        for path in source.rglob("*"):  # not copytree: it would copy a read-only folder's mode, too
            if path.is_file():
                copy = temporary / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    else:
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(source)  # an archive of 41 GB need not lie there twice
        except OSError:  # another disk, or a system without links
            shutil.copyfile(source, temporary)
    temporary.replace(target)


def _by_hand(job: Fetch) -> str:
    """How a user can bring the files where the network does not."""
    names = ", ".join(f.name for f in job.files)
    login = f"{job.entry.login} " if job.entry.login else ""
    return f"{login}Place {names} in {job.downloads} and run the same command again, or name their folder with --from."


def _enough(job: Fetch) -> None:
    for name in job.splits:
        if not _has_photos(job, name):
            raise UserError(f"none of the photos of split '{name}' are there: {', '.join(job.absent)}; {_by_hand(job)}")


def _is_there(job: Fetch, split: str) -> bool:
    return _lies(job.out / job.entry.splits[split].labels) and _has_photos(job, split)


def _has_photos(job: Fetch, split: str) -> bool:
    return any(_lies(job.out / path) for path in job.entry.splits[split].images)


def _lies(path: Path) -> bool:
    return path.exists() or split_inside(path) is not None


def _describe(job: Fetch) -> dict[str, Any]:
    entry = job.entry
    return {
        "name": entry.name,
        "title": entry.title,
        "homepage": entry.homepage,
        "licence": entry.licence,
        "citation": entry.citation,
        "files": {f.name: {**job.lock[f.name], "as": f.target} for f in entry.files if f.name in job.lock},
        "absent": job.absent,
        "splits": {name: s.model_dump(mode="json") for name, s in entry.splits.items() if _is_there(job, name)},
    }
