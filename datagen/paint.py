"""From parameters to pixels: nothing is drawn by lot here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..datasets.images import Image
from ..datasets.records import Refusal
from ..fonts.glyphs import GlyphCache
from . import scene
from .backgrounds import Bank
from .batch import Planned
from .effects.base import Canvas, Mask, Stage, Step
from .effects.pixels import blend, embolden
from .effects.sensor import GAUSSIAN, UNIFORM, noisy, toned_by
from .kernel.build import load
from .kernel.jobs import Jobs, Kernel
from .legible import Seen, gaps
from .line import Glyphs, Line

if TYPE_CHECKING:
    from .recipe import Recipe

Watch = Callable[[str, Image], None]


class Painter:
    """Paints lines. Holds nothing that a picture depends on but its inputs."""

    def __init__(self, recipe: Recipe, glyphs: GlyphCache, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.glyphs = glyphs
        self.banks = banks
        self.height = recipe.height
        library = load()
        self.kernel = Kernel(library, glyphs, banks, recipe) if library else None

    def paint_all(self, planned: Planned) -> Iterator[Image | Refusal]:
        """What `paint` makes of each line of a batch. A picture stays until the next one is asked for."""
        jobs = self.kernel.jobs(planned) if self.kernel else None
        for k, faint in enumerate(planned.looks.faint.tolist()):
            if faint:
                yield self._refused(planned, k, _too_low(planned.looks.shown[k]))
                continue
            made = self._by_kernel(jobs, planned, k) if jobs and jobs.able[k] else None
            yield self.paint(planned.line(k)) if made is None else made

    def _by_kernel(self, jobs: Jobs, planned: Planned, k: int) -> Image | Refusal | None:
        drawn = jobs.draw(k)
        if drawn is None:
            return None
        image, doubtful = drawn
        if doubtful is not None:
            seen, between = doubtful
            if detail := seen.faint(float(planned.looks.shown[k]), self.recipe.ink, lambda: between):
                return self._refused(planned, k, detail)
        return self._upright(image) if planned.shaped.written.vertical[k] and not planned.turned else image

    def _refused(self, planned: Planned, k: int, detail: str) -> Refusal:
        written = planned.shaped.written
        font = self.glyphs.faces.refs[written.faces[k]].name
        return Refusal("low_contrast", f"sample {planned.index[k]}", detail, written.texts[k], font=font)

    def paint(self, line: Line) -> Image | Refusal:
        """(height, width, 3) BGR, or why the picture would not show its label."""
        if line.dress.faint:
            return self._refusal(line, "low_contrast", _too_low(line.dress.shown))
        mask = self.mask(line.glyphs)
        if isinstance(mask, int):
            return self._refusal(line, "blank_glyph", self.glyphs.describe(mask))
        if line.cut and (refusal := self._clipped(line, mask)):
            return refusal
        ink = self.warp(line, mask)
        printed = self.printed(line, ink)
        if detail := self.faint(line, printed, ink):
            return self._refusal(line, "low_contrast", detail)
        image = self.develop(line, printed)
        return self._upright(image) if line.upright else image

    def look(self, line: Line, watch: Watch | None = None) -> Image:
        """The picture without any check, each stage shown to `watch` by name."""
        mask = self.mask(line.glyphs)
        if isinstance(mask, int):
            mask = np.zeros((line.glyphs.height, line.glyphs.width), np.uint8)
        if watch:
            watch("glyphs", mask)
        ink = self.printed(line, self.warp(line, mask), watch)
        image = self.develop(line, ink, watch)
        return self._upright(image) if line.upright else image

    def _refusal(self, line: Line, reason: str, detail: str, character: str = "") -> Refusal:
        font = self.glyphs.faces.refs[line.pieces[0].face].name
        return Refusal(reason, f"sample {line.index}", detail, line.text, font=font, character=character)

    def _upright(self, image: Image) -> Image:
        return np.ascontiguousarray(np.rot90(image, -1))

    def mask(self, glyphs: Glyphs, start: int = 0, stop: int | None = None) -> Mask | int:
        """Some of the glyphs blitted into a mask at drawing size, or the row of one that shows nothing."""
        mask = np.zeros((glyphs.height, glyphs.width), np.uint8)
        filled = 0
        sizes = glyphs.sizes if isinstance(glyphs.sizes, list) else [glyphs.sizes] * len(glyphs.rows)
        cut = slice(start, stop)
        for row, x, y, size in zip(glyphs.rows[cut], glyphs.xs[cut], glyphs.ys[cut], sizes[cut], strict=True):
            glyph = self.glyphs.get(size, row)
            if glyph is None:
                if self.glyphs.is_space(row):
                    continue
                return row
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
        return embolden(self._seen(line.glyphs, line.width, mask), line.dress.weight)

    def printed(self, line: Line, ink: Mask, watch: Watch | None = None) -> Mask:
        """The ink after the effects of printing."""
        steps = [step for step in line.dress.steps if step.effect.stage == "ink"]
        if not steps:
            return ink
        canvas = Canvas(ink, ink, ink)  # type: ignore[arg-type]
        for name, effect, values in steps:
            effect.apply(canvas, **values)
            if watch:
                watch(name, canvas.ink)
        return canvas.ink

    def _seen(self, glyphs: Glyphs, width: int, mask: Mask) -> Mask:
        return glyphs.map.seen(mask, width, self.height)

    def _clipped(self, line: Line, mask: Mask) -> Refusal | None:
        """Refuse where a glyph has more than `max_cut` of its ink outside of the picture."""
        inside = self._inside(line, mask)
        glyphs = line.glyphs
        sizes = glyphs.sizes if isinstance(glyphs.sizes, list) else [glyphs.sizes] * len(glyphs.rows)
        places = zip(glyphs.rows, glyphs.xs, glyphs.ys, sizes, line.starts(), strict=True)
        for row, x, y, size, start in places:
            glyph = self.glyphs.get(size, row)
            if glyph is None:
                continue
            height, width = glyph.ink.shape
            window = inside[y - glyph.top : y - glyph.top + height, x + glyph.left : x + glyph.left + width]
            whole = cv2.sumElems(glyph.ink)[0]
            cut = 1 - cv2.sumElems(cv2.multiply(glyph.ink, window))[0] / whole
            if cut > self.recipe.layout.max_cut:
                character = line.text[start]
                return self._refusal(line, "clipped", f"{cut:.0%} of the ink of '{character}' is cut off", character)
        return None

    def _inside(self, line: Line, mask: Mask) -> Mask:
        """1 where a pixel of the mask is inside of the picture."""
        height, width = mask.shape
        place = line.glyphs.map
        if place.bend is not None:
            y, x = np.mgrid[:height, :width] + 0.5
            seen = place.points(np.stack([x.ravel(), y.ravel()], axis=1)).T
            within = (seen[0] >= 0) & (seen[0] <= line.width) & (seen[1] >= 0) & (seen[1] <= self.height)
            return within.reshape(height, width).astype(np.uint8)
        corners = np.array([[0, 0, 1], [line.width, 0, 1], [line.width, self.height, 1], [0, self.height, 1]]) - 0.5
        corners[:, 2] = 1
        back = corners @ np.linalg.inv(place.matrix).T
        polygon = np.rint(back[:, :2] / back[:, 2:] * 16).astype(np.int32)
        inside = np.zeros_like(mask)
        cv2.fillConvexPoly(inside, polygon, 1, shift=4)
        return inside

    def faint(self, line: Line, ink: Mask, whole: Mask | None = None) -> str:
        """Says so where blur, thin strokes and worn print leave too little of the planned contrast.

        ink: as printed; whole: before.
        """
        seen = self._through_lens(Canvas(ink, ink, ink), line.dress.steps)  # type: ignore[arg-type]
        total = int(cv2.sumElems(seen)[0])
        if whole is not None and whole is not ink:
            total = max(total, int(cv2.sumElems(whole)[0]))
        found = Seen(total, int(cv2.norm(seen, cv2.NORM_L2SQR)), self._weakest(line, seen))
        return found.faint(line.dress.shown, self.recipe.ink, lambda: gaps(ink, seen))

    def _weakest(self, line: Line, seen: Mask) -> int:
        """How strong, of 255, the weakest of the small marks still is at its strongest point."""
        shown = [seen[top:bottom, left:right] for left, top, right, bottom in line.marks]
        return min((int(patch.max()) for patch in shown if patch.size), default=255)

    def _through_lens(self, canvas: Canvas, steps: list[Step]) -> Image:
        for _, effect, values in steps:
            if effect.stage == "lens":
                effect.apply(canvas, **values)
        return canvas.image

    def develop(self, line: Line, ink: Mask, watch: Watch | None = None) -> Image:
        """(height, width, 3) BGR: the ink on its background, through light, lens and sensor."""
        dress = line.dress
        planes = scene.levels(dress.background, self.banks, line.width, self.height)
        canvas = Canvas(ink, planes, ink)
        show = _shower(watch, canvas)
        show("background")
        self._stage(canvas, dress.steps, "paper", show)
        for other in line.others:
            mask = self.mask(other)
            if not isinstance(mask, int):
                blend(planes, dress.inks[0], self._seen(other, line.width, mask), dress.opacity)
                show("other line")
        for colour, part in self._parts(line, canvas.ink):
            blend(planes, colour, part, dress.opacity)
        show("ink")
        self._stage(canvas, dress.steps, "letters", show)
        self._stage(canvas, dress.steps, "light", show)
        canvas.image = cv2.merge(tuple(canvas.planes.astype(np.uint8)))
        self._stage(canvas, dress.steps, "lens", show)
        self._expose(canvas, line, show)
        return canvas.image

    def _stage(self, canvas: Canvas, steps: list[Step], stage: Stage, show: Callable[[str], None]) -> None:
        for name, effect, values in steps:
            if effect.stage == stage:
                effect.apply(canvas, **values)
                show(name)

    def _parts(self, line: Line, ink: Mask) -> Iterator[tuple[list[float], Mask]]:
        """The ink's colours, each with what it covers."""
        if len(line.dress.inks) == 1:
            yield line.dress.inks[0], ink
            return
        start = 0
        for colour, piece in zip(line.dress.inks, line.pieces, strict=True):
            stop = start + len(piece.run.glyphs)
            mask = self.mask(line.glyphs, start, stop)
            if not isinstance(mask, int):
                yield colour, self.printed(line, self.warp(line, mask))
            start = stop

    def _expose(self, canvas: Canvas, line: Line, show: Callable[[str], None]) -> None:
        """Brightness and contrast, noise (in one pass where it is the same everywhere), then the curve."""
        dress = line.dress
        rest = [step for step in dress.steps if step.effect.stage == "sensor"]
        noise = next((s.values for s in rest if s.name == "noise" and s.values["kind"] in (GAUSSIAN, UNIFORM)), None)
        if noise is not None:
            values = (noise["kind"], noise["sigma"], noise["at"], dress.contrast, dress.brightness)
            canvas.image = noisy(canvas.image, *values)
            rest = [step for step in rest if step.name != "noise"]
            show("tone and noise")
        elif dress.brightness or dress.contrast != 1:
            canvas.image = toned_by(canvas.image, dress.contrast, dress.brightness)
            show("tone")
        self._stage(canvas, rest, "sensor", show)
        if dress.gamma != 1:
            curve = 255 * (np.arange(256) / 255) ** dress.gamma
            canvas.image = cv2.LUT(canvas.image, np.rint(curve).astype(np.uint8))  # type: ignore[assignment]
            show("gamma")


def _too_low(shown: float) -> str:
    return f"{shown:.0f} of lightness between ink and paper"


def _shower(watch: Watch | None, canvas: Canvas) -> Callable[[str], None]:
    """Shows the canvas as it is, if anybody watches."""
    if watch is None:
        return lambda name: None

    def show(name: str) -> None:
        done = canvas.image.ndim == 3
        watch(name, canvas.image.copy() if done else cv2.merge(tuple(canvas.planes.astype(np.uint8))))

    return show
