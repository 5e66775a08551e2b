"""MobileNetV3 as line recognition of 2020 used it: strides in y alone after the first layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paddle import Tensor, nn

from .blocks import ConvNorm
from .depthwise import DepthwiseNorm


def rounded(channels: float) -> int:
    """To a multiple of 8, but never more than a tenth lower: MobileNet's rule."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class SqueezeExcite(nn.Layer):
    """Scales each channel by what the whole map says."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # In backward, adaptive pooling is 2.5 times faster than a mean over height and width.
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.down = nn.Conv2D(channels, channels // 4, 1)
        self.up = nn.Conv2D(channels // 4, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        scale = self.up(nn.functional.relu(self.down(self.pool(features))))
        return features * nn.functional.hardsigmoid(scale, slope=0.2, offset=0.5)


class InvertedResidual(nn.Layer):
    """MobileNetV3's block: widen, depthwise, squeeze-excite, narrow; added to its input where shapes agree.

    square: the stride is that of both axes.
    """

    def __init__(self, inside: int, block: Block, square: bool = False) -> None:
        super().__init__()
        kernel, middle, out, excite, act, stride = block
        layers: list[nn.Layer] = [
            ConvNorm(inside, middle, (1, 1), act=act),
            DepthwiseNorm(middle, kernel, (stride, stride if square else 1), act),
        ]
        if excite:
            layers.append(SqueezeExcite(middle))
        layers.append(ConvNorm(middle, out, (1, 1)))
        self.layers = nn.Sequential(*layers)
        self.shortcut = inside == out and stride == 1

    def forward(self, features: Tensor) -> Tensor:
        out = self.layers(features)
        return features + out if self.shortcut else out


# kernel, widened channels, channels out, squeeze-excite, activation, stride in y; channels at full width.
Block = tuple[int, int, int, bool, str, int]
SMALL: Sequence[Block] = (
    (3, 16, 16, True, "relu", 2),
    (3, 72, 24, False, "relu", 2),
    (3, 88, 24, False, "relu", 1),
    (5, 96, 40, True, "hardswish", 2),
    (5, 240, 40, True, "hardswish", 1),
    (5, 240, 40, True, "hardswish", 1),
    (5, 120, 48, True, "hardswish", 1),
    (5, 144, 48, True, "hardswish", 1),
    (5, 288, 96, True, "hardswish", 2),
    (5, 576, 96, True, "hardswish", 1),
    (5, 576, 96, True, "hardswish", 1),
)


# In `small`, the first block reduces the height, too: what is left at the end is one row for lines 32 pixels high.
LARGE: Sequence[Block] = (
    (3, 16, 16, False, "relu", 1),
    (3, 64, 24, False, "relu", 2),
    (3, 72, 24, False, "relu", 1),
    (5, 72, 40, True, "relu", 2),
    (5, 120, 40, True, "relu", 1),
    (5, 120, 40, True, "relu", 1),
    (3, 240, 80, False, "hardswish", 1),
    (3, 200, 80, False, "hardswish", 1),
    (3, 184, 80, False, "hardswish", 1),
    (3, 184, 80, False, "hardswish", 1),
    (3, 480, 112, True, "hardswish", 1),
    (3, 672, 112, True, "hardswish", 1),
    (5, 672, 160, True, "hardswish", 2),
    (5, 960, 160, True, "hardswish", 1),
    (5, 960, 160, True, "hardswish", 1),
)


def mobilenet_v3(size: Literal["small", "large"], scale: float) -> tuple[nn.Sequential, int]:
    """The backbone and its channels out: (N, 3, 32, W) to (N, channels, 1, W / 4)."""
    blocks, last, left = (SMALL, 576, 1) if size == "small" else (LARGE, 960, 2)
    inside = rounded(16 * scale)
    layers: list[nn.Layer] = [ConvNorm(3, inside, (3, 3), (2, 2), act="hardswish")]
    for kernel, middle, out, excite, act, stride in blocks:
        block = (kernel, rounded(middle * scale), rounded(out * scale), excite, act, stride)
        layers.append(InvertedResidual(inside, block))
        inside = block[2]
    channels = rounded(last * scale)
    pool = nn.MaxPool2D((left, 2), (left, 2))
    layers += [ConvNorm(inside, channels, (1, 1), act="hardswish"), pool]
    return nn.Sequential(*layers), channels
