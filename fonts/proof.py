"""Whether a face that opens can be drawn with: damage shows itself in the tables that come after the first ones."""

from __future__ import annotations

import string
import unicodedata
from functools import lru_cache

from ..errors import UserError
from .face import Face
from .files import BadFont, FaceRef

TRIED = 48
ENOUGH = 0.5  # of the characters tried must show something; the others are refused one by one
ALNUM = string.ascii_letters + string.digits
# The names of digits in the list of glyph names that font makers share; letters are called as they look.
NAMES = {unicodedata.name(c).removeprefix("DIGIT ").lower(): c for c in string.digits}


@lru_cache(maxsize=4096)
def fault_of(ref: FaceRef) -> str:
    """Why nothing should be drawn with a face, as a clause; empty where it is sound."""
    try:
        face = Face(ref)
    except UserError as error:
        return str(error).removeprefix(f"font {ref.path}: ")
    characters = [c for c in face.characters() if unicodedata.category(c)[0] in "LNPS" and not "\ue000" <= c < "\uf900"]
    if not characters:
        return "its character map holds no letters, digits or signs"
    step = max(1, len(characters) // TRIED)
    tried = characters[::step]
    bad = [c for c in tried if not face.draws(c)]
    if len(bad) > (1 - ENOUGH) * len(tried):
        shown = ", ".join(f"U+{ord(c):04X}" for c in bad[:3])
        return f"{len(bad)} of {len(tried)} characters tried draw nothing or broken outlines ({shown} ...)"
    wrong = [c for c in ALNUM if (named := _named(face.glyph_name(c))) and named != c]
    if len(wrong) > len(ALNUM) // 4:
        char, name = wrong[0], face.glyph_name(wrong[0])
        return f"its character map is scrambled: '{char}' is mapped to the glyph named '{name}'"
    return ""


def prove(ref: FaceRef) -> None:
    """Raises BadFont where a face opens but cannot be drawn with."""
    if fault := fault_of(ref):
        raise BadFont(fault)


def _named(name: str) -> str:
    """The letter or digit that a glyph's name tells; empty where it tells none."""
    return name if len(name) == 1 and name in ALNUM else NAMES.get(name, "")
