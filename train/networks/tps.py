"""Straightens a line before it is read: a thin-plate spline through points that a small network finds (RARE, 2016)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import ParamAttr, Tensor, nn

from .blocks import ConvNorm

WIDTHS = {"small": (16, 32, 64, 128, 64), "large": (64, 128, 256, 512, 256)}
RATE = 0.1  # of the learning rate: the points move a picture's whole content
Array = NDArray[np.float64]


def _rows(points: int, top: Array, bottom: Array) -> Array:
    """(points, 2): half of them above, left to right, then half of them below. From -1 to 1 in x and y."""
    x = np.linspace(-1, 1, points // 2)
    return np.concatenate([np.stack([x, top], 1), np.stack([x, bottom], 1)])


def edges(points: int) -> Array:
    """Where the points lie in the straightened picture: on its upper and its lower edge."""
    half = points // 2
    return _rows(points, np.full(half, -1.0), np.full(half, 1.0))


def _first_guess(points: int) -> Array:
    """Where the points are looked for before anything is learnt: the slope of figure 6(a) of the paper."""
    half = points // 2
    return _rows(points, np.linspace(0, -1, half), np.linspace(1, 0, half))


def spline(points: Array) -> Array:
    """(points, points + 3): from values at the points to the weights of 1, x, y and the distances to the points."""
    count = len(points)
    squared = ((points[:, None] - points[None]) ** 2).sum(2)
    system = np.zeros((count + 3, count + 3))
    system[:count] = np.concatenate([np.ones((count, 1)), points, _bend(squared)], 1)
    system[count:, 3:] = np.concatenate([np.ones((count, 1)), points], 1).T
    return np.linalg.inv(system)[:, :count].astype(np.float64)


def _bend(squared: Array) -> Array:
    """The spline's r² log r, from r²."""
    return 0.5 * squared * np.log(squared + 1e-12)


class Tps(nn.Layer):
    """(N, C, H, W) to the same shape. The grid follows the input: any height and width."""

    def __init__(self, points: int, size: Literal["small", "large"]) -> None:
        super().__init__()
        *widths, hidden = WIDTHS[size]
        layers: list[nn.Layer] = []
        for inside, out in zip((3, *widths), widths, strict=False):
            layers += [ConvNorm(inside, out, (3, 3), act="relu"), nn.MaxPool2D(2, 2)]
        layers[-1] = nn.AdaptiveAvgPool2D(1)
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Linear(widths[-1], hidden, _slow(), _slow())
        guess = nn.initializer.Assign(_first_guess(points).astype(np.float32).ravel())
        zero = nn.initializer.Constant(0.0)
        self.points = nn.Linear(hidden, 2 * points, _slow(zero), _slow(guess))
        # In 64 bits: the sums of the spline are small beside what is summed, and a grid that is off by 4e-6, as in
        # 32 bits, shifts noise by so much that engines differ by more than 1e-4.
        self._edges, self._spline = (paddle.to_tensor(values) for values in (edges(points), spline(edges(points))))

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) lines, straightened, in the same shape."""
        found = nn.functional.relu(self.hidden(self.features(images).flatten(1)))
        points = self.points(found).reshape([0, -1, 2])
        height, width = paddle.shape(images)[2], paddle.shape(images)[3]
        pull = self._basis(height, width).matmul(self._spline).astype("float32")  # of each point on each pixel
        grid = pull.matmul(points).reshape([0, height, width, 2])
        if self.training:  # Paddle's gradient of grid_sample crashes the process for pictures that need none
            images = images.detach()
            images.stop_gradient = False
        return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    def _basis(self, height: Tensor, width: Tensor) -> Tensor:
        """(H * W, points + 3): 1, x, y and the bends of each pixel's centre."""
        x = _centres(width).unsqueeze(0) + paddle.zeros_like(_centres(height)).unsqueeze(1)
        y = _centres(height).unsqueeze(1) + paddle.zeros_like(_centres(width)).unsqueeze(0)
        centres = paddle.stack([x.flatten(), y.flatten()], 1)
        squared = ((centres.unsqueeze(1) - self._edges.unsqueeze(0)) ** 2).sum(2)
        bend = 0.5 * squared * paddle.log(squared + 1e-12)
        return paddle.concat([paddle.ones_like(centres[:, :1]), centres, bend], 1)


def _centres(count: Tensor) -> Tensor:
    """Centres of `count` pixels, from -1 to 1 over their edges."""
    return (2 * paddle.arange(count).astype("float64") + 1) / count.astype("float64") - 1


def _slow(initializer: nn.initializer.Initializer | None = None) -> ParamAttr:
    return ParamAttr(learning_rate=RATE, initializer=initializer)
