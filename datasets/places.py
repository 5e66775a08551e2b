"""Where photos are: in folders or inside archives, sought by the stem of their name or by their path."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import UserError
from .images import OF_THE_FILE
from .members import Member, members, split_inside
from .volumes import is_later_volume
from .walk import is_archive

Place = Path | Member
IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
ENDINGS = tuple(IMAGE_SUFFIXES)
TOP_FOLDERS = 16


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts img_2 before img_10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((1, int(p)) if p.isascii() and p.isdigit() and len(p) < 20 else (0, p) for p in parts)


def is_picture(name: str) -> bool:
    """Whether a file is named as a picture."""
    last = name.rpartition("/")[2]
    return last.lower().endswith(ENDINGS) and not last.startswith(".")


def exists(root: Path) -> bool:
    """Whether a folder, an archive, or a folder inside an archive can be looked into."""
    return root.is_dir() or split_inside(root) is not None


def pictures_inside(root: Path) -> Iterator[Member] | None:
    """The pictures of an archive, or of a folder inside one, in its order; None where `root` is no archive."""
    found = split_inside(root)
    if found is None:
        return None
    archive, inside = found
    wanted = f"/{inside}/" if inside else ""
    return (m for m in members(archive) if is_picture(m.name) and wanted in f"/{m.name}")


def photos_by_stem(roots: tuple[Path, ...]) -> dict[str, Place]:
    """The pictures right in folders, or anywhere in archives, by file name without suffix.

    Raises UserError for two of one name.
    """
    found: dict[str, Place] = {}
    for root in roots:
        for stem, place in _stems(root):
            if stem in found:
                raise UserError(f"{found[stem]} and {place} have the same name: which one the labels mean is unclear")
            found[stem] = place
    return found


def _stems(root: Path) -> Iterator[tuple[str, Place]]:
    if is_later_volume(root):
        return
    inside = pictures_inside(root)
    if inside is not None:
        yield from ((m.stem, m) for m in inside)
        return
    if not root.is_dir():
        raise UserError(f"{root}: no such folder of photos, nor an archive")
    for path in sorted(root.iterdir()):
        if is_picture(path.name):
            yield path.stem, path


def in_order(names: Iterable[str], photos: dict[str, Place]) -> list[str]:
    """Names in numeric order; those of photos in archives after them, as they lie: such are read forward only."""
    archives = {a: i for i, a in enumerate(dict.fromkeys(p.archive for p in photos.values() if isinstance(p, Member)))}

    def key(name: str) -> tuple[int, int, tuple[tuple[int, int | str], ...]]:
        place = photos.get(name)
        if isinstance(place, Member) and place.packed < 0:
            return archives[place.archive] + 1, place.offset, ()
        return 0, 0, natural_key(name)

    return sorted(names, key=key)


class PhotosByPath:
    """Pictures under folders and in archives, by the path that a label names. Memory: 32 bytes a file of an archive.

    Such paths are often absolute on somebody else's computer, or a Windows one: what follows the drive is tried
    under each root, then without its first folder, and so on.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        wanted = [r for r in dict.fromkeys(roots) if not is_later_volume(r)]
        self.folders = tuple(r for r in wanted if r.is_dir() or split_inside(r) is None)
        self._indices = [_Index(r) for r in wanted if r not in self.folders]

    def find(self, name: str) -> Place | None:
        """The file that `name` means on this machine, or None."""
        try:
            return self._find(name)
        except OSError as error:
            if error.errno not in OF_THE_FILE:
                raise
            return None  # a name that no file system takes
        except ValueError:
            return None

    def _find(self, name: str) -> Place | None:
        if Path(name).is_absolute() and Path(name).is_file():
            return Path(name)
        parts = path_parts(name)
        for skip in range(len(parts)):
            for root in self.folders:
                path = root.joinpath(*parts[skip:])
                if path.is_file():
                    return path
            for index in self._indices:
                member = index.find("/".join(parts[skip:]))
                if member is not None:
                    return member
            if parts[skip] == "..":
                return None
        return None


def path_parts(name: str) -> list[str]:
    """The components of a path as somebody wrote it, drive and dots left out."""
    if "\0" in name:
        return []
    without_drive = re.sub(r"^[A-Za-z]:(?=[\\/])", "", name)
    return [p for p in re.split(r"[\\/]+", without_drive) if p not in ("", ".")]


class _Index:
    """Where the pictures of an archive lie, by the hash of their names."""

    def __init__(self, root: Path) -> None:
        self.archive = Path()
        rows = array("q")
        tops: dict[str, None] = {"": None}
        for member in pictures_inside(root) or ():
            if not rows:
                self.archive = member.archive
                tops.update(dict.fromkeys(f"{p}/" for p in PurePosixPath(member.name).parents if p.name))
            elif len(tops) < TOP_FOLDERS and "/" in member.name:
                tops[member.name[: member.name.index("/") + 1]] = None
            rows.extend((hash(member.name), member.offset, member.size, member.packed))
        table = np.frombuffer(rows, np.int64).reshape(-1, 4) if rows else np.empty((0, 4), np.int64)
        self._table = table[np.argsort(table[:, 0], kind="stable")]
        self._keys = self._table[:, 0].copy()
        self._tops = list(tops)

    def find(self, name: str) -> Member | None:
        """The member of that name under one of the tops, the first of them first; None where there is none."""
        for position, top in enumerate(self._tops):
            full = top + name
            key = np.int64(hash(full))
            at = int(np.searchsorted(self._keys, key))
            if at < len(self._keys) and self._keys[at] == key:
                if position:  # most lie under the same folder
                    self._tops.insert(0, self._tops.pop(position))
                _, offset, size, packed = self._table[at].tolist()
                return Member(self.archive, full, offset, size, packed)
        return None


def any_archive(folder: Path) -> tuple[Path, ...]:
    """The archives right in `folder` by name, the first volume of those in pieces."""
    return tuple(p for p in sorted(folder.iterdir()) if is_archive(p) and not is_later_volume(p))
