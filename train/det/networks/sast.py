"""SAST: maps merged from deep to flat and from flat to deep, attention along rows and columns, four heads."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from ...networks.blocks import ConvNorm
from ..network_config import ResNet50, Sast
from .backbones import BottleneckVd, Residual, backbone

# Logits and px for an output of 1. The heads end in batch norms, which begin with a mean of 0 and a factor of 1: it
# would take thousands of steps until they could say the corner of a long text, or that most of a photo is no text.
# RARE: what a pixel is at first, so that one in six may be text.
LOGIT, RARE, EDGE, CORNER = 4.0, -1.0, 16.0, 64.0


class HalvedUp(nn.Layer):
    """Means of 2 x 2 pixels; odd sizes are rounded up, as strided convolutions round them.

    Paddle's own way to round up becomes another mean in ONNX Runtime.
    """

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(nn.functional.pad(features, [0, 1, 0, 1], mode="replicate"), 2, 2)


class Stages(nn.Layer):
    """A backbone with one more stage. channels: of the six maps that `forward` gives."""

    def __init__(self, config: Sast) -> None:
        super().__init__()
        base = backbone(config.backbone)
        deepest = base.channels[-1]
        if isinstance(config.backbone, ResNet50):
            self.stem, self.pool = nn.Sequential(*list(base.stem)[:3]), list(base.stem)[3]
            width, half = deepest // 4, 64
            blocks = [BottleneckVd(deepest, width, (1, 1) if k else (2, 2), not k) for k in range(3)]
            blocks[0].shortcut[0] = HalvedUp()
            last = nn.Sequential(*blocks)
        else:
            self.stem, self.pool = base.stem, nn.Identity()
            half, last = config.backbone.channels[0], Residual(deepest, deepest, 2)
        self.stages = nn.LayerList([*base.stages, last])
        self.channels = (half, *base.channels, deepest)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) to maps at a half, a quarter, ... a 64th of the size; the last is rounded up."""
        maps = [self.stem(images)]
        features = self.pool(maps[0])
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        return maps


class Doubled(nn.Sequential):
    """A transposed convolution to twice the size, with a norm."""

    def __init__(self, inside: int, out: int) -> None:
        super().__init__(nn.Conv2DTranspose(inside, out, 4, 2, 1, bias_attr=False), nn.BatchNorm2D(out))


