"""What cameras and copiers make of a picture: sharpened edges, no colour, hard contrast, broken pixels."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ...datasets.images import Image
from ..colours import LINEAR, SHARES
from ..limits import Limits, Pixels, Share, within
from ..rng import Draws, Floats
from .base import Canvas, Columns, Effect, Lines, Mask, Stage
from .pixels import soften

BLOCK = 2.0  # heights of the text: the neighbourhood of a copier's threshold
PAPER = 205.0  # level of evenly lit paper on a copy
LIGHT_STEPS = 1 << 14  # of luminance
POOL = 1 << 16
SHARED = 0x73616C74  # the pool is the same for every recipe


class Sharpen(Effect):
    """Sharpened too much, with halos along edges: `amount` times what a blur of `sigma` pixels takes away is added."""

    stage: ClassVar[Stage] = "sensor"

    amount: Annotated[Limits, AfterValidator(within(0, 5))] = (0.5, 2)
    sigma: Pixels = (0.6, 1.4)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Amounts and radii in px."""
        return {
            "amount": draws.between("sharpen.amount", self.amount),
            "sigma": draws.between("sharpen.sigma", self.sigma),
        }

    def apply(self, canvas: Canvas, *, amount: float, sigma: float) -> None:
        """Add halos along edges to the picture."""
        image = canvas.image
        canvas.image = cv2.addWeighted(image, 1 + amount, soften(image, sigma), -amount, 0)  # type: ignore[assignment]


class Grey(Effect):
    """A picture without colour, greys as light as the colours were; `colour`: the share of colour that is left."""

    stage: ClassVar[Stage] = "sensor"

    colour: Share = (0, 0)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """The shares of colour that are left."""
        return {"colour": draws.between("grey.colour", self.colour)}

    def apply(self, canvas: Canvas, *, colour: float) -> None:
        """Take colour from the picture."""
        plain = cv2.merge((greys(canvas.image),) * 3)
        if colour:
            plain = cv2.addWeighted(canvas.image, colour, plain, 1 - colour, 0)
        canvas.image = plain  # type: ignore[assignment]


class Scan(Effect):
    """A copy or scan: grey, every place compared with its surroundings, the difference made `gain` times larger.

    With a large gain only black and white are left. Light text on dark paper stays so.
    """

    stage: ClassVar[Stage] = "sensor"

    gain: Annotated[Limits, AfterValidator(within(1, 30))] = (1.5, 4)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Gains and the sizes of the surroundings."""
        block = np.maximum(BLOCK * lines.scale / 2, 2).astype(np.int64) * 2 + 1
        return {"gain": draws.between("scan.gain", self.gain), "dark": lines.dark, "block": block}

    def apply(self, canvas: Canvas, *, gain: float, dark: bool, block: int) -> None:
        """Make the picture what a copier would give."""
        light = greys(canvas.image)
        around = cv2.blur(light, (block, block), borderType=cv2.BORDER_REPLICATE)
        copy = cv2.addWeighted(light, gain, around, -gain, PAPER if dark else 255 - PAPER)
        canvas.image = cv2.merge((copy, copy, copy))  # type: ignore[assignment]


def greys(image: Image) -> Mask:
    """(H, W) levels of greys as light as the (H, W, 3) picture: contrast of lightness stays what it was."""
    parts = [cv2.LUT(plane, table) for plane, table in zip(cv2.split(image), _luminances(), strict=True)]
    return _levels()[cv2.add(cv2.add(parts[0], parts[1]), parts[2])]


@lru_cache(maxsize=1)
def _luminances() -> list[NDArray[np.uint16]]:
    """What every level of blue, green and red adds to the luminance, in steps."""
    return [np.rint(LINEAR * share * LIGHT_STEPS).astype(np.uint16) for share in SHARES]


@lru_cache(maxsize=1)
def _levels() -> Mask:
    """The grey for every step of luminance."""
    greys_seen = np.sum(_luminances(), axis=0, dtype=np.int64)
    return np.rint(np.interp(np.arange(LIGHT_STEPS + 4), greys_seen, np.arange(256))).astype(np.uint8)


class Salt(Effect):
    """Salt and pepper: single pixels that are white or black; `share` of them."""

    stage: ClassVar[Stage] = "sensor"

    share: Annotated[Limits, AfterValidator(within(0, 0.1))] = (0.001, 0.01)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Shares of the pixels, and where the noise begins."""
        return {"share": draws.between("salt.share", self.share), "at": draws.uniform("salt.at")}

    def apply(self, canvas: Canvas, *, share: float, at: float) -> None:
        """Put white and black pixels into the picture."""
        image = np.ascontiguousarray(canvas.image)
        height, width = image.shape[:2]
        count = min(round(share * height * width), POOL // 2)
        start = int(at * (POOL - count))
        places = (_places()[start : start + count] * (height * width)).astype(np.intp)
        pixels = image.reshape(height * width, -1)
        pixels[places[::2]] = 255
        pixels[places[1::2]] = 0
        canvas.image = image


@lru_cache(maxsize=1)
def _places() -> Floats:
    return Draws(SHARED, np.arange(POOL)).uniform("place")
