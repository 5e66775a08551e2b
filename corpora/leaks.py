"""Texts of the validation that stand in the corpus too: a model that has read them is judged too kindly."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .seen import text_hash
from .texts import Text, counted, places

SHORT = 2
"""Texts of so many characters, or fewer, occur by chance: that they are in both proves nothing."""
EXAMPLES = 10


def _key(text: str) -> int:
    return text_hash(text if text.isascii() else unicodedata.normalize("NFC", text))


class HeldOut:
    """Texts that must not be drawn, as hashes; those of `SHORT` characters or fewer are not among them."""

    def __init__(self, texts: Iterable[Text]) -> None:
        found = (t.text.strip() for t in texts if not t.ignored)
        self._keys = frozenset(_key(text) for text in found if len(text) > SHORT)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def digest(self) -> str:
        """sha256 over the hashes, for the identity of what is made."""
        return hashlib.sha256(b"".join(key.to_bytes(8, "little") for key in sorted(self._keys))).hexdigest()

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and len(text) > SHORT and _key(text) in self._keys


@dataclass
class Leaks:
    """How many of the held-out texts stand in a corpus, word for word but for outer white space.

    held_out: legible texts; leaked: those in the corpus, of more than `SHORT` characters; chance: those in the corpus
    with fewer; examples: the first few that leaked, and where they stand in the corpus.
    """

    held_out: int = 0
    leaked: int = 0
    chance: int = 0
    examples: list[Text] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Leaked texts among all held-out ones, 0 to 1."""
        return self.leaked / self.held_out if self.held_out else 0.0

    def __str__(self) -> str:
        """The finding in a sentence."""
        text = f"{self.leaked} of {self.held_out} held-out texts ({self.share:.1%}) stand in the corpus too"
        if self.chance:
            text += f"; besides, {self.chance} of one or two characters, which happens by chance"
        shown = ", ".join(f"{t.text!r} ({t.source} line {t.line})" for t in self.examples[:3])
        return f"{text}: {shown}" if shown else text

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values."""
        return {
            "held_out": self.held_out,
            "leaked": self.leaked,
            "share": self.share,
            "chance": self.chance,
            "examples": places(self.examples),
        }


def leaks(
    corpus: Iterable[Text], held_out: Iterable[Text], progress: Callable[[int], None] = lambda texts: None
) -> Leaks:
    """Which held-out texts the corpus holds. Memory grows with the held-out texts only."""
    waiting: Counter[int] = Counter(_key(t.text.strip()) for t in held_out if not t.ignored)
    found = Leaks(held_out=waiting.total())
    for text in counted(corpus, progress):
        if text.ignored:
            continue
        shown = text.text.strip()
        times = waiting.pop(_key(shown), 0)
        if times and len(shown) > SHORT:
            found.leaked += times
            if len(found.examples) < EXAMPLES:
                found.examples.append(text)
        else:
            found.chance += times
    return found
