"""One scene: blocks find their places, panels and text are painted, and the entries say what is there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.records import Refusal
from ...fonts.face import EM
from ...fonts.glyphs import GlyphCache, GlyphTable
from ...prep.look import thumbnail
from ..colours import Behind, Toning, ink_colours, judge, lightness
from ..effects.base import Step
from ..pictured import Examples
from ..rng import Draws, Floats
from . import paint
from .backdrop import Backdrop
from .blocks import Block
from .camera import Shot, draw_steps, known
from .ground import Ground
from .labels import Entry, clip, outside
from .paint import Sheet, Stroke
from .place import Placed, place
from .recipe import LETTERS, DetRecipe
from .typeset import edges, quads, rasterised

BOX = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]])  # x, y, width, height to four sides
OUTWARDS = np.array([-1, -1, 1, 1])
FAINT = 0.5  # of the demanded contrast must be left, on average over the ink, after blur and thinning


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

    def __init__(self, recipe: DetRecipe, table: GlyphTable, glyphs: GlyphCache, examples: Examples) -> None:
        self.recipe = recipe
        self.table = table
        self.glyphs = glyphs
        self.examples = examples
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
            found = place(self.recipe, self.table, block, ground, draws.take(np.array([row])))
            if isinstance(found, Refusal):
                font = self._font(block) if found.reason == "blank_glyph" else ""
                result += [replace(found, origin=origin, text=text, font=font) for text in block.texts]
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

    def _font(self, block: Block) -> str:
        return self.glyphs.faces.refs[block.face].name

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
        learnt = np.array([one.block.look.ink for one in placed])
        taken = ~np.isnan(learnt[:, 0]) & np.array([one.panel is not None for one in placed])
        if taken.any():
            colour = np.where(taken[:, None], learnt, inks.colour)
            dark = np.where(taken, lightness(colour) < behind.low, inks.dark)
            inks = judge(ink, colour, dark, behind, toning, opacity)
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
            look = (inked.colours[number], inked.opacity[number], inked.steps[number])
            thumb = _look(sheet, stroke, shot, *look) if self.examples.wanted("low_contrast") else None
            result.append(Refusal("low_contrast", origin, why, stroke.line.text, thumb, self._font(placed.block)))
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


def _look(sheet: Sheet, stroke: Stroke, shot: Shot, colour: list[float], opacity: float, steps: list[Step]) -> bytes:
    """A small picture of a line that is not written, as it would have looked."""
    part = Sheet(sheet.image.copy(), sheet.shade)
    paint.write(part, stroke, colour, opacity, steps)
    return thumbnail(shot.lens(np.ascontiguousarray(part.image[stroke.window])))


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
