"""What detectors look with: maps at a quarter, an eighth, a 16th and a 32nd of the photo."""

from __future__ import annotations

from collections.abc import Sequence

from paddle import Tensor, nn

from ...networks.blocks import ConvNorm
from ...networks.mobilenet import LARGE, InvertedResidual, rounded
from ...networks.resnet import DEPTHS, WIDTHS, Pair
from ..network_config import MobileNetV3, Plain, ResNet50

Maps = list[Tensor]
HALVES = (1, 3, 6, 12)  # blocks of MobileNetV3-large that halve the size


class Backbone(nn.Layer):
    """Stages in a row. channels: of the four maps that `forward` gives, the largest first."""

    def __init__(self, stem: nn.Layer, stages: Sequence[nn.Layer], channels: Sequence[int]) -> None:
        super().__init__()
        self.stem, self.stages, self.channels = stem, nn.LayerList(stages), tuple(channels)

    def forward(self, images: Tensor) -> Maps:
        """(N, 3, H, W), both multiples of 32, to four maps (N, channels, H / stride, W / stride)."""
        features = self.stem(images)
        maps = []
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        return maps


def mobilenet_v3(config: MobileNetV3) -> Backbone:
    """MobileNetV3-large; its last map is that of the widened last layer."""
    inside = rounded(16 * config.scale)
    stem = [ConvNorm(3, inside, (3, 3), (2, 2), act="hardswish")]
    parts: list[list[nn.Layer]] = [stem]
    ends = []
    for number, (kernel, middle, out, excite, act, _) in enumerate(LARGE):
        if number in HALVES[1:]:
            ends.append(inside)
            parts.append([])
        elif number == HALVES[0]:
            parts.append([])
        stride = 2 if number in HALVES else 1
        block = (
            kernel,
            rounded(middle * config.scale),
            rounded(out * config.scale),
            excite and config.excite,
            act,
            stride,
        )
        parts[-1].append(InvertedResidual(inside, block, square=True))
        inside = block[2]
    last = rounded(960 * config.scale)
    parts[-1].append(ConvNorm(inside, last, (1, 1), act="hardswish"))
    stem_layers, *stages = (nn.Sequential(*part) for part in parts)
    return Backbone(stem_layers, stages, [*ends, last])


class BottleneckVd(nn.Layer):
    """1x1, strided 3x3, 1x1 to four times the width; a shortcut that is pooled before its 1x1 layer."""

    def __init__(self, inside: int, width: int, stride: Pair, project: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvNorm(inside, width, (1, 1), act="relu"),
            ConvNorm(width, width, (3, 3), stride, act="relu"),
            ConvNorm(width, 4 * width, (1, 1)),
        )
        pool: list[nn.Layer] = [nn.AvgPool2D(stride, stride)] if stride != (1, 1) else []
        self.shortcut = nn.Sequential(*pool, ConvNorm(inside, 4 * width, (1, 1))) if project else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(self.layers(features) + self.shortcut(features))


def resnet50_vd(config: ResNet50) -> Backbone:
    """ResNet50 with a stem of three 3x3 layers."""
    stem = nn.Sequential(
        ConvNorm(3, 32, (3, 3), (2, 2), act="relu"),
        ConvNorm(32, 32, (3, 3), act="relu"),
        ConvNorm(32, 64, (3, 3), act="relu"),
        nn.MaxPool2D(3, 2, 1),
    )
    stages, inside = [], 64
    for number, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
        blocks = []
        for block in range(depth):
            stride = (2, 2) if number and not block else (1, 1)
            blocks.append(BottleneckVd(inside, width, stride, project=not block))
            inside = 4 * width
        stages.append(nn.Sequential(*blocks))
    return Backbone(stem, stages, [4 * width for width in WIDTHS])


class Residual(nn.Layer):
    """Two 3x3 layers, the first with the stride; where the shape stays, they are added to what came in."""

    def __init__(self, inside: int, out: int, stride: int) -> None:
        super().__init__()
        self.first = ConvNorm(inside, out, (3, 3), (stride, stride), act="relu")
        self.second = ConvNorm(out, out, (3, 3))

    def forward(self, features: Tensor) -> Tensor:
        features = self.first(features)
        return nn.functional.relu(features + self.second(features))


def plain(config: Plain) -> Backbone:
    """Residual 3x3 layers."""
    first, *rest = config.channels
    stages, inside = [], first
    for out in rest:
        blocks = [Residual(inside, out, 2), *(Residual(out, out, 1) for _ in range(config.blocks - 1))]
        stages.append(nn.Sequential(*blocks))
        inside = out
    return Backbone(ConvNorm(3, first, (3, 3), (2, 2), act="relu"), stages, rest)


def backbone(config: MobileNetV3 | ResNet50 | Plain) -> Backbone:
    """The backbone of a configuration."""
    if isinstance(config, MobileNetV3):
        return mobilenet_v3(config)
    if isinstance(config, ResNet50):
        return resnet50_vd(config)
    return plain(config)
