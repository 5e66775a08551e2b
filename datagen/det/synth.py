"""Synthetic scenes end to end: a recipe becomes a folder of photos with label lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...corpora.leaks import Leaks
from ...datasets.images import Image, encode_jpeg
from ...datasets.records import Item, Items, Refusal, Sample
from ...errors import UserError
from ...fonts.discover import FaceRef, find_fonts
from ...fonts.face import Faces
from ...fonts.glyphs import GlyphCache, GlyphTable
from ...fonts.report import uncovered
from ...prep.jobs import Job, digest_of, run_job
from ...prep.look import thumbnail
from ..backgrounds import find_photos
from ..effects.base import whole
from ..pictured import Examples, in_its_font
from ..rng import Draws, Floats, Integers
from ..synth import Synthesis, open_texts
from ..writer import Writer
from .backdrop import Painter
from .blocks import Block, Composed, Composer
from .camera import Shot, draw_shots
from .known import Known, read_known
from .labels import Entry, label
from .recipe import DetRecipe, portable_det
from .scenes import Stage

BATCH = 16
SHARD = 500
TRIAL = 4
SHOWN = 32  # px, height of refused texts in pictures


@dataclass(slots=True)
class Scene:
    """A finished scene. known: texts that its photo showed already; entries: those that were written.

    bare: its picture without the latter, where that was asked for. attempt: of which it came.
    """

    index: int
    image: Image
    known: list[Entry]
    entries: list[Entry]
    quality: int
    fine: bool
    bare: Image | None = None
    attempt: int = 0


@dataclass(slots=True)
class Drawn:
    """Everything that is drawn for a batch of scenes. width, height: (n,) px; numbers: of the backdrops."""

    width: Integers
    height: Integers
    composed: Composed
    shots: list[Shot]
    numbers: dict[str, Floats]


class Engine:
    """Makes scenes of a recipe; holds the fonts, glyphs, texts and photos of one process."""

    def __init__(self, recipe: DetRecipe, lines: Synthesis, known: Mapping[Path, list[Known]]) -> None:
        self.recipe = recipe
        self.faces = Faces(lines.faces)
        table = GlyphTable(self.faces)
        self.writer = Writer(lines.recipe, self.faces, lines.held_out)
        self.composer = Composer(recipe, self.writer)
        self.backdrops = Painter(recipe, lines.photos, known)
        self._examples = Examples()
        self.stage = Stage(recipe, table, GlyphCache(self.faces, table), self._examples)

    def items(self, start: int, stop: int) -> Items:
        """Scenes `start` to `stop` in order, each after the refusals of its texts and of its earlier attempts."""
        self._examples.clear()
        for first in range(start, stop, BATCH):
            for scene, refusals in self.pictures(np.arange(first, min(first + BATCH, stop), dtype=np.int64)):
                yield from map(self._with_picture, refusals)
                yield _sample(scene)

    def pictures(self, index: Integers, bare: bool = False) -> Iterator[tuple[Scene, list[Refusal]]]:
        """Each scene with the refusals of its texts, in order. Raises UserError for one that never held a text."""
        refusals: list[list[Refusal]] = [[] for _ in index]
        done: dict[int, Scene] = {}
        waiting = np.arange(len(index))
        for attempt in range(self.recipe.attempts):
            for place, made in zip(waiting.tolist(), self._attempt(index[waiting], attempt, bare), strict=True):
                scene, refused = made
                refusals[place] += refused
                if any(not e.ignored for e in scene.entries):
                    done[place] = scene
                else:
                    what = "every text is too small to be read, or cut by the edge" if scene.entries else "no text"
                    thumb = thumbnail(scene.image) if self._examples.wanted("empty_scene") else None
                    refusals[place].append(Refusal("empty_scene", f"scene {scene.index}", what, thumb=thumb))
            waiting = np.array([i for i in waiting.tolist() if i not in done], np.int64)
            if not len(waiting):
                break
        else:
            raise UserError(_impossible(int(index[waiting[0]]), self.recipe.attempts, refusals[int(waiting[0])]))
        for place in range(len(index)):
            yield done[place], refusals[place]

    def _with_picture(self, refusal: Refusal) -> Refusal:
        """The first few refusals of each reason since `items` began show what was refused: the text, or how it looked.

        Scenes of a batch are made in another order than they are given, so that some pictures too many are there.
        """
        if not self._examples.next(refusal.reason):
            return replace(refusal, thumb=None) if refusal.thumb else refusal
        if refusal.thumb:
            return refusal
        picture = in_its_font(refusal, self.faces, SHOWN)
        return replace(refusal, thumb=encode_jpeg(picture)) if picture.size else refusal

    def compose(self, index: Integers, attempt: int) -> Drawn:
        """Draw everything of one attempt at these scenes."""
        config = self.recipe.scene
        draws = Draws(self.recipe.seed, index, attempt)
        width, height = whole(draws, "scene.width", config.width), whole(draws, "scene.height", config.height)
        composed = self.composer.compose(index, attempt, whole(draws, "scene.blocks", config.blocks))
        return Drawn(width, height, composed, draw_shots(self.recipe, draws, width, height), self.backdrops.draw(draws))

    def _attempt(self, index: Integers, attempt: int, bare: bool) -> Iterator[tuple[Scene, list[Refusal]]]:
        drawn = self.compose(index, attempt)
        for row, number in enumerate(index.tolist()):
            backdrop = self.backdrops.paint(drawn.numbers, row, int(drawn.width[row]), int(drawn.height[row]))
            shot = drawn.shots[row]
            before = shot.take(backdrop.image.copy()) if bare else None
            mine = drawn.composed.scenes[row]
            blocks = [b for b in mine if isinstance(b, Block)]
            own = drawn.composed.draws.take(np.array([b.row for b in blocks], np.int64))
            found = self.stage.play(f"scene {number}", backdrop, blocks, own, shot)
            refused = [r for r in (*mine, *found) if isinstance(r, Refusal)]
            entries = [e for e in found if isinstance(e, Entry)]
            image = shot.take(backdrop.image)
            scene = Scene(number, image, backdrop.entries, entries, shot.quality, shot.fine, before, attempt)
            yield scene, refused


def _sample(scene: Scene) -> Sample:
    entries = scene.known + scene.entries
    legible = [e for e in entries if not e.ignored]
    letters = sum(len(e.letters) for e in legible)
    notes = ("lines",) * len(legible) + ("ignored",) * (len(entries) - len(legible)) + ("characters",) * letters
    return Sample(encode_jpeg(scene.image, scene.quality, scene.fine), label(entries), f"scene {scene.index}", notes)


def _impossible(index: int, attempts: int, refusals: list[Refusal]) -> str:
    counted = Counter(r.reason for r in refusals).most_common()
    reasons = ", ".join(f"{reason} {times} times" for reason, times in counted)
    last = next((r for r in reversed(refusals) if r.reason != "empty_scene"), refusals[-1])
    text = f", text {last.text!r}" if last.text else ""
    return (
        f"scene {index}: no text to be read found a place in {attempts} attempts ({reasons}); the last one: "
        f"{last.reason}, {last.detail}{text}: widen the recipe's ranges, or give other texts, fonts or photos"
    )


@dataclass
class SceneSynthesis:
    """A recipe with its ingredients found: the source of a job. Each process opens its own engine on first use.

    lines: fonts, texts and photos, as for a recipe of lines. known: texts that photos show already.
    """

    recipe: DetRecipe
    lines: Synthesis
    known: dict[Path, list[Known]]
    _engine: Engine | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None}

    @property
    def faces(self) -> list[FaceRef]:
        """The fonts."""
        return self.lines.faces

    @property
    def leaks(self) -> Leaks | None:
        """Which held-out texts stand in the corpus, where any are named."""
        return self.lines.leaks

    @property
    def engine(self) -> Engine:
        """The engine of this process."""
        if self._engine is None:
            self._engine = Engine(self.recipe, self.lines, self.known)
        return self._engine

    def items(self, start: int, stop: int) -> Iterator[Item]:
        """Scenes `start` to `stop`, each after the refusals of its texts."""
        return self.engine.items(start, stop)

    def job(self, count: int, shard_size: int = SHARD) -> Job:
        """The job that makes `count` scenes: recipe, hashes of all ingredients, and the ledger."""
        lines = self.lines.job(count)
        what = {"recipe": portable_det(self.recipe), "ingredients": lines.config["ingredients"]}
        if self.known:
            rows = [
                [p.name, *([k.polygon.tolist(), k.text, k.ignored] for k in self.known[p])] for p in self.lines.photos
            ]
            what["known"] = digest_of(rows)
        return Job("scenes", what, count, shard_size, lines.ledger, retries=True, store="photos")


def prepare_scenes(recipe: DetRecipe) -> SceneSynthesis:
    """Find the recipe's fonts, texts and photos, check that some font has its characters, and draw the first scenes.

    recipe: from `load_det_recipe`, its paths absolute. Raises UserError naming what is missing or impossible.
    """
    found = find_fonts(recipe.fonts, Path.cwd())
    photos: list[Path] = []
    skipped = dict(found.skipped)
    configured = recipe.backgrounds.photos
    if configured and configured.weight:
        photos, broken = find_photos(Path(configured.folder), configured.limit)
        skipped |= broken
    known: dict[Path, list[Known]] = {}
    if configured and configured.labels and photos:
        known = read_known(Path(configured.labels), photos)
        photos = [photo for photo in photos if photo in known]
    lines = Synthesis(recipe.line_recipe(), found.faces, photos, skipped)
    open_texts(lines)
    synthesis = SceneSynthesis(recipe, lines, known)
    _check_coverage(synthesis.engine.writer)
    for _ in synthesis.engine.pictures(np.arange(TRIAL, dtype=np.int64)):
        pass  # an impossible recipe shows itself before a folder is made
    return synthesis


def _check_coverage(writer: Writer) -> None:
    """Refuse characters that the recipe certainly draws and that no font has."""
    wanted = writer.mix.alphabet()
    if writer.charset is not None:
        wanted &= set(writer.charset.characters)
    if told := uncovered(writer.faces, wanted):
        raise UserError(told)


def synth_scenes(
    recipe: DetRecipe,
    count: int,
    out: Path,
    workers: int = 0,
    progress: Callable[[int], None] = lambda scenes: None,
    shard_size: int = SHARD,
) -> dict[str, Any]:
    """Write exactly `count` scenes to `out`, or finish what was begun; returns the manifest.

    Scene i depends on the recipe and i alone. Raises UserError for an impossible recipe or a foreign folder.
    """
    if count < 1:
        raise UserError(f"the number of scenes must be 1 or more (is {count})")
    synthesis = prepare_scenes(recipe)
    return run_job(synthesis.job(count, shard_size), synthesis, out, workers, progress)
