"""Where the characters and words of a line are in its picture: by the same maps as the pixels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..fonts.face import EM
from ..fonts.glyphs import FAR, GlyphTable
from .line import Line
from .rng import Floats

WORD = re.compile(r"\S+")
STRAIGHT, BENT, SIDE = 1, 8, 4  # steps along an edge


def boxes(line: Line, table: GlyphTable, height: int) -> dict[str, Any]:
    """The polygons of a line in its picture of `height` px, around the ink: `characters` and `words`.

    Each is {"text", "points"}; points are px, clockwise from the text's first corner, 4 of them unless the line is
    bent. Characters that share a glyph or marks that sit on one another (a ligature, a syllable) share a polygon;
    spaces have none. Words are what white space separates.
    """
    inked = [(a, b, box) for a, b, box in _clusters(line, table) if box is not None]
    characters = [{"text": line.text[a:b], "points": _points(line, box, height)} for a, b, box in inked]
    words = []
    for match in WORD.finditer(line.text):
        inside = np.array([box for a, _, box in inked if match.start() <= a < match.end()])
        if len(inside):
            low, high = inside[:, :2].min(axis=0), inside[:, 2:].max(axis=0)
            words.append({"text": match[0], "points": _points(line, np.concatenate([low, high]), height)})
    return {"characters": characters, "words": words}


def to_json(line: Line, table: GlyphTable, height: int) -> str:
    """The form that packs hold."""
    return json.dumps(boxes(line, table, height), ensure_ascii=False, separators=(",", ":"))


def _clusters(line: Line, table: GlyphTable) -> Iterator[tuple[int, int, Floats | None]]:
    """For each cluster in order of the text: its first character, the one after it, its ink's box in the mask, px."""
    found: dict[int, list[Floats]] = {}
    for start, box in zip(line.starts(), _ink(line, table), strict=True):
        found.setdefault(start, []).append(box)
    ordered = sorted(found)
    for start, stop in zip(ordered, [*ordered[1:], len(line.text)], strict=True):
        inked = np.array([box for box in found[start] if not np.isnan(box[0])])
        yield start, stop, None if not len(inked) else np.concatenate([inked[:, :2].min(0), inked[:, 2:].max(0)])


def _ink(line: Line, table: GlyphTable) -> Floats:
    """(G, 4) left, top, right, bottom of the glyphs' ink in the mask, px; NaN for spaces."""
    glyphs = line.glyphs
    rows = table.boxes[np.array(glyphs.rows, np.int64)]
    scale = np.array(glyphs.sizes if isinstance(glyphs.sizes, list) else [glyphs.sizes] * len(rows)) / EM
    left, bottom, right, top = (rows[:, k] * scale for k in range(4))
    x, y = np.array(glyphs.xs), np.array(glyphs.ys)
    found = np.stack([x + left, y - top, x + right, y - bottom], axis=1)
    found[rows[:, 0] >= FAR // 2] = np.nan
    return found


def _points(line: Line, box: Floats, height: int) -> list[list[float]]:
    left, top, right, bottom = box.tolist()
    bend = line.glyphs.map.bend
    along = np.linspace(left, right, 1 + (STRAIGHT if bend is None else BENT))
    down = np.linspace(top, bottom, 1 + (SIDE if bend is not None and bend.shears else STRAIGHT))
    x = np.concatenate([along, np.full(len(down) - 2, right), along[::-1], np.full(len(down) - 2, left)])
    y = np.concatenate([np.full(len(along), top), down[1:-1], np.full(len(along), bottom), down[-2:0:-1]])
    seen = line.glyphs.map.points(np.stack([x, y], axis=1))
    if line.upright:  # turned back, clockwise: (x, y) goes to (height - y, x)
        seen = np.stack([height - seen[:, 1], seen[:, 0]], axis=1)
    rounded: list[list[float]] = np.round(seen, 1).tolist()
    return rounded
