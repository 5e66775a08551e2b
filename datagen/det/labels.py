"""What a scene's label says: polygons of lines and characters, and which of them are not to be learnt from."""

from __future__ import annotations

import json
from dataclasses import dataclass

import cv2
import numpy as np

from ..rng import Floats

IGNORED = "###"
DIGITS = 1  # of coordinates, px


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
        pairs = zip(entry.letters, entry.quads, strict=True)
        record["characters"] = [{"text": letter, "points": _points(quad)} for letter, quad in pairs]
    return record


def _points(polygon: Floats) -> list[list[float]]:
    rounded: list[list[float]] = np.round(polygon, DIGITS).tolist()
    return rounded


def area(polygon: Floats) -> float:
    """Square px."""
    x, y = polygon[..., 0], polygon[..., 1]
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def outside(quads: Floats, width: int, height: int) -> Floats:
    """(m,) the share of each of (m, 4, 2) quads that lies outside of the picture."""
    shares = np.zeros(len(quads))
    for i in np.flatnonzero(((quads < 0) | (quads > (width, height))).any(axis=(1, 2))).tolist():
        shares[i] = 1 - area(clip(quads[i], width, height)) / max(area(quads[i]), 1e-6)
    return shares


def clip(polygon: Floats, width: int, height: int) -> Floats:
    """The part of a convex polygon that lies in the picture, beginning with the corner nearest to its first one.

    Without points where nothing does.
    """
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    covered, points = cv2.intersectConvexConvex(polygon.astype(np.float32), frame)
    if covered <= 0 or points is None:
        return np.zeros((0, 2))
    part = points.reshape(-1, 2).astype(np.float64)
    x, y = part[:, 0], part[:, 1]
    if (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0:
        part = part[::-1]
    first = int(((part - polygon[0]) ** 2).sum(axis=1).argmin())
    return np.roll(part, -first, axis=0)
