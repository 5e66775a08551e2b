"""Differentiable binarisation: a feature pyramid, a map of shrunk texts and, in training, a map of borders."""

from __future__ import annotations

import paddle
from paddle import ParamAttr, Tensor, nn

from ..network_config import Db
from .backbones import backbone


class Pyramid(nn.Layer):
    """Four maps to one of `inner` channels at a quarter of the photo."""

    def __init__(self, channels: tuple[int, ...], inner: int) -> None:
        super().__init__()
        self.lateral = nn.LayerList(nn.Conv2D(c, inner, 1, bias_attr=False) for c in channels)
        self.smooth = nn.LayerList(nn.Conv2D(inner, inner // 4, 3, padding=1, bias_attr=False) for _ in channels)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """(N, C, H / 4, W / 4), (N, C, H / 8, W / 8) ... to (N, inner, H / 4, W / 4)."""
        # Counted loops: Paddle's tracer knows no zip with `strict`.
        merged = [self.lateral[3](maps[3])]
        for level in (2, 1, 0):
            merged.append(self.lateral[level](maps[level]) + _enlarged(merged[-1], 2))
        parts = [_enlarged(self.smooth[3 - k](merged[k]), 2 ** (3 - k)) for k in range(4)]
        return paddle.concat(parts, axis=1)  # the deepest first


def _enlarged(features: Tensor, factor: int) -> Tensor:
    """Each cell `factor` times in both axes; the converter to ONNX fails on Paddle's own way to do that."""
    if factor == 1:
        return features
    wide = features.unsqueeze(4).tile([1, 1, 1, 1, factor]).flatten(3, 4)
    return wide.unsqueeze(3).tile([1, 1, 1, factor, 1]).flatten(2, 3)


class Branch(nn.Sequential):
    """From the pyramid to one map of logits at the size of the photo."""

    def __init__(self, inner: int) -> None:
        small = inner // 4
        super().__init__(
            nn.Conv2D(inner, small, 3, padding=1, bias_attr=False),
            _norm(small),
            nn.ReLU(),
            nn.Conv2DTranspose(small, small, 2, 2),
            _norm(small),
            nn.ReLU(),
            nn.Conv2DTranspose(small, 1, 2, 2),
        )


def _norm(channels: int) -> nn.BatchNorm2D:
    return nn.BatchNorm2D(channels, bias_attr=ParamAttr(initializer=nn.initializer.Constant(1e-4)))


class DbNetwork(nn.Layer):
    """(N, 3, H, W) photos, sides multiples of 32, to (N, 1, H, W) logits of shrunk texts.

    In training (N, 2, H, W): logits of shrunk texts and of borders. What is exported holds no branch for borders.
    """

    def __init__(self, config: Db) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone(config.backbone)
        self.pyramid = Pyramid(self.backbone.channels, config.inner)
        self.shrunk = Branch(config.inner)
        self.border = Branch(config.inner)

    def forward(self, images: Tensor) -> Tensor:
        features = self.pyramid(self.backbone(images))
        if not self.training:
            return self.shrunk(features)
        return paddle.concat([self.shrunk(features), self.border(features)], axis=1)

    def found(self, outputs: Tensor) -> Tensor:
        """What is deployed: probabilities."""
        return nn.functional.sigmoid(outputs)

    def deployed(self) -> list[nn.Layer]:
        """The layers that are exported."""
        return [self.backbone, self.pyramid, self.shrunk]