class Up(nn.Layer):
    """Five maps, the deepest first, to one at a quarter of the size."""

    def __init__(self, channels: tuple[int, ...], out: int) -> None:
        super().__init__()
        widths = (2 * out, 2 * out, out * 3 // 2, out * 3 // 2, out)
        self.lateral = nn.LayerList(ConvNorm(channels[k], widths[k], (1, 1)) for k in range(5))
        self.enlarge = nn.LayerList(Doubled(widths[k], widths[k + 1]) for k in range(4))
        self.smooth = nn.LayerList(ConvNorm(w, w, (3, 3), act="relu") for w in widths[1:])
        self.last = ConvNorm(out, out, (1, 1))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """(N, C, H / 64, W / 64), (N, C, H / 32, W / 32) ... to (N, out, H / 4, W / 4)."""
        features = self.lateral[0](maps[0])
        for k in range(4):
            flat = self.lateral[k + 1](maps[k + 1])
            deep = self.enlarge[k](features)
            if k == 0:  # half of an odd size was rounded up
                deep = deep[:, :, : flat.shape[2], : flat.shape[3]]
            features = self.smooth[k](nn.functional.relu(deep + flat))
        return self.last(features)


class Down(nn.Layer):
    """The photo and its maps at a half and a quarter of the size to one at a quarter."""

    def __init__(self, channels: tuple[int, ...], out: int) -> None:
        super().__init__()
        widths = (out // 4, out // 2, out)
        self.lateral = nn.LayerList(ConvNorm(channels[k], widths[k], (3, 3)) for k in range(3))
        self.halve = nn.LayerList(ConvNorm(widths[k], widths[k + 1], (3, 3), (2, 2)) for k in range(2))
        self.smooth = nn.LayerList(ConvNorm(w, w, (3, 3), act="relu") for w in widths[1:])
        self.last = ConvNorm(out, out, (1, 1))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """(N, C, H, W), (N, C, H / 2, W / 2), (N, C, H / 4, W / 4) to (N, out, H / 4, W / 4)."""
        features = self.lateral[0](maps[0])
        for k in range(2):
            merged = self.halve[k](features) + self.lateral[k + 1](maps[k + 1])
            features = self.smooth[k](nn.functional.relu(merged))
        return self.last(features)


class CrossAttention(nn.Layer):
    """Every pixel looks along its row and along its column."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = channels**-0.5
        self.query, self.key, self.value = (ConvNorm(channels, channels, (1, 1), act="relu") for _ in range(3))
        self.row, self.row_shortcut = (ConvNorm(channels, channels, (1, 1)) for _ in range(2))
        self.column, self.column_shortcut = (ConvNorm(channels, channels, (1, 1)) for _ in range(2))
        self.merge = ConvNorm(2 * channels, channels, (1, 1), act="relu")

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        parts = [layer(features) for layer in (self.query, self.key, self.value)]
        rows = self._seen([p.transpose([0, 2, 3, 1]) for p in parts]).transpose([0, 3, 1, 2])
        columns = self._seen([p.transpose([0, 3, 2, 1]) for p in parts]).transpose([0, 3, 2, 1])
        along = nn.functional.relu(self.row(rows) + self.row_shortcut(features))
        down = nn.functional.relu(self.column(columns) + self.column_shortcut(features))
        return self.merge(paddle.concat([along, down], axis=1))

    def _seen(self, parts: list[Tensor]) -> Tensor:
        """Three times (N, lines, pixels, channels) to one."""
        look = (parts[0] * self.scale).matmul(parts[1], transpose_y=True)
        return nn.functional.softmax(look, axis=-1).matmul(parts[2])


class Head(nn.Sequential):
    """From merged maps to some numbers for each pixel."""

    def __init__(self, inside: int, out: int) -> None:
        small = inside // 2
        super().__init__(
            ConvNorm(inside, small, (1, 1), act="relu"),
            ConvNorm(small, small, (3, 3), act="relu"),
            ConvNorm(small, inside, (1, 1), act="relu"),
            ConvNorm(inside, out, (3, 3)),
        )


class SastNetwork(nn.Layer):
    """(N, 3, H, W) photos, sides multiples of 32, to (N, 15, H / 4, W / 4).

    A logit; dx, dy in px to the edges above and below, to the corners of the box, to its centre.
    """

    def __init__(self, config: Sast) -> None:
        super().__init__()
        self.backbone = Stages(config)
        width, channels = config.channels, self.backbone.channels
        self.down, self.up = Down((3, *channels[:2]), width), Up(channels[:0:-1], width)
        self.attention = CrossAttention(width)
        self.score, self.border = Head(width, 1), Head(width, 4)
        self.corners, self.centre = Head(width, 8), Head(width, 2)
        self.score[-1][1].bias.set_value(paddle.full([1], RARE))

    def forward(self, images: Tensor) -> Tensor:
        """The maps in training and in use: a logit, which `found` turns into a probability, and px."""
        maps = self.backbone(images)
        features = nn.functional.relu(self.down([images, *maps[:2]]) + self.up(maps[:0:-1]))
        features = self.attention(features)
        parts = [self.score(features) * LOGIT, self.border(features) * EDGE]
        parts += [self.corners(features) * CORNER, self.centre(features) * CORNER]
        return paddle.concat(parts, axis=1)

    def found(self, outputs: Tensor) -> Tensor:
        """What is deployed: the logit as a probability."""
        return paddle.concat([nn.functional.sigmoid(outputs[:, :1]), outputs[:, 1:]], axis=1)

    def deployed(self) -> list[nn.Layer]:
        """The layers that are exported."""
        return [self]
