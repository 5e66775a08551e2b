"""From placed blocks to pixels: panels, shadows, ink, each only in the window of the scene that it touches."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...datasets.images import Image
from .. import warp
from ..effects.base import Canvas, Mask, Planes, Step
from ..effects.pixels import embolden, moved, soften
from ..rng import Floats
from .blocks import Look
from .pose import project, shift
from .typeset import Line, edges

SUBPIXEL = 4  # bits
BORDER_ROOM = 0.25  # of the margin: the border must not touch the text
SHADE_LIMITS = (0.8, 1.2)  # how far the scene's light changes a colour
Window = tuple[slice, slice]


@dataclass(slots=True)
class Sheet:
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

    def light(self, window: Window) -> Mask:
        """(h, w) how much light there is, in 1/128 of its mean in the window."""
        shade = self.shade[window]
        low, high = (int(128 * v) for v in SHADE_LIMITS)
        gain = cv2.convertScaleAbs(shade, alpha=128 / max(cv2.mean(shade)[0], 1))
        return cv2.min(cv2.max(gain, low), high)  # type: ignore[call-overload]


def blend_lit(planes: Planes, colour: list[float], mask: Mask, opacity: float, light: Mask) -> None:
    """Paint `colour` (BGR) in that light into (3, h, w) planes where the mask says, in place."""
    alpha = mask.astype(np.uint16)
    alpha += alpha >> 7  # 0..256: sums of two products stay below 2**16
    if opacity < 1:
        alpha *= int(256 * opacity)
        alpha >>= 8
    planes *= 256 - alpha
    wide = light.astype(np.uint16)
    for plane, level in zip(planes, colour, strict=True):
        plane += np.minimum(wide * np.uint16(level) >> 7, 255) * alpha
    planes >>= 8


def polygon_mask(points: Floats, window: Window) -> Mask:
    """Where the polygon lies in the window, its edges smoothed."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    # A point at x lies x - 0.5 pixels right of the first pixel's middle, from which OpenCV counts.
    local = np.rint((points - (columns.start + 0.5, rows.start + 0.5)) * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [local], 255, lineType=cv2.LINE_AA, shift=SUBPIXEL)
    return mask


@dataclass(slots=True)
class Panel:
    """A painted panel: its window, what was there before, and where it changed it."""

    window: Window
    before: Image
    changed: Mask

    def remove(self, sheet: Sheet) -> None:
        """Put back what was there."""
        sheet.image[self.window] = cv2.copyTo(self.before, self.changed, sheet.image[self.window])


def panel(sheet: Sheet, look: Look, plane: Floats, box: Floats, em: float) -> Panel | None:
    """Paint a board over `box` (left, top, right, bottom, px of the plane), with its shadow and border."""

    def outline(inset: float) -> Floats:
        return project(plane, edges(box + inset * np.array([1, 1, -1, -1]), False))

    offset = max(2, round(0.1 * em))
    edge = outline(0)
    window = sheet.window(edge, 2 * offset)
    if window is None:
        return None
    before = sheet.image[window].copy()
    mask = changed = polygon_mask(edge, window)
    light = sheet.light(window)
    if look.panel_shadow:
        shadow = soften(moved(mask, offset // 2, offset // 2), offset / 2)
        fill(sheet, window, [0, 0, 0], shadow, light, 0.7 * look.panel_shadow)
        changed = cv2.max(mask, shadow)  # type: ignore[assignment]
    fill(sheet, window, look.panel_colour, mask, light)
    border = min(look.border, BORDER_ROOM * look.margin) * em
    if border >= 1:
        line = cv2.subtract(polygon_mask(outline(1.5 * border), window), polygon_mask(outline(2.5 * border), window))
        fill(sheet, window, look.border_colour, line, light)  # type: ignore[arg-type]
    return Panel(window, before, changed)


def fill(sheet: Sheet, window: Window, colour: list[float], mask: Mask, light: Mask, opacity: float = 1) -> None:
    """Paint a colour in that light where the mask says."""
    surface = cv2.merge([cv2.convertScaleAbs(light, alpha=level / 128) for level in colour])
    share = mask if opacity == 1 else cv2.convertScaleAbs(mask, alpha=opacity)
    over = cv2.merge((share, share, share))
    under = cv2.multiply(sheet.image[window], cv2.bitwise_not(over), scale=1 / 255)
    sheet.image[window] = cv2.add(cv2.multiply(surface, over, scale=1 / 255), under)


@dataclass(slots=True)
class Stroke:
    """A line's ink in its window of the scene. map: of the line's mask to the scene; paper: mean and standard deviation
    of lightness behind it, 0 to 255."""

    line: Line
    map: warp.Map
    window: Window
    ink: Mask
    paper: tuple[float, float]


def stroke(sheet: Sheet, look: Look, line: Line, plane: Floats, reach: int) -> Stroke | None:
    """The ink of a line on the block's plane, in a window `reach` px wider; None outside of the picture."""
    place = warp.Map.of(warp.by_index((plane @ line.place)[None])[0], line.text_box, line.bend)
    polygon = place.points(edges(line.ink, line.bend is not None))
    window = sheet.window(polygon, reach)
    if window is None:
        return None
    rows, columns = window
    local = warp.Map.of(shift(np.array([-columns.start, -rows.start])) @ place.matrix, place.box, place.bend)
    width, height = columns.stop - columns.start, rows.stop - rows.start
    if line.bend is None:
        ink = cv2.warpPerspective(line.mask, local.matrix, (width, height), flags=cv2.INTER_LINEAR)
    else:
        x, y = local.sources(width, height)
        ink = cv2.remap(line.mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    paper = behind(sheet.image[window], polygon_mask(polygon, window))
    return Stroke(line, place, window, embolden(ink, look.weight), paper)  # type: ignore[arg-type]


def behind(image: Image, mask: Mask) -> tuple[float, float]:
    """Mean and standard deviation of lightness where the mask says; every other pixel tells enough."""
    thin = np.ascontiguousarray(image[::2, ::2])
    light = cv2.cvtColor(thin, cv2.COLOR_BGR2LAB)[..., 0]
    mean, deviation = cv2.meanStdDev(light, mask=np.ascontiguousarray(mask[::2, ::2]))
    return float(mean[0, 0]), float(deviation[0, 0])


def age(stroke: Stroke, steps: list[Step]) -> None:
    """What printing and time do to the ink, before its legibility is judged."""
    canvas = Canvas(stroke.ink, stroke.ink, stroke.ink)  # type: ignore[arg-type]
    for _, effect, values in steps:
        if effect.stage == "ink":
            effect.apply(canvas, **values)
    stroke.ink = canvas.ink


def write(sheet: Sheet, stroke: Stroke, colour: list[float], opacity: float, steps: list[Step]) -> None:
    """Paint a line: what its effects put under it, the ink, what they put over it."""
    light = sheet.light(stroke.window)
    if not any(step.effect.stage in ("paper", "letters") for step in steps):
        fill(sheet, stroke.window, colour, stroke.ink, light, opacity)
        return
    image = sheet.image[stroke.window]
    planes = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.uint16)
    canvas = Canvas(stroke.ink, planes, stroke.ink)
    for stage in ("paper", "letters"):
        for _, effect, values in steps:
            if effect.stage == stage:
                effect.apply(canvas, **values)
        if stage == "paper":
            blend_lit(canvas.planes, colour, canvas.ink, opacity, light)
    image[:] = canvas.planes.transpose(1, 2, 0)
