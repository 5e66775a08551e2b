"""Unwanted light and dirt on paper and letters: reflections, stains, the pattern of a photographed screen."""

from __future__ import annotations

from typing import Annotated, ClassVar

import cv2
import numpy as np
from pydantic import AfterValidator

from ..colours import Palette, pick
from ..limits import Angle, Pixels, Share, within
from ..rng import Draws
from .base import KEPT, Canvas, Columns, Effect, Lines, Stage
from .fields import field

LEAST = 0.05  # of the contrast that is left in the worst place
VEIL = 1.75  # white light takes more contrast from deep colours than from greys
COARSE = 4  # px: reflections are smooth, so one value for so many is enough
SOFT_EDGE = 6.0  # levels of a stain per level of its field

Strength = Annotated[tuple[float, float], AfterValidator(within(0, 0.9))]


class Glare(Effect):
    """A reflection: a soft bright spot or streak over paper and letters.

    strength: in its middle, where 1 would be white. size: its radius as a share of the text's height; stretch: how
    many times longer than wide it is; angle: of its length, in degrees.
    """

    stage: ClassVar[Stage] = "light"

    strength: Strength = (0.2, 0.6)
    size: Annotated[tuple[float, float], AfterValidator(within(0.05, 10))] = (0.3, 1.2)
    stretch: Annotated[tuple[float, float], AfterValidator(within(1, 20))] = (1, 5)
    angle: Angle = (-90, 90)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Places, shapes and strengths, and the contrast that is left (`kept`)."""
        strength = draws.between("glare.strength", self.strength)
        size = draws.between("glare.size", self.size) * lines.scale
        angle = np.radians(draws.between("glare.angle", self.angle))
        along = 1 / (size * draws.between("glare.stretch", self.stretch))
        return {
            "strength": strength,
            "x": draws.uniform("glare.x") * lines.width,
            "y": draws.uniform("glare.y") * lines.height,
            "along": np.stack([np.cos(angle) * along, np.sin(angle) * along], axis=1),
            "across": np.stack([-np.sin(angle) / size, np.cos(angle) / size], axis=1),
            KEPT: np.maximum((1 - strength) ** VEIL, LEAST),
        }

    def apply(
        self, canvas: Canvas, *, strength: float, x: float, y: float, along: list[float], across: list[float]
    ) -> None:
        """Brighten paper and letters around the reflection."""
        height, width = canvas.planes.shape[1:]
        rows, columns = -(-height // COARSE), -(-width // COARSE)
        dx = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * np.float32(width / columns) - np.float32(x)
        dy = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(height / rows) - np.float32(y)
        u = np.float32(along[0]) * dx + (np.float32(along[1]) * dy)[:, None]
        v = np.float32(across[0]) * dx + (np.float32(across[1]) * dy)[:, None]
        spot = np.exp(np.float32(-0.5) * (u * u + v * v)) * np.float32(256 * strength)
        gain = cv2.resize(spot, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint16)
        planes = canvas.planes
        planes *= 256 - gain
        planes += 255 * gain
        planes >>= 8


class Stain(Effect):
    """Blotches that tint paper and letters, as of coffee, oil or water.

    strength: how much of the light they take. size: of the blotches, as a share of the text's height; cover: the share
    of the picture that they cover, on average.
    """

    stage: ClassVar[Stage] = "light"

    strength: Strength = (0.1, 0.4)
    size: Annotated[tuple[float, float], AfterValidator(within(0.05, 5))] = (0.3, 1)
    cover: Share = (0.1, 0.4)
    palette: Palette = Palette(colours=("#7a4a1e", "#8a7a3a", "#5a4a40", "#404850"), jitter=20)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Tints, shapes and strengths, and the contrast that is left (`kept`)."""
        strength = draws.between("stain.strength", self.strength)
        take = strength[:, None] * (1 - pick(self.palette, draws, "stain") / 255)
        return {
            "take": np.rint(256 * take).astype(np.int64),
            "size": draws.between("stain.size", self.size) * lines.scale,
            "cover": draws.between("stain.cover", self.cover),
            "across": draws.uniform("stain.across"),
            "down": draws.uniform("stain.down"),
            KEPT: np.maximum(1 - take.max(axis=1), LEAST),
        }

    def apply(self, canvas: Canvas, *, take: list[int], size: float, cover: float, across: float, down: float) -> None:
        """Tint paper and letters inside of the blotches."""
        planes = canvas.planes
        spots = field(size, planes.shape[1:], across, down)
        inside = cv2.addWeighted(spots, SOFT_EDGE, spots, 0, -SOFT_EDGE * 255 * (1 - cover)).astype(np.uint16)
        lost = inside * np.array(take, np.uint16)[:, None, None]
        lost >>= 8
        planes *= 256 - lost
        planes >>= 8


class Moire(Effect):
    """The pattern of a photographed screen: two gratings, the screen's and the sensor's, make slow coloured bands.

    strength: how much darker the dark places are. pitch: of the fine lines, px; bands: how many times wider the
    slow bands are.
    """

    stage: ClassVar[Stage] = "light"

    strength: Strength = (0.1, 0.3)
    pitch: Annotated[Pixels, AfterValidator(within(2, 64))] = (2, 4)
    bands: Annotated[tuple[float, float], AfterValidator(within(1.5, 50))] = (3, 12)

    def draw(self, draws: Draws, lines: Lines) -> Columns:
        """Gratings and strengths, and the contrast that is left (`kept`)."""
        strength = draws.between("moire.strength", self.strength)
        pitch = draws.between("moire.pitch", self.pitch)
        turn = np.pi * draws.uniforms("moire.angle", 2)
        rate = 2 * np.pi / np.stack([pitch, pitch * draws.between("moire.bands", self.bands)], axis=1)
        phase = 2 * np.pi * draws.uniforms("moire.phase", 3)
        fine = np.repeat(phase[:, :1], 3, axis=1)
        return {
            "strength": strength,
            "rates": np.stack([rate * np.cos(turn), rate * np.sin(turn)], axis=2),
            "phases": np.stack([fine, phase[:, 1:2] + phase[:, 2:] * np.array([0, 0.25, 0.5])], axis=1),
            KEPT: np.maximum(1 - strength, LEAST),
        }

    def apply(self, canvas: Canvas, *, strength: float, rates: list[list[float]], phases: list[list[float]]) -> None:
        """A sum of waves is a product of two thin matrices: cos(x + y) = cos x cos y - sin x sin y."""
        planes = canvas.planes
        height, width = planes.shape[1:]
        waves = np.array(rates, np.float32)
        x = waves[:, :1] * np.arange(width, dtype=np.float32)
        y = waves[:, None, 1:] * np.arange(height, dtype=np.float32) + np.array(phases, np.float32)[:, :, None]
        size = np.float32(64 * strength)  # two waves, from crest to trough
        left = np.concatenate([size * np.cos(y), -size * np.sin(y)]).reshape(4, 3 * height)
        right = np.concatenate([np.cos(x), np.sin(x)])
        gain = left.T @ right
        gain += np.float32(256 - 128 * strength)
        planes *= gain.astype(np.uint16).reshape(planes.shape)
        planes >>= 8
