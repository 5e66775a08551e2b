"""Drawing the parameters: for a batch of samples, everything that the painter needs, or why there is no picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from ..datasets.records import Refusal
from ..fonts.face import EM, JOINERS, PLAIN, Faces, right_to_left
from ..fonts.glyphs import FAR, GlyphTable
from . import colours, scene, warp
from .backgrounds import Bank
from .effects import draw_effects
from .layout import Layout, lay_out, rasterise
from .recipe import Recipe
from .rng import Draws, Floats, Integers
from .writer import Texts, Writer


@dataclass(slots=True)
class Line:
    """Everything about one picture. Sizes in px; matrix maps pixel indices of the mask to those of the picture."""

    index: int
    text: str
    face: int
    rows: list[int]
    xs: list[int]
    ys: list[int]
    size: int
    mask_width: int
    mask_height: int
    width: int
    matrix: Floats
    cut: bool
    kind: int
    item: int
    x: int
    y: int
    first: list[float]
    second: list[float]
    slope: list[float]
    strength: float
    ink: list[float]
    shown: float
    opacity: float
    weight: float
    outline: int
    outline_colour: list[float]
    shadow: bool
    shadow_x: int
    shadow_y: int
    shadow_blur: float
    shadow_opacity: float
    shadow_colour: list[float]
    edge_side: int
    edge_size: int
    edge_colour: list[float]
    light: bool
    light_x: float
    light_y: float
    cylinder: float
    light_offset: float
    blur: float
    motion: float
    motion_angle: float
    rescale: float
    brightness: float
    contrast: float
    gamma: float
    noise: float
    noise_at: float
    quality: int


class Planner:
    """Plans batches. Sample i of a plan depends on the recipe, its seed, i and the attempt alone."""

    def __init__(self, recipe: Recipe, faces: Faces, table: GlyphTable, banks: dict[int, Bank]) -> None:
        self.recipe = recipe
        self.table = table
        self.banks = banks
        self.writer = Writer(recipe, faces)

    def plan(self, index: Integers, attempt: int) -> list[Line | Refusal]:
        """A line or a refusal for each sample of the batch."""
        draws = Draws(self.recipe.seed, index, attempt)
        result: list[Line | Refusal | None] = [None] * len(index)
        texts, refused = self.writer.write(draws, index.tolist())
        for place, refusal in refused.items():
            result[place] = refusal
        if texts.where:
            where = np.array(texts.where, np.int64)
            self._shape(draws.take(where), index[where], texts, result)
        return [r for r in result if r is not None]

    def _shape(self, draws: Draws, index: Integers, texts: Texts, result: list[Line | Refusal | None]) -> None:
        recipe = self.recipe
        joined = [not PLAIN.fullmatch(t) and right_to_left(t) for t in texts.texts]
        spacing = np.where(joined, 0.0, draws.between("spacing", recipe.layout.spacing))
        layout = lay_out(self.table, texts.faces, texts.runs, spacing)
        blank = _blank(layout, texts)
        ink_height = np.where(layout.top > layout.bottom, layout.top - layout.bottom, EM)
        ink_width = np.where(layout.right > layout.left, layout.right - layout.left, EM)
        height = np.maximum(ink_height, int(recipe.layout.min_height * EM))
        frames = warp.frame(recipe, draws, ink_width / height)
        refused = [("", "")] * len(index)
        for i, width in enumerate(frames.width.tolist()):
            refused[i] = self._too_much(texts.texts[i], width, blank[i])
        alive = np.array([i for i, r in enumerate(refused) if not r[0]], np.int64)
        for i, (reason, what) in enumerate(refused):
            if reason:
                result[texts.where[i]] = self.writer.refusal(
                    reason, int(index[i]), what, texts.texts[i], texts.faces[i]
                )
        if len(alive):
            part = _take(layout, alive)
            kept = Texts(*([getattr(texts, f.name)[i] for i in alive] for f in fields(Texts)))
            frames = warp.Frames(frames.quads[alive], frames.width[alive], frames.scale[alive])
            columns = _place(part, height[alive], frames, recipe.height)
            self._dress(draws.take(alive), index[alive], kept, columns, result)

    def _too_much(self, text: str, width: int, blank: str | None) -> tuple[str, str]:
        if blank is not None:
            return "blank_glyph", blank
        if width > self.recipe.max_width:
            return "too_wide", f"{width} px"
        stride = self.recipe.ctc_stride
        if stride and len(text) + sum(a == b for a, b in pairwise(text)) > width // stride:
            return "too_long", f"{len(text)} characters on {width // stride} time steps"
        return "", ""

    def _dress(
        self, draws: Draws, index: Integers, texts: Texts, columns: dict[str, Any], result: list[Line | Refusal | None]
    ) -> None:
        """Background, colours and effects of lines whose shape stands; then one Line for each."""
        recipe = self.recipe
        chosen, behind = scene.choose(recipe, draws, columns["width"], self.banks)
        lights = scene.shine(recipe, draws)
        toning = colours.Toning.draw(recipe.tone, draws, lights.least)
        opacity = np.maximum(draws.between("ink.opacity", recipe.ink.opacity), 0.02)
        inks = colours.ink_colours(recipe.ink, draws, behind, toning, opacity)
        columns |= {f.name: getattr(chosen, f.name) for f in fields(scene.Scene)}
        columns |= {
            "index": index,
            "ink": inks.colour,
            "shown": inks.shown,
            "opacity": opacity,
            "text": texts.texts,
            "face": texts.faces,
        }
        columns |= {"light": lights.on > 0, "light_x": lights.x, "light_y": lights.y}
        columns |= {"cylinder": lights.cylinder, "light_offset": lights.offset}
        columns |= {"brightness": toning.brightness, "contrast": toning.contrast, "gamma": toning.gamma}
        columns["outline_colour"] = colours.outline_colours(draws, inks.colour)
        columns["shadow_colour"] = colours.shadow_colours(draws, inks, behind, recipe.ink.contrast)
        columns |= draw_effects(recipe, draws, columns["room"])
        names = [f.name for f in fields(Line)]
        rows = zip(*(_as_list(columns[name], name) for name in names), strict=True)
        for place, values, refused in zip(texts.where, rows, inks.low.tolist(), strict=True):
            line = Line(*values)
            if refused:
                result[place] = self.writer.refusal("low_contrast", line.index, "", line.text, line.face)
            else:
                result[place] = line


def _as_list(column: Any, name: str) -> list[Any]:
    # The homographies stay arrays: OpenCV takes them as they are.
    return list(column) if name == "matrix" or isinstance(column, list) else column.tolist()


def _blank(layout: Layout, texts: Texts) -> list[str | None]:
    """For each line None, or what shows no ink although it is no space."""
    empty = (layout.boxes[:, 0] >= FAR // 2).astype(np.int64)  # numbers: truth values would not add up
    counts = np.add.reduceat(empty, layout.starts[:-1]).tolist()
    found: list[str | None] = [None] * len(texts.texts)
    for i, (text, count) in enumerate(zip(texts.texts, counts, strict=True)):
        glyphs = empty[layout.starts[i] : layout.starts[i + 1]]
        if count and (count == len(glyphs) or count > sum(c.isspace() or c in JOINERS for c in text)):
            one_each = len(glyphs) == len(text)
            found[i] = next((c for c, e in zip(text, glyphs, strict=True) if e and c != " "), "") if one_each else ""
    return found


def _take(layout: Layout, lines: Integers) -> Layout:
    """The layout of some of its lines."""
    counts = np.diff(layout.starts)[lines]
    starts = np.concatenate([[0], np.cumsum(counts)])
    glyphs = np.arange(starts[-1]) + np.repeat(layout.starts[lines] - starts[:-1], counts)
    whole = (layout.left[lines], layout.bottom[lines], layout.right[lines], layout.top[lines])
    return Layout(layout.rows[glyphs], layout.xs[glyphs], layout.ys[glyphs], layout.boxes[glyphs], starts, *whole)


def _cut_up(column: Integers, spans: list[tuple[int, int]]) -> list[list[int]]:
    values = column.tolist()
    return [values[start:stop] for start, stop in spans]


def _place(layout: Layout, height: Integers, frames: warp.Frames, picture_height: int) -> dict[str, Any]:
    """The columns that say where the glyphs of each line go, and which lines touch the picture's edge."""
    masks = rasterise(layout, height, frames.scale * EM / height)
    matrices = warp.homographies(masks.box, frames.quads)
    owner = layout.owner
    scale = (masks.size / EM)[owner]
    # The glyphs' ink in mask px: boxes are from the line's pen at 0, y upwards.
    left, top = masks.origin_x[owner], masks.origin_y[owner]
    x0, x1 = layout.boxes[:, 0] * scale - left, layout.boxes[:, 2] * scale - left
    y0, y1 = top - layout.boxes[:, 3] * scale, top - layout.boxes[:, 1] * scale
    corners = np.stack([np.stack([x0, x1, x1, x0], 1), np.stack([y0, y0, y1, y1], 1)], axis=2)
    inked = layout.boxes[:, 0] < FAR // 2
    out = warp.outside(warp.apply(matrices[owner], corners), frames.width[owner], picture_height) & inked
    spans = list(pairwise(layout.starts.tolist()))
    return {
        "rows": _cut_up(layout.rows, spans),
        "xs": _cut_up(masks.xs, spans),
        "ys": _cut_up(masks.ys, spans),
        "size": masks.size,
        "mask_width": masks.width,
        "mask_height": masks.height,
        "width": frames.width,
        "matrix": warp.by_index(matrices),
        "room": frames.room(picture_height),
        "cut": np.add.reduceat(out, layout.starts[:-1]) > 0,
    }
