"""The network that trains on a processor in minutes."""

from __future__ import annotations

from paddle import Tensor, nn

from ..network_config import Tiny
from .blocks import ConvNorm, columns
from .recogniser import Recogniser


class Context(nn.Layer):
    """Looks at neighbouring time steps and adds what it finds; without the sum, three of them hardly learn."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.look = ConvNorm(channels, channels, (1, reach))

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(features + self.look(features))


class TinyNetwork(Recogniser):
    """Four strided 3x3 layers, one that takes in the remaining height, horizontal context, classes."""

    # What was tried for speed in training, images/s on one Zen 5 core (32x160, the four layers and CTC):
    # as Paddle comes 346; with the kernels of backend.choose_kernels 812, and with those and two threads 1,032.
    # oneDNN's flag changes nothing outside static graphs (373) and crashes inside them; to_static 290; CINN 298;
    # NHWC and unfold + matrix product cost what a convolution costs; batches of 16 to 128 differ by a tenth.
    # In eight groups the fourth layer takes 8 ms in place of 13, for an eighth of the arithmetic: plain is better.

    def __init__(self, config: Tiny, height: int, classes: int) -> None:
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

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        features = columns(self.features(images)).transpose([0, 2, 1]).unsqueeze(2)
        features = self.context(self.squeeze(features))
        return self.classes(self.dropout(features.squeeze(2).transpose([0, 2, 1])))
