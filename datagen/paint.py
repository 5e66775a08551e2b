"""From parameters to pixels: nothing is drawn by lot here."""

from __future__ import annotations

import cv2
import numpy as np

from ..datasets.images import Image
from ..datasets.records import Refusal
from ..fonts.glyphs import GlyphCache
from . import effects, scene
from .backgrounds import Bank
from .effects import Mask, Planes
from .plan import Line
from .recipe import Recipe

WARP = cv2.INTER_LINEAR
FAINT = 0.5  # of the demanded contrast must be left, on average over the ink, after blur and thinning


class Painter:
    """Paints lines. Holds nothing that a picture depends on but its inputs."""

    def __init__(self, recipe: Recipe, glyphs: GlyphCache, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.glyphs = glyphs
        self.banks = banks
        self.noise = effects.noise_pool(recipe.seed)
        self.height = recipe.height

    def paint(self, line: Line) -> Image | Refusal:
        """(height, width, 3) BGR, or why the picture would not show its label."""
        mask = self.mask(line)
        if isinstance(mask, Refusal):
            return mask
        if line.cut and (refusal := self._clipped(line, mask)):
            return refusal
        ink = self.warp(line, mask)
        if refusal := self.faint(line, ink):
            return refusal
        return self.finish(line, self.compose(line, ink))

    def mask(self, line: Line) -> Mask | Refusal:
        """The glyphs blitted into a mask at drawing size."""
        mask = np.zeros((line.mask_height, line.mask_width), np.uint8)
        filled = 0
        for row, x, y in zip(line.rows, line.xs, line.ys, strict=True):
            glyph = self.glyphs.get(line.size, row)
            if glyph is None:
                if self.glyphs.is_space(row):
                    continue
                return Refusal("blank_glyph", f"sample {line.index}", self.glyphs.describe(row), line.text)
            ink = glyph.ink
            height, width = ink.shape
            x += glyph.left
            y -= glyph.top
            part = mask[y : y + height, x : x + width]
            if x >= filled:
                part[:] = ink
            else:  # glyphs overlap: marks, italics, tight spacing
                np.maximum(part, ink, out=part)
            filled = max(filled, x + width)
        return mask

    def warp(self, line: Line, mask: Mask) -> Mask:
        """The ink in the picture's geometry, its strokes thickened or thinned."""
        ink = cv2.warpPerspective(mask, line.matrix, (line.width, self.height), flags=WARP)
        return effects.embolden(ink, line.weight)  # type: ignore[arg-type]

    def _clipped(self, line: Line, mask: Mask) -> Refusal | None:
        """Refuse where a glyph has more than `max_cut` of its ink outside of the picture."""
        corners = np.array([[0, 0, 1], [line.width, 0, 1], [line.width, self.height, 1], [0, self.height, 1]]) - 0.5
        corners[:, 2] = 1
        seen = corners @ np.linalg.inv(line.matrix).T
        polygon = np.rint(seen[:, :2] / seen[:, 2:] * 16).astype(np.int32)
        inside = np.zeros_like(mask)
        cv2.fillConvexPoly(inside, polygon, 1, shift=4)
        for row, x, y in zip(line.rows, line.xs, line.ys, strict=True):
            glyph = self.glyphs.get(line.size, row)
            if glyph is None:
                continue
            height, width = glyph.ink.shape
            window = inside[y - glyph.top : y - glyph.top + height, x + glyph.left : x + glyph.left + width]
            whole = cv2.sumElems(glyph.ink)[0]
            cut = 1 - cv2.sumElems(cv2.multiply(glyph.ink, window))[0] / whole
            if cut > self.recipe.layout.max_cut:
                return Refusal("clipped", f"sample {line.index}", f"{cut:.0%} of a glyph's ink is cut off", line.text)
        return None

    def faint(self, line: Line, ink: Mask) -> Refusal | None:
        """Refuse where blur and thin strokes leave too little of the planned contrast."""
        seen = self._lens(line, ink)
        total = cv2.sumElems(seen)[0]
        strength = cv2.norm(seen, cv2.NORM_L2SQR) / (255 * total) if total else 0.0
        if line.shown * strength >= FAINT * self.recipe.ink.contrast:
            return None
        detail = f"{line.shown * strength:.0f} levels are left of {line.shown:.0f}"
        return Refusal("low_contrast", f"sample {line.index}", detail, line.text)

    def compose(self, line: Line, ink: Mask) -> Planes:
        """(3, height, width) levels: background, edge, shadow, outline, ink, light."""
        planes = self._background(line)
        if line.edge_size:
            effects.border(planes, line.edge_side, line.edge_size, line.edge_colour)
        if line.shadow:
            shadow = effects.shadowed(ink, line.shadow_x, line.shadow_y, line.shadow_blur)
            effects.blend(planes, line.shadow_colour, shadow, line.shadow_opacity)
        if line.outline:
            effects.blend(planes, line.outline_colour, effects.outlined(ink, line.outline))
        effects.blend(planes, line.ink, ink, line.opacity)
        if line.light:
            effects.shade(planes, (line.light_x, line.light_y), line.cylinder, line.light_offset)
        return planes

    def _background(self, line: Line) -> Planes:
        """(3, height, width) levels."""
        height, width = self.height, line.width
        first = np.array(line.first, np.float32)[:, None, None]
        if line.kind == scene.PHOTO:
            planes = self.banks[scene.PHOTO].planes[line.item]
            return planes[:, line.y : line.y + height, line.x : line.x + width].astype(np.uint16)
        if line.kind == scene.TEXTURE:
            piece = self.banks[scene.TEXTURE].planes[line.item][line.y : line.y + height, line.x : line.x + width]
            grain = (piece.astype(np.float32) - 128) * np.float32(line.strength)
            return np.clip(first + grain, 0, 255).astype(np.uint16)
        if line.kind == scene.GRADIENT:
            run = np.array(line.second, np.float32)[:, None, None] - first
            x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(0.5 * line.slope[0])
            y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(0.5 * line.slope[1]) + np.float32(0.5)
            return (first + run * (x[None, :] + y[:, None])).astype(np.uint16)
        return np.broadcast_to(np.rint(first).astype(np.uint16), (3, height, width)).copy()

    def finish(self, line: Line, planes: Planes) -> Image:
        """What lens and sensor do: blur, motion, resolution, exposure, noise, curve."""
        image = self._lens(line, cv2.merge(tuple(planes.astype(np.uint8))))
        if line.noise or line.brightness or line.contrast != 1:
            image = effects.expose(image, line.contrast, line.brightness, self._noise(line, image), line.noise)
        return image if line.gamma == 1 else effects.bend(image, line.gamma)

    def _lens(self, line: Line, image: Image) -> Image:
        image = effects.soften(image, line.blur)
        if line.motion:
            image = effects.move(image, line.motion, line.motion_angle)
        return effects.rescale(image, line.rescale) if line.rescale < 1 else image

    def _noise(self, line: Line, image: Image) -> Image:
        pool = self.noise
        if image.size >= pool.size:  # pictures of a million numbers: the pool repeats
            return np.resize(pool, image.shape)
        start = int(line.noise_at * (pool.size - image.size))
        return pool[start : start + image.size].reshape(image.shape)
