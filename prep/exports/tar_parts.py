"""Reading tar files of WebDataset: where each picture lies, and what it is labelled with. Nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...corpora.texts import PICTURES
from ...errors import UserError
from ..layout import TEXT_KEYS, json_label
from ..text import encodable
from .folder_parts import Records

LARGEST_TEXT = 1 << 20
LARGEST_PICTURE = 256 << 20


@dataclass
class Group:
    """The members of one key. pictures: (start, size) in the file."""

    key: str
    pictures: list[tuple[int, int]] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""


def read_tar(path: Path, ours: bool = False) -> Records:
    """A record for each key, in order, with the tar as its place. ours: labels are as they are, to the last byte.

    Raises UserError for what is no tar, or a part of one.
    """
    for group in _groups(path):
        record = _record(path, group, ours)
        if group.pictures and "reason" not in record:
            record["start"], record["size"] = group.pictures[0]
        yield record, str(path.absolute())


def _groups(path: Path) -> Iterator[Group]:
    group: Group | None = None
    try:
        with tarfile.open(path, "r:") as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # else it remembers every member of millions
                if member.isdir():
                    continue
                key, ending = _split(member.name)
                if group is None or key != group.key:
                    if group is not None:
                        yield group
                    group = Group(key)
                _take(group, tar, member, ending)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UserError(f"{path}: not a whole tar file: {error}") from error
    if group is not None:
        yield group


def _split(name: str) -> tuple[str, str]:
    folder, slash, file = name.rpartition("/")
    stem, _, ending = file.partition(".")
    return folder + slash + stem, ending.lower()


def _take(group: Group, tar: tarfile.TarFile, member: tarfile.TarInfo, ending: str) -> None:
    if not member.isreg() or member.sparse is not None:
        group.problem = "not_a_file"
    elif f".{ending.rpartition('.')[2]}" in PICTURES:
        group.pictures.append((member.offset_data, member.size))
        if member.size > LARGEST_PICTURE:
            group.problem = "too_large"
    elif ending in ("txt", "json"):
        if member.size > LARGEST_TEXT:
            group.problem = "too_large"
            return
        file = tar.extractfile(member)
        group.texts[ending] = file.read() if file else b""


def _record(path: Path, group: Group, ours: bool) -> dict[str, Any]:
    origin = f"{path.name}/{encodable(group.key)}"
    if group.problem:
        return _refused(group.problem, origin)
    if len(group.pictures) != 1:
        return _refused("several_pictures" if group.pictures else "missing_image", origin)
    try:
        texts = {ending: data.decode() for ending, data in group.texts.items()}
    except UnicodeDecodeError as error:
        return _refused("undecodable_label", origin, f"not UTF-8: {error.reason}")
    about = json_label(texts.get("json", "")) or {}
    if ours:
        more = {name: str(about.get(name, "")) for name in ("origin", "polygons")}
        return {"label": texts.get("txt", ""), **more} if "txt" in texts else _refused("missing_label", origin)
    label = texts.get("txt", "").removesuffix("\n").removesuffix("\r")
    if "txt" not in texts:
        found = [about[key] for key in TEXT_KEYS if isinstance(about.get(key), str)]
        if not found:
            return _refused("missing_label", origin)
        label = found[0]
    return {"label": label, "origin": origin, "polygons": ""}


def _refused(reason: str, origin: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "origin": origin, "detail": detail, "text": ""}
