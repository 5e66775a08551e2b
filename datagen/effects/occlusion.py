"""Dust, stickers' corners and scratches that hide small parts of letters, and never a stroke as a whole."""

from __future__ import annotations

from typing import Annotated, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, NonNegativeFloat, model_validator

from ..colours import at_lightness, lightness
from ..limits import within
from ..rng import Draws, Floats
from .base import Canvas, Columns, Effect, Lines, Mask, Stage, whole
from .pixels import blend

MOST = 8  # things on one picture
PAPER = 0  # the label of what is no stroke
POINTS = 7  # corners of a spot
SEEN = 64  # coverage from which on a pixel belongs to a stroke
SLAB = 0.6  # heights of the text: letters that hang together are looked at in pieces of so much of the line
CONTRAST = 60  # of lightness between things and ink: else they would look like strokes
SHIFT = 4  # bits of fractions of px

Size = Annotated[tuple[float, float], AfterValidator(within(0.01, 0.5))]


class Occlusion(Effect):
    """Spots and scratches over the letters, in a colour that cannot be taken for ink.

    spots, scratches: weights of the kinds. count: how many on a picture. size: of spots, length: of scratches, width:
    of scratches, as shares of the text's height. hide: the largest share of any stroke (ink that hangs together) that
    all of them together may hide; what would hide more is left out.
    """

    stage: ClassVar[Stage] = "letters"

    spots: NonNegativeFloat = 1
    scratches: NonNegativeFloat = 1
    count: Annotated[tuple[int, int], AfterValidator(within(1, MOST))] = (1, 4)
    size: Size = (0.08, 0.25)
    length: Annotated[tuple[float, float], AfterValidator(within(0.1, 20))] = (0.5, 3)
    width: Annotated[tuple[float, float], AfterValidator(within(0.01, 0.1))] = (0.02, 0.05)
    hide: Annotated[float, Field(ge=0, le=0.5)] = 0.3

    @model_validator(mode="after")
    def _some_kind(self) -> Occlusion:
        if not self.spots + self.scratches:
            raise ValueError("one of 'spots' and 'scratches' must be above 0")
        return self

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Shapes, sizes and colours of spots and scratches."""
        n, scale = len(draws), lines.scale[:, None]
        kind = np.stack([draws.uniform("occlusion.kind", k) for k in range(MOST)], axis=1)
        scratch = kind * (self.spots + self.scratches) < self.scratches
        x = draws.uniforms("occlusion.x", MOST) * lines.width[:, None]
        y = draws.uniforms("occlusion.y", MOST) * lines.height[:, None]
        size, length, width = (
            scale * (low + (high - low) * draws.uniforms(f"occlusion.{name}", MOST))
            for name, (low, high) in (("size", self.size), ("length", self.length), ("width", self.width))
        )
        shape = draws.uniforms("occlusion.shape", MOST * (POINTS + 1)).reshape(n, MOST, POINTS + 1)
        points = np.where(scratch[..., None, None], _scratches(shape, length), _spots(shape, size))
        points += np.stack([x, y], axis=2)[:, :, None, :] - 0.5
        thick = np.where(scratch, np.maximum(np.rint(width), 1), 0).astype(np.int64)
        places = np.rint(points * 2**SHIFT).astype(np.int64)
        count = whole(draws, "occlusion.count", self.count).tolist()
        return {
            "points": [p[:c].tolist() for p, c in zip(places, count, strict=True)],
            "width": [w[:c].tolist() for w, c in zip(thick, count, strict=True)],
            "slab": np.maximum(np.rint(SLAB * lines.scale), 4).astype(np.int64),
            "colour": _unlike(draws, lines),
        }

    def apply(
        self, canvas: Canvas, *, points: list[list[list[int]]], width: list[int], slab: int, colour: list[float]
    ) -> None:
        """Paint spots and scratches, as far as every letter stays legible."""
        strong = (canvas.ink >= SEEN).view(np.uint8)
        strong[:, ::slab] = 0
        strokes = np.asarray(cv2.connectedComponents(strong, ltype=cv2.CV_16U)[1])
        cover = np.zeros_like(canvas.ink)
        left: dict[int, float] = {}
        for thing, thick in zip(np.array(points, np.int32), width, strict=True):
            here, tried = _with(cover, thing, thick)
            hidden = np.bincount(strokes[here][tried > cover[here]], minlength=1)
            hidden[PAPER] = 0
            hits = {k: int(hidden[k]) for k in hidden.nonzero()[0].tolist()}
            for k in hits.keys() - left.keys():
                left[k] = self.hide * np.count_nonzero(strokes == k)
            if all(left[k] >= hit for k, hit in hits.items()):
                left.update({k: left[k] - hit for k, hit in hits.items()})
                cover[here] = tried
        blend(canvas.planes, colour, cover)


def _with(cover: Mask, points: NDArray[np.int32], width: int) -> tuple[tuple[slice, slice], Mask]:
    """The piece of the cover around one thing more, and what it then looks like."""
    left, top, wide, high = cv2.boundingRect(points >> SHIFT)
    pad = width + 2
    x, y = max(left - pad, 0), max(top - pad, 0)
    here = (slice(y, max(top + high + pad, y)), slice(x, max(left + wide + pad, x)))
    tried = cover[here].copy()
    if tried.size:
        moved = points - np.array([x, y], np.int32) * 2**SHIFT
        if width:
            cv2.polylines(tried, [moved[:3]], False, 255, width, cv2.LINE_AA, SHIFT)
        else:
            cv2.fillPoly(tried, [moved], 255, cv2.LINE_AA, SHIFT)
    return here, tried


def _spots(shape: Floats, size: Floats) -> Floats:
    """(n, MOST, POINTS, 2) corners of uneven round shapes, px around their middle."""
    angle = 2 * np.pi * (np.arange(POINTS) / POINTS + shape[..., -1:])
    radius = 0.5 * size[..., None] * (0.6 + 0.4 * shape[..., :-1])
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _scratches(shape: Floats, length: Floats) -> Floats:
    """(n, MOST, POINTS, 2): two ends and a point near the middle; the other points are not used."""
    angle = np.pi * shape[..., 0]
    way = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * length[..., None] / 2
    points = np.zeros((*shape.shape[:-1], POINTS, 2))
    points[..., 0, :], points[..., 2, :] = -way, way
    points[..., 1, :] = 0.1 * (shape[..., 1:3] - 0.5) * length[..., None]
    return points


def _unlike(draws: Draws, lines: Lines) -> Floats:
    """(n, 3) colours at least as far from the ink as half way to the paper, on the paper's side or beyond it."""
    ink, place = lightness(lines.ink), draws.uniform("occlusion.lightness")
    up = np.maximum(ink + CONTRAST, (ink + lines.low) / 2)
    down = np.minimum(ink - CONTRAST, (ink + lines.high) / 2)
    target = np.where(lines.dark, 255 - place * np.maximum(255 - up, 0), place * np.maximum(down, 0))
    return at_lightness(255 * draws.uniforms("occlusion.colour", 3), target)
