"""From the text's box to the picture: bend, stretch, shear, perspective, rotation, margins and scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ..config import Config
from .bend import Bend, outline
from .layout import Margins
from .limits import Degrees, Limits, within
from .rng import Draws, Floats, Integers

LEAST_WIDTH = 8  # px
LEAST_FRAME = 0.1  # of the text's height


class Geometry(Config):
    """Rotation and shear in degrees; perspective: how far each corner moves, as a share of the text's height.

    From a quarter on, corners could pass each other and mirror the text.
    """

    rotation: Degrees = (0, 0)
    shear: Degrees = (0, 0)
    perspective: Annotated[Limits, AfterValidator(within(0, 0.24))] = (0, 0)


@dataclass(slots=True)
class Frames:
    """What each picture shows. quads: (n, 4, 2) the straight text box's corners in the picture, px, clockwise from top
    left; a bend comes before that map.

    low, high: (n, 2) left top and right bottom of the text. width: (n,) of the pictures, px. scale: (n,) px per height
    of the text.
    """

    quads: Floats
    low: Floats
    high: Floats
    width: Integers
    scale: Floats

    def take(self, which: Integers) -> Frames:
        """Some of them."""
        return Frames(self.quads[which], self.low[which], self.high[which], self.width[which], self.scale[which])

    def room(self, height: int) -> Floats:
        """(n, 4) px between the text and the top, right, bottom and left side; below 0 where the side cuts it."""
        low, high = self.low, self.high
        return np.stack([low[:, 1], self.width - high[:, 0], height - high[:, 1], low[:, 0]], axis=1)


def frame(
    geometry: Geometry, margins: Margins, draws: Draws, width: Floats, bends: list[Bend | None], height: int
) -> Frames:
    """Draw the shapes of n pictures of `height` px for lines whose text boxes are `width` heights wide."""
    corners = corners_of(geometry, draws, width)
    low, high = corners.min(axis=1), corners.max(axis=1)
    bent = [i for i, bend in enumerate(bends) if bend is not None]
    if bent:
        low[bent], high[bent] = _bounds(corners[bent], width[bent], [b for b in bends if b is not None])
    left = low[:, 0] - draws.between("margin.left", margins.left)
    right = high[:, 0] + draws.between("margin.right", margins.right)
    top = low[:, 1] - draws.between("margin.top", margins.top)
    bottom = high[:, 1] + draws.between("margin.bottom", margins.bottom)
    scale = height / np.maximum(bottom - top, LEAST_FRAME)
    exact = (right - left) * scale
    pixels = np.maximum(np.rint(exact), LEAST_WIDTH).astype(np.int64)
    left = left - (pixels - exact) / (2 * scale)
    corner = np.stack([left, top], axis=1)
    quads = (corners - corner[:, None, :]) * scale[:, None, None]
    return Frames(quads, (low - corner) * scale[:, None], (high - corner) * scale[:, None], pixels, scale)


def _bounds(corners: Floats, width: Floats, bends: list[Bend]) -> tuple[Floats, Floats]:
    """Left top and right bottom of bent boxes, (n, 2) each."""
    boxes = np.stack([np.zeros_like(width), np.zeros_like(width), width, np.ones_like(width)], axis=1)
    outlines = np.stack([outline(b, w) for b, w in zip(bends, width.tolist(), strict=True)])
    points = apply(homographies(boxes, corners), outlines)
    return points.min(axis=1), points.max(axis=1)


def corners_of(geometry: Geometry, draws: Draws, width: Floats) -> Floats:
    """(n, 4, 2) the text box's corners, in heights of the text, after shear, perspective and rotation."""
    zeros, ones = np.zeros(len(width)), np.ones(len(width))
    x = np.stack([zeros, width, width, zeros], axis=1)
    y = np.stack([zeros, zeros, ones, ones], axis=1)
    shear = np.tan(np.radians(draws.between("shear", geometry.shear)))
    x = x + shear[:, None] * (0.5 - y)
    amount = draws.between("perspective", geometry.perspective)
    moves = (2 * draws.uniforms("perspective.corner", 8) - 1) * amount[:, None]
    x, y = x + moves[:, :4] * np.minimum(width, 1)[:, None], y + moves[:, 4:]
    angle = np.radians(draws.between("rotation", geometry.rotation))
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    middle = width[:, None] / 2
    turned_x = cos * (x - middle) - sin * (y - 0.5)
    turned_y = sin * (x - middle) + cos * (y - 0.5)
    return np.stack([turned_x, turned_y], axis=2)


