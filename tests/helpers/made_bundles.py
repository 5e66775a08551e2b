"""Bundles of networks with weights that need no training."""

from __future__ import annotations

from pathlib import Path

import paddle
from paddle import Tensor, nn

from ocrdata.train.bundle import FORMAT, Bundle, OutputRule, Spec, entry, new_bundle, seal
from ocrdata.train.cls.turner import ClsBundle
from ocrdata.train.det.bundle import DetBundle
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.preprocess import PhotoRule
from ocrdata.train.export import save_models
from ocrdata.train.preprocess import InputRule

LINE, UPRIGHT = InputRule(height=32, max_width=320), InputRule(height=48, max_width=192, width_multiple=192)


class _Made(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.one = self.create_parameter([1], default_initializer=nn.initializer.Constant(1.0))  # files hold weights


class Dark(_Made):
    """A map of what is dark."""

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.sigmoid(50 * self.one * (-0.2 - images.mean(1, keepdim=True)))


class Grey(_Made):
    """Of each line one digit: the tens of the grey at its start; 35 is a 3."""

    def forward(self, images: Tensor) -> Tensor:
        level = (images[:, :, 8:24, 8:24].mean([1, 2, 3]) + 1) * 12.75
        away = level.reshape([-1, 1, 1]) - (paddle.arange(10, dtype="float32") + 0.5)
        each = nn.functional.avg_pool2d(images, (32, 4)).mean([1, 2]).unsqueeze(2)  # (N, W / 4, 1)
        third = (paddle.cumsum(paddle.ones_like(each), axis=1) == 3.0).astype("float32")
        says = -5 * self.one * away * away * third - 50 * (1 - third)
        return nn.functional.softmax(paddle.concat([says, -30 * third], axis=2), axis=-1)


class Upright(_Made):
    """Every line stands upright."""

    def forward(self, images: Tensor) -> Tensor:
        zero = images.mean([2, 3])[:, :1] * (self.one - self.one)
        return paddle.concat([zero + 1, zero], axis=1)


def _write(out: Path, layer: nn.Layer, shape: list[int | None], bundle: Spec) -> Path:
    with new_bundle(out) as folder:
        files = save_models(folder, layer, paddle.static.InputSpec(shape, "float32", "images"), out)
        seal(folder, bundle.model_copy(update={"files": {name: entry(folder / name) for name in files}}))
    return out


def _common(task: str) -> dict[str, object]:
    return {"format": FORMAT, "task": task, "network": {}, "metrics": {}, "data": {}, "versions": {}, "files": {}}


def detector(out: Path) -> Path:
    """Finds dark bars on light paper, whole."""
    rule, post = PhotoRule(side=640), DbPost(unclip=0.0)
    return _write(out, Dark(), [None, 3, None, None], DetBundle(**_common("detection"), input=rule, post=post))


def recogniser(out: Path) -> Path:
    """Says one digit of a line."""
    output = OutputRule(decoder="ctc", blank=10, time_stride=4)
    bundle = Bundle(**_common("recognition"), characters="0123456789", input=LINE, output=output)
    return _write(out, Grey(), [None, 3, 32, None], bundle)


def direction(out: Path) -> Path:
    """Turns nothing."""
    bundle = ClsBundle(**_common("direction"), input=UPRIGHT, certain=0.9)
    return _write(out, Upright(), [None, 3, 48, 192], bundle)
