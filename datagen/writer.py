"""Which text each sample shows and in which faces, or why it cannot be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ..config import Config
from ..corpora.leaks import HeldOut
from ..corpora.mix import TRIAL, Mix
from ..corpora.quota import LONE_FROM
from ..corpora.sources import LabelText, read_charset
from ..datasets.records import Refusal
from ..fonts.face import PLAIN, Faces, invisible, right_to_left, unclear_order
from ..fonts.glyphs import GlyphTable
from ..fonts.plain import Placed, PlainLines
from .effects.base import whole
from .layout import Piece, Spelling
from .limits import Factor, Probability, within
from .rng import Draws, Integers

if TYPE_CHECKING:
    from .recipe import Recipe

ALIKE = set("CcOo0SsUuVvWwXxZz")  # a small capital of these cannot be told from a small letter, nor O from 0
HAN = re.compile("[一-鿿㐀-䶿]")
CANDIDATES = 4  # faces drawn for a text; the first that has all of its characters is taken


class Mixed(Config):
    """Lines of several parts, cut at spaces, between letters and digits, and anywhere in Chinese; where Chinese meets
    Latin letters, only there.

    parts: how many. fonts: the share of these lines whose parts are drawn in fonts of their own. size: of every part
    after the first, relative to it. colours: the share of these lines whose parts have colours of their own.
    """

    probability: Probability = 0
    parts: Annotated[tuple[int, int], AfterValidator(within(2, 8))] = (2, 3)
    fonts: Probability = 0.7
    size: Factor = (0.7, 1)
    colours: Probability = 0.5


@dataclass(slots=True)
class Written:
    """The lines of a batch that passed the checks of their texts: positions in the batch, texts, first faces, pieces,
    direction.

    opened: the faces. pieces: None where a line is plain; placed: the glyphs of those lines.
    """

    opened: Faces
    where: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)
    pieces: list[list[Piece] | None] = field(default_factory=list)
    vertical: list[bool] = field(default_factory=list)
    placed: Placed | None = None

    def add(self, place: int, text: str, face: int, pieces: list[Piece] | None, vertical: bool) -> None:
        """The next line."""
        self.where.append(place)
        self.texts.append(text)
        self.faces.append(face)
        self.pieces.append(pieces)
        self.vertical.append(vertical)

    def take(self, lines: Sequence[int]) -> Written:
        """Some of the lines, without their glyphs."""
        columns = (self.where, self.texts, self.faces, self.pieces, self.vertical)
        return Written(self.opened, *([column[i] for i in lines] for column in columns))  # type: ignore[arg-type]

    def parts(self, k: int) -> list[Piece]:
        """The pieces of line k."""
        pieces, face = self.pieces[k], self.faces[k]
        if pieces is not None:
            return pieces
        run = self.opened[face].place(self.texts[k])
        assert run is not None, "a plain line is of characters that its face has"
        return [Piece(face, run)]

    def spelling(self, table: GlyphTable) -> Spelling:
        """The glyphs of all lines."""
        shaped = [line for line in self.pieces if line is not None]
        if self.placed is None or not len(self.placed.counts):
            return Spelling.of(table, shaped)
        plain = Spelling.plain(self.placed)
        if not shaped:
            return plain
        able = np.array([line is None for line in self.pieces])
        return Spelling.merged([(plain, able), (Spelling.of(table, shaped), ~able)])


class Writer:
    """Draws texts and faces, and shapes the texts.

    recipe: its paths are absolute, its labels opened as files.
    """

    def __init__(self, recipe: Recipe, faces: Faces, held_out: HeldOut | None = None) -> None:
        self.recipe = recipe
        self.faces = faces
        self.charset = read_charset(recipe.charset, Path.cwd()) if recipe.charset else None
        trial = TRIAL if recipe.quota or recipe.lengths else 1
        self.mix = Mix(
            [t for t in recipe.texts if not isinstance(t, LabelText)],
            self.charset,
            Draws(recipe.seed, np.arange(trial, dtype=np.int64)),
            quota=recipe.quota,
            lengths=recipe.lengths,
            max_length=recipe.max_length,
            without=self._shown_by_no_face(),
            held_out=held_out,
        )
        self._weights = [f.weight for f in faces.refs]

    def _shown_by_no_face(self) -> set[str]:
        """Characters for which a quota is in vain."""
        quota = self.recipe.quota
        if quota is None:
            return set()
        chosen = read_charset(quota.characters, Path.cwd()) if quota.characters else self.charset
        hidden = {c for c in chosen.characters if invisible(c)} if chosen else set()
        left = set(chosen.characters) - hidden if chosen else set()
        for position in range(len(self.faces.refs)):
            left = {c for c in left if self.faces[position].missing(c)}
            if not left:
                break
        return left | hidden

    def write(
        self, draws: Draws, index: Integers, attempt: int = 0, plain: PlainLines | None = None
    ) -> tuple[Written, dict[int, Refusal]]:
        """The lines of a batch that can be written, and the refusals of the others by their place in the batch.

        plain: places lines that need no shaping; without it all are shaped.
        """
        kept = Written(self.faces)
        refusals: dict[int, Refusal] = {}
        texts = self.mix.draw(draws, index, attempt)
        candidates = self._candidates(draws)
        # After many refusals all faces are tried: perhaps one alone has a rare character.
        others = range(len(self._weights)) if attempt >= LONE_FROM else ()
        vertical = draws.chance("vertical", self.recipe.layout.vertical)
        parts = self._parts(draws, texts, vertical.tolist())
        able = self._plain(plain, kept, texts, candidates[0], vertical, parts)
        first, upright = candidates[0].tolist(), vertical.tolist()
        for i, text in enumerate(texts):
            if able[i]:
                kept.add(i, text, first[i], None, False)
                continue
            refused = self.problem(text)
            column = upright[i] and len(text) > 1
            faces = tuple(int(c[i]) for c in candidates)
            pieces = None if refused else self._pieces(parts.get(i, [(text, 1.0, True)]), faces, others, column)
            if pieces is None:
                reason, what = refused or self.faces[faces[0]].refusal(text)
                refusals[i] = self.refusal(reason, int(index[i]), what, text, faces[0])
            else:
                kept.add(i, text, pieces[0].face, pieces, column)
        return kept, refusals

    def _plain(
        self,
        plain: PlainLines | None,
        kept: Written,
        texts: list[str],
        faces: Integers,
        vertical: NDArray[np.bool_],
        parts: Mapping[int, object],
    ) -> list[bool]:
        """Which lines are plain, their glyphs put into `kept`: whole lines of which the first face has everything."""
        if plain is None:
            return [False] * len(texts)
        able, placed = plain.place(texts, faces)
        good = ~vertical[able]
        if self.recipe.max_length is not None:
            good &= placed.counts <= self.recipe.max_length
        where = np.flatnonzero(able)
        if parts:
            good &= ~np.isin(where, list(parts))
        if self.mix.held_out is not None:
            good &= np.array([not self.mix.problem(texts[i]) for i in where.tolist()], np.bool_)
        kept.placed = placed if good.all() else placed.take(good)
        able[where] = good
        return able.tolist()

    def beside(self, text: str, face: int, vertical: bool) -> Piece | None:
        """A text for the line above or below, in the same face; None where that face or a rule refuses it."""
        return None if self.problem(text) else self._first_that_has(text, (face,), vertical and len(text) > 1, 0, 1.0)

    def _candidates(self, draws: Draws) -> list[Integers]:
        count = CANDIDATES * (3 if self.recipe.mixed.probability else 1)
        return [draws.choose(f"font.{k}", self._weights) for k in range(count)]

    def _pieces(
        self, parts: list[tuple[str, float, bool]], faces: tuple[int, ...], others: Sequence[int], vertical: bool
    ) -> list[Piece] | None:
        """A piece for each part, of the first of the faces that has its characters; None where none has them."""
        pieces: list[Piece] = []
        start = 0
        for number, (text, scale, own) in enumerate(parts):
            first = CANDIDATES * number if own else 0
            tried = (*(faces[first : first + CANDIDATES] or faces[:CANDIDATES]), *others)
            if pieces and not own:
                tried = (pieces[0].face, *tried)
            piece = self._first_that_has(text, tried, vertical, start, scale)
            if piece is None:
                return None
            pieces.append(piece)
            start += len(text)
        return pieces

    def _first_that_has(
        self, text: str, faces: Sequence[int], vertical: bool, start: int, scale: float
    ) -> Piece | None:
        for face in faces:
            run = self.faces[face].place(text, self.recipe.layout.latin if vertical else False)
            if run is not None:
                return Piece(face, run, start, scale)
        return None

    def _parts(self, draws: Draws, texts: list[str], vertical: list[bool]) -> dict[int, list[tuple[str, float, bool]]]:
        """Of the lines that are mixed: each part's text, scale, and whether it has a font of its own."""
        mixed = self.recipe.mixed
        found: dict[int, list[tuple[str, float, bool]]] = {}
        if not mixed.probability:
            return found
        counts = whole(draws, "mixed.parts", mixed.parts).tolist()
        places = draws.uniforms("mixed.cut", mixed.parts[1])
        sizes = mixed.size[0] + (mixed.size[1] - mixed.size[0]) * draws.uniforms("mixed.size", mixed.parts[1])
        own = draws.chance("mixed.fonts", mixed.fonts).tolist()
        for i in np.flatnonzero(draws.chance("mixed", mixed.probability)).tolist():
            allowed = [] if vertical[i] else _cuts(texts[i])
            if not allowed:
                continue
            wanted = {allowed[int(u * len(allowed))] for u in places[i, : counts[i] - 1].tolist()}
            ends = [0, *sorted(wanted), len(texts[i])]
            pieces = [texts[i][a:b] for a, b in pairwise(ends)]
            scales = [1.0, *(s if set(p.strip()) - ALIKE else 1.0 for s, p in zip(sizes[i], pieces[1:], strict=False))]
            found[i] = [(piece, float(scale), own[i]) for piece, scale in zip(pieces, scales, strict=True)]
        return found

    def problem(self, text: str) -> tuple[str, str] | None:
        """Why this text cannot be drawn whatever the font, and the character at fault."""
        if not text:
            return "empty_text", ""
        if reason := self.mix.problem(text):
            return reason, ""
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
        name = self.faces.refs[face].name
        detail = f"{shown}, font {name}" if shown else f"font {name}"
        return Refusal(reason, f"sample {index}", detail, text, font=name, character=what if len(what) == 1 else "")


def _cuts(text: str) -> list[int]:
    """Where a line may be cut into parts that are shaped apart: never inside of joined or marked letters."""
    if right_to_left(text):
        return []
    pairs = list(enumerate(pairwise(text), 1))
    if PLAIN.fullmatch(text):
        return [i for i, (_, b) in pairs if b != " "]
    borders = [i for i, (a, b) in pairs if (_alnum(a) and HAN.match(b)) or (HAN.match(a) and _alnum(b))]
    return borders or [i for i, (a, b) in pairs if b != " " and (a == " " or _joint(a, b))]


def _joint(a: str, b: str) -> bool:
    """Between a letter and a digit, never inside of a word: `Cc` would be taken for capital and small letter."""
    return _alnum(a) and _alnum(b) and a.isdigit() != b.isdigit()


def _alnum(character: str) -> bool:
    return character.isascii() and character.isalnum()
