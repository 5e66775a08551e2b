"""What another program is asked to draw: texts and faces by this package's own rules, backgrounds and seeds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...datasets.records import Refusal
from ...fonts.face import Faces
from ..recipe import Recipe
from ..rng import Draws, Integers
from ..writer import Writer
from .options import EngineOptions
from .worker import Request

PROBE = 32  # px per em at which glyphs are looked at
PLAIN = re.compile(
    "[ -~\u00a0-\u02ff\u0370-\u04ff\u2010-\u2e7f\u3000-\u3029\u3030-\u3098\u30a0-\u9fff\uac00-\ud7a3\uff00-\uffef]*"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line to draw. quality: of its JPEG."""

    index: int
    font: str
    quality: int
    request: Request


def joined(text: str) -> bool:
    """Whether letters join, reorder or carry marks, so that drawing them one by one would be wrong."""
    if PLAIN.fullmatch(text):
        return False
    return any(
        unicodedata.bidirectional(c) in ("R", "AL", "NSM")
        or unicodedata.category(c) in ("Mn", "Mc", "Me", "Cf")
        or "\u0900" <= c <= "\u109f"
        or "\u1100" <= c <= "\u11ff"
        or "\u1780" <= c <= "\u18af"
        for c in text
    )


class Asker:
    """Draws what an engine shall draw. A line depends on recipe, seed, index and attempt alone."""

    def __init__(self, recipe: Recipe, faces: Faces, photos: int, options: EngineOptions, shapes: bool) -> None:
        self.recipe = recipe
        self.faces = faces
        self.shapes = shapes
        self.writer = Writer(recipe, faces)
        own = options.backgrounds()
        self.kinds, weights = list(own), list(own.values())
        self.photos = photos if options.photos else 0
        self.weights = [*weights, options.photos if photos else 0.0]
        self._seen: set[tuple[int, int]] = set()

    def ask(self, index: Integers, attempt: int) -> list[Line | Refusal]:
        """A line to draw or a refusal for each sample."""
        draws = Draws(self.recipe.seed, index, attempt)
        texts, refusals = self.writer.write(draws, index.tolist())
        result: list[Line | Refusal | None] = [None] * len(index)
        for place, refusal in refusals.items():
            result[place] = refusal
        kind = draws.choose("engine.background", self.weights).tolist()
        photo = draws.integer("engine.photo", self.photos).tolist()
        seed = draws.integer("engine.seed", 2**31).tolist()
        low, high = self.recipe.jpeg
        quality = (low + draws.integer("engine.quality", high - low + 1)).tolist()
        rows = zip(texts.where, texts.texts, texts.faces, texts.runs, strict=True)
        for place, text, face, run in rows:
            number, ref = int(index[place]), self.faces.refs[face]
            wrong = self._wrong(text, face, run.glyphs)
            if wrong is not None:
                result[place] = self.writer.refusal(wrong[0], number, wrong[1], text, face)
                continue
            behind = self.kinds[kind[place]] if kind[place] < len(self.kinds) else photo[place]
            request = Request(text, str(ref.path), ref.number, seed[place], behind, joined(text))
            result[place] = Line(number, ref.name, quality[place], request)
        return [r for r in result if r is not None]

    def _wrong(self, text: str, face: int, glyphs: Sequence[int]) -> tuple[str, str] | None:
        if not self.shapes and joined(text):
            return "needs_shaping", "the engine draws letter by letter"
        shown = [g for g in glyphs if (face, g) not in self._seen]
        for glyph in shown:
            drawn = self.faces[face].box(glyph) is None or self.faces[face].draw(glyph, PROBE) is not None
            if not drawn:
                return "blank_glyph", f"glyph {glyph}"
            self._seen.add((face, glyph))
        blanks = sum(self.faces[face].box(g) is None for g in glyphs)
        if blanks > sum(c.isspace() or c in "\u200c\u200d" for c in text):
            return "blank_glyph", "a character without ink"
        return None


def first_indices(count: int) -> Integers:
    """Samples 0 to `count` - 1."""
    return np.arange(count, dtype=np.int64)
