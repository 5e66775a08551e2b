"""Effects of printing: ink that runs into the paper, ink that has worn off."""

from __future__ import annotations

from typing import Annotated, ClassVar

import cv2
import numpy as np
from pydantic import AfterValidator

from ..limits import Share, within
from ..rng import Draws
from .base import Canvas, Columns, Effect, Lines, Mask, Stage
from .fields import field
from .pixels import box, soften

EDGE = 0.4  # change per px of a blurred edge, times its sigma
GAP = 0.12  # heights of the text: gaps between strokes up to this width must not close
OPEN = 0.6  # share of the paper that stays in them
SOFT = 4.0  # how steeply worn spots end: levels of loss per level of the field
MOST_LOST = 0.55  # share of the ink of any cell that may wear off
CELLS = 8  # per height of the text: about a full stop's size
PATCH = 0.4  # heights of the text: size of worn areas


class Bleed(Effect):
    """Ink that has run into the paper: strokes grow by about `spread` (of the text's height), with ragged edges.

    ragged: 0 for even growth, 1 for growth that comes and goes along the stroke. Narrow gaps stay paler than the ink.
    """

    stage: ClassVar[Stage] = "ink"

    spread: Annotated[tuple[float, float], AfterValidator(within(0, 0.2))] = (0.005, 0.03)
    ragged: Share = (0.3, 1)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """How far ink runs, how narrow a gap must stay open, and how ragged the edges are."""
        return {
            "spread": draws.between("bleed.spread", self.spread) * lines.scale,
            "gap": np.maximum(np.rint(GAP * lines.scale / 2), 1).astype(np.int64),
            "ragged": draws.between("bleed.ragged", self.ragged),
            "across": draws.uniform("bleed.across"),
            "down": draws.uniform("bleed.down"),
        }

    def apply(self, canvas: Canvas, *, spread: float, gap: int, ragged: float, across: float, down: float) -> None:
        """Where the blurred ink passes a threshold that varies from place to place there is ink too."""
        sigma = max(spread, 0.3)
        blurred = soften(canvas.ink, sigma)
        grain = field(sigma, canvas.ink.shape, across, down)
        steep = max(sigma / EDGE, 1.0)
        vary = 0.35 * ragged  # around a quarter of full ink: there a blurred edge has grown by 2/3 of its sigma
        constant = 128 - steep * 255 * (0.25 - vary / 2)
        grown = cv2.addWeighted(blurred, steep, grain, -steep * vary, constant)
        grown[blurred < 4] = 0  # far from any stroke
        narrow = cv2.subtract(cv2.morphologyEx(canvas.ink, cv2.MORPH_CLOSE, box(gap)), canvas.ink)
        grown = cv2.addWeighted(grown, 1, narrow, -OPEN, 0)
        canvas.ink = cv2.max(canvas.ink, grown)  # type: ignore[assignment]


class Erosion(Effect):
    """Worn print: ink has come off in specks.

    amount: the share of the ink that is lost, on average. speck: their size as a share of the text's height.
    patchy: 0 for the same everywhere, 1 for areas that are worn and areas that are not.
    No place as large as a full stop loses more than about half of its ink.
    """

    stage: ClassVar[Stage] = "ink"

    amount: Annotated[tuple[float, float], AfterValidator(within(0, 0.5))] = (0.03, 0.2)
    speck: Annotated[tuple[float, float], AfterValidator(within(0.01, 0.3))] = (0.02, 0.06)
    patchy: Share = (0, 1)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Shares of the ink, and sizes of the specks."""
        return {
            "amount": draws.between("erosion.amount", self.amount),
            "speck": draws.between("erosion.speck", self.speck) * lines.scale,
            "patchy": draws.between("erosion.patchy", self.patchy),
            "scale": lines.scale,
            "places": draws.uniforms("erosion.place", 4),
        }

    def apply(
        self, canvas: Canvas, *, amount: float, speck: float, patchy: float, scale: float, places: list[float]
    ) -> None:
        """Take specks of ink away."""
        ink = canvas.ink
        fine = field(speck, ink.shape, places[0], places[1])
        wide = field(PATCH * scale, ink.shape, places[2], places[3])
        constant = 128 + SOFT * 255 * amount * (1 - patchy)
        loss = cv2.addWeighted(fine, -SOFT, wide, SOFT * 2 * amount * patchy, constant)
        canvas.ink = cv2.subtract(ink, bounded(ink, loss, round(scale / CELLS)))  # type: ignore[arg-type,assignment]


def bounded(ink: Mask, loss: Mask, side: int) -> Mask:
    """What `loss` (255: all) takes from the ink, made less in square cells that would lose more than `MOST_LOST`."""
    lost = cv2.multiply(ink, loss, scale=1 / 255)
    height, width = ink.shape
    side = max(side, 2)
    cells = (max(width // side, 1), max(height // side, 1))
    before = cv2.resize(ink, cells, interpolation=cv2.INTER_AREA).astype(np.float32)
    taken = cv2.resize(lost, cells, interpolation=cv2.INTER_AREA).astype(np.float32)
    share = np.minimum(MOST_LOST * before / np.maximum(taken, 1), 1) * 255
    allowed = cv2.resize(share.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.multiply(lost, allowed, scale=1 / 255)  # type: ignore[return-value]
