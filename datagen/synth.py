"""Synthetic lines end to end: a recipe becomes a pack of exactly so many samples."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from ..corpora.leaks import HeldOut, Leaks
from ..corpora.sources import FileText, LabelText, RandomText
from ..datasets.images import Image, encode_jpeg
from ..datasets.records import Item, Items, Refusal, Sample
from ..errors import UserError
from ..fonts.discover import FaceRef, find_fonts
from ..fonts.face import Faces
from ..fonts.glyphs import GlyphCache, GlyphTable
from ..fonts.licence import file_hash, ledger_row
from ..fonts.report import uncovered
from ..prep.corpora import find_leaks, open_labels_as_files, read_held_out
from ..prep.jobs import Job, run_job
from . import scene
from .backgrounds import Bank, find_photos, photo_bank, texture_bank
from .batch import Planned
from .boxes import to_json
from .line import Line
from .paint import Painter
from .pictured import Examples, in_its_font
from .plan import Planner
from .recipe import Recipe, portable
from .writer import Writer

BATCH = 1024
WINDOW = 4 * BATCH  # lines whose refused ones are tried again together: planning one costs as much as a hundred
SHARD = 10_000
TRIAL = 16
Drawn = TypeVar("Drawn")


@contextmanager
def _few_collections() -> Iterator[None]:
    """Lines make many small objects and no cycles: looking for cycles would take a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Engine:
    """Makes samples of a recipe; holds the fonts, glyphs, texts and backgrounds of one process."""

    def __init__(
        self, recipe: Recipe, refs: list[FaceRef], photos: list[Path], held_out: HeldOut | None = None
    ) -> None:
        self.recipe = recipe
        self._examples = Examples()
        self.faces = Faces(refs)
        table = GlyphTable(self.faces)
        self.glyphs = GlyphCache(self.faces, table)
        banks = _banks(recipe, photos)
        self.planner = Planner(recipe, Writer(recipe, self.faces, held_out), table, banks)
        self.painter = Painter(recipe, self.glyphs, banks)

    def items(self, start: int, stop: int) -> Items:
        """Samples `start` to `stop` in order, each after the refusals of its earlier attempts."""
        self._examples.clear()
        with _few_collections():
            for first in range(start, stop, WINDOW):
                yield from self._window(np.arange(first, min(first + WINDOW, stop), dtype=np.int64))

    def pictures(self, index: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[tuple[Line, Image, list[Refusal]]]:
        """The picture of each sample with its parameters and the refusals before it, in order.

        Raises UserError where a sample was refused in every attempt.
        """
        for (line, image), refusals in self._drawn(index, lambda planned, k, image: (planned.line(k), image.copy())):
            yield line, image, refusals

    def _drawn(
        self, index: np.ndarray[Any, np.dtype[np.int64]], finish: Callable[[Planned, int, Image], Drawn]
    ) -> Iterator[tuple[Drawn, list[Refusal]]]:
        """What `finish` makes of each picture, called while it is still in the processor's cache."""
        refusals: list[list[tuple[Refusal, Planned | None, int]]] = [[] for _ in index]
        done: dict[int, Drawn] = {}
        waiting = np.arange(len(index))
        for attempt in range(self.recipe.attempts):
            for part in np.split(waiting, range(BATCH, len(waiting), BATCH)):
                batch = self.planner.batch(index[part], attempt)
                for place, refusal in batch.refused.items():
                    refusals[part[place]].append((refusal, None, 0))
                for k, painted in enumerate(self.painter.paint_all(batch.planned) if batch.planned else ()):
                    place = int(part[batch.places[k]])
                    if isinstance(painted, Refusal):
                        refusals[place].append((painted, batch.planned, k))
                    elif batch.planned:
                        done[place] = finish(batch.planned, k, painted)
            waiting = np.array([i for i in waiting.tolist() if i not in done], np.int64)
            if not len(waiting):
                break
        else:
            raise UserError(_impossible([refusal for refusal, _, _ in refusals[int(waiting[0])]]))
        for place in range(len(index)):
            yield done[place], [self._with_picture(*refused) for refused in refusals[place]]

    def _window(self, index: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[Item]:
        for sample, refusals in self._drawn(index, self._sample):
            yield from refusals
            yield sample

    def _sample(self, planned: Planned, k: int, image: Image) -> Sample:
        looks, written = planned.looks, planned.shaped.written
        font = self.faces.refs[written.faces[k]].name
        polygons = ""
        if self.recipe.boxes:
            polygons = to_json(planned.line(k), self.planner.table, self.recipe.height)
        data = encode_jpeg(image, int(looks.quality[k]), bool(looks.fine[k]))
        return Sample(data, written.texts[k], f"synth {planned.index[k]}, {font}", font=font, polygons=polygons)

    def _with_picture(self, refusal: Refusal, planned: Planned | None, k: int) -> Refusal:
        """The first few refusals of each reason since `items` began show what was refused."""
        if not self._examples.next(refusal.reason):
            return refusal
        if planned is None:
            picture = in_its_font(refusal, self.faces, self.recipe.height)
        else:
            picture = self.painter.look(planned.line(k))
        return replace(refusal, thumb=encode_jpeg(picture)) if picture.size else refusal


def _banks(recipe: Recipe, photos: list[Path]) -> dict[int, Bank]:
    banks = {}
    if recipe.backgrounds.texture.weight:
        banks[scene.TEXTURE] = texture_bank(recipe.seed, recipe.max_width, recipe.height)
    if photos:
        banks[scene.PHOTO] = photo_bank(photos, recipe.max_width, recipe.height)
    return banks


def _impossible(refusals: list[Refusal]) -> str:
    last = refusals[-1]
    reasons = ", ".join(f"{r} {n} times" for r, n in _count(refusals).items())
    about = f", {last.detail}" if last.detail else ""
    return (
        f"{last.origin}: all {len(refusals)} attempts were refused ({reasons}); the last one: {last.reason}{about}, "
        f"text {last.text!r}: widen the recipe's ranges, or give other texts or fonts"
    )


def _count(refusals: list[Refusal]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for refusal in refusals:
        counts[refusal.reason] = counts.get(refusal.reason, 0) + 1
    return counts


@dataclass
class Synthesis:
    """A recipe with its ingredients found: the source of a job. Each process opens its own engine on first use.

    named: the recipe as JSON values, as it was given; in `recipe` itself labels are opened as files, which live in
    `scratch` as long as this object does. leaks: which held-out texts stand in the corpus, where any are named.
    """

    recipe: Recipe
    faces: list[FaceRef]
    photos: list[Path]
    skipped: dict[str, str]
    held_out: HeldOut | None = None
    leaks: Leaks | None = None
    scratch: TemporaryDirectory[str] | None = field(default=None, repr=False, compare=False)
    named: dict[str, Any] = field(init=False)
    _engine: Engine | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.named = portable(self.recipe)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None, "scratch": None}

    @property
    def engine(self) -> Engine:
        """The engine of this process."""
        if self._engine is None:
            self._engine = Engine(self.recipe, self.faces, self.photos, self.held_out)
        return self._engine

    def items(self, start: int, stop: int) -> Items:
        """Samples `start` to `stop`, each after the refusals of its earlier attempts."""
        return self.engine.items(start, stop)

    def job(self, count: int, shard_size: int = SHARD) -> Job:
        """The job that makes `count` samples: recipe, hashes of all ingredients, and the ledger."""
        ledger = [ledger_row(f) for f in self.faces]
        ledger += [_ledger("background", p) for p in self.photos]
        ledger += [_ledger(kind, Path(name), label) for kind, name, label in self._files()]
        if self.held_out is not None:
            ledger.append({"kind": "held out", "name": "texts", "sha256": self.held_out.digest, "licence": ""})
        ledger += [
            {"kind": "skipped", "name": Path(name).name, "reason": why} for name, why in sorted(self.skipped.items())
        ]
        known = [row for row in ledger if "sha256" in row]
        hashes = {f"{row['kind']} {number} {row['name']}": row["sha256"] for number, row in enumerate(known)}
        what = {"recipe": self.named, "ingredients": hashes}
        return Job("synth", what, count, shard_size, ledger, retries=True)

    def _files(self) -> Iterator[tuple[str, str, str]]:
        """What else the bytes depend on: kind, path, and the name as the recipe gave it."""
        for text, named in zip(self.recipe.texts, self.named["texts"], strict=True):
            if isinstance(text, FileText):
                yield "corpus", text.path, named["path"]
            elif isinstance(text, RandomText) and text.characters and text.characters.endswith(".txt"):
                yield "corpus", text.characters, named["characters"]
        quota = self.recipe.quota.characters if self.recipe.quota else None
        others = {"charset": self.recipe.charset, "quota": quota, "colours": self.recipe.ink.pairs}
        for kind, name in others.items():
            if name and Path(name).suffix in (".txt", ".yml", ".yaml", ".json"):
                yield kind, name, Path(name).name


def _ledger(kind: str, path: Path, name: str = "") -> dict[str, str]:
    return {"kind": kind, "name": name or path.name, "sha256": file_hash(path), "licence": "not stated"}


def prepare(recipe: Recipe) -> Synthesis:
    """Find the recipe's fonts and photos, check that some font has its characters, and draw the first samples.

    recipe: from `load_recipe`, its paths absolute. Raises UserError naming what is missing.
    """
    found = find_fonts(recipe.fonts, Path.cwd())
    photos: list[Path] = []
    skipped = dict(found.skipped)
    if recipe.backgrounds.photos and recipe.backgrounds.photos.weight:
        photos, broken = find_photos(Path(recipe.backgrounds.photos.folder), recipe.backgrounds.photos.limit)
        skipped |= broken
    synthesis = Synthesis(recipe, found.faces, photos, skipped)
    open_texts(synthesis)
    _check_coverage(synthesis.engine)
    for _ in synthesis.engine.pictures(np.arange(TRIAL, dtype=np.int64)):
        pass  # an impossible recipe shows itself before a folder is made
    return synthesis


def open_texts(synthesis: Synthesis) -> None:
    """Write labels to files that can be drawn from, and read what is held out."""
    recipe = synthesis.recipe
    if recipe.held_out:
        synthesis.held_out = read_held_out(recipe.held_out)
        synthesis.leaks = find_leaks(recipe.texts, recipe.held_out)
    if any(isinstance(text, LabelText) for text in recipe.texts):
        synthesis.scratch = TemporaryDirectory(prefix="ocrdata-texts-", ignore_cleanup_errors=True)
        texts = open_labels_as_files(recipe.texts, Path(synthesis.scratch.name))
        synthesis.recipe = recipe.model_copy(update={"texts": texts})


def _check_coverage(engine: Engine) -> None:
    """Refuse characters that the recipe certainly draws and that no font has."""
    wanted = engine.planner.writer.mix.alphabet()
    if engine.planner.writer.charset is not None:
        wanted &= set(engine.planner.writer.charset.characters)
    if told := uncovered(engine.faces, wanted):
        raise UserError(told)


def synth(
    recipe: Recipe,
    count: int,
    out: Path,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
    shard_size: int = SHARD,
) -> dict[str, Any]:
    """Write a pack of exactly `count` samples to `out`, or finish one that was begun; returns its manifest.

    Sample i depends on the recipe and i alone. Raises UserError for an impossible recipe or a foreign folder.
    """
    if count < 1:
        raise UserError(f"the number of samples must be 1 or more (is {count})")
    synthesis = prepare(recipe)
    return run_job(synthesis.job(count, shard_size), synthesis, out, workers, progress)
