"""Finding fonts: explicit files and folders, and family names among the system's fonts."""

from __future__ import annotations

import difflib
import fnmatch
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import freetype
from pydantic import NonNegativeInt, PositiveFloat

from ..config import Config
from ..errors import UserError

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
# Collections of one design for several countries: simplified Chinese forms first.
PREFERRED = (" SC", " CN", "GB", " Sans GB")
HINT = (
    "install fonts (Debian, Ubuntu: apt install fonts-noto-cjk fonts-dejavu fonts-liberation; macOS and Windows "
    "bring some) or name files: fonts: [{name: path/to/font.ttf}]"
)


class FontChoice(Config):
    """Fonts to draw with: a file, a folder (searched below), or a family-name glob such as `Noto Sans CJK SC`.

    face: the face of a collection, from 0; by default the one for simplified Chinese, else the first.
    weight: how often each face found here is chosen, relative to the others.
    optional: an entry that finds nothing is passed over, as long as another one finds something.
    """

    name: str
    weight: PositiveFloat = 1.0
    face: NonNegativeInt | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FaceRef:
    """One face of a font file, as it travels to other processes."""

    path: Path
    number: int
    family: str
    style: str
    weight: float = 1.0

    @property
    def name(self) -> str:
        """Family and style, as people know the font."""
        return f"{self.family} {self.style}"


class BadFont(Exception):
    """The file is not a font that can be drawn."""


@dataclass(slots=True)
class Found:
    """The faces found, and the files and entries that were passed over, each with the reason."""

    faces: list[FaceRef] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


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
    """The faces of a font file. Raises BadFont where it cannot be opened or holds bitmaps only."""
    faces = []
    count = 1
    number = 0
    while number < count:
        try:
            face = freetype.Face(str(path), number)
        except (freetype.FT_Exception, OSError) as error:
            raise BadFont(f"FreeType cannot open it ({error})") from error
        if not face.is_scalable:
            raise BadFont("it holds bitmaps, not outlines")
        if all(c.encoding != freetype.FT_ENCODING_UNICODE for c in face.charmaps):
            raise BadFont("it has no Unicode character map: its letters would show symbols")
        count = face.num_faces
        family = (face.family_name or path.stem.encode()).decode("utf-8", "replace")
        style = (face.style_name or b"Regular").decode("utf-8", "replace")
        faces.append(FaceRef(path, number, family, style))
        number += 1
    return tuple(faces)


@lru_cache(maxsize=1)
def installed() -> Found:
    """Every face of the system's folders."""
    found = Found()
    for path in dict.fromkeys(p for folder in system_folders() for p in font_files(folder)):
        try:
            found.faces += faces_of(path)
        except BadFont as error:
            found.skipped[str(path)] = str(error)
    return found


def find_fonts(choices: Sequence[FontChoice], base: Path) -> Found:
    """The faces that `choices` name, each once, in order. Paths are relative to `base`, else the current folder.

    Raises UserError for a named file that is broken or missing, and where nothing is found.
    """
    found = Found()
    for choice in choices:
        faces = _one(choice, base, found.skipped)
        if not faces and not choice.optional:
            raise UserError(_nothing(choice, base))
        if not faces:
            found.skipped[choice.name] = "no installed font has this name"
        found.faces += [_weighted(f, choice.weight) for f in faces]
    unique: dict[tuple[Path, int], FaceRef] = {}
    for face in found.faces:
        unique.setdefault((face.path, face.number), face)
    found.faces = list(unique.values())
    if not found.faces:
        names = ", ".join(repr(c.name) for c in choices)
        raise UserError(f"fonts: none of {names} is installed; {HINT}")
    return found


def _weighted(face: FaceRef, weight: float) -> FaceRef:
    return FaceRef(face.path, face.number, face.family, face.style, weight)


def _one(choice: FontChoice, base: Path, skipped: dict[str, str]) -> list[FaceRef]:
    path = next((p for p in (base / choice.name, Path.cwd() / choice.name) if p.exists()), None)
    if path is not None and path.is_file():
        try:
            return _chosen(path, faces_of(path.resolve()), choice)
        except BadFont as error:
            raise UserError(f"font {path}: {error}") from error
    if path is not None:
        return _in_folder(path.resolve(), choice, skipped)
    if choice.name.lower().endswith(SUFFIXES) or "/" in choice.name or "\\" in choice.name:
        return []
    by_file: dict[Path, list[FaceRef]] = {}
    for face in installed().faces:
        if _matches(face, choice.name):
            by_file.setdefault(face.path, []).append(face)
    return [f for path, faces in by_file.items() for f in _chosen(path, faces, choice)]


def _in_folder(folder: Path, choice: FontChoice, skipped: dict[str, str]) -> list[FaceRef]:
    faces: list[FaceRef] = []
    for path in font_files(folder):
        try:
            faces += _chosen(path, faces_of(path), choice)
        except BadFont as error:
            skipped[str(path)] = str(error)
    return faces


def _matches(face: FaceRef, glob: str) -> bool:
    names = (face.family, face.name, face.path.stem, face.path.name)
    return any(fnmatch.fnmatch(n.lower(), glob.lower()) for n in names)


def _chosen(path: Path, faces: Sequence[FaceRef], choice: FontChoice) -> list[FaceRef]:
    """One face of the file: the numbered one, else the preferred one."""
    if choice.face is not None:
        numbered = [f for f in faces if f.number == choice.face]
        if not numbered:
            raise UserError(f"font {path}: there is no face {choice.face}; it holds {len(faces)}, counted from 0")
        return numbered
    # Monospaced siblings of a collection ("Noto Sans Mono CJK SC") only when they are all that matched.
    plain = [f for f in faces if " Mono " not in f.family] or list(faces)
    return [next((f for mark in PREFERRED for f in plain if f.family.endswith(mark)), plain[0])]


def _nothing(choice: FontChoice, base: Path) -> str:
    if choice.name.lower().endswith(SUFFIXES) or "/" in choice.name:
        where = " or in ".join(map(str, dict.fromkeys((base, Path.cwd()))))
        return f"font {choice.name}: no such file or folder with fonts in {where}"
    families = sorted({f.family for f in installed().faces})
    close = difflib.get_close_matches(choice.name, families, 3, 0.4) or families[:5]
    return f"font '{choice.name}': no file of that name and no installed family; installed are {close}; {HINT}"
