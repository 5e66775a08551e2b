"""Printed lines beside the text: underlines, lines of a table, boxes."""

from __future__ import annotations

from typing import Annotated, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, NonNegativeFloat, model_validator

from ..limits import Share, within
from ..rng import Draws, Floats
from .base import Canvas, Columns, Effect, Lines, Stage
from .pixels import blend

UNDERLINE, TABLE, BOX = range(3)
BOTTOM = 2  # of the sides top, right, bottom, left
LEVEL, UPRIGHT = [0, 2], [1, 3]  # an upright rule alone could be read as I, l, 1 or |
NEAREST = 2.0  # px between the text's box and a rule: ink and rule have soft edges of a px each
SHIFT = 4  # bits of fractions of px


class Rules(Effect):
    """Printed lines that run along the text's box and never through it; bent lines get none.

    underline, table, box: weights of the kinds: below the text; on some of the four sides, right across the picture;
    all around. gap: between text and rule, as a share of the text's height, as far as there is room; a side without
    room has no rule, and one at the left or right comes with one above or below only. width: as a share of the
    text's height. opacity: of the rules, which have the ink's colour.
    """

    stage: ClassVar[Stage] = "paper"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"kind": ("underline", "table", "box")}

    underline: NonNegativeFloat = 1
    table: NonNegativeFloat = 2
    box: NonNegativeFloat = 1
    gap: Annotated[tuple[float, float], AfterValidator(within(0, 2))] = (0.05, 0.3)
    width: Annotated[tuple[float, float], AfterValidator(within(0.01, 0.2))] = (0.02, 0.06)
    opacity: Share = (0.4, 1)

    @model_validator(mode="after")
    def _some_kind(self) -> Rules:
        if not self.underline + self.table + self.box:
            raise ValueError("one of 'underline', 'table' and 'box' must be above 0")
        return self

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Which sides have a rule, widths and places in px, and colours."""
        kind = draws.choose("rules.kind", [self.underline, self.table, self.box])
        width = np.maximum(np.rint(draws.between("rules.width", self.width) * lines.scale), 1)
        nearest = (width / 2 + NEAREST)[:, None]
        gap = draws.between("rules.gap", self.gap)[:, None] * lines.scale[:, None] + width[:, None] / 2
        gap = np.minimum(gap, lines.room - width[:, None] / 2)
        sides = draws.uniforms("rules.side", 4) < np.where(kind == TABLE, 0.5, 1.0)[:, None]
        sides[kind == UNDERLINE] = np.arange(4) == BOTTOM
        sides &= (gap >= nearest) & ~lines.bent[:, None]
        sides[:, UPRIGHT] &= sides[:, LEVEL].any(axis=1, keepdims=True)
        longer = np.where(kind == TABLE, lines.width + lines.height, 0)
        return {
            "ends": _ends(lines.quads, np.maximum(gap, nearest), longer),
            "sides": sides,
            "width": width.astype(np.int64),
            "opacity": draws.between("rules.opacity", self.opacity),
            "colour": lines.ink,
        }

    def apply(
        self,
        canvas: Canvas,
        *,
        ends: list[list[list[int]]],
        sides: list[bool],
        width: int,
        opacity: float,
        colour: list[float],
    ) -> None:
        """Paint the rules on the paper."""
        if not any(sides):
            return
        mask = np.zeros_like(canvas.ink)
        for (start, end), shown in zip(ends, sides, strict=True):
            if shown:
                cv2.line(mask, start, end, 255, width, cv2.LINE_AA, SHIFT)
        blend(canvas.planes, colour, mask, opacity)


def _ends(quads: Floats, gap: Floats, longer: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, 4, 2, 2) both ends of lines along the quads' sides, `gap` px outside, in 1 / 2**SHIFT px.

    They meet at the corners, and go on for `longer` px.
    """
    along = np.roll(quads, -1, axis=1) - quads
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    normal = np.stack([along[..., 1], -along[..., 0]], axis=2)  # outwards: the corners run clockwise
    reach = (normal * quads).sum(axis=2) + gap
    before, behind = np.roll(normal, 1, axis=1), np.roll(reach, 1, axis=1)
    cross = before[..., 0] * normal[..., 1] - before[..., 1] * normal[..., 0]
    x = (behind * normal[..., 1] - reach * before[..., 1]) / cross
    y = (before[..., 0] * reach - normal[..., 0] * behind) / cross
    corners = np.stack([x, y], axis=2)
    way = along * longer[:, None, None]
    ends = np.stack([corners - way, np.roll(corners, -1, axis=1) + way], axis=2)
    return np.rint((ends - 0.5) * 2**SHIFT).astype(np.int64)
