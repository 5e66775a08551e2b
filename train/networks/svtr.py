"""A small mixer after SVTR (2022): plain convolutions look at strokes, attention mixes the line, CTC spells."""

from __future__ import annotations

from paddle import Tensor, nn

from ..network_config import SvtrLite
from .blocks import ConvNorm, TransformerBlock, columns
from .recogniser import Recogniser


class Residual(nn.Layer):
    """Two layers around which the input goes: 3x3 in full, for depthwise ones are slow where this trains."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvNorm(channels, channels, (3, 3), act="hardswish"), ConvNorm(channels, channels, (3, 3))
        )

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.hardswish(features + self.layers(features))


class Mixer(nn.Layer):
    """Neighbours first, then all steps. Convolutions tell the order: attention needs no position of its own."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.local = ConvNorm(channels, channels, (1, 5), groups=8, act="hardswish")
        self.everywhere = TransformerBlock(channels, heads, 2 * channels)

    def forward(self, steps: Tensor) -> Tensor:
        near = self.local(steps.transpose([0, 2, 1]).unsqueeze(2)).squeeze(2).transpose([0, 2, 1])
        return self.everywhere(steps + near)


class SvtrLiteNetwork(Recogniser):
    """(N, 3, H, W) to (N, W / 4, classes) logits."""

    def __init__(self, config: SvtrLite, height: int, classes: int) -> None:
        super().__init__()
        a, b, c = config.channels
        self.features = nn.Sequential(
            ConvNorm(3, a // 2, (3, 3), (2, 2), act="hardswish"),
            ConvNorm(a // 2, a, (3, 3), (2, 2), act="hardswish"),
            Residual(a),
            ConvNorm(a, b, (3, 3), (2, 1), act="hardswish"),
            Residual(b),
            ConvNorm(b, c, (3, 3), (2, 1), act="hardswish"),
        )
        self.squeeze = ConvNorm(c * (height // 16), config.hidden, (1, 1), act="hardswish")
        self.mixers = nn.Sequential(*(Mixer(config.hidden, config.heads) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.classes = nn.Linear(config.hidden, classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        features = columns(self.features(images)).transpose([0, 2, 1]).unsqueeze(2)
        steps = self.squeeze(features).squeeze(2).transpose([0, 2, 1])
        return self.classes(self.dropout(self.norm(self.mixers(steps))))
