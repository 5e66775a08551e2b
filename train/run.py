"""A finished or interrupted training run as something that reads."""

from __future__ import annotations

from pathlib import Path

import paddle
from paddle import nn

from ..corpora.charset import Charset
from ..errors import UserError
from . import checkpoint
from .checkpoint import About, Arrays
from .config import TrainConfig
from .networks import build, tensors
from .preprocess import Batch
from .reader import LineReader, Probabilities


class GraphEngine:
    """The network as it is trained, in evaluation mode while it runs."""

    def __init__(self, network: nn.Layer) -> None:
        self._network = network

    def __call__(self, batch: Batch) -> Probabilities:
        """Probabilities of one batch."""
        training = [layer for layer in self._network.sublayers(include_self=True) if layer.training]
        self._network.eval()
        with paddle.no_grad():
            logits = self._network(paddle.to_tensor(batch))
            out: Probabilities = nn.functional.softmax(logits, axis=-1).numpy()
        for layer in training:  # not all: frozen ones stay as they are
            layer.training = True
        return out


def set_weights(network: nn.Layer, weights: Arrays) -> None:
    """Fill all parameters and buffers. Raises UserError where names or shapes are not the network's own."""
    own = tensors(network)
    here = {name: list(value.shape) for name, value in own.items()}
    there = {name: list(value.shape) for name, value in weights.items()}
    if here != there:
        name = next(n for n in sorted({*here, *there}) if here.get(n) != there.get(n))
        raise UserError(
            "the weights are of another network, or another version of ocrdata wrote them: "
            f"{name} has the shape {there.get(name)} there and {here.get(name)} here"
        )
    for name, value in own.items():
        value.set_value(weights[name])


def load_run(run: Path) -> tuple[About, TrainConfig, Charset, nn.Layer]:
    """The best weights of a run's folder, in their network, in evaluation mode. Raises UserError."""
    about, weights, state = checkpoint.read(checkpoint.of_run(run))
    weights = checkpoint.averaged(state) or weights
    config = checkpoint.understood(TrainConfig.model_validate, about.config, run)
    charset = Charset(about.characters)
    network = build(config, len(charset))
    set_weights(network, weights)
    network.eval()
    return about, config, charset, network


def run_reader(run: Path) -> LineReader:
    """The best weights of a run's folder as a reader."""
    _, config, charset, network = load_run(run)
    reader = LineReader(GraphEngine(network), config.input_rule(), charset, decoder=config.decoder(charset))
    reader.case = config.case
    return reader
