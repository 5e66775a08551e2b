"""The two recognition networks. Input (N, 3, H, W), output (N, W / 4, classes) logits; the blank is the last class."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from .config import Crnn, TrainConfig
from .config import Tiny as TinyConfig

Pair = tuple[int, int]


def build(config: TrainConfig, characters: int) -> nn.Layer:
    """The network of a configuration, for that many characters and the blank, initialised from the seed.

    Parameter names are the same in every process and at every call, so that checkpoints fit.
    """
    paddle.seed(config.seed)
    with paddle.utils.unique_name.guard():
        if isinstance(config.network, Crnn):
            return CrnnMobileNetV3(config.network.hidden, characters + 1)
        return Tiny(config.network, config.height, characters + 1)


def tensors(network: nn.Layer) -> dict[str, Tensor]:
    """All parameters and kept buffers by name, each once: recurrent layers list theirs under two names."""
    once = {id(value): (name, value) for name, value in network.state_dict().items()}
    return dict(once.values())


def parameter_count(network: nn.Layer) -> int:
    """Numbers in all parameters and buffers, the batch norms' statistics included."""
    return sum(int(value.size) for value in tensors(network).values())


class ConvNorm(nn.Sequential):
    """Convolution without bias that keeps the size for stride 1, batch norm, activation."""

    def __init__(
        self, inside: int, out: int, kernel: Pair, stride: Pair = (1, 1), groups: int = 1, act: str = ""
    ) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2)
        layers = [
            nn.Conv2D(inside, out, kernel, stride, padding, groups=groups, bias_attr=False),
            nn.BatchNorm2D(out),
        ]
        if act:
            layers.append({"relu": nn.ReLU, "hardswish": nn.Hardswish}[act]())
        super().__init__(*layers)


def columns(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, W, C * H): each column of the map is one time step."""
    return features.transpose([0, 3, 1, 2]).flatten(2)


class Context(nn.Layer):
    """Looks at neighbouring time steps and adds what it finds; without the sum, three of them hardly learn."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.look = ConvNorm(channels, channels, (1, reach))

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(features + self.look(features))


class Tiny(nn.Layer):
    """Four strided 3x3 layers, one that takes in the remaining height, horizontal context, classes."""

    # What was tried for speed in training, images/s on one Zen 5 core (32x160, the four layers and CTC):
    # as Paddle comes 346; with the kernels of backend.choose_kernels 812, and with those and two threads 1,032.
    # oneDNN's flag changes nothing outside static graphs (373) and crashes inside them; to_static 290; CINN 298;
    # NHWC and unfold + matrix product cost what a convolution costs; batches of 16 to 128 differ by a tenth.
    # In eight groups the fourth layer takes 8 ms in place of 13, for an eighth of the arithmetic: plain is better.

    def __init__(self, config: TinyConfig, height: int, classes: int) -> None:
        super().__init__()
        a, b, c, d = config.channels
        self.features = nn.Sequential(
            ConvNorm(3, a, (3, 3), (2, 2), act="relu"),
            ConvNorm(a, b, (3, 3), (2, 2), act="relu"),
            ConvNorm(b, c, (3, 3), (2, 1), act="relu"),
            ConvNorm(c, d, (3, 3), (2, 1), act="relu"),
        )
        # A 1x1 product over whole columns costs what one over single cells costs, and sees the full height.
        self.squeeze = ConvNorm(d * (height // 16), config.context, (1, 1), act="relu")
        self.context = nn.Sequential(*(Context(config.context, config.reach) for _ in range(config.layers)))
        self.dropout = nn.Dropout(config.dropout)
        self.classes = nn.Linear(config.context, classes)

    def forward(self, images: Tensor) -> Tensor:
        features = columns(self.features(images)).transpose([0, 2, 1]).unsqueeze(2)
        features = self.context(self.squeeze(features))
        return self.classes(self.dropout(features.squeeze(2).transpose([0, 2, 1])))


def _rounded(channels: float) -> int:
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
    """MobileNetV3's block: widen, depthwise, squeeze-excite, narrow; added to its input where shapes agree."""

    def __init__(self, inside: int, block: tuple[int, int, int, bool, str, int]) -> None:
        super().__init__()
        kernel, middle, out, excite, act, stride = block
        layers: list[nn.Layer] = [
            ConvNorm(inside, middle, (1, 1), act=act),
            ConvNorm(middle, middle, (kernel, kernel), (stride, 1), groups=middle, act=act),
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
SMALL: Sequence[tuple[int, int, int, bool, str, int]] = (
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


def mobilenet_v3_small(scale: float = 0.5) -> tuple[nn.Sequential, int]:
    """The backbone and its channels out: (N, 3, 32, W) to (N, channels, 1, W / 4)."""
    inside = _rounded(16 * scale)
    layers: list[nn.Layer] = [ConvNorm(3, inside, (3, 3), (2, 2), act="hardswish")]
    for kernel, middle, out, excite, act, stride in SMALL:
        block = (kernel, _rounded(middle * scale), _rounded(out * scale), excite, act, stride)
        layers.append(InvertedResidual(inside, block))
        inside = block[2]
    last = _rounded(576 * scale)
    layers += [ConvNorm(inside, last, (1, 1), act="hardswish"), nn.MaxPool2D((1, 2), (1, 2))]
    return nn.Sequential(*layers), last


class StackedLstm(nn.Layer):
    """Two layers forwards beside two layers backwards; the directions meet only in the output."""

    def __init__(self, inside: int, hidden: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(inside, hidden, num_layers=2)
        self.backwards = nn.LSTM(inside, hidden, num_layers=2)

    def forward(self, steps: Tensor) -> Tensor:
        one, _ = self.forwards(steps)
        two, _ = self.backwards(steps[:, ::-1])
        return paddle.concat([one, two[:, ::-1]], 2)


class CrnnMobileNetV3(nn.Layer):
    """The light Chinese recogniser of 2020: MobileNetV3-small at half width, stacked LSTMs, CTC."""

    def __init__(self, hidden: int, classes: int) -> None:
        super().__init__()
        self.backbone, channels = mobilenet_v3_small()
        self.recurrent = StackedLstm(channels, hidden)
        self.classes = nn.Linear(2 * hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.recurrent(columns(self.backbone(images))))
