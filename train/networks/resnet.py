"""ResNets of kind "vd" for lines, and the one with a feature pyramid that SRN reads from."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from .blocks import ConvNorm, Pair

DEPTHS = (3, 4, 6, 3)
WIDTHS = (64, 128, 256, 512)


class BasicBlock(nn.Layer):
    """Two 3x3 layers and a shortcut, which is a 1x1 layer where the shape changes, after pooling by the stride."""

    def __init__(self, inside: int, out: int, stride: Pair, project: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(ConvNorm(inside, out, (3, 3), stride, act="relu"), ConvNorm(out, out, (3, 3)))
        shortcut: list[nn.Layer] = [nn.AvgPool2D(stride, stride)] if stride != (1, 1) else []
        self.shortcut = nn.Sequential(*shortcut, ConvNorm(inside, out, (1, 1))) if project else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(self.layers(features) + self.shortcut(features))


def resnet34_vd() -> tuple[nn.Sequential, int]:
    """The backbone and its channels out: (N, 3, 32, W) to (N, 512, 1, W / 4)."""
    layers: list[nn.Layer] = [
        ConvNorm(3, 32, (3, 3), act="relu"),
        ConvNorm(32, 32, (3, 3), act="relu"),
        ConvNorm(32, 64, (3, 3), act="relu"),
        nn.MaxPool2D(3, 2, 1),
    ]
    inside = 64
    for stage, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
        for block in range(depth):
            stride = (2, 1) if stage and not block else (1, 1)
            layers.append(BasicBlock(inside, width, stride, project=not block))
            inside = width
    layers.append(nn.MaxPool2D(2, 2))
    return nn.Sequential(*layers), inside


class Bottleneck(nn.Layer):
    """1x1, 3x3, 1x1 to four times the width, and a shortcut."""

    def __init__(self, inside: int, width: int, stride: int, project: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvNorm(inside, width, (1, 1), act="relu"),
            ConvNorm(width, width, (3, 3), (stride, stride), act="relu"),
            ConvNorm(width, 4 * width, (1, 1)),
        )
        strides = (stride, stride)
        self.shortcut = ConvNorm(inside, 4 * width, (1, 1), strides) if project else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(self.layers(features) + self.shortcut(features))


class Resnet50Fpn(nn.Layer):
    """Grey pictures through ResNet50; its three deepest stages, all an eighth of the size, are merged."""

    channels = 512

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(1, 64, (7, 7), (2, 2), act="relu")
        stages, inside = [], 64
        for depth, width, stride in zip(DEPTHS, WIDTHS, (2, 2, 1, 1), strict=True):
            blocks = []
            for block in range(depth):
                blocks.append(Bottleneck(inside, width, 1 if block else stride, project=not block))
                inside = 4 * width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.LayerList(stages)
        self.merge = nn.LayerList(
            nn.Sequential(ConvNorm(deep + flat, flat, (1, 1), act="relu"), ConvNorm(flat, flat, (3, 3), act="relu"))
            for deep, flat in ((2048, 1024), (1024, 512))
        )
        self.last = ConvNorm(512, self.channels, (1, 1), act="relu")

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, H, W) to (N, 512, H / 8, W / 8)."""
        features = self.stem(images)
        found = []
        for stage in self.stages:
            features = stage(features)
            found.append(features)
        for level, merge in enumerate(self.merge):
            features = merge(paddle.concat([features, found[2 - level]], 1))
        return self.last(features)
