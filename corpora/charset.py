"""The characters a model knows, in order: the order is the class id."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import UserError


class Charset:
    """An ordered set of characters. `index[c]` is c's class id, from 0."""

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(characters)
        self.index = {c: i for i, c in enumerate(self.characters)}
        if len(self.index) != len(self.characters):
            twice = sorted({c for c in self.characters if self.characters.count(c) > 1})
            raise UserError(f"the dictionary holds {', '.join(map(repr, twice[:10]))} more than once")

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self.index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def unknown(self, text: str) -> str:
        """The characters of `text` that are not in this set, each once, in order of appearance."""
        return "".join(dict.fromkeys(c for c in text if c not in self.index))

    @classmethod
    def read(cls, path: Path) -> Charset:
        """One character a line, UTF-8 (BOM allowed), `\\n` or `\\r\\n`; a line that holds one space is the space.

        Raises UserError naming file and line for an empty line, several characters or a duplicate.
        """
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            place = "" if path.is_absolute() else f" in {Path.cwd()}"
            raise UserError(f"{path}: no such dictionary file{place}") from None
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: not UTF-8 at byte {error.start}") from error
        # Not splitlines(): it would also split at U+2028, U+0085 and friends, which may be characters here.
        lines = text.removesuffix("\n").removesuffix("\r").split("\n") if text else []
        first_line: dict[str, int] = {}
        for number, raw in enumerate(lines, 1):
            character = raw.removesuffix("\r")
            if len(character) != 1:
                what = "is empty" if not character else f"holds {len(character)} characters ({character[:20]!r})"
                raise UserError(f"{path} line {number} {what}: one character a line is expected")
            if character in first_line:
                raise UserError(f"{path} line {number}: {character!r} stands already on line {first_line[character]}")
            first_line[character] = number
        if not first_line:
            raise UserError(f"{path}: the dictionary is empty")
        return cls(first_line)

    def write(self, path: Path) -> None:
        """The form that `read` takes."""
        path.write_text("".join(f"{c}\n" for c in self.characters), encoding="utf-8", newline="\n")
