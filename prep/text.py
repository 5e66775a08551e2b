"""Numbers and foreign text in a form that people can read and a page can hold."""

from __future__ import annotations

import html
import unicodedata

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def encodable(text: str) -> str:
    """File names that are not UTF-8, and half surrogate pairs in JSON texts, as backslash escapes."""
    return text.encode(errors="backslashreplace").decode()


def count(number: int) -> str:
    """12,345."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes as kB, MB or GB (thousands)."""
    unit, divisor = next(((u, d) for u, d in (("GB", 1e9), ("MB", 1e6)) if number >= d), ("kB", 1e3))
    return f"{number / divisor:,.1f} {unit}"


def percent(share: float) -> str:
    """A share (0..1) with as many digits as it needs: never "0 %" for what exists, never "100 %" for less than all."""
    value = 100 * share
    if 0 < value < 0.01:
        return "less than 0.01 %"
    if 99.99 < value < 100:
        return "more than 99.99 %"
    digits = 2 if value < 1 or value > 99 else 1
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") + " %" if value else "0 %"


def code_point(character: str) -> str:
    """U+4E00."""
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """`text` with everything that cannot be seen, or that would turn the line around, written as its code point.

    Spaces other than U+0020 and spaces at the ends are written out, too.
    """
    last = len(text) - 1
    return "".join(
        f"⟨{code_point(c)}⟩"
        if unicodedata.category(c) in INVISIBLE or (c.isspace() and (c != " " or i in (0, last)))
        else c
        for i, c in enumerate(text)
    )


def quoted(text: str, limit: int = 40) -> str:
    """A label inside a sentence."""
    return f"“{visible(text[:limit])}{'…' if len(text) > limit else ''}”"


def name_of(character: str) -> str:
    """The Unicode name in lower case, for example "greek small letter mu"."""
    return unicodedata.name(character, "no name").lower()


def safe(text: object) -> str:
    """Text for HTML: invisible characters written out, markup escaped."""
    return html.escape(visible(str(text)), quote=True)
