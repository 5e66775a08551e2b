"""What a scene's label says: polygons of lines and characters, and which of them are not to be learnt from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely.geometry import Polygon, box
from shapely.geometry.polygon import orient

from ..rng import Floats

IGNORED = "###"
DIGITS = 1  # of coordinates, px
LEAST_AREA = 1.0  # square px


@dataclass(slots=True)
class Entry:
    """A text of a scene. polygon: (k, 2) px, clockwise on the screen from the text's first corner; a corner may lie a
    little outside of the picture.

    ignored: it must not be learnt from. letters, quads: its characters and (m, 4, 2) their corners.
    """

    text: str
    polygon: Floats
    ignored: bool
    letters: list[str]
    quads: Floats


def label(entries: list[Entry]) -> str:
    """The JSON of a PaddleOCR label line; `characters` is a key of ours, which others pass over."""
    return json.dumps([_record(e) for e in entries], ensure_ascii=False, separators=(",", ":"))


def _record(entry: Entry) -> dict[str, object]:
    text = IGNORED if entry.ignored else entry.text
    record: dict[str, object] = {"transcription": text, "points": _points(entry.polygon)}
    if not entry.ignored:
        pairs = zip(entry.letters, _points(entry.quads), strict=True)
        record["characters"] = [{"text": letter, "points": points} for letter, points in pairs]
    return record


def _points(polygons: Floats) -> list[Any]:
    rounded: list[Any] = np.round(polygons, DIGITS).tolist()
    return rounded


def outside(quads: Floats, width: int, height: int) -> Floats:
    """(m,) the share of each of (m, 4, 2) quads that lies outside of the picture."""
    shares = np.zeros(len(quads))
    for i in np.flatnonzero(((quads < 0) | (quads > (width, height))).any(axis=(1, 2))).tolist():
        whole = Polygon(quads[i])
        shares[i] = 1 - whole.intersection(box(0, 0, width, height)).area / max(whole.area, 1e-6)
    return shares


def clip(polygon: Floats, width: int, height: int) -> Floats:
    """The part of a polygon that lies in the picture, clockwise, from the corner that is nearest to its first one.

    Its largest part where the picture's edge cuts it in several; without points where less than a pixel is left.
    """
    if (polygon >= 0).all() and (polygon <= (width, height)).all():
        return polygon
    seen = Polygon(polygon).buffer(0).intersection(box(0, 0, width, height))
    parts = [part for part in getattr(seen, "geoms", [seen]) if isinstance(part, Polygon)]
    largest = max(parts, key=lambda part: part.area, default=None)
    if largest is None or largest.area < LEAST_AREA:
        return np.zeros((0, 2))
    points = np.array(orient(largest).exterior.coords)[:-1]  # y points down: counter-clockwise is clockwise
    return np.roll(points, -int(((points - polygon[0]) ** 2).sum(axis=1).argmin()), axis=0)
