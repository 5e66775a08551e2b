"""One scene: blocks find their places, panels and text are painted, and the entries say what is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.records import Refusal
from ...fonts.face import EM
from ...fonts.glyphs import GlyphCache, GlyphTable
from ..colours import Behind, Toning, ink_colours
from ..effects.base import Step
from ..rng import Draws, Floats
from . import paint
from .backdrop import Backdrop
from .blocks import Block
from .camera import Shot, draw_steps, known
from .ground import Ground
from .labels import Entry, clip, outside
from .paint import Panel, Sheet, Stroke
from .pose import VIEW, plane, project, shift
from .recipe import LETTERS, DetRecipe
from .typeset import Typeset, edges, quads, rasterised, typeset

SHRINK = (1.0, 0.75, 0.55, 0.4)  # sizes tried where a block finds no room
BARE = 0.15  # em of free room around text without a panel
UNDER_PANEL = 3  # how much more texture and contrast a panel may cover
BOX = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]])  # x, y, width, height to four sides
OUTWARDS = np.array([-1, -1, 1, 1])
FAINT = 0.5  # of the demanded contrast must be left, on average over the ink, after blur and thinning


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


@dataclass(slots=True)
class Inked:
    """How the blocks of a scene are written, a row for each."""

    colours: list[list[float]]
    opacity: list[float]
    shown: list[float]
    low: list[bool]
    steps: list[list[Step]]


class Stage:
    """Puts blocks on backdrops; holds what the scenes of a process share."""

    def __init__(self, recipe: DetRecipe, table: GlyphTable, glyphs: GlyphCache) -> None:
        self.recipe = recipe
        self.table = table
        self.glyphs = glyphs
        self.effects = recipe.effects(LETTERS)

    def play(
        self, origin: str, backdrop: Backdrop, blocks: list[Block], draws: Draws, shot: Shot
    ) -> list[Entry | Refusal]:
        """Write the blocks into the picture, in place; what can be read there, and what was refused.

        draws: the numbers of these blocks.
        """
        result: list[Entry | Refusal] = []
        rows: list[int] = []
        placed: list[Placed] = []
        ground = Ground(backdrop.image)
        for entry in backdrop.entries:
            ground.take(entry.polygon)
        for row, block in enumerate(blocks):
            found = self._place(block, ground, draws.take(np.array([row])), origin)
            if isinstance(found, Refusal):
                result += [replace(found, text=text) for text in block.texts]
            else:
                rows.append(row)
                placed.append(found)
        sheet = Sheet(backdrop.image, ground.shade)
        self._paint_panels(placed, sheet)
        for one in placed:
            result += self._strokes(one, sheet, origin)
        if placed:
            inked = self._ink(placed, draws.take(np.array(rows)), shot, sheet)
            for number, one in enumerate(placed):
                result += self._write(one, inked, number, sheet, shot, origin)
        return result

    def _place(self, block: Block, ground: Ground, draws: Draws, origin: str) -> Placed | Refusal:
        """Find room for the block, smaller if need be, and on a panel where nothing is flat enough without.

        A refusal is about each of its lines.
        """
        set_ = typeset(self.table, block, self.recipe.curve, draws)
        if set_ is None:
            return Refusal("blank_glyph", origin, "no ink", font=self.glyphs.faces.refs[block.face].name)
        placed = self._fit(block, set_, ground)
        if placed is None and self.recipe.panel.probability and not block.look.panel:
            block.look.panel = True
            placed = self._fit(block, set_, ground)
        if placed is None:
            size = " x ".join(f"{v:.0f}" for v in (set_.bounds[2:] - set_.bounds[:2]) * block.look.em)
            return Refusal("no_room", origin, f"{size} px found no flat place")
        return placed

    def _fit(self, block: Block, set_: Typeset, ground: Ground) -> Placed | None:
        scene, look = self.recipe.scene, block.look
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

    def _paint_panels(self, placed: list[Placed], sheet: Sheet) -> None:
        for one in placed:
            if one.block.look.panel:
                one.panel = paint.panel(sheet, one.block.look, one.plane, one.box, one.em)

    def _strokes(self, placed: Placed, sheet: Sheet, origin: str) -> list[Refusal]:
        """Draw the ink of the block's lines, to be painted later; those that cannot be are returned."""
        refusals: list[Refusal] = []
        for line in rasterised(placed.block, placed.set, placed.em, self.glyphs, origin):
            if isinstance(line, Refusal):
                refusals.append(line)
                continue
            stroke = paint.stroke(sheet, placed.block.look, line, placed.plane, _reach(self.recipe, placed.em))
            if stroke is None:
                refusals.append(Refusal("clipped", origin, "outside of the picture", line.text))
            else:
                placed.strokes.append(stroke)
        return refusals

    def _ink(self, placed: list[Placed], draws: Draws, shot: Shot, sheet: Sheet) -> Inked:
        """Choose each block's colours against all that lies behind it."""
        n, ink = len(placed), self.recipe.ink
        spans = [_span(one.strokes, ink.busy) for one in placed]
        behind = Behind(*(np.array(side) for side in zip(*spans, strict=True)))
        toning = Toning(*(np.repeat(column, n) for column in shot.toning_columns()))
        opacity = np.maximum(draws.between("ink.opacity", ink.opacity), 0.02)
        inks = ink_colours(ink, draws, behind, toning, opacity)
        height, width = sheet.shade.shape
        lines = known(np.full(n, width), np.full(n, height))
        lines.ink, lines.dark, lines.low, lines.high = inks.colour, inks.dark, behind.low, behind.high
        lines.scale = np.array([one.em * float(one.set.heights.mean()) / EM for one in placed])
        steps, _ = draw_steps(self.effects, draws, lines)
        return Inked(inks.colour.tolist(), opacity.tolist(), inks.shown.tolist(), inks.low.tolist(), steps)

    def _write(
        self, placed: Placed, inked: Inked, number: int, sheet: Sheet, shot: Shot, origin: str
    ) -> list[Entry | Refusal]:
        result: list[Entry | Refusal] = []
        least, shown = self.recipe.ink.contrast, inked.shown[number]
        for stroke in placed.strokes:
            mean, spread = stroke.paper
            paint.age(stroke, inked.steps[number])
            left = 0.0 if inked.low[number] else shown * _strength(shot, stroke.ink)
            if inked.low[number]:
                why = f"{shown:.0f} of lightness between ink and paper ({mean:.0f} ± {spread:.0f})"
            elif left < FAINT * least:
                why = f"{left:.0f} of lightness are left of {shown:.0f}"
            else:
                entry = self._entry(placed, stroke, sheet, shot)
                if len(entry.polygon):
                    paint.write(sheet, stroke, inked.colours[number], inked.opacity[number], inked.steps[number])
                    result.append(entry)
                else:
                    result.append(Refusal("clipped", origin, "outside of the picture", stroke.line.text))
                continue
            result.append(Refusal("low_contrast", origin, why, stroke.line.text))
        if placed.panel is not None and not any(isinstance(item, Entry) for item in result):
            placed.panel.remove(sheet)  # nobody puts up an empty sign
        return result

    def _entry(self, placed: Placed, stroke: Stroke, sheet: Sheet, shot: Shot) -> Entry:
        scene, line = self.recipe.scene, stroke.line
        height, width = sheet.shade.shape
        bent = line.bend is not None
        pad = scene.padding * (line.ink[3] - line.ink[1]) + 0.5 * line.scale
        around, box = edges(line.ink + pad * OUTWARDS, bent), edges(BOX @ line.text_box, bent)
        points = stroke.map.points(np.concatenate([around, box, quads(line.boxes).reshape(-1, 2)]))
        polygon, box, letters = np.split(points, [len(around), 2 * len(around)])
        letters = letters.reshape(-1, 4, 2)
        tall = _height(box) * shot.sharpness
        ignored = tall < self.recipe.least_height(line.text) or bool(
            (outside(letters, width, height) > scene.max_cut).any()
        )
        if placed.block.look.vertical:  # a column's first corner is its upper left
            polygon, letters = np.roll(polygon, 1, axis=0), np.roll(letters, 1, axis=1)
        if ignored:
            polygon = clip(polygon, width, height)
        return Entry(line.text, polygon, ignored, line.letters, letters)


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


