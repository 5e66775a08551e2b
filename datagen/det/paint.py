"""From placed blocks to pixels: panels, shadows, ink, each only in the window of the scene that it touches."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from .. import effects
from ..rng import Floats
from . import ink as inks
from .blocks import Look
from .pose import project, shift

SUBPIXEL = 4  # bits
SHADE_LIMITS = (0.8, 1.2)  # how far the scene's light changes a colour
Mask = NDArray[np.uint8]
Window = tuple[slice, slice]


@dataclass(slots=True)
class Canvas:
    """A scene under work; shade: (H, W), its light (see `Ground`)."""

    image: Image
    shade: Mask

    def window(self, points: Floats, room: int) -> Window | None:
        """The part of the picture around points, `room` px wider; None outside of it."""
        height, width = self.shade.shape
        x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int) - room, 0).tolist()
        x1, y1 = (np.ceil(points.max(axis=0)).astype(int) + room).tolist()
        x1, y1 = min(x1, width), min(y1, height)
        return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None

    def light(self, window: Window, usual: float) -> NDArray[np.uint16]:
        """(h, w) how much light there is, in 1/128 of `usual`, the mean shade around."""
        low, high = (int(128 * v) for v in SHADE_LIMITS)
        gain = self.shade[window] * np.uint16(min(128 * 64 / max(usual, 1), 257)) >> 6
        return np.clip(gain, low, high)

    def fill(
        self, window: Window, colour: Floats, mask: Mask, light: NDArray[np.uint16] | None, opacity: float
    ) -> None:
        """Paint a colour in that light where the mask says."""
        alpha = mask.astype(np.uint16)
        alpha += alpha >> 7  # 0..256: sums of two products stay below 2**16
        if opacity < 1:
            alpha *= int(256 * opacity)
            alpha >>= 8
        part = self.image[window]
        for channel, level in enumerate(np.rint(colour).astype(int).tolist()):
            plane = part[..., channel].astype(np.uint16)
            plane *= 256 - alpha
            if light is None:
                plane += np.uint16(level) * alpha
            else:
                plane += np.minimum(light * np.uint16(level) >> 7, 255) * alpha
            part[..., channel] = plane >> 8


def polygon_mask(points: Floats, window: Window) -> Mask:
    """Where the polygon lies in the window, its edges smoothed."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    # A point at x lies x - 0.5 pixels right of the first pixel's middle, from which OpenCV counts.
    local = np.rint((points - (columns.start + 0.5, rows.start + 0.5)) * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillConvexPoly(mask, local, 255, lineType=cv2.LINE_AA, shift=SUBPIXEL)
    return mask


def panel(
    canvas: Canvas, look: Look, plane: Floats, low: Floats, high: Floats, em: float
) -> tuple[Window, Image] | None:
    """A board from `low` to `high` (px of the plane), with its shadow and border; what was there before."""

    def outline(inset: float) -> Floats:
        (x0, y0), (x1, y1) = low + inset, high - inset
        return project(plane, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))

    edge = outline(0)
    offset = max(2, round(0.12 * em))
    window = canvas.window(edge, 2 * offset)
    if window is None:
        return None
    before = canvas.image[window].copy()
    usual = float(canvas.shade[window].mean())
    mask = polygon_mask(edge, window)
    if look.panel_shadow:
        shadow = effects.shadowed(mask, offset // 2, offset // 2, offset / 2)
        canvas.fill(window, np.zeros(3), shadow, None, 0.7 * look.panel_shadow)
    light = canvas.light(window, usual)
    colour = np.array(look.panel_colour)
    canvas.fill(window, colour, mask, light, 1)
    border = look.border * em
    if border >= 1:
        outer, inner = outline(1.5 * border), outline(2.5 * border)
        line = cv2.subtract(polygon_mask(outer, window), polygon_mask(inner, window))
        canvas.fill(window, inks.rim(colour, look.depth), line, light, 1)  # type: ignore[arg-type]
    return window, before


@dataclass(slots=True)
class Stroke:
    """A line's ink in its window of the scene. paper: mean and standard deviation of lightness behind it."""

    window: Window
    mask: Mask
    paper: tuple[float, float]


def stroke(canvas: Canvas, look: Look, mask: Mask, place: Floats, quad: Floats) -> Stroke | None:
    """The ink of a line whose mask goes to the scene by `place`, its corners to `quad`; None outside the picture."""
    room = 2 + look.outline + round(max(look.weight, 0))
    if look.shadow:
        room += max(abs(look.shadow_x), abs(look.shadow_y)) + round(2 * look.shadow_blur)
    window = canvas.window(quad, room)
    if window is None:
        return None
    rows, columns = window
    # From the corners of pixels to their middles, where OpenCV counts, and from the scene to the window.
    local = shift(np.array([-columns.start - 0.5, -rows.start - 0.5])) @ place @ shift(np.array([0.5, 0.5]))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    ink = cv2.warpPerspective(mask, local, size, flags=cv2.INTER_LINEAR)
    paper = inks.behind(canvas.image[window], polygon_mask(quad, window))
    return Stroke(window, effects.embolden(ink, look.weight), paper)  # type: ignore[arg-type]


def write(canvas: Canvas, look: Look, line: Stroke, colour: Floats) -> None:
    """Shadow, outline and ink."""
    window = line.window
    if look.shadow:
        dark = inks.shadow(colour, line.paper[0])
        soft = effects.shadowed(line.mask, look.shadow_x, look.shadow_y, look.shadow_blur)
        canvas.fill(window, dark, soft, None, look.shadow_opacity)
    light = canvas.light(window, float(canvas.shade[window].mean()))
    if look.outline:
        canvas.fill(window, inks.rim(colour, look.polarity), effects.outlined(line.mask, look.outline), light, 1)
    canvas.fill(window, colour, line.mask, light, look.opacity)
