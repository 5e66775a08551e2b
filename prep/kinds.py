"""Kinds of characters, as far as they matter for reading."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

NAMED = {"CJK": "Han", "IDEOGRAPHIC": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HANGUL": "Hangul"}


@lru_cache(maxsize=65_536)
def kind_of(character: str) -> str:
    """ "digit", "Latin capital", "Latin small", "Han", "Kana", "Hangul", "punctuation", "space", another script's
    name such as "Arabic", or "other"."""
    category = unicodedata.category(character)
    if category == "Nd":
        return "digit"
    if category.startswith("Z"):
        return "space"
    if category[0] in "PS":
        return "punctuation"
    script = unicodedata.name(character, "other").split()[0].split("-")[0]
    if script == "LATIN":
        return "Latin capital" if category == "Lu" else "Latin small"
    return NAMED.get(script, script.capitalize()) if category[0] in "LMN" else "other"


def kinds(characters: Counter[str]) -> Counter[str]:
    """How often each kind was seen."""
    found: Counter[str] = Counter()
    for character, number in characters.items():
        found[kind_of(character)] += number
    return found
