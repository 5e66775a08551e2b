"""From a detector's run to its bundle, and the proof that the two agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from ...datasets.images import Image
from ...errors import Trouble, UserError
from .. import checkpoint
from ..bundle import FORMAT, entry, new_bundle, seal
from ..checkpoint import About
from ..export import TITLES, TOLERANCE, save_models, versions
from ..run import set_weights
from ..runtimes import EngineName, choices, open_engine
from .bundle import TASK, DetBundle, open_det_bundle
from .config import DetConfig
from .detector import Detector
from .fit import MapEngine
from .metrics import overlaps
from .networks import build
from .networks.east import REACH


@dataclass(frozen=True)
class MapAgreement:
    """How an engine compares with the training graph on the same photos.

    difference: the largest between two probabilities, or two ways to a corner in shares of the longest there is;
    changed: photos on which it finds other texts.
    """

    engine: str
    photos: int
    difference: float
    changed: int


class _Map(nn.Layer):
    """A network with what training leaves to the loss."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.network.found(self.network(images))


def load_detector_run(run: Path) -> tuple[About, DetConfig, nn.Layer]:
    """The best weights of a run's folder, in their network, in evaluation mode. Raises UserError."""
    about, weights, state = checkpoint.read(checkpoint.of_run(run))
    if about.config.get("task") != TASK:
        raise UserError(f"{run}: not the run of a detector")
    config = checkpoint.understood(DetConfig.model_validate, about.config, run)
    network = build(config.network, config.seed)
    set_weights(network, checkpoint.averaged(state) or weights)
    network.eval()
    return about, config, network


def run_detector(run: Path) -> Detector:
    """The best weights of a run's folder as a detector."""
    _, config, network = load_detector_run(run)
    return Detector(MapEngine(network), config.input, config.network.post)


def export_detector(run: Path, out: Path, overwrite: bool = False) -> DetBundle:
    """Write the best weights of a detector's run as the bundle `out`. Raises UserError, Trouble."""
    with new_bundle(out, overwrite) as folder:
        return write_detector(folder, out, *load_detector_run(run))


def write_detector(folder: Path, out: Path, about: About, config: DetConfig, network: nn.Layer) -> DetBundle:
    """Fill the folder of a new bundle. out: the name that it will have."""
    shape = paddle.static.InputSpec([None, 3, None, None], "float32", "images")
    files = save_models(folder, _Map(network), shape, out)
    bundle = DetBundle(
        format=FORMAT,
        task=TASK,
        network=about.config["network"],
        metrics=about.best or about.scores,
        data={**about.data, "steps": about.step},
        versions=versions(),
        files={name: entry(folder / name) for name in files},
        input=config.input,
        post=config.network.post,
    )
    seal(folder, bundle)
    return bundle


def verify_detector(
    run: Path, folder: Path, photos: Iterable[Image] = (), engines: Sequence[EngineName] = ("paddle", "onnx")
) -> list[MapAgreement]:
    """Find texts with the training graph and with the engines of the bundle; without photos, on patterns.

    Raises Trouble above a difference of 1e-4 between two probabilities, MissingPackage.
    """
    bundle = open_det_bundle(folder)
    ours = run_detector(run)
    images = list(photos) or patterns()
    results = []
    for name in engines:
        if name not in choices(bundle):
            continue
        theirs = Detector(open_engine(folder, bundle, name), bundle.input, bundle.post)
        results.append(_compared(TITLES[name], ours, theirs, images))
    for result in results:
        if not result.difference <= TOLERANCE:
            raise Trouble(
                f"{folder}: {result.engine} differs from the training graph by {result.difference:.2e} (at most "
                f"{TOLERANCE:.0e} is allowed) and finds other texts on {result.changed} of {result.photos} photos"
            )
    return results


def _compared(engine: str, ours: Detector, theirs: Detector, images: Sequence[Image]) -> MapAgreement:
    difference, changed = 0.0, 0
    for image in images:
        a, b = ours.map(image), theirs.map(image)
        apart = np.abs(a - b)
        gap = max(float(apart[0].max()), float((apart[1:] / REACH).max(initial=0)))
        difference = gap if not gap <= difference else difference  # keeps a NaN
        texts = [[f.points for f in d.cut(image.shape, m)] for d, m in ((ours, a), (theirs, b))]
        same = len(texts[0]) == len(texts[1]) and bool((overlaps(*texts)[0] > 0.9).sum(0).all())
        changed += not same
    return MapAgreement(engine, len(images), difference, changed)


def patterns(count: int = 8) -> list[Image]:
    """Noise with boxes, in many sizes."""
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        height, width = random.integers(40, 500, 2).tolist()
        picture = random.integers(100, 156, (height, width, 3)).astype(np.uint8)
        for _ in range(6):
            x, y = int(random.integers(width)), int(random.integers(height))
            picture[y : y + 20, x : x + 80] = random.integers(0, 256, 3)
        pictures.append(picture)
    return pictures
