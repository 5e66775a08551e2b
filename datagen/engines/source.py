"""A recipe drawn by another program: the source of a job, like the built-in engine's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...corpora.leaks import Leaks
from ...datasets.images import Image, encode_jpeg
from ...datasets.records import Item, Items, Refusal, Sample
from ...errors import UserError
from ...fonts.discover import FaceRef, find_fonts
from ...fonts.face import Faces
from ...fonts.report import uncovered
from ...prep.jobs import Job, run_job
from ..backgrounds import find_photos
from ..pictured import Examples
from ..recipe import Recipe
from ..rng import Integers
from ..synth import SHARD, TRIAL, Synthesis, open_texts
from .catalogue import known_engine
from .checks import refused, too_large
from .install import interpreter
from .lines import Asker, Line
from .options import OPTIONS, EngineOptions
from .worker import Declined, Picture, Reply, Worker

BATCH = 32
USED = {
    *("attempts", "backgrounds", "charset", "chroma", "ctc_stride", "fonts", "height", "held_out", "jpeg", "lengths"),
    *("max_length", "max_width", "quota", "seed", "texts"),
}


class Drawing(NamedTuple):
    """One sample: what was asked for, the picture, and the refusals of earlier attempts."""

    line: Line
    image: Image
    refusals: list[Refusal]


@dataclass
class Driven:
    """A recipe, its ingredients and the program that draws it. Each process starts its own program on first use.

    command: the interpreter that has the engine, and the worker. versions: what pixels depend on, as it says itself.
    """

    found: Synthesis
    engine: str
    command: tuple[str, ...]
    options: EngineOptions
    seconds: float = 60.0
    versions: dict[str, str] = field(default_factory=dict)
    _worker: Worker | None = field(default=None, repr=False, compare=False)
    _asker: Asker | None = field(default=None, repr=False, compare=False)
    _examples: Examples = field(default_factory=Examples, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_worker": None, "_asker": None}

    @property
    def recipe(self) -> Recipe:
        """The recipe, its paths absolute and its labels opened as files."""
        return self.found.recipe

    @property
    def faces(self) -> list[FaceRef]:
        """The fonts that are drawn with."""
        return self.found.faces

    @property
    def skipped(self) -> dict[str, str]:
        """Fonts and photos that were passed over, and why."""
        return self.found.skipped

    @property
    def leaks(self) -> Leaks | None:
        """Which held-out texts stand in the corpus, where any are named."""
        return self.found.leaks

    @property
    def worker(self) -> Worker:
        """The program of this process."""
        if self._worker is None:
            setup = {
                "options": self.options.model_dump(mode="json"),
                "height": self.recipe.height,
                "photos": [str(p) for p in self.found.photos],
            }
            self._worker = Worker(self.command, setup, self.seconds)
            found = self._worker.hello["versions"]
            if self.versions and found != self.versions:
                raise UserError(
                    f"{self.command[0]} changed while the job ran: it was {self.versions} and is {found} now"
                )
            self.versions = found
        return self._worker

    @property
    def asker(self) -> Asker:
        """What draws texts, faces, backgrounds and seeds."""
        if self._asker is None:
            shapes = bool(self.worker.hello["shapes"])
            self._asker = Asker(self.found, Faces(self.faces), self.options, shapes)
        return self._asker

    @property
    def unused(self) -> list[str]:
        """Sections that the recipe sets and this engine knows nothing of; its own options stand in their place."""
        fields = type(self.recipe).model_fields
        default = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
        return sorted(n for n in fields if n not in USED and getattr(self.recipe, n) != default[n])

    def close(self) -> None:
        """End the program of this process."""
        if self._worker is not None:
            self._worker.close()

    def items(self, start: int, stop: int) -> Items:
        """Samples `start` to `stop` in order, each after the refusals of its earlier attempts."""
        self._examples.clear()
        for first in range(start, stop, BATCH):
            yield from self._batch(np.arange(first, min(first + BATCH, stop), dtype=np.int64))

    def _batch(self, index: Integers) -> Iterator[Item]:
        for line, image, refusals in self.pictures(index):
            yield from refusals
            origin = f"{self.engine} {line.index}, {line.font}"
            yield Sample(encode_jpeg(image, line.quality, line.fine), line.request.text, origin, font=line.font)

    def pictures(self, index: Integers) -> Iterator[Drawing]:
        """Each sample's picture, in order. Raises UserError where a sample was refused in every attempt."""
        refusals: list[list[Refusal]] = [[] for _ in index]
        done: dict[int, tuple[Line, Image]] = {}
        waiting = list(range(len(index)))
        for attempt in range(self.recipe.attempts):
            for place, made in zip(waiting, self._attempt(index[waiting], attempt), strict=True):
                if isinstance(made, Refusal):
                    refusals[place].append(made)
                else:
                    done[place] = made
            waiting = [i for i in waiting if i not in done]
            if not waiting:
                break
        else:
            raise UserError(_impossible(refusals[waiting[0]]))
        for place in range(len(index)):
            yield Drawing(*done[place], refusals[place])

    def _attempt(self, index: Integers, attempt: int) -> list[tuple[Line, Image] | Refusal]:
        """One try for each sample: a picture or a refusal."""
        asked = self.asker.ask(index, attempt)
        requests = [line.request for line in asked if isinstance(line, Line)]
        replies = iter(self.worker.render(requests) if requests else [])
        return [self._judged(line, next(replies)) if isinstance(line, Line) else line for line in asked]

    def _judged(self, line: Line, reply: Reply) -> tuple[Line, Image] | Refusal:
        text = line.request.text
        if isinstance(reply, Declined):
            found: tuple[str, str] | None = (reply.reason, reply.detail)
        elif reply.image.shape[0] != self.recipe.height:
            found = "wrong_height", f"{reply.image.shape[0]} px"
        else:
            width, stride = reply.image.shape[1], self.recipe.ctc_stride
            found = too_large(text, width, self.recipe.max_width, stride) or refused(text, reply, self.options)
        if found is None and not isinstance(reply, Declined):
            return line, reply.image
        reason, detail = found or ("engine_error", "")
        detail = f"{detail}, font {line.font}".removeprefix(", ")
        shown = self._examples.next(reason)
        thumb = encode_jpeg(reply.image) if isinstance(reply, Picture) and shown else None
        return Refusal(reason, f"sample {line.index}", detail, text, thumb, line.font)

    def job(self, count: int, shard_size: int = SHARD) -> Job:
        """The job that makes `count` samples: recipe, ingredients, engine, its options and versions, and the ledger."""
        known = known_engine(self.engine)
        job = self.found.job(count, shard_size)
        engine = {
            "name": self.engine,
            "options": self.options.model_dump(mode="json"),
            "versions": self.versions,
            "unused": self.unused,
        }
        row = {"kind": "engine", "name": self.engine, "licence": known.licence, "source": known.repository}
        return replace(job, config={**job.config, "engine": engine}, ledger=[*job.ledger, row])


