"""Which fonts there are, and which of them show the characters of a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools import unicodedata

from .discover import FontChoice, find_fonts, installed
from .face import JOINERS, Face, Faces
from .files import FaceRef
from .licence import ledger_row
from .proof import fault_of

SCRIPT_HAS = 20  # characters of a script that a font must have before the script is named
CLOSEST = 5
SHOWN = 10


def _nothing(done: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class FontRow:
    """One face. characters: how many its map holds; scripts: names, most characters first."""

    family: str
    style: str
    file: str
    face: int
    characters: int
    scripts: list[str]
    licence: str
    embedding: str


@dataclass(slots=True)
class Listing:
    """The faces in order of family, style and file; skipped: files and entries passed over, each with the reason."""

    faces: list[FontRow] = field(default_factory=list)
    refs: list[FaceRef] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values, in a fixed order."""
        return {"fonts": [asdict(row) for row in self.faces], "skipped": dict(sorted(self.skipped.items()))}


def list_fonts(
    choices: Sequence[FontChoice] | None = None, base: Path | None = None, progress: Callable[[int], None] = _nothing
) -> Listing:
    """The faces that `choices` name (see `find_fonts`, also for what it raises), or every sound face of the system.

    progress: called with 1 for each face.
    """
    found = installed() if choices is None else find_fonts(choices, base or Path.cwd())
    listing = Listing(skipped=dict(found.skipped))
    for ref in sorted(found.faces, key=lambda f: (f.family, f.style, str(f.path), f.number)):
        if fault := fault_of(ref):
            listing.skipped[str(ref.path)] = fault
        else:
            listing.refs.append(ref)
            listing.faces.append(_row(ref))
        progress(1)
    return listing


def _row(ref: FaceRef) -> FontRow:
    characters = Face(ref).characters()
    ledger = ledger_row(ref)
    scripts = [name for name, count in scripts_of(characters).items() if count >= min(SCRIPT_HAS, len(characters) / 4)]
    return FontRow(
        family=ref.family,
        style=ref.style,
        file=str(ref.path),
        face=ref.number,
        characters=len(characters),
        scripts=scripts,
        licence=ledger["licence"],
        embedding=ledger["embedding"],
    )


def scripts_of(characters: Iterable[str]) -> dict[str, int]:
    """How many of the characters belong to each script, most first; signs that all scripts share are left out."""
    counts = Counter(map(_script, characters))
    del counts["Common"], counts["Inherited"], counts["Unknown"]
    return dict(sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])))


@lru_cache(maxsize=1 << 17)
def _script(char: str) -> str:
    return str(unicodedata.script_name(unicodedata.script(char)))


@dataclass(frozen=True, slots=True)
class FaceCheck:
    """One face against a dictionary. missing: in the dictionary's order; reasons: how many of them for which reason."""

    name: str
    file: str
    face: int
    covered: int
    share: float
    missing: str
    reasons: dict[str, int]


@dataclass(slots=True)
class Check:
    """Faces against a dictionary, the fullest first.

    best: for each character that some faces lack, the fullest face that shows it. nowhere: what no face shows.
    """

    characters: int
    faces: list[FaceCheck]
    best: dict[str, str]
    nowhere: str

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values, in a fixed order."""
        return asdict(self)


def check(refs: Sequence[FaceRef], characters: Iterable[str], progress: Callable[[int], None] = _nothing) -> Check:
    """Draw every character with every face. progress: called with 1 for each face."""
    wanted = "".join(dict.fromkeys(c for c in characters if c not in JOINERS))
    rows = []
    for ref in refs:
        rows.append(_checked(ref, wanted))
        progress(1)
    rows.sort(key=lambda row: (-row.covered, row.name, row.file, row.face))
    lacking = set().union(*(row.missing for row in rows)) if rows else set(wanted)
    best: dict[str, str] = {}
    for row in rows:
        has = lacking - best.keys() - set(row.missing)
        best.update(dict.fromkeys(has, row.name))
    in_order = {c: best[c] for c in wanted if c in best}
    return Check(len(wanted), rows, in_order, "".join(c for c in wanted if c in lacking and c not in best))


def _checked(ref: FaceRef, wanted: str) -> FaceCheck:
    face = Face(ref)
    missing = [c for c in wanted if face.missing(c)]
    reasons = Counter(face.fault(c) for c in missing)
    covered = len(wanted) - len(missing)
    return FaceCheck(
        name=ref.name,
        file=str(ref.path),
        face=ref.number,
        covered=covered,
        share=covered / len(wanted) if wanted else 1.0,
        missing="".join(missing),
        reasons=dict(sorted(reasons.items())),
    )


def uncovered(faces: Faces, wanted: Iterable[str]) -> str:
    """A sentence on the characters that no face shows: which, which faces come closest, which installed fonts help.

    Empty where every character is shown by some face.
    """
    characters = set(wanted)
    lacking = characters
    for position in range(len(faces.refs)):
        lacking = {c for c in lacking if faces[position].missing(c)}
        if not lacking:
            return ""
    shown = ", ".join(f"'{c}' U+{ord(c):04X}" for c in sorted(lacking)[:SHOWN])
    more = " ..." if len(lacking) > SHOWN else ""
    what = f"no font of the recipe has {len(lacking)} of its {len(characters)} characters ({shown}{more})"
    counts = [(sum(bool(faces[i].missing(c)) for c in characters), ref.name) for i, ref in enumerate(faces.refs)]
    close = ", ".join(f"{name} lacks {count}" for count, name in sorted(counts)[:CLOSEST])
    return f"{what}; closest come: {close}; {_elsewhere(lacking)}"


def _elsewhere(lacking: set[str]) -> str:
    """Which installed fonts show these characters, or what else to do."""
    refs = find_fonts([FontChoice(name="*", optional=True)], Path.cwd()).faces if installed().faces else []
    opened = [(ref, Face(ref)) for ref in refs]
    chosen: list[str] = []
    left = set(lacking)
    ranked = sorted(opened, key=lambda rf: (-len(lacking.intersection(rf[1].characters())), rf[0].name))
    for ref, face in ranked:
        shows = {c for c in left if not face.missing(c)}
        if shows:
            chosen.append(f"'{ref.name}' shows {len(shows)}")
            left -= shows
        if not left or len(chosen) == 3:
            break
    if not chosen:
        return "no installed font shows any of them: install one that does, or take them out of the dictionary"
    return f"of the installed fonts {', then '.join(chosen)} of them: add these to the recipe's fonts"
