"""Unpacking archives from elsewhere: nothing outside the folder, nothing special, nothing without bound."""

from __future__ import annotations

import shutil
import unicodedata
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

from ..errors import UserError
from .images import OF_THE_FILE
from .walk import plain_name, walk

LARGEST_RATIO = 200  # photos hardly shrink and label files shrink tenfold; gzip's own limit is a thousandfold
SMALLEST_LIMIT = 256 << 20
ENTRY_COST = 512  # so that millions of empty files count, too

Seen = dict[str, tuple[str, bool]]  # by folded name: name, whether a file


def extract(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar (plain, gz, bz2, xz) into `folder`, which appears only when it is whole.

    A single folder at the archive's top becomes `folder` itself. Raises UserError for an archive that is damaged,
    empty or encrypted, or that holds a path outside, a link, a device, one name twice or far too much data.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        _write_all(archive, temporary)
        _only_folder(temporary).replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_all(archive: Path, folder: Path) -> None:
    limit = max(SMALLEST_LIMIT, LARGEST_RATIO * archive.stat().st_size)
    total = files = 0
    seen: Seen = {}
    with closing(walk(archive)) as entries:  # Windows deletes no file that is open
        for entry, chunks in entries:
            name = plain_name(archive, entry)
            if name is None:
                continue
            path = PurePosixPath(name)
            is_folder = entry.kind == "folder"
            _claim(archive, path, is_folder, seen)
            target = folder / path
            total += ENTRY_COST
            if is_folder:
                continue  # one is made for each file
            files += 1
            with _created(archive, name, target) as out:
                for data in chunks:
                    total += len(data)
                    if total > limit:
                        what = f"more than {limit >> 20} MiB (at {name!r})"
                        raise UserError(f"{archive} unpacks to {what}: not what such an archive holds")
                    out.write(data)
    if not files:
        raise UserError(f"{archive} is an archive without files")


def _created(archive: Path, name: str, target: Path) -> IO[bytes]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")
    except OSError as error:
        if error.errno in OF_THE_FILE:  # too long, or with signs that this system does not take
            raise UserError(f"{archive} holds {name!r}, which cannot be written here: {error.strerror}") from error
        raise


def _claim(archive: Path, path: PurePosixPath, is_folder: bool, seen: Seen) -> None:
    """Refuse what one file system or another cannot tell apart, and a file where a folder must be."""
    for part in [*reversed(path.parents), path]:
        is_file = part == path and not is_folder
        key = unicodedata.normalize("NFC", str(part)).casefold()
        other, was_file = seen.setdefault(key, (str(part), False)) if not is_file else seen.get(key, (None, False))
        if was_file or (is_file and other is not None) or (other is not None and other != str(part)):
            raise UserError(f"{archive} holds {str(part)!r} twice, or as {other!r} too: not unpacked")
        if is_file:
            seen[key] = (str(part), True)


def _only_folder(folder: Path) -> Path:
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