def _impossible(refusals: list[Refusal]) -> str:
    last = refusals[-1]
    reasons = ", ".join(f"{reason} {n} times" for reason, n in Counter(r.reason for r in refusals).items())
    return (
        f"{last.origin}: all {len(refusals)} attempts were refused ({reasons}); the last one: {last.reason}, "
        f"{last.detail}, text {last.text!r}: widen the engine's options, or give other texts or fonts"
    )


def drive(
    recipe: Recipe,
    engine: str,
    python: Path | None = None,
    options: EngineOptions | None = None,
    seconds: float = 60.0,
) -> Driven:
    """Find the recipe's fonts and photos, start the engine and draw the first samples.

    python: an interpreter that has the engine; None: the one that `ocrdata engines install` made. seconds: allowed
    for a batch of lines before the program counts as hanging. Raises UserError naming what is missing.
    """
    known = known_engine(engine)
    if recipe.boxes:
        raise UserError(f"boxes: {engine} does not say where its characters are; leave boxes out, or the engine")
    if changed := next((font.name for font in recipe.fonts if font.width != 1 or font.strike), ""):
        raise UserError(f"fonts: {engine} draws fonts as they are; leave `width` and `strike` of '{changed}' out")
    options = options or OPTIONS[engine]()
    program = python.absolute() if python else interpreter(engine)
    command = (str(program), str(known.script))
    driven = Driven(_ingredients(recipe, engine, options), engine, command, options, seconds)
    writer = driven.asker.writer
    wanted = writer.mix.alphabet() & set(writer.charset.characters) if writer.charset else writer.mix.alphabet()
    if told := uncovered(writer.faces, wanted):
        raise UserError(told)
    for _ in driven.pictures(np.arange(TRIAL, dtype=np.int64)):
        pass  # an impossible recipe or a broken engine shows itself before a folder is made
    return driven


def _ingredients(recipe: Recipe, engine: str, options: EngineOptions) -> Synthesis:
    """Fonts, photos and texts."""
    fonts = find_fonts(recipe.fonts, Path.cwd())
    photos: list[Path] = []
    skipped = dict(fonts.skipped)
    if recipe.backgrounds.photos and recipe.backgrounds.photos.weight and options.photos:
        photos, broken = find_photos(Path(recipe.backgrounds.photos.folder), recipe.backgrounds.photos.limit)
        skipped |= broken
    if not photos and not any(options.backgrounds().values()):
        raise UserError(f"{engine}: the weights of its own backgrounds are 0 and the recipe names no photos")
    found = Synthesis(recipe, fonts.faces, photos, skipped)
    open_texts(found)
    return found


def engine_synth(
    driven: Driven,
    count: int,
    out: Path,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
    shard_size: int = SHARD,
) -> dict[str, Any]:
    """Write a pack of exactly `count` samples to `out`, or finish one that was begun; returns its manifest.

    Sample i depends on recipe, options, engine and i alone. Raises UserError for a foreign folder, Trouble for an
    engine that dies or hangs again and again.
    """
    if count < 1:
        raise UserError(f"the number of samples must be 1 or more (is {count})")
    try:
        return run_job(driven.job(count, shard_size), driven, out, workers, progress)
    finally:
        driven.close()
