"""What a font file says about its licence, for the ledger of a pack."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from .discover import FaceRef

EMBEDDING = {0: "installable", 2: "restricted", 4: "preview and print", 8: "editable"}
COPYRIGHT, LICENCE, LICENCE_URL = 0, 13, 14


def ledger_row(ref: FaceRef) -> dict[str, str]:
    """Name, file, sha256, licence text and embedding right of a face."""
    try:
        with TTFont(ref.path, fontNumber=ref.number, lazy=True) as font:
            names = {n: font["name"].getDebugName(n) for n in (COPYRIGHT, LICENCE, LICENCE_URL)}
            rights = EMBEDDING.get(font["OS/2"].fsType & 0xF, "mixed") if "OS/2" in font else "not stated"
    except (TTLibError, KeyError, AssertionError) as error:
        names, rights = {}, f"unreadable ({error})"
    return {
        "kind": "font",
        "name": ref.name,
        "file": ref.path.name,
        "face": str(ref.number),
        "sha256": file_hash(ref.path),
        "licence": (names.get(LICENCE) or names.get(COPYRIGHT) or "not stated")[:500],
        "licence_url": names.get(LICENCE_URL) or "",
        "embedding": rights,
    }


@lru_cache(maxsize=4096)
def file_hash(path: Path) -> str:
    """sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
