"""Blocks: one or several lines of one font and colour on one plane; their parameters and texts for a batch."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np

from ...datasets.records import Refusal
from ...fonts.face import Vertical
from ..colours import outline_colours, pick
from ..layout import Piece
from ..learnt import LearntPairs
from ..rng import Draws, Integers
from ..writer import Writer
from .recipe import MOST_BLOCKS, MOST_LINES, DetRecipe

RESERVED = frozenset({"###", "*", "待识别", "TEMPORARY"})  # labels that readers take for "not to be learnt from"
CANDIDATES = 4  # faces drawn for a block; the first that has its first text is taken


@dataclass(slots=True)
class Look:
    """How a block stands and what lies under it; sizes in px, angles in degrees. See the recipe's sections.

    lot: 0..1, which of the free places. align: 0 left, 0.5 centred, 1 right. cut: share beyond the edge, 0 for none.
    weight: of the ink's strokes. panel_colour, border_colour: BGR. ink: on a panel, nan for any that stands out.
    stacked: Latin letters stand upright in a column.
    """

    em: float
    gap: float
    spacing: float
    align: float
    yaw: float
    pitch: float
    rotation: float
    lot: float
    cut: float
    weight: float
    panel: bool
    margin: float
    border: float
    panel_shadow: float
    panel_colour: list[float]
    border_colour: list[float]
    ink: list[float]
    vertical: bool
    stacked: bool


@dataclass(slots=True)
class Block:
    """A block to be placed: its lines in one face. row: its place in the batch's numbers."""

    row: int
    look: Look
    face: int
    texts: list[str]
    pieces: list[Piece]


@dataclass(slots=True)
class Composed:
    """The blocks of a batch of scenes, each after the refusals of its lines, and the numbers they were drawn from."""

    draws: Draws
    scenes: list[list[Block | Refusal]]


def draw_looks(recipe: DetRecipe, draws: Draws, learnt: LearntPairs | None) -> list[Look]:
    """One look for each of the batch. learnt: colours of real crops."""
    scene, panel = recipe.scene, recipe.panel
    low, high = np.log(scene.em)
    tilt = draws.between("block.tilt", scene.tilt)
    towards = 2 * np.pi * draws.uniform("block.towards")
    colour = pick(panel.palette, draws, "panel")
    ink = np.full_like(colour, np.nan)
    if learnt is not None:
        on = draws.chance("ink.learnt", recipe.ink.learnt)[:, None]
        found, paper = learnt.pairs(draws, recipe.ink.contrast)
        ink, colour = np.where(on, found, np.nan), np.where(on, paper, colour)
    columns = {
        "em": np.exp(low + (high - low) * draws.uniform("block.em")),  # by ratio: small text is as likely as large
        "gap": draws.between("block.gap", scene.gap),
        "spacing": draws.between("block.spacing", scene.spacing),
        "align": draws.choose("block.align", (2, 2, 0.5)) / 2,
        "yaw": tilt * np.cos(towards),
        "pitch": tilt * np.sin(towards),
        "rotation": draws.between("block.rotation", scene.rotation),
        "lot": draws.uniform("block.lot"),
        "cut": np.where(draws.chance("block.cut", scene.cut), draws.between("block.beyond", (0.1, 0.6)), 0),
        "weight": draws.between("ink.weight", recipe.ink.weight),
        "panel": draws.chance("panel", panel.probability),
        "margin": draws.between("panel.margin", panel.margin),
        "border": draws.between("panel.border", panel.border),
        "panel_shadow": draws.between("panel.shadow", panel.shadow),
        "panel_colour": colour,
        "border_colour": outline_colours(draws.fork("border"), colour),
        "ink": ink,
        "vertical": draws.chance("block.vertical", scene.vertical),
        "stacked": draws.uniform("block.stacked") < 0.5,
    }
    names = [f.name for f in fields(Look)]
    return [Look(*values) for values in zip(*(columns[name].tolist() for name in names), strict=True)]


class Composer:
    """Draws the blocks of scenes."""

    def __init__(self, recipe: DetRecipe, writer: Writer) -> None:
        self.recipe = recipe
        self.writer = writer
        self.learnt = LearntPairs.read(Path(recipe.ink.pairs)) if recipe.ink.pairs else None
        self._weights = [f.weight for f in writer.faces.refs]

    def compose(self, index: Integers, attempt: int, counts: Integers) -> Composed:
        """The blocks of each scene, `counts` of them."""
        scenes = np.repeat(np.arange(len(index)), counts)
        number = np.arange(len(scenes)) - np.repeat(np.cumsum(counts) - counts, counts)
        blocks = index[scenes] * MOST_BLOCKS + number
        draws = Draws(self.recipe.seed, blocks, attempt)
        looks = draw_looks(self.recipe, draws, self.learnt)
        few, many = self.recipe.scene.lines
        lines = few + draws.integer("block.lines", many - few + 1)
        texts = self._texts(blocks, lines, attempt)
        faces = np.stack([draws.choose(f"font.{k}", self._weights) for k in range(CANDIDATES)], axis=1).tolist()
        result = Composed(draws, [[] for _ in index])
        for row, (place, look, mine, tried) in enumerate(zip(scenes.tolist(), looks, texts, faces, strict=True)):
            result.scenes[place] += self._block(int(index[place]), row, look, mine, tried)
        return result

    def _texts(self, blocks: Integers, lines: Integers, attempt: int) -> list[list[str]]:
        owner = np.repeat(np.arange(len(blocks)), lines)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(lines) - lines, lines)
        index = blocks[owner] * MOST_LINES + number
        drawn = self.writer.mix.draw(Draws(self.recipe.seed, index, attempt), index, attempt)
        ends = np.cumsum(lines).tolist()
        return [drawn[end - count : end] for end, count in zip(ends, lines.tolist(), strict=True)]

    def _block(self, scene: int, row: int, look: Look, texts: list[str], faces: list[int]) -> list[Block | Refusal]:
        refused: list[Block | Refusal] = []
        kept: list[str] = []
        for text in texts:
            problem = self.writer.problem(text) or (("reserved_text", "") if text in RESERVED else None)
            if problem:
                refused.append(self._refusal(scene, problem, text, faces[0]))
            else:
                kept.append(text)
        if not kept:
            return refused
        look.vertical = look.vertical and all(len(text) > 1 for text in kept)
        face = next((f for f in faces if not self.writer.faces[f].missing(kept[0])), faces[0])
        block = Block(row, look, face, [], [])
        way: Vertical | Literal[False] = False
        if look.vertical:
            way = "upright" if look.stacked else "sideways"
        for text in kept:
            run = self.writer.faces[face].place(text, way)
            if run is None:
                refused.append(self._refusal(scene, self.writer.faces[face].refusal(text), text, face))
            else:
                block.texts.append(text)
                block.pieces.append(Piece(face, run))
        return [*refused, block] if block.texts else refused

    def _refusal(self, scene: int, problem: tuple[str, str], text: str, face: int) -> Refusal:
        refusal = self.writer.refusal(problem[0], scene, problem[1], text, face)
        return replace(refusal, origin=f"scene {scene}")
