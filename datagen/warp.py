"""From the text's box to the picture: stretch, shear, perspective, rotation, margins and scale in one homography."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .recipe import Recipe
from .rng import Draws, Floats, Integers

LEAST_WIDTH = 8  # px
LEAST_FRAME = 0.1  # of the text's height


@dataclass(slots=True)
class Frames:
    """What each picture shows. quads: (n, 4, 2) the text box's corners in the picture, px, clockwise from top left.

    width: (n,) of the pictures, px. scale: (n,) px per height of the text.
    """

    quads: Floats
    width: Integers
    scale: Floats

    def room(self, height: int) -> Floats:
        """(n, 4) px between the text and the top, right, bottom and left side; below 0 where the side cuts it."""
        low, high = self.quads.min(axis=1), self.quads.max(axis=1)
        return np.stack([low[:, 1], self.width - high[:, 0], height - high[:, 1], low[:, 0]], axis=1)


def frame(recipe: Recipe, draws: Draws, aspect: Floats) -> Frames:
    """Draw the shapes of n lines whose text boxes have the given width / height."""
    corners = _corners(recipe, draws, aspect * draws.between("stretch", recipe.layout.stretch))
    margins = recipe.layout.margins
    low, high = corners.min(axis=1), corners.max(axis=1)
    left = low[:, 0] - draws.between("margin.left", margins.left)
    right = high[:, 0] + draws.between("margin.right", margins.right)
    top = low[:, 1] - draws.between("margin.top", margins.top)
    bottom = high[:, 1] + draws.between("margin.bottom", margins.bottom)
    scale = recipe.height / np.maximum(bottom - top, LEAST_FRAME)
    exact = (right - left) * scale
    width = np.maximum(np.rint(exact), LEAST_WIDTH).astype(np.int64)
    left = left - (width - exact) / (2 * scale)
    quads = (corners - np.stack([left, top], axis=1)[:, None, :]) * scale[:, None, None]
    return Frames(quads, width, scale)


def _corners(recipe: Recipe, draws: Draws, width: Floats) -> Floats:
    """(n, 4, 2) the text box's corners, in heights of the text, after shear, perspective and rotation."""
    zeros, ones = np.zeros(len(width)), np.ones(len(width))
    x = np.stack([zeros, width, width, zeros], axis=1)
    y = np.stack([zeros, zeros, ones, ones], axis=1)
    geometry = recipe.geometry
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
