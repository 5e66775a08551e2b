"""From a direction classifier's run to its bundle, and the proof that the two agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from ...datasets.images import Image
from ...errors import Trouble, UserError
from .. import checkpoint
from ..bundle import FORMAT, entry, new_bundle, open_spec, seal
from ..export import TITLES, TOLERANCE, patterns, save_models, versions
from ..preprocess import fit, stack
from ..run import set_weights
from ..runtimes import EngineName, choices, open_engine
from .config import ClsConfig
from .network import DirectionNetwork, build
from .turner import TASK, ClsBundle


@dataclass(frozen=True)
class ClsAgreement:
    """How an engine compares with the training graph. difference: the largest between two probabilities."""

    engine: str
    lines: int
    difference: float


class _Probabilities(nn.Layer):
    def __init__(self, network: DirectionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return nn.functional.softmax(self.network(images), axis=-1)


def load_direction_run(run: Path) -> tuple[checkpoint.About, ClsConfig, DirectionNetwork]:
    """The best weights of a run's folder, in their network, in evaluation mode. Raises UserError."""
    about, weights, state = checkpoint.read(checkpoint.of_run(run))
    if about.config.get("task") != TASK:
        raise UserError(f"{run}: not the run of a direction classifier")
    config = checkpoint.understood(ClsConfig.model_validate, about.config, run)
    network = build(config)
    set_weights(network, checkpoint.averaged(state) or weights)
    network.eval()
    return about, config, network


def export_direction(run: Path, out: Path, overwrite: bool = False) -> ClsBundle:
    """Write the best weights of a run as the bundle `out`. Raises UserError, Trouble."""
    with new_bundle(out, overwrite) as folder:
        return write_direction(folder, out, *load_direction_run(run))


def write_direction(
    folder: Path, out: Path, about: checkpoint.About, config: ClsConfig, network: DirectionNetwork
) -> ClsBundle:
    """Fill the folder of a new bundle. out: the name that it will have."""
    rule = config.input_rule()
    shape = paddle.static.InputSpec([None, 3, rule.height, rule.max_width], "float32", "images")
    files = save_models(folder, _Probabilities(network), shape, out)
    bundle = ClsBundle(
        format=FORMAT,
        task=TASK,
        network=config.network(),
        metrics=about.best or about.scores,
        data={**about.data, "steps": about.step},
        versions=versions(),
        files={name: entry(folder / name) for name in files},
        input=rule,
        certain=config.certain,
    )
    seal(folder, bundle)
    return bundle


def verify_direction(
    run: Path, folder: Path, lines: Sequence[Image] = (), engines: Sequence[EngineName] = ("paddle", "onnx")
) -> list[ClsAgreement]:
    """Ask the training graph and the engines of the bundle about the same lines; without lines, about patterns.

    Raises Trouble above a difference of 1e-4, MissingPackage.
    """
    bundle = open_spec(folder, TASK, ClsBundle)
    _, _, network = load_direction_run(run)
    batch = stack([fit(line, bundle.input) for line in lines or patterns(bundle.input)], bundle.input)
    with paddle.no_grad():
        ours = nn.functional.softmax(network(paddle.to_tensor(batch)), axis=-1).numpy()
    results = []
    for name in (n for n in engines if n in choices(bundle)):
        theirs = np.asarray(open_engine(folder, bundle, name)(batch))
        results.append(ClsAgreement(TITLES[name], len(batch), float(np.abs(ours - theirs).max())))
        if not results[-1].difference <= TOLERANCE:
            raise Trouble(f"{folder}: {TITLES[name]} differs from the training graph by {results[-1].difference:.2e}")
    return results
