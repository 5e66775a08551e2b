"""Finding fonts: explicit files and folders, family names among the system's fonts, fonts made by the program."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat

from ..config import Config
from ..errors import UserError
from .files import INSTANCE, SUFFIXES, BadFont, FaceRef, faces_of, font_files, system_folders
from .made import MADE, made_fonts
from .proof import prove

__all__ = ["BadFont", "FaceRef", "FontChoice", "Found", "faces_of", "find_fonts", "installed"]

# Collections of one design for several countries: simplified Chinese forms first.
PREFERRED = (" SC", " CN", "GB", " Sans GB")
HINT = (
    "install fonts (Debian, Ubuntu: apt install fonts-noto-cjk fonts-dejavu fonts-liberation; macOS and Windows "
    "bring some) or name files: fonts: [{name: path/to/font.ttf}]"
)


class FontChoice(Config):
    """Fonts to draw with: a file, a folder (searched below), a family-name glob such as `Noto Sans CJK SC`, or fonts
    that this program makes: `made:segments`, `made:dots`.

    face: the face of a collection, from 0, or `all`: every face and every named instance of a variable font. By default
    the one for simplified Chinese, else the first.
    weight: how often each face found here is chosen, relative to the others.
    width: a factor of the glyphs' width, as plates and narrow signs have Han characters; a font may be named several
    times with different ones.
    strike: draw with the bitmaps that the font holds for this size in px, enlarged, as screens without smoothing show
    small text (SimSun, AR PL UMing and WenQuanYi Zen Hei Sharp hold 12 px); 0: with outlines.
    optional: an entry that finds nothing is passed over, as long as another one finds something.
    embedding: `ignore` draws even with fonts whose OS/2 table forbids embedding.
    """

    name: str
    weight: PositiveFloat = 1.0
    width: Annotated[float, Field(ge=0.3, le=3)] = 1.0
    strike: NonNegativeInt = 0
    face: NonNegativeInt | Literal["all"] | None = None
    optional: bool = False
    embedding: Literal["respect", "ignore"] = "respect"


@dataclass(slots=True)
class Found:
    """The faces found, and the files and entries that were passed over, each with the reason."""

    faces: list[FaceRef] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


class Forbidden(BadFont):
    """The font's maker forbids embedding."""

    def __init__(self) -> None:
        super().__init__("its OS/2 table forbids embedding (restricted licence); 'embedding: ignore' draws with it")


@lru_cache(maxsize=1)
def installed() -> Found:
    """Every face of the system's folders that opens, named instances included."""
    found = Found()
    for path in dict.fromkeys(p for folder in system_folders() for p in font_files(folder)):
        try:
            found.faces += faces_of(path)
        except BadFont as error:
            found.skipped[str(path)] = str(error)
    return found


def find_fonts(choices: Sequence[FontChoice], base: Path) -> Found:
    """The faces that `choices` name, each once in a width and a strike, in order; all of them were drawn with on trial.

    Paths are relative to `base`, else the current folder. A broken or forbidden font raises UserError where it is named
    by file or by its whole family name, and is skipped with the reason where a folder or a glob found it. Raises
    UserError also for what is missing, and where nothing is found.
    """
    found = Found()
    for choice in choices:
        before = len(found.skipped)
        faces = _one(choice, base, found.skipped)
        if not faces and not choice.optional:
            raise UserError(_nothing(choice, base, list(found.skipped.items())[before:]))
        if not faces:
            found.skipped.setdefault(choice.name, "no usable font has this name")
        found.faces += [replace(f, weight=choice.weight) for f in faces]
    unique: dict[tuple[Path, int, float, int], FaceRef] = {}
    for face in found.faces:
        unique.setdefault((face.path, face.number, face.width, face.strike), face)
    found.faces = list(unique.values())
    if not found.faces:
        names = ", ".join(repr(c.name) for c in choices)
        raise UserError(f"fonts: none of {names} is installed; {HINT}")
    return found


def _one(choice: FontChoice, base: Path, skipped: dict[str, str]) -> list[FaceRef]:
    if choice.name.startswith(MADE):
        return [f for path in made_fonts(choice.name.removeprefix(MADE)) for f in _usable(path, choice)]
    path = next((p for p in (base / choice.name, Path.cwd() / choice.name) if p.exists()), None)
    if path is not None and path.is_file():
        try:
            return _usable(path.resolve(), choice)
        except BadFont as error:
            raise UserError(f"font {path}: {error}") from error
    if path is not None:
        return _those_usable(font_files(path.resolve()), choice, skipped)
    if _is_path(choice.name):
        return []
    files = list(dict.fromkeys(f.path for f in installed().faces if _matches(f, choice.name)))
    if set("*?[") & set(choice.name):
        return _those_usable(files, choice, skipped)
    try:
        return [f for file in files for f in _usable(file, choice)]
    except BadFont as error:
        raise UserError(f"font '{choice.name}': {error}") from error


def _those_usable(files: Sequence[Path], choice: FontChoice, skipped: dict[str, str]) -> list[FaceRef]:
    faces: list[FaceRef] = []
    for path in files:
        try:
            faces += _usable(path, choice)
        except BadFont as error:
            skipped[str(path)] = str(error)
    return faces


def _usable(path: Path, choice: FontChoice) -> list[FaceRef]:
    """The faces of a file that the choice means, tried. Raises BadFont."""
    faces = [replace(f, width=choice.width, strike=choice.strike) for f in _chosen(path, faces_of(path), choice)]
    for face in faces:
        if face.restricted and choice.embedding == "respect":
            raise Forbidden
        prove(face)
    return faces


def _matches(face: FaceRef, glob: str) -> bool:
    names = (face.family, face.name, face.path.stem, face.path.name)
    return any(fnmatch.fnmatch(n.lower(), glob.lower()) for n in names)


def _chosen(path: Path, faces: Sequence[FaceRef], choice: FontChoice) -> list[FaceRef]:
    """All faces, the numbered one, or the preferred one of those that the name means."""
    by_name = [f for f in faces if _matches(f, choice.name)] or list(faces)
    if choice.face == "all":
        return by_name
    whole = [f for f in faces if f.number >> INSTANCE == 0]
    if choice.face is not None:
        if choice.face >= len(whole):
            raise UserError(f"font {path}: there is no face {choice.face}; it holds {len(whole)}, counted from 0")
        return [whole[choice.face]]
    named = [f for f in by_name if f.number >> INSTANCE == 0] or by_name
    # Monospaced siblings of a collection ("Noto Sans Mono CJK SC") only when they are all that matched.
    plain = [f for f in named if " Mono " not in f.family] or named
    return [next((f for mark in PREFERRED for f in plain if f.family.endswith(mark)), plain[0])]


def _is_path(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) or "/" in name or "\\" in name


def _nothing(choice: FontChoice, base: Path, skipped: Sequence[tuple[str, str]]) -> str:
    if skipped:
        reasons = "; ".join(f"{Path(name).name}: {why}" for name, why in skipped[:3])
        return f"font '{choice.name}': none of {len(skipped)} files can be used ({reasons})"
    if _is_path(choice.name):
        where = " or in ".join(map(str, dict.fromkeys((base, Path.cwd()))))
        return f"font {choice.name}: no such file or folder with fonts in {where}"
    families = sorted({f.family for f in installed().faces})
    close = difflib.get_close_matches(choice.name, families, 3, 0.4) or families[:5]
    return f"font '{choice.name}': no file of that name and no installed family; installed are {close}; {HINT}"