def _reach(recipe: DetRecipe, em: float) -> int:
    """How far from the letters' box anything of a line may be painted, px."""
    shadow = recipe.shadow
    far = [
        recipe.outline.width[1] if recipe.outline.probability else 0,
        max(abs(v) for v in shadow.offset) + 3 * shadow.blur[1] if shadow.probability else 0,
        2 * em * recipe.bleed.spread[1] if recipe.bleed.probability else 0,
        em * recipe.extrusion.depth[1] if recipe.extrusion.probability else 0,
        em * recipe.emboss.width[1] if recipe.emboss.probability else 0,
    ]
    return 3 + int(np.ceil(max(recipe.ink.weight[1], 0) + max(far)))


def _span(strokes: list[Stroke], busy: float) -> tuple[float, float]:
    """The darkest and brightest lightness behind the lines of a block."""
    low = min((s.paper[0] - busy * s.paper[1] for s in strokes), default=0.0)
    high = max((s.paper[0] + busy * s.paper[1] for s in strokes), default=255.0)
    return max(low, 0.0), min(high, 255.0)


def _height(polygon: Floats) -> float:
    """The least height of a line, px, from points along its upper edge and back along its lower one."""
    half = len(polygon) // 2
    return float(np.linalg.norm(polygon[:half] - polygon[: half - 1 : -1], axis=1).min())


def _strength(shot: Shot, ink: NDArray[np.uint8]) -> float:
    """The mean coverage of the ink over itself, as the lens leaves it."""
    seen = shot.lens(ink)
    total = cv2.sumElems(seen)[0]
    return cv2.norm(seen, cv2.NORM_L2SQR) / (255 * total) if total else 0.0
