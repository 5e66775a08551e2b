"""Background, colours and effects of the lines of a batch, once their shapes stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .backgrounds import Bank
from .bend import Bend
from .colours import Behind, Inks, Toning, hopeless, ink_colours, judge, lightness
from .effects.base import KEPT, Columns, Effect, Lines, Step, whole
from .learnt import LearntPairs
from .rng import Draws, Floats, Integers
from .scene import PHOTO, Background, Behinds, Scene
from .warp import Frames
from .writer import Written

if TYPE_CHECKING:
    from .recipe import Recipe

BACKGROUNDS = 3  # more of them are tried where the first one leaves no ink its contrast


@dataclass(slots=True)
class Dress:
    """How one line looks.

    inks: colours of its pieces, or one for all. opacity, weight: of the ink. shown: lightness between ink and paper
    that is left after tone and light; faint: whether that is too little.
    steps: the effects that act, in order. quality, fine: of the JPEG, and whether its colours are kept in full.
    """

    background: Background
    inks: list[list[float]]
    opacity: float
    weight: float
    shown: float
    faint: bool
    steps: list[Step]
    brightness: float
    contrast: float
    gamma: float
    quality: int
    fine: bool


@dataclass(slots=True)
class Acting:
    """An effect and the lines on which it acts, in order, with the values that it drew for them."""

    effect: Effect
    where: Integers
    columns: Columns

    def values(self, k: int) -> dict[str, Any] | None:
        """Those of line k; None where the effect does not act."""
        at = int(np.searchsorted(self.where, k))
        if at == len(self.where) or self.where[at] != k:
            return None
        return {name: c[at].tolist() if isinstance(c, np.ndarray) else c[at] for name, c in self.columns.items()}


@dataclass(slots=True)
class Looks:
    """How n lines look, as columns of `Dress`. inks: (n, 3) the first colour of each line; parts: the further ones."""

    scene: Scene
    inks: Floats
    parts: dict[int, list[list[float]]]
    opacity: Floats
    weight: Floats
    shown: Floats
    faint: NDArray[np.bool_]
    steps: dict[str, Acting]
    toning: Toning
    quality: Integers
    fine: NDArray[np.bool_]

    def dress(self, k: int) -> Dress:
        """How line k looks."""
        acting = [(name, step.effect, step.values(k)) for name, step in self.steps.items()]
        toning = self.toning
        return Dress(
            self.scene.row(k),
            [self.inks[k].tolist(), *self.parts.get(k, [])],
            float(self.opacity[k]),
            float(self.weight[k]),
            float(self.shown[k]),
            bool(self.faint[k]),
            [Step(name, effect, values) for name, effect, values in acting if values is not None],
            float(toning.brightness[k]),
            float(toning.contrast[k]),
            float(toning.gamma[k]),
            int(self.quality[k]),
            bool(self.fine[k]),
        )


class Dresser:
    """Draws the looks of batches of lines."""

    def __init__(self, recipe: Recipe, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.behinds = Behinds(recipe.backgrounds, recipe.height, recipe.ink.busy, banks)
        self.pairs = LearntPairs.read(Path(recipe.ink.pairs)) if recipe.ink.pairs else None
        self.light = [(n, e) for n, e in recipe.effects if e.stage == "light"]
        self.other = [(n, e) for n, e in recipe.effects if e.stage != "light"]

    def dress(self, draws: Draws, frames: Frames, written: Written, bends: list[Bend | None]) -> Looks:
        """The looks of the lines of a batch."""
        recipe, n = self.recipe, len(draws)
        learnt = self._learnt(draws)
        scene, behind = self.behinds.draw(draws, frames.width, learnt and learnt[1])
        lines = self._known(frames, behind, bends)
        steps: dict[str, Acting] = {}
        kept = np.ones(n)
        for name, effect in self.light:
            kept *= self._draw(name, effect, draws, lines, steps)
        toning = Toning.draw(recipe.tone, draws, kept)
        opacity = np.maximum(draws.between("ink.opacity", recipe.ink.opacity), 0.02)
        self._calmer(draws, frames, learnt and learnt[1], scene, behind, toning, opacity)
        inks = ink_colours(recipe.ink, draws, behind, toning, opacity)
        if learnt:
            taken = ~np.isnan(learnt[0]) & (scene.kind != PHOTO)[:, None]
            colour = np.where(taken, learnt[0], inks.colour)
            dark = np.where(taken[:, 0], lightness(colour) < behind.low, inks.dark)
            inks = judge(recipe.ink, colour, dark, behind, toning, opacity)
        lines.ink, lines.dark = inks.colour, inks.dark
        for name, effect in self.other:
            self._draw(name, effect, draws, lines, steps)
        parts: dict[int, list[list[float]]] = {}
        shown, low = inks.shown, inks.low
        if recipe.mixed.probability:
            shown, low = self._parts(draws, written, behind, toning, opacity, inks, parts)
        return Looks(
            *(scene, inks.colour, parts, opacity, draws.between("ink.weight", recipe.ink.weight), shown, low),
            {name: steps[name] for name, _ in recipe.effects if name in steps},
            *(toning, whole(draws, "jpeg", recipe.jpeg), self._fine(draws)),
        )

    def _calmer(
        self,
        draws: Draws,
        frames: Frames,
        papers: Floats | None,
        scene: Scene,
        behind: Behind,
        toning: Toning,
        opacity: Floats,
    ) -> None:
        """Draw other backgrounds for lines whose ink could be read on none of the lights and darks behind it."""
        where = np.arange(len(draws))
        for number in range(BACKGROUNDS):
            none = hopeless(self.recipe.ink, behind.take(where), toning.take(where), opacity[where])
            where = where[none]
            if not len(where):
                break
            paper = None if papers is None else papers[where]
            others = draws.take(where).fork(f"background.again.{number}")
            found, light = self.behinds.draw(others, frames.width[where], paper)
            scene.put(where, found)
            behind.put(where, light)

    def _learnt(self, draws: Draws) -> tuple[Floats, Floats] | None:
        """(n, 3) inks and their papers from real crops, NaN for lines that take none."""
        if self.pairs is None:
            return None
        on = draws.chance("ink.learnt", self.recipe.ink.learnt)[:, None]
        ink, paper = self.pairs.pairs(draws, self.recipe.ink.contrast)
        return np.where(on, ink, np.nan), np.where(on, paper, np.nan)

    def _known(self, frames: Frames, behind: Behind, bends: list[Bend | None]) -> Lines:
        n, height = len(bends), self.recipe.height
        return Lines(
            *(frames.width, np.full(n, height), frames.room(height), frames.quads, frames.scale),
            *(np.array([b is not None for b in bends]), np.zeros((n, 3)), np.zeros(n, bool), behind.low, behind.high),
        )

    def _draw(self, name: str, effect: Effect, draws: Draws, lines: Lines, steps: dict[str, Acting]) -> Floats:
        """Draw one effect's values for the lines on which it acts; the share of contrast that it leaves each line."""
        kept = np.ones(len(draws))
        where = np.flatnonzero(draws.chance(name, effect.probability))
        if len(where):
            columns: Columns = effect.draw(draws.take(where), lines.take(where))
            if KEPT in columns:
                kept[where] = columns.pop(KEPT)
            steps[name] = Acting(effect, where, columns)
        return kept

    def _parts(
        self,
        draws: Draws,
        written: Written,
        behind: Behind,
        toning: Toning,
        opacity: Floats,
        inks: Inks,
        parts: dict[int, list[list[float]]],
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Give the pieces of mixed lines colours of their own; the least contrast, and whether it is too low."""
        shown, low = inks.shown.copy(), inks.low.copy()
        coloured = draws.chance("mixed.colours", self.recipe.mixed.colours)
        pieces = np.array([1 if p is None else len(p) for p in written.pieces])
        for number in range(1, int(pieces.max())):
            has = coloured & (pieces > number)
            where = np.flatnonzero(has)
            if not len(where):
                break
            part = draws.take(where).fork(f"part.{number}")
            other = ink_colours(self.recipe.ink, part, behind.take(where), toning.take(where), opacity[where])
            for i, colour in zip(where.tolist(), other.colour.tolist(), strict=True):
                parts.setdefault(i, []).append(colour)
            shown[where] = np.minimum(shown[where], other.shown)
            low[where] |= other.low
        return shown, low

    def _fine(self, draws: Draws) -> NDArray[np.bool_]:
        return draws.uniform("jpeg.chroma") < {"half": 0.0, "full": 1.0, "either": 0.5}[self.recipe.chroma]
