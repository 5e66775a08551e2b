"""Blocks: one or several lines of one font and colour on one plane; their parameters and texts for a batch."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ...datasets.records import Refusal
from ...fonts.face import Run
from ..colours import pick
from ..rng import Draws, Floats, Integers
from ..writer import Writer
from .recipe import MOST_BLOCKS, MOST_LINES, DetRecipe

RESERVED = frozenset({"###", "*", "待识别", "TEMPORARY"})  # labels that readers take for "not to be learnt from"
CANDIDATES = 4  # faces drawn for a block; the first that has its first text is taken


@dataclass(slots=True)
class Look:
    """How a block looks and stands; sizes in px, angles in degrees. See the recipe's sections.

    lot: 0..1, which of the free places. align: 0 left, 0.5 centred, 1 right. cut: share beyond the edge, 0 for none.
    ink, panel_colour, rim: BGR. polarity, depth: 0..1, whether the ink is dark and how far from the paper it is.
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
    panel: bool
    margin: float
    border: float
    panel_shadow: float
    panel_colour: list[float]
    ink: list[float]
    polarity: float
    depth: float
    opacity: float
    weight: float
    outline: int
    shadow: bool
    shadow_x: int
    shadow_y: int
    shadow_blur: float
    shadow_opacity: float
    vertical: bool


@dataclass(slots=True)
class Block:
    """A block to be placed. texts and runs: its lines, laid out by `face`."""

    look: Look
    face: int
    texts: list[str]
    runs: list[Run]


def draw_looks(recipe: DetRecipe, draws: Draws) -> list[Look]:
    """One look for each of the batch."""
    scene, panel, ink = recipe.scene, recipe.panel, recipe.ink
    low, high = np.log(scene.em)
    tilt = draws.between("block.tilt", scene.tilt)
    towards = 2 * np.pi * draws.uniform("block.towards")
    columns = {
        "em": np.exp(low + (high - low) * draws.uniform("block.em")),  # small text is as likely as large, by ratio
        "gap": draws.between("block.gap", scene.gap),
        "spacing": draws.between("block.spacing", scene.spacing),
        "align": draws.choose("block.align", (2, 2, 0.5)) / 2,
        "yaw": tilt * np.cos(towards),
        "pitch": tilt * np.sin(towards),
        "rotation": draws.between("block.rotation", scene.rotation),
        "lot": draws.uniform("block.lot"),
        "cut": np.where(draws.chance("block.cut", scene.cut), draws.between("block.beyond", (0.1, 0.6)), 0),
        "panel": draws.chance("panel", panel.probability),
        "margin": draws.between("panel.margin", panel.margin),
        "border": draws.between("panel.border", panel.border),
        "panel_shadow": draws.between("panel.shadow", panel.shadow),
        "panel_colour": pick(panel.palette, draws, "panel"),
        "ink": pick(ink.palette, draws, "ink"),
        "polarity": draws.uniform("ink.polarity"),
        "depth": draws.uniform("ink.luminance"),
        "opacity": np.maximum(draws.between("ink.opacity", ink.opacity), 0.02),
        "weight": draws.between("ink.weight", ink.weight),
        **_rims(recipe, draws),
        "vertical": draws.chance("block.vertical", scene.vertical),
    }
    names = [f.name for f in fields(Look)]
    return [Look(*values) for values in zip(*(columns[name].tolist() for name in names), strict=True)]


def _rims(recipe: DetRecipe, draws: Draws) -> dict[str, Floats | Integers]:
    outline, shadow = recipe.outline, recipe.shadow
    width = outline.width[0] + draws.integer("outline.width", outline.width[1] - outline.width[0] + 1)
    return {
        "outline": np.where(draws.chance("outline", outline.probability), width, 0),
        "shadow": draws.chance("shadow", shadow.probability),
        "shadow_x": np.rint(draws.between("shadow.x", shadow.offset)).astype(np.int64),
        "shadow_y": np.rint(draws.between("shadow.y", shadow.offset)).astype(np.int64),
        "shadow_blur": draws.between("shadow.blur", shadow.blur),
        "shadow_opacity": draws.between("shadow.opacity", shadow.opacity),
    }


class Composer:
    """Draws the blocks of scenes."""

    def __init__(self, recipe: DetRecipe, writer: Writer) -> None:
        self.recipe = recipe
        self.writer = writer
        self._weights = [f.weight for f in writer.faces.refs]

    def compose(self, index: Integers, attempt: int, counts: Integers) -> list[list[Block | Refusal]]:
        """For each scene its blocks, counts of them, each after the refusals of its lines."""
        scenes = np.repeat(np.arange(len(index)), counts)
        number = np.arange(len(scenes)) - np.repeat(np.cumsum(counts) - counts, counts)
        blocks = index[scenes] * MOST_BLOCKS + number
        draws = Draws(self.recipe.seed, blocks, attempt)
        looks = draw_looks(self.recipe, draws)
        few, many = self.recipe.scene.lines
        lines = few + draws.integer("block.lines", many - few + 1)
        texts = self._texts(blocks, lines, attempt)
        faces = np.stack([draws.choose(f"font.{k}", self._weights) for k in range(CANDIDATES)], axis=1).tolist()
        result: list[list[Block | Refusal]] = [[] for _ in index]
        for place, look, mine, candidates in zip(scenes.tolist(), looks, texts, faces, strict=True):
            result[place] += self._block(int(index[place]), look, mine, candidates)
        return result

    def _texts(self, blocks: Integers, lines: Integers, attempt: int) -> list[list[str]]:
        owner = np.repeat(np.arange(len(blocks)), lines)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(lines) - lines, lines)
        drawn = self.writer.draw_texts(Draws(self.recipe.seed, blocks[owner] * MOST_LINES + number, attempt))
        ends = np.cumsum(lines).tolist()
        return [drawn[end - count : end] for end, count in zip(ends, lines.tolist(), strict=True)]

    def _block(self, scene: int, look: Look, texts: list[str], faces: list[int]) -> list[Block | Refusal]:
        refused: list[Block | Refusal] = []
        kept: list[str] = []
        for text in texts:
            problem = self.writer._refused(text) or (("reserved_text", "") if text in RESERVED else None)
            if problem:
                refused.append(self.writer.refusal(problem[0], scene, problem[1], text, faces[0]))
            else:
                kept.append(text)
        if not kept:
            return refused
        face = next((f for f in faces if not self.writer.faces[f].missing(kept[0])), faces[0])
        block = Block(look, face, [], [])
        for text in kept:
            run = self.writer.faces[face].place(text, "sideways" if look.vertical else False)
            if run is None:
                missing = self.writer.faces[face].missing(text)
                refused.append(self.writer.refusal("missing_glyph", scene, missing, text, face))
            else:
                block.texts.append(text)
                block.runs.append(run)
        return [*refused, block] if block.texts else refused
