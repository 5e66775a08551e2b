"""EAST: maps merged from deep to flat, a score, and the way from each pixel to the text's four corners."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from ...networks.blocks import ConvNorm
from ..network_config import East
from .backbones import backbone

REACH = 800.0  # px; corners lie no further from a pixel


class Doubling(nn.Sequential):
    """A transposed convolution to twice the size."""

    def __init__(self, inside: int, out: int) -> None:
        super().__init__(nn.Conv2DTranspose(inside, out, 4, 2, 1, bias_attr=False), nn.BatchNorm2D(out), nn.ReLU())


class EastNetwork(nn.Layer):
    """(N, 3, H, W) photos, sides multiples of 32, to (N, 9, H / 4, W / 4): a logit; dx, dy of four corners in px."""

    def __init__(self, config: East) -> None:
        super().__init__()
        self.backbone = backbone(config.backbone)
        width, flat = config.channels, self.backbone.channels
        self.up = nn.LayerList([Doubling(flat[3], width), Doubling(width, width), Doubling(width, width)])
        self.merge = nn.LayerList(ConvNorm(width + flat[level], width, (3, 3), act="relu") for level in (2, 1, 0))
        self.last = ConvNorm(width, width, (3, 3), act="relu")
        self.look = nn.Sequential(
            ConvNorm(width, width, (3, 3), act="relu"), ConvNorm(width, width // 2, (3, 3), act="relu")
        )
        self.score = nn.Conv2D(width // 2, 1, 1)
        # From weights by chance corners begin hundreds of px off, and the loss silences the features of all texts.
        self.corners = nn.Conv2D(width // 2, 8, 1, weight_attr=nn.initializer.Constant(0.0))

    def forward(self, images: Tensor) -> Tensor:
        """The maps in training and in use: a logit, which `found` turns into a probability, and px."""
        maps = self.backbone(images)
        features = maps[3]
        for step in range(3):
            features = self.merge[step](paddle.concat([self.up[step](features), maps[2 - step]], axis=1))
        features = self.look(self.last(features))
        corners = (nn.functional.sigmoid(self.corners(features)) - 0.5) * (2 * REACH)
        return paddle.concat([self.score(features), corners], axis=1)

    def found(self, outputs: Tensor) -> Tensor:
        """What is deployed: the logit as a probability."""
        return paddle.concat([nn.functional.sigmoid(outputs[:, :1]), outputs[:, 1:]], axis=1)

    def deployed(self) -> list[nn.Layer]:
        """The layers that are exported."""
        return [self]
