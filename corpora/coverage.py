"""Dictionaries from texts, and texts against a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import UserError
from .charset import Charset
from .texts import Text, counted, places

EXAMPLES = 3


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Most frequent first, among equals by code point."""
    return sorted(counts.items(), key=lambda cn: (-cn[1], cn[0]))


def charset_of(counts: Counter[str], min_count: int = 1, order: Literal["count", "codepoint"] = "codepoint") -> Charset:
    """A dictionary of the characters that appear at least `min_count` times.

    order: "codepoint" does not change when a text is added; "count" puts the most frequent first.
    Raises UserError where none remains or a line end is among them.
    """
    kept = [c for c, n in ranked(counts) if n >= min_count]
    if not kept:
        raise UserError(f"no character appears {min_count} times or more: the dictionary would be empty")
    broken = sorted({"\r", "\n"} & set(kept))
    if broken:
        raise UserError(f"the texts hold {', '.join(map(repr, broken))}, which no dictionary file can hold")
    return Charset(kept if order == "count" else sorted(kept))


def build_charset(
    texts: Iterable[str], min_count: int = 1, order: Literal["count", "codepoint"] = "codepoint"
) -> Charset:
    """The dictionary of `texts`, as `charset_of` makes it."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    return charset_of(counts, min_count, order)


@dataclass
class Coverage:
    """Texts against a dictionary. examples: for each character outside, the first few texts that hold it."""

    charset: Charset
    rare: int
    texts: int = 0
    texts_outside: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Text]] = field(default_factory=dict)

    @property
    def outside(self) -> dict[str, int]:
        """Characters that the dictionary lacks, most frequent first."""
        return {c: n for c, n in ranked(self.characters) if c not in self.charset}

    @property
    def missing(self) -> str:
        """Characters of the dictionary that never appear, in its order."""
        return "".join(c for c in self.charset.characters if not self.characters[c])

    @property
    def seldom(self) -> dict[str, int]:
        """Characters of the dictionary that appear, but fewer than `rare` times; rarest first."""
        found = [(c, self.characters[c]) for c in self.charset.characters if 0 < self.characters[c] < self.rare]
        return dict(sorted(found, key=lambda cn: cn[1]))

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values."""
        total = self.characters.total()
        outside = self.outside
        return {
            "dictionary": len(self.charset),
            "texts": self.texts,
            "texts_outside": self.texts_outside,
            "characters": total,
            "characters_outside": sum(outside.values()),
            "outside": {c: {"count": n, "examples": places(self.examples[c])} for c, n in outside.items()},
            "missing": self.missing,
            "rare_below": self.rare,
            "rare": self.seldom,
        }


def coverage(
    texts: Iterable[Text], charset: Charset, rare: int = 200, progress: Callable[[int], None] = lambda texts: None
) -> Coverage:
    """Count which characters of `texts` a dictionary lacks, and which of its own appear never or fewer than `rare`
    times. Texts that are annotated as not to be learnt do not count."""
    found = Coverage(charset, rare)
    for text in counted(texts, progress):
        if text.ignored:
            continue
        found.texts += 1
        found.characters.update(text.text)
        unknown = charset.unknown(text.text)
        found.texts_outside += bool(unknown)
        for character in unknown:
            kept = found.examples.setdefault(character, [])
            if len(kept) < EXAMPLES:
                kept.append(text)
    return found
