"""What another program is asked to draw: texts and faces by this package's own rules, backgrounds and seeds."""

from __future__ import annotations

from dataclasses import dataclass

from ...datasets.records import Refusal
from ...fonts.bidi import letters_join
from ...fonts.face import Faces
from ..layout import Layout
from ..rng import Draws, Integers
from ..synth import Synthesis
from ..writer import Mixed, Writer
from .options import EngineOptions
from .worker import Request


@dataclass(frozen=True, slots=True)
class Line:
    """One line to draw. quality, fine: of its JPEG."""

    index: int
    font: str
    quality: int
    fine: bool
    request: Request


class Asker:
    """Draws what an engine shall draw. A line depends on recipe, seed, index and attempt alone."""

    def __init__(self, found: Synthesis, faces: Faces, options: EngineOptions, shapes: bool) -> None:
        self.recipe = found.recipe
        self.faces = faces
        self.shapes = shapes
        plain = {"layout": Layout(), "mixed": Mixed()}  # one font and one direction is what engines draw
        self.writer = Writer(found.recipe.model_copy(update=plain), faces, found.held_out)
        own = options.backgrounds()
        self.kinds, weights = list(own), list(own.values())
        self.photos = len(found.photos)
        self.weights = [*weights, options.photos if found.photos else 0.0]

    def ask(self, index: Integers, attempt: int) -> list[Line | Refusal]:
        """A line to draw or a refusal for each sample."""
        draws = Draws(self.recipe.seed, index, attempt)
        kind = draws.choose("engine.background", self.weights).tolist()
        photo = draws.integer("engine.photo", self.photos).tolist()
        seed = draws.integer("engine.seed", 2**31).tolist()
        low, high = self.recipe.jpeg
        quality = (low + draws.integer("engine.quality", high - low + 1)).tolist()
        share = {"half": 0.0, "full": 1.0, "either": 0.5}[self.recipe.chroma]
        fine = draws.chance("engine.chroma", share).tolist()
        asked: list[Line | Refusal] = []
        for place, what in enumerate(self._written(draws, index, attempt)):
            if isinstance(what, Refusal):
                asked.append(what)
                continue
            text, face = what
            ref, number = self.faces.refs[face], int(index[place])
            if not self.shapes and letters_join(text):
                detail = "the engine draws letter by letter"
                asked.append(self.writer.refusal("needs_shaping", number, detail, text, face))
                continue
            behind = self.kinds[kind[place]] if kind[place] < len(self.kinds) else photo[place]
            request = Request(text, str(ref.path), ref.number, seed[place], behind, letters_join(text))
            asked.append(Line(number, ref.name, quality[place], fine[place], request))
        return asked

    def _written(self, draws: Draws, index: Integers, attempt: int) -> list[tuple[str, int] | Refusal]:
        """Text and face of each sample, the face one that shows all of its characters, or why there is none."""
        texts, refusals = self.writer.write(draws, index, attempt)
        found: dict[int, tuple[str, int] | Refusal] = {**refusals}
        for place, text, face in zip(texts.where, texts.texts, texts.faces, strict=True):
            found[place] = text, face
        return [found[place] for place in range(len(index))]
