"""The background of each line of a batch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, NonNegativeFloat, PositiveInt, model_validator

from ..config import Config
from .backgrounds import SEGMENTS, STRENGTH, Bank
from .colours import Behind, Palette, lightness, pick
from .limits import Limits, within
from .rng import Draws, Floats, Integers

PLAIN, GRADIENT, TEXTURE, PHOTO = range(4)


class Plain(Config):
    """One colour."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()


class Gradient(Config):
    """Two colours that run into each other, in any direction; the second differs by up to `difference` levels."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()
    difference: Annotated[Limits, AfterValidator(within(0, 255))] = (10, 80)


class Texture(Config):
    """Grain, fibres, blotches or stripes made by this program, of `strength` levels of standard deviation."""

    weight: NonNegativeFloat = 1
    palette: Palette = Palette()
    strength: Annotated[Limits, AfterValidator(within(0, 100))] = (2, 14)


class Photos(Config):
    """Pieces of the photos below `folder`; at most `limit` of them, evenly spread, are kept in memory.

    calm: of that many pieces the one with the least detail is taken, so that text of the photo's own is avoided.
    """

    folder: str
    weight: NonNegativeFloat = 3
    limit: PositiveInt = 64
    calm: PositiveInt = 3


class Backgrounds(Config):
    """Weighted kinds of background. One on which no ink could be read is drawn again, a few times."""

    plain: Plain = Plain()
    gradient: Gradient = Gradient()
    texture: Texture = Texture()
    photos: Photos | None = None

    @model_validator(mode="after")
    def _some_weight(self) -> Backgrounds:
        if not sum(self.weights()):
            raise ValueError("the weights of all kinds are 0")
        return self

    def weights(self) -> list[float]:
        """Of plain, gradient, texture, photos."""
        return [
            self.plain.weight,
            self.gradient.weight,
            self.texture.weight,
            self.photos.weight if self.photos else 0.0,
        ]


@dataclass(slots=True)
class Scene:
    """(n,) each unless said. kind; item, x, y: which piece of which bank; first, second: (n, 3) colours;
    slope: (n, 2) direction of the gradient, |dx| + |dy| = 1; strength: texture levels per level of the bank.
    """

    kind: Integers
    item: Integers
    x: Integers
    y: Integers
    first: Floats
    second: Floats
    slope: Floats
    strength: Floats

    def put(self, which: Integers, others: Scene) -> None:
        """Replace some of the lines."""
        for f in fields(self):
            getattr(self, f.name)[which] = getattr(others, f.name)

    def row(self, k: int) -> Background:
        """The background of line k."""
        return Background(*(getattr(self, f.name)[k].tolist() for f in fields(self)))


class Background(NamedTuple):
    """What lies behind one line, as `Scene` says it of a batch."""

    kind: int
    item: int
    x: int
    y: int
    first: list[float]
    second: list[float]
    slope: list[float]
    strength: float


class Behinds:
    """Draws the backgrounds of batches of lines."""

    def __init__(self, backgrounds: Backgrounds, height: int, busy: float, banks: dict[int, Bank]) -> None:
        self.backgrounds = backgrounds
        self.height = height
        self.busy = busy
        self.banks = banks

    def draw(self, draws: Draws, width: Integers, paper: Floats | None = None) -> tuple[Scene, Behind]:
        """Backgrounds of n pictures so wide, and how light they are; paper: (n, 3) colours to take, NaN for none.

        Photos take no colour.
        """
        kinds = self.backgrounds
        kind = draws.choose("background.kind", kinds.weights())
        first = np.zeros((len(width), 3))
        for code, palette in ((PLAIN, kinds.plain), (GRADIENT, kinds.gradient), (TEXTURE, kinds.texture)):
            first = np.where((kind == code)[:, None], pick(palette.palette, draws, f"background.{code}"), first)
        if paper is not None:
            first = np.where(np.isnan(paper), first, paper)
        second, slope = _gradient(kinds.gradient, draws, first)
        strength = draws.between("background.strength", kinds.texture.strength) / STRENGTH
        item, x, y = (np.zeros(len(width), np.int64) for _ in range(3))
        for code, bank in self.banks.items():
            where = np.flatnonzero(kind == code)
            item[where], x[where], y[where] = self._piece(code, bank, draws.take(where), width[where])
        scene = Scene(kind, item, x, y, first, second, slope, strength)
        return scene, self._behind(scene, width)

    def _piece(self, code: int, bank: Bank, draws: Draws, width: Integers) -> tuple[Integers, Integers, Integers]:
        """Which picture of the bank, and where its piece begins; the calmest of a few."""
        photos = self.backgrounds.photos
        tries = photos.calm if code == PHOTO and photos else 1
        chosen = draws.integer("background.item", len(bank))
        best, at = np.full(len(width), np.inf), np.zeros((2, len(width)), np.int64)
        for k in range(tries):
            x = (draws.uniform("background.x", k) * np.maximum(bank.widths[chosen] - width + 1, 1)).astype(np.int64)
            y = (draws.uniform("background.y", k) * np.maximum(bank.heights[chosen] - self.height + 1, 1)).astype(
                np.int64
            )
            if tries == 1:
                return chosen, x, y
            _, spread = bank.statistics(chosen, x, y, width, self.height)
            detail = spread.max(axis=1)
            at = np.where(detail < best, [x, y], at)
            best = np.minimum(detail, best)
        return chosen, at[0], at[1]

    def _behind(self, scene: Scene, width: Integers) -> Behind:
        base = lightness(scene.first)
        mean = np.repeat(base[:, None], SEGMENTS, axis=1)
        deviation = np.zeros_like(mean)
        run = (lightness(scene.second) - base)[:, None]
        middles = (np.arange(SEGMENTS) * 2 + 1) / SEGMENTS - 1
        gradient = (scene.kind == GRADIENT)[:, None]
        mean = np.where(gradient, mean + run * (0.5 + 0.5 * scene.slope[:, :1] * middles), mean)
        deviation = np.where(gradient, np.abs(run) * (0.5 * np.abs(scene.slope[:, 1:]) + 0.5 / SEGMENTS), deviation)
        for code, bank in self.banks.items():
            which = np.flatnonzero(scene.kind == code)
            place = (scene.item[which], scene.x[which], scene.y[which])
            found, spread = bank.statistics(*place, width[which], self.height)
            factor = scene.strength[which, None]
            mean[which] = mean[which] + factor * (found - 128) if code == TEXTURE else found
            deviation[which] = factor * spread if code == TEXTURE else spread
        busy = self.busy * deviation
        return Behind(np.clip((mean - busy).min(axis=1), 0, 255), np.clip((mean + busy).max(axis=1), 0, 255))


def _gradient(config: Gradient, draws: Draws, first: Floats) -> tuple[Floats, Floats]:
    sign = np.where(draws.uniform("background.sign") < 0.5, -1.0, 1.0)
    difference = draws.between("background.difference", config.difference) * sign
    second = np.clip(first + difference[:, None], 0, 255)
    angle = 2 * np.pi * draws.uniform("background.angle")
    slope = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return second, slope / np.abs(slope).sum(axis=1, keepdims=True)


def levels(behind: Background, banks: dict[int, Bank], width: int, height: int) -> NDArray[np.uint16]:
    """(3, height, width) BGR levels of a background."""
    first = np.array(behind.first, np.float32)[:, None, None]
    if behind.kind == PHOTO:
        planes = banks[PHOTO].planes[behind.item]
        return planes[:, behind.y : behind.y + height, behind.x : behind.x + width].astype(np.uint16)
    if behind.kind == TEXTURE:
        whole = banks[TEXTURE].planes[behind.item]
        piece = whole[behind.y : behind.y + height, behind.x : behind.x + width]
        grain = (piece.astype(np.float32) - 128) * np.float32(behind.strength)
        return np.clip(first + grain, 0, 255).astype(np.uint16)
    if behind.kind == GRADIENT:
        run = np.array(behind.second, np.float32)[:, None, None] - first
        x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(0.5 * behind.slope[0])
        y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(0.5 * behind.slope[1]) + np.float32(0.5)
        return (first + run * (x[None, :] + y[:, None])).astype(np.uint16)
    return np.broadcast_to(np.rint(first).astype(np.uint16), (3, height, width)).copy()
