"""The loss of each sample, by decoder. Divided by its characters, so that long lines do not rule a batch."""

from __future__ import annotations

from typing import TypeAlias

import paddle
from paddle import Tensor
from paddle.nn import functional

from .decoders import DecoderName

WORD, GSRM, VSFD = 1.0, 0.15, 2.0  # weights of SRN's three outputs

Outputs: TypeAlias = "Tensor | tuple[Tensor, ...]"


def losses(decoder: DecoderName, outputs: Outputs, labels: Tensor, lengths: Tensor) -> Tensor:
    """(N,) losses of what a network gives in training, per character.

    labels: (N, L) class ids, padded with anything; lengths: (N,) characters of each label, none of them 0.
    """
    if decoder == "ctc":
        return ctc_losses(outputs, labels, lengths)
    if isinstance(outputs, Tensor):
        return attention_losses(outputs, labels, lengths)
    return srn_losses(outputs, labels, lengths)


def ctc_losses(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """(N, T, classes) logits; the blank is the last class."""
    steps = paddle.full([logits.shape[0]], logits.shape[1], "int64")
    blank = logits.shape[2] - 1
    found = functional.ctc_loss(logits.transpose([1, 0, 2]), labels, steps, lengths, blank=blank, reduction="none")
    return found.flatten() / lengths.astype("float32")


def attention_losses(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """(N, T, classes) logits; each label is followed by the end sign, the last class; what comes then is free."""
    entropy = _entropy(logits, labels, lengths)
    counts = (paddle.arange(logits.shape[1]).unsqueeze(0) <= lengths.unsqueeze(1)).astype("float32")
    return (entropy * counts).sum(1) / counts.sum(1)


def srn_losses(outputs: tuple[Tensor, ...], labels: Tensor, lengths: Tensor) -> Tensor:
    """Logits of the visual, semantic and fused readings; all positions after a label are end signs, too.

    GSRM reads the positions behind a character, so what stands there must be learnt.
    """
    word, gsrm, vsfd = (_entropy(logits, labels, lengths).mean(1) for logits in outputs)
    return WORD * word + GSRM * gsrm + VSFD * vsfd


def _entropy(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """(N, T) cross-entropies with the label followed by end signs."""
    steps, end = logits.shape[1], logits.shape[2] - 1
    if labels.shape[1] < steps:
        labels = functional.pad(labels, [0, 0, 0, steps - labels.shape[1]], value=end, pad_from_left_axis=True)
    inside = paddle.arange(steps).unsqueeze(0) < lengths.unsqueeze(1)
    targets = paddle.where(inside, labels[:, :steps].astype("int64"), paddle.full([1], end, "int64"))
    return functional.cross_entropy(logits, targets, reduction="none").squeeze(-1)
