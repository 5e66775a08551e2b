"""What a font file says about its licence, for the ledger of a pack."""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

from .coverage import UNREADABLE
from .files import BITMAPS_ONLY, EDITABLE, INSTANCE, NO_SUBSETTING, PREVIEW, RESTRICTED, FaceRef

COPYRIGHT, VERSION, LICENCE, LICENCE_URL = 0, 5, 13, 14
LONGEST = 500
# fontTools warns of every oddity of a damaged table; what matters here is whether it can be read.
logging.getLogger("fontTools").setLevel(logging.ERROR)


def ledger_row(ref: FaceRef) -> dict[str, str]:
    """Name, file, sha256, version, maker, licence text and embedding right of a face."""
    names: dict[int, str | None] = {}
    vendor = ""
    try:
        with TTFont(ref.path, fontNumber=ref.number & ((1 << INSTANCE) - 1), lazy=True) as font:
            rights = embedding(font["OS/2"].fsType) if "OS/2" in font else "not stated"
            vendor = str(font["OS/2"].achVendID).strip("\0 ") if "OS/2" in font else ""
            names = {n: font["name"].getDebugName(n) for n in (COPYRIGHT, VERSION, LICENCE, LICENCE_URL)}
    except UNREADABLE as error:
        rights = f"unreadable ({type(error).__name__}: {error})"
    return {
        "kind": "font",
        "name": ref.name,
        "file": ref.path.name,
        "face": str(ref.number),
        "sha256": file_hash(ref.path),
        "version": names.get(VERSION) or "",
        "vendor": vendor,
        "licence": (names.get(LICENCE) or names.get(COPYRIGHT) or "not stated")[:LONGEST],
        "licence_url": names.get(LICENCE_URL) or "",
        "embedding": rights,
    }


def embedding(flags: int) -> str:
    """The embedding right in words; of several contradicting flags the most generous counts.

    A pack holds pictures, never outlines: "bitmaps only" allows all that is done here, "no subsetting" forbids nothing.
    """
    rights = {EDITABLE: "editable", PREVIEW: "preview and print", RESTRICTED: "restricted"}
    words = [next((word for flag, word in rights.items() if flags & flag), "installable")]
    words += [
        word for flag, word in {NO_SUBSETTING: "no subsetting", BITMAPS_ONLY: "bitmaps only"}.items() if flags & flag
    ]
    return ", ".join(words)


@lru_cache(maxsize=4096)
def file_hash(path: Path) -> str:
    """sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
