"""One scene: backdrop, blocks at their places, text, and the label that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...datasets.images import Image
from ...datasets.records import Refusal
from ...fonts.glyphs import GlyphCache, GlyphTable
from ..rng import Floats
from . import ink as inks
from . import paint
from .blocks import Block
from .camera import Shot
from .ground import Ground
from .labels import Entry, clip, outside
from .paint import Canvas, Stroke
from .pose import VIEW, corners, plane, project, shift
from .recipe import DetRecipe
from .typeset import Line, Typeset, rasterised, typeset

SHRINK = (1.0, 0.75, 0.55, 0.4)  # sizes tried where a block finds no room
BARE = 0.15  # em of free room around text without a panel
UNDER_PANEL = 3  # how much more texture and contrast a panel may cover
FAINT = 0.5  # of the demanded contrast must be left, on average over the ink, after blur and thinning


@dataclass(slots=True)
class Placed:
    """A block in the scene. plane: (3, 3) map of its px, em: of its font; rim: px around its ink that belong to it."""

    block: Block
    set: Typeset
    plane: Floats
    em: float
    rim: float


@dataclass
class Stage:
    """What the scenes of a process share."""

    recipe: DetRecipe
    table: GlyphTable
    glyphs: GlyphCache

    def play(
        self, origin: str, image: Image, blocks: list[Block | Refusal], shot: Shot
    ) -> tuple[list[Entry], list[Refusal]]:
        """Write the blocks into the picture, in place; what can be read there, and what was refused."""
        ground = Ground(image)
        canvas = Canvas(image, ground.shade)
        entries: list[Entry] = []
        refusals: list[Refusal] = []
        for block in blocks:
            placed = block if isinstance(block, Refusal) else self._place(block, ground, origin)
            if isinstance(placed, Refusal):
                refusals.append(placed)
                continue
            for item in self._paint(placed, canvas, shot, origin):
                if isinstance(item, Entry):
                    entries.append(item)
                else:
                    refusals.append(item)
        return entries, refusals

    def _place(self, block: Block, ground: Ground, origin: str) -> Placed | Refusal:
        """Find room for the block, smaller if need be, and on a panel where nothing is flat enough without."""
        set_ = typeset(self.table, block)
        if set_ is None:
            return Refusal("blank_glyph", origin, "no ink", " ".join(block.texts))
        placed = self._fit(block, set_, ground)
        if placed is None and self.recipe.panel.probability and not block.look.panel:
            block.look.panel = True
            placed = self._fit(block, set_, ground)
        if placed is None:
            size = " x ".join(f"{v:.0f}" for v in set_.size * block.look.em)
            return Refusal("no_room", origin, f"{size} px found no flat place", " ".join(block.texts))
        return placed

    def _fit(self, block: Block, set_: Typeset, ground: Ground) -> Placed | None:
        scene, look = self.recipe.scene, block.look
        leniency = UNDER_PANEL if look.panel else 1
        distance = VIEW * max(ground.width, ground.height)
        for factor in SHRINK:
            em = look.em * factor
            if factor < 1 and em < scene.em[0]:
                break
            size, rim = set_.size * em, em * (look.margin if look.panel else BARE)
            matrix = plane(size, (look.yaw, look.pitch), look.rotation + 90 * look.vertical, distance)
            quad = project(matrix, corners(-rim, -rim, size[0] + rim, size[1] + rim))
            low, high = quad.min(axis=0), quad.max(axis=0)
            middle = ground.find(high - low, look.lot, scene.flat * leniency, scene.even * leniency)
            if middle is not None:
                middle = self._over_the_edge(look.cut, middle, quad - (low + high) / 2, ground)
                move = middle - (low + high) / 2
                ground.take(quad + move)
                return Placed(block, set_, shift(move) @ matrix, em, rim)
        return None

    def _over_the_edge(self, cut: float, middle: Floats, quad: Floats, ground: Ground) -> Floats:
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

    def _paint(self, placed: Placed, canvas: Canvas, shot: Shot, origin: str) -> list[Entry | Refusal]:
        block, look, em = placed.block, placed.block.look, placed.em
        undo = None
        if look.panel:
            rim = np.full(2, placed.rim)
            undo = paint.panel(canvas, look, placed.plane, -rim, placed.set.size * em + rim, em)
        result: list[Entry | Refusal] = []
        ready: list[tuple[Line, Stroke]] = []
        for line in rasterised(block, placed.set, em, self.glyphs, origin):
            if isinstance(line, Refusal):
                result.append(line)
                continue
            quad = project(placed.plane, line.box)
            stroke = paint.stroke(canvas, look, line.mask, placed.plane @ line.place, quad)
            if stroke is None:
                result.append(Refusal("clipped", origin, "outside of the picture", line.text))
            else:
                ready.append((line, stroke))
        if ready:
            result += self._ink(placed, ready, canvas, shot, origin)
        if undo is not None and all(isinstance(item, Refusal) for item in result):
            canvas.image[undo[0]] = undo[1]  # a panel without text
        return result

    def _ink(
        self, placed: Placed, ready: list[tuple[Line, Stroke]], canvas: Canvas, shot: Shot, origin: str
    ) -> list[Entry | Refusal]:
        """Choose the block's colour against all that lies behind it, and write its lines."""
        ink, look = self.recipe.ink, placed.block.look
        spans = [(mean - ink.busy * spread, mean + ink.busy * spread) for mean, spread in (s.paper for _, s in ready)]
        chosen = inks.choose(ink, look, max(min(s[0] for s in spans), 0), min(max(s[1] for s in spans), 100))
        result: list[Entry | Refusal] = []
        for line, stroke in ready:
            if chosen is None:
                mean, spread = stroke.paper
                detail = f"no colour stands out from lightness {mean:.0f} ± {spread:.0f}"
                result.append(Refusal("low_contrast", origin, detail, line.text))
            elif (left := chosen[1] * _strength(shot, stroke)) < FAINT * ink.contrast:
                detail = f"lightness {left:.0f} is left of {chosen[1]:.0f}"
                result.append(Refusal("low_contrast", origin, detail, line.text))
            else:
                paint.write(canvas, look, stroke, chosen[0])
                result.append(self._entry(placed, line, canvas, shot))
        return result

    def _entry(self, placed: Placed, line: Line, canvas: Canvas, shot: Shot) -> Entry:
        scene = self.recipe.scene
        height, width = canvas.shade.shape
        pad = scene.padding * (line.box[2, 1] - line.box[0, 1]) + 0.5
        polygon = project(placed.plane, line.box + pad * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))
        quads = project(placed.plane, line.quads)
        cut = outside(quads, width, height)
        side = np.linalg.norm(polygon[[3, 2]] - polygon[[0, 1]], axis=1).min()
        tall = side * line.room / (line.box[2, 1] - line.box[0, 1] + 2 * pad) * shot.rescale
        ignored = bool((cut > scene.max_cut).any()) or tall < scene.legible
        if placed.block.look.vertical:  # a column's first corner is its upper left
            polygon, quads = np.roll(polygon, 1, axis=0), np.roll(quads, 1, axis=1)
        if (np.clip(polygon, 0, (width, height)) != polygon).any():
            polygon = clip(polygon, width, height) if ignored else np.clip(polygon, 0, (width, height))
        return Entry(line.text, polygon, ignored, line.letters, np.clip(quads, 0, (width, height)))


def _strength(shot: Shot, stroke: Stroke) -> float:
    """The mean opacity of the ink over itself, as the lens leaves it."""
    seen = shot.lens(stroke.mask)
    total = cv2.sumElems(seen)[0]
    return cv2.norm(seen, cv2.NORM_L2SQR) / (255 * total) if total else 0.0
