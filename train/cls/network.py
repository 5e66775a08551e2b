"""MobileNetV3-small that answers one question."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from ..networks.mobilenet import mobilenet_v3


class DirectionNetwork(nn.Layer):
    """(N, 3, H, W) lines to (N, 2) logits: upright, upside down."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.backbone, channels = mobilenet_v3("small", scale)
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.classes = nn.Linear(channels, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.pool(self.backbone(images)).flatten(1))


def build(scale: float, seed: int) -> DirectionNetwork:
    """The network, initialised from the seed; names are the same at every call, so that checkpoints fit."""
    paddle.seed(seed)
    with paddle.utils.unique_name.guard():
        return DirectionNetwork(scale)
