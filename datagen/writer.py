"""Which text each sample shows and in which face, or why it cannot be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..corpora.sources import read_charset
from ..datasets.records import Refusal
from ..fonts.face import PLAIN, Faces, Run, invisible, unclear_order
from .recipe import Recipe
from .rng import Draws

CANDIDATES = 4  # faces drawn for a text; the first that has all of its characters is taken


@dataclass(slots=True)
class Texts:
    """The lines of a batch that passed the checks of their texts: positions in the batch, texts, faces, glyphs."""

    where: list[int]
    texts: list[str]
    faces: list[int]
    runs: list[Run]


class Writer:
    """Draws texts and faces, and shapes the texts."""

    def __init__(self, recipe: Recipe, faces: Faces) -> None:
        self.recipe = recipe
        self.faces = faces
        base = Path.cwd()  # the recipe's paths are absolute
        self.charset = read_charset(recipe.charset, base) if recipe.charset else None
        self.sources = [t.open(base, self.charset) for t in recipe.texts]
        self._text_weights = [t.weight for t in recipe.texts]
        self._face_weights = [f.weight for f in faces.refs]

    def draw_texts(self, draws: Draws) -> list[str]:
        """One text for each sample, without outer white space, which nobody could see."""
        source = draws.choose("text.source", self._text_weights)
        texts = [""] * len(draws)
        for number, opened in enumerate(self.sources):
            where = np.flatnonzero(source == number)
            if len(where):
                for i, text in zip(where.tolist(), opened.draw(draws.take(where)), strict=True):
                    texts[i] = text.strip()
        return texts

    def write(self, draws: Draws, index: list[int]) -> tuple[Texts, dict[int, Refusal]]:
        """The lines of a batch that can be written, and the refusals of the others by their place in the batch."""
        kept = Texts([], [], [], [])
        refusals: dict[int, Refusal] = {}
        texts = self.draw_texts(draws)
        candidates = [draws.choose(f"font.{k}", self._face_weights).tolist() for k in range(CANDIDATES)]
        for i, (text, *faces) in enumerate(zip(texts, *candidates, strict=True)):
            refused = self._refused(text)
            face, run = (faces[0], None) if refused else self._first_that_has(text, faces)
            if run is None:
                reason, what = refused or self.faces[face].refusal(text)
                refusals[i] = self.refusal(reason, index[i], what, text, face)
                continue
            kept.where.append(i)
            kept.texts.append(text)
            kept.faces.append(face)
            kept.runs.append(run)
        return kept, refusals

    def _first_that_has(self, text: str, faces: list[int]) -> tuple[int, Run | None]:
        for face in faces:
            run = self.faces[face].place(text)
            if run is not None:
                return face, run
        return faces[0], None

    def _refused(self, text: str) -> tuple[str, str] | None:
        """Why this text cannot be drawn whatever the font, and the character at fault."""
        if not text:
            return "empty_text", ""
        if self.charset is not None and (unknown := self.charset.unknown(text)):
            return "not_in_dict", unknown[0]
        if self.recipe.max_length is not None and len(text) > self.recipe.max_length:
            return "too_long", f"{len(text)} characters"
        if PLAIN.fullmatch(text) or (text.isascii() and text.isprintable()):
            return None
        if unclear_order(text):
            return "unclear_order", ""
        hidden = next((c for c in text if invisible(c)), "")
        return ("blank_glyph", hidden) if hidden else None

    def refusal(self, reason: str, index: int, what: str, text: str, face: int) -> Refusal:
        """A refusal of sample `index`; what: the character at fault, or a few words."""
        shown = f"'{what}' U+{ord(what):04X}" if len(what) == 1 else what
        font = f"font {self.faces.refs[face].name}"
        return Refusal(reason, f"sample {index}", f"{shown}, {font}" if shown else font, text)
