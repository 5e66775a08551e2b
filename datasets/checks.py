"""Is a fetched file what it should be: hashes, sizes, and web pages that pose as archives."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .catalogue.entry import File

CHUNK = 1 << 20
PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml")


class Useless(Exception):
    """A file cannot be what was asked for, whatever the user trusts."""


class Mismatch(Exception):
    """A file is not what is published or what was recorded; the message names both values."""


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a file, or a folder (its files' names and bytes in order).

    checked: `published` (equal to the catalogue's hash), `recorded` (no hash is published, this is what came
    first), `trusted` (differs, and the user said to take it) or `folder` (came unpacked, so nothing to compare).
    """

    size: int
    md5: str
    sha256: str
    checked: str = "recorded"

    def to_json(self) -> dict[str, Any]:
        """As it stands in files.lock.json and dataset.json."""
        return asdict(self)


def fingerprint(path: Path) -> Fingerprint:
    """Size and hashes of a file, or of a folder's files by sorted relative name."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        if path.is_dir():
            name = f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode()
            md5.update(name)
            sha256.update(name)
        with file.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                md5.update(chunk)
                sha256.update(chunk)
                size += len(chunk)
    return Fingerprint(size, md5.hexdigest(), sha256.hexdigest(), "folder" if path.is_dir() else "recorded")


def check(file: File, path: Path, recorded: dict[str, Any] | None, trust: bool) -> Fingerprint:
    """The fingerprint of `path`, once it agrees with what is published, or else with what was recorded.

    trust: take it whatever is published or recorded. Raises Mismatch, and Useless for a web
    page or an empty file.
    """
    with path.open("rb") as opened:
        head = opened.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(PAGE):
        raise Useless("a web page came instead of the file (often a login page)")
    found = fingerprint(path)
    if not found.size:
        raise Useless("the file is empty")
    published = {"size": file.size, "md5": file.md5, "sha256": file.sha256}
    known = {k: v for k, v in published.items() if v is not None}
    differences = [f"{k} is {getattr(found, k)}, published is {v}" for k, v in known.items() if getattr(found, k) != v]
    if differences and not trust:
        raise Mismatch("; ".join(differences))
    if differences:
        return Fingerprint(found.size, found.md5, found.sha256, "trusted")
    if file.md5 or file.sha256:
        return Fingerprint(found.size, found.md5, found.sha256, "published")
    if recorded and recorded["sha256"] != found.sha256 and recorded["checked"] != "folder":
        if not trust:
            raise Mismatch(f"sha256 is {found.sha256}, recorded at the first fetch was {recorded['sha256']}")
        return Fingerprint(found.size, found.md5, found.sha256, "trusted")
    return found
