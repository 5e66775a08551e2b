"""Finding a place for a block: flat enough, free, and in perspective."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...datasets.records import Refusal
from ...fonts.glyphs import GlyphTable
from ..rng import Draws, Floats
from .blocks import Block
from .ground import Ground
from .paint import Panel, Stroke
from .pose import VIEW, plane, project, shift
from .recipe import DetRecipe
from .typeset import Typeset, edges, typeset

SHRINK = (1.0, 0.75, 0.55, 0.4)  # sizes tried where a block finds no room
BARE = 0.15  # em of free room around text without a panel
UNDER_PANEL = 3  # how much more texture and contrast a panel may cover


@dataclass(slots=True)
class Placed:
    """A block in the scene. plane: (3, 3) map of its px to the scene's; em: of its font, px; box: left, top, right,
    bottom of its ink and the room around it, px of the plane."""

    block: Block
    set: Typeset
    plane: Floats
    em: float
    box: Floats
    panel: Panel | None = None
    strokes: list[Stroke] = field(default_factory=list)


def place(recipe: DetRecipe, table: GlyphTable, block: Block, ground: Ground, draws: Draws) -> Placed | Refusal:
    """Find room for the block, smaller if need be, and on a panel where nothing is flat enough without.

    A refusal, whose origin and text are to be filled in, is about each of its lines.
    """
    set_ = typeset(table, block, recipe.curve, draws)
    if set_ is None:
        return Refusal("blank_glyph", "", "no ink")
    placed = _fit(recipe, block, set_, ground)
    if placed is None and recipe.panel.probability and not block.look.panel:
        block.look.panel = True
        placed = _fit(recipe, block, set_, ground)
    if placed is None:
        size = " x ".join(f"{v:.0f}" for v in (set_.bounds[2:] - set_.bounds[:2]) * block.look.em)
        return Refusal("no_room", "", f"{size} px found no flat place")
    return placed


def _fit(recipe: DetRecipe, block: Block, set_: Typeset, ground: Ground) -> Placed | None:
    scene, look = recipe.scene, block.look
    leniency = UNDER_PANEL if look.panel else 1
    distance = VIEW * max(ground.width, ground.height)
    rim = (look.margin if look.panel else BARE) * np.array([-1, -1, 1, 1])
    for factor in SHRINK:
        em = look.em * factor
        if factor < 1 and em < scene.em[0]:
            break
        box = (set_.bounds + rim) * em
        matrix = plane(box, (look.yaw, look.pitch), look.rotation + 90 * look.vertical, distance)
        quad = project(matrix, edges(box, False))
        low, high = quad.min(axis=0), quad.max(axis=0)
        middle = ground.find(high - low, look.lot, scene.flat * leniency, scene.even * leniency)
        if middle is not None:
            middle = _over_the_edge(look.cut, middle, quad - (low + high) / 2, ground)
            move = middle - (low + high) / 2
            ground.take(quad + move)
            return Placed(block, set_, shift(move) @ matrix, em, box)
    return None


def _over_the_edge(cut: float, middle: Floats, quad: Floats, ground: Ground) -> Floats:
    """The middle moved towards the nearest edge until a share of the block lies beyond, where that is free."""
    if not cut:
        return middle
    half = (quad.max(axis=0) - quad.min(axis=0)) / 2
    size = np.array([ground.width, ground.height])
    room = np.concatenate([middle - half, size - middle - half])
    side = int(room.argmin())
    axis, sign = side % 2, 1 if side >= 2 else -1
    moved = middle.copy()
    moved[axis] += sign * (room[side] + 2 * half[axis] * cut)
    return moved if ground.free(quad + moved) else middle
