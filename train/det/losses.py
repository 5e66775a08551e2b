"""Losses of detectors."""

from __future__ import annotations

import paddle
from paddle import Tensor
from paddle.nn import functional
from pydantic import Field

from ...config import Config

EPS = 1e-6


class DbLoss(Config):
    """Weights of the three parts: shrunk * dice (or balanced entropy) + border * L1 + binary * dice.

    main: dice, as the ultra-light models of 2020 had it, or entropy over all texts and `negatives` times as many of
    the worst other pixels, as the paper has it.
    """

    shrunk: float = Field(default=5.0, ge=0)
    border: float = Field(default=10.0, ge=0)
    binary: float = Field(default=1.0, ge=0)
    main: str = Field(default="dice", pattern="^(dice|entropy)$")
    negatives: float = Field(default=3.0, gt=0)


def db_losses(logits: Tensor, targets: Tensor, config: DbLoss, steepness: float) -> Tensor:
    """(N,) losses. logits: (N, 2, H, W), of shrunk texts and borders; targets: (N, 4, H, W), fields of DbMaps."""
    shrunk, care, border, near = (targets[:, i] for i in range(4))
    probability = functional.sigmoid(logits[:, 0])
    limit = functional.sigmoid(logits[:, 1])
    if config.main == "dice":
        main = dice(probability, shrunk, care)
    else:
        main = balanced_entropy(logits[:, 0], shrunk, care, config.negatives)
    edge = (paddle.abs(limit - border) * near).sum([1, 2]) / (near.sum([1, 2]) + EPS)
    binary = functional.sigmoid(steepness * (probability - limit))
    return config.shrunk * main + config.border * edge + config.binary * dice(binary, shrunk, care)


def dice(probability: Tensor, target: Tensor, care: Tensor) -> Tensor:
    """(N,): 1 - 2 |P T| / (|P| + |T|) where `care` is 1; 0 for a picture without text that none is found on."""
    both = (probability * target * care).sum([1, 2])
    return 1 - (2 * both + 1) / ((probability * care).sum([1, 2]) + (target * care).sum([1, 2]) + 1)


def balanced_entropy(logits: Tensor, target: Tensor, care: Tensor, negatives: float) -> Tensor:
    """(N,): mean cross-entropy over the texts' pixels and the worst of the others, so many times as many."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    positive, negative = target * care, (1 - target) * care
    count = positive.sum([1, 2])
    most = paddle.minimum(negative.sum([1, 2]), paddle.clip(count * negatives, min=1000.0))
    ranked = paddle.sort((entropy * negative).flatten(1), axis=1, descending=True)
    places = paddle.arange(ranked.shape[1], dtype="float32").unsqueeze(0)
    chosen = (ranked * (places < most.unsqueeze(1)).astype("float32")).sum(1)
    return ((entropy * positive).sum([1, 2]) + chosen) / (count + most + EPS)