def homographies(box: Floats, quads: Floats) -> Floats:
    """(n, 3, 3) maps of mask px (continuous: a pixel's middle is at .5) to picture px; box: (n, 4) x, y, w, h."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (quads[:, i].T for i in range(4))
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    cx, cy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    determinant = ax * by - bx * ay
    g = (cx * by - bx * cy) / determinant
    h = (ax * cy - cx * ay) / determinant
    one = np.ones(len(box))
    matrix = np.stack(
        [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, one], axis=1
    ).reshape(-1, 3, 3)
    # The square's coordinates are (px - x) / w: fold that in by columns.
    columns = matrix[:, :, :2] / box[:, None, 2:]
    offset = matrix[:, :, 2] - columns[:, :, 0] * box[:, :1] - columns[:, :, 1] * box[:, 1:2]
    return np.concatenate([columns, offset[:, :, None]], axis=2)


def by_index(matrices: Floats) -> Floats:
    """The same maps between pixel indices, as OpenCV counts: a pixel's middle is at a whole number."""
    shifted = matrices.copy()
    shifted[:, :, 2] += 0.5 * (matrices[:, :, 0] + matrices[:, :, 1])
    shifted[:, :2] -= 0.5 * shifted[:, 2:]
    return shifted


def apply(matrices: Floats, points: Floats) -> Floats:
    """(G, k, 2) points under (G, 3, 3) maps."""
    x, y = points[..., 0], points[..., 1]
    m = matrices[:, :, :, None]
    w = m[:, 2, 0] * x + m[:, 2, 1] * y + m[:, 2, 2]
    px = (m[:, 0, 0] * x + m[:, 0, 1] * y + m[:, 0, 2]) / w
    py = (m[:, 1, 0] * x + m[:, 1, 1] * y + m[:, 1, 2]) / w
    return np.stack([px, py], axis=-1)


def outside(points: Floats, width: Integers, height: int) -> NDArray[np.bool_]:
    """(G,) whether any of the points (G, k, 2) lies outside of its picture."""
    x, y = points[..., 0], points[..., 1]
    return np.asarray(((x < 0) | (x > width[:, None]) | (y < 0) | (y > height)).any(axis=1))


def inverses(matrices: Floats) -> Floats:
    """The inverses of (n, 3, 3) maps, up to a factor: products and differences alone, the same on every processor."""
    (a, b, c), (d, e, f), (g, h, i) = (matrices[:, k].T for k in range(3))
    rows = [e * i - f * h, c * h - b * i, b * f - c * e]
    rows += [f * g - d * i, a * i - c * g, c * d - a * f]
    rows += [d * h - e * g, b * g - a * h, a * e - b * d]
    return np.stack(rows, axis=1).reshape(-1, 3, 3)


@dataclass(frozen=True, slots=True)
class Map:
    """From one mask to one picture. matrix: by pixel indices, after the bend; box: the text's in the mask, px.

    inverse: of the matrix, up to a factor. bend: in heights of that box, or None.
    """

    matrix: Floats
    inverse: Floats
    box: tuple[float, float, float, float]
    bend: Bend | None = None

    @staticmethod
    def of(matrix: Floats, box: tuple[float, float, float, float], bend: Bend | None = None) -> Map:
        """The map with its inverse."""
        return Map(matrix, inverses(matrix[None])[0], box, bend)

    def seen(self, mask: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
        """The mask in the picture, in whole numbers but for the positions, which are rounded to 1/32 px."""
        if self.bend is None:
            # Sums, a quotient, products: single precision gives the same positions on every processor.
            rows = (self.inverse[:, :1] * np.arange(width)).astype(np.float32)
            columns = (self.inverse[:, 1:2] * np.arange(height) + self.inverse[:, 2:]).astype(np.float32)
            x, y, w = (columns[k][:, None] + rows[k] for k in range(3))
            np.divide(np.float32(1), w, out=w)
            x *= w
            y *= w
        else:
            x, y = self.sources(width, height)
        places, parts = cv2.convertMaps(x, y, cv2.CV_16SC2)
        return cv2.remap(mask, places, parts, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[return-value]

    def points(self, points: Floats) -> Floats:
        """(k, 2) points of the mask to points of the picture, both in px with a pixel's middle at .5."""
        x, y = points[:, 0], points[:, 1]
        if self.bend is not None:
            left, top, _, height = self.box
            x, y = self.bend.forward((x - left) / height, (y - top) / height)
            x, y = x * height + left, y * height + top
        seen = np.stack([x - 0.5, y - 0.5, np.ones_like(x)]).T @ self.matrix.T
        return np.asarray(seen[:, :2] / seen[:, 2:] + 0.5)

    def sources(self, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """For every pixel of the picture the pixel index in the mask, x and y apart as `cv2.remap` wants them."""
        assert self.bend is not None
        inverse = self.inverse
        x, y = np.arange(width)[None, :], np.arange(height)[:, None]
        w = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
        left, top, _, size = self.box
        u = ((inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / w + 0.5 - left) / size
        v = ((inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / w + 0.5 - top) / size
        u, v = self.bend.backward(u.astype(np.float32), v.astype(np.float32))
        return (u * size + (left - 0.5)).astype(np.float32), (v * size + (top - 0.5)).astype(np.float32)
