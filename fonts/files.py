"""Font files: where systems keep them, and which faces they hold."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import freetype
from freetype.raw import FT_Get_FSType_Flags

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
RESTRICTED, PREVIEW, EDITABLE, NO_SUBSETTING, BITMAPS_ONLY = 0x2, 0x4, 0x8, 0x100, 0x200
INSTANCE = 16  # from this bit on, FreeType and HarfBuzz count a variable font's named instances, from 1


class BadFont(Exception):
    """The file is not a font that can be drawn."""


@dataclass(frozen=True, slots=True)
class FaceRef:
    """One face of a font file, as it travels to other processes.

    number: the face's position in the file; for a named instance of a variable font plus instance << 16.
    rights: the embedding flags (`fsType` of the OS/2 table).
    width: a factor of all widths: glyphs, advances, kerning. strike: px per em of the font's own bitmaps to draw with
    in place of its outlines; 0: outlines.
    """

    path: Path
    number: int
    family: str
    style: str
    weight: float = 1.0
    rights: int = 0
    width: float = 1.0
    strike: int = 0

    @property
    def name(self) -> str:
        """Family and style, as people know the font, and what is not usual."""
        wide = f", {self.width:g} as wide" if self.width != 1 else ""
        return f"{self.family} {self.style}{wide}" + (f", bitmaps of {self.strike} px" if self.strike else "")

    @property
    def restricted(self) -> bool:
        """Whether the font forbids embedding; with several flags the most generous one counts."""
        return bool(self.rights & RESTRICTED) and not self.rights & (PREVIEW | EDITABLE)


def system_folders() -> list[Path]:
    """The folders where this system keeps fonts, those that exist."""
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        folders = [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", local / "Microsoft/Windows/Fonts"]
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        data = [Path(p) for p in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":") if p]
        own = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
        folders = [*(p / "fonts" for p in (*data, own)), home / ".fonts"]
    return [p for p in dict.fromkeys(folders) if p.is_dir()]


def font_files(folder: Path) -> list[Path]:
    """All font files below `folder`, in name order."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())


@lru_cache(maxsize=4096)
def faces_of(path: Path) -> tuple[FaceRef, ...]:
    """The faces of a font file, each followed by its named instances.

    Raises BadFont where the file cannot be opened or holds bitmaps only.
    """
    faces = []
    count = 1
    number = 0
    while number < count:
        face = _open(path, number)
        if not face.is_scalable:
            raise BadFont("it holds bitmaps, not outlines")
        if all(c.encoding != freetype.FT_ENCODING_UNICODE for c in face.charmaps):
            raise BadFont("it has no Unicode character map: its letters would show symbols")
        count = face.num_faces
        faces.append(_ref(path, number, face))
        for instance in range(1, (face.style_flags >> INSTANCE) + 1):
            whole = number | instance << INSTANCE
            faces.append(_ref(path, whole, _open(path, whole)))
        number += 1
    return tuple(faces)


def _open(path: Path, number: int) -> freetype.Face:
    try:
        if not path.stat().st_size:
            raise BadFont("the file is empty")
        return freetype.Face(str(path), number)
    except (freetype.FT_Exception, OSError) as error:
        told = str(error).removeprefix("FT_Exception: ").strip(" ()")
        raise BadFont(f"FreeType cannot open it ({told})") from error


def _ref(path: Path, number: int, face: freetype.Face) -> FaceRef:
    family = (face.family_name or path.stem.encode()).decode("utf-8", "replace")
    style = (face.style_name or b"Regular").decode("utf-8", "replace")
    return FaceRef(path, number, family, style, rights=FT_Get_FSType_Flags(face._FT_Face))
