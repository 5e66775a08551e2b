"""Losses of detectors."""

from __future__ import annotations

import paddle
from paddle import Tensor
from paddle.nn import functional

from .east import CELL
from .network_config import Db, East, Network
from .numbers import DbLoss, EastLoss, SastLoss
from .sast import BORDER, CARE, CENTRE, CORNERS, PER_HEIGHT, PER_SIDE

EPS = 1e-6


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


def east_losses(outputs: Tensor, targets: Tensor, config: EastLoss) -> Tensor:
    """(N,) losses. outputs: (N, 9, h, w), a logit and the way to the corners; targets: (N, 11, h, w), see east_maps."""
    score, care = targets[:, 0], targets[:, 10]
    found = dice(functional.sigmoid(outputs[:, 0]), score, care)
    gap = (outputs[:, 1:] - targets[:, 1:9]) * targets[:, 9:10]  # in shares of the shorter side
    away = functional.smooth_l1_loss(gap, paddle.zeros_like(gap), reduction="none").mean(1) * score * care
    return config.score * found + config.corners * away.sum([1, 2]) / ((score * care).sum([1, 2]) + 1)


def sast_losses(outputs: Tensor, targets: Tensor, config: SastLoss) -> Tensor:
    """(N,) losses. outputs: (N, 15, h, w), a logit and three ways in px; targets: (N, 18, h, w), see sast_maps."""
    score, care = targets[:, 0], targets[:, CARE]
    strip = (score * care).unsqueeze(1)
    pixels = strip.sum([1, 2, 3]) + EPS

    def away(part: slice, unit: int) -> Tensor:
        gap = functional.smooth_l1_loss(outputs[:, part] / CELL, targets[:, part] / CELL, reduction="none")
        return (gap.mean(1, keepdim=True) * targets[:, unit : unit + 1] * strip).sum([1, 2, 3]) / pixels

    return (
        config.score * dice(functional.sigmoid(outputs[:, 0]), score, care)
        + config.border * away(BORDER, PER_HEIGHT)
        + config.corners * away(CORNERS, PER_SIDE)
        + config.centre * away(CENTRE, PER_SIDE)
    )


def losses(outputs: Tensor, targets: Tensor, network: Network) -> Tensor:
    """(N,) losses of a network of this configuration."""
    if isinstance(network, Db):
        return db_losses(outputs, targets, network.loss, network.steepness)
    if isinstance(network, East):
        return east_losses(outputs, targets, network.loss)
    return sast_losses(outputs, targets, network.loss)
