"""From a training run to a bundle: Paddle's inference format, ONNX, and the proof that they agree."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import paddle
from paddle import nn

from ..corpora.charset import Charset
from ..datasets.images import Image
from ..errors import Trouble, UserError
from .bundle import FORMAT, ONNX, PADDLE_MODEL, PADDLE_WEIGHTS, Bundle, OutputRule, entry, new_bundle, open_bundle, seal
from .checkpoint import About
from .config import TrainConfig
from .ctc import TIME_STRIDE
from .decoders import Decoder
from .metrics import Score, score
from .preprocess import InputRule, fit, stack
from .reader import width_batches
from .run import GraphEngine, load_run
from .runtimes import Engine, EngineName, Probabilities, choices, open_engine
from .to_onnx import has_converter, to_onnx

TOLERANCE = 1e-4
TITLES = {
    "paddle": "Paddle inference",
    "paddle_onednn": "Paddle inference with oneDNN",
    "onnx": "ONNX Runtime",
    "openvino": "OpenVINO",
}
ROOM = 1 << 20  # bytes; with less the disk is full
PACKAGES = ("numpy", "opencv-python-headless", "paddlepaddle", "paddlepaddle-gpu", "paddle2onnx")


@dataclass(frozen=True)
class Agreement:
    """How an engine compares with the training graph on the same lines.

    difference: the largest between two probabilities; changed: lines that it reads differently. accuracy,
    similarity: of the engine, and how much higher than the training graph's; None without labels.
    """

    engine: str
    lines: int
    difference: float
    changed: int
    accuracy: float | None = None
    accuracy_delta: float | None = None
    similarity: float | None = None
    similarity_delta: float | None = None


class _Probabilities(nn.Layer):
    """A network with the softmax that training leaves to the loss."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return nn.functional.softmax(self.network(images), axis=-1)


def export(run: Path, out: Path, overwrite: bool = False) -> Bundle:
    """Write the best weights of a run's folder as the bundle `out`.

    overwrite: replace a bundle that is there. Without paddle2onnx the bundle holds Paddle's format alone.
    Raises UserError for what is no run and for a folder in the way.
    """
    with new_bundle(out, overwrite) as folder:
        about, config, _, network = load_run(run)
        return write_recogniser(folder, out, about, config, network)


def write_recogniser(folder: Path, out: Path, about: About, config: TrainConfig, network: nn.Layer) -> Bundle:
    """Fill the folder of a new bundle. out: the name that it will have."""
    charset, rule = Charset(about.characters), config.input_rule()
    shape = paddle.static.InputSpec([None, 3, rule.height, None], "float32", "images")
    files = save_models(folder, _Probabilities(network), shape, out)
    bundle = Bundle(
        format=FORMAT,
        task="recognition",
        characters=about.characters,
        case=config.case,
        input=rule,
        output=_output_rule(config.decoder(charset), len(charset)),
        network=about.config["network"],
        metrics=about.best or about.scores,
        data={**about.data, "steps": about.step},
        versions=versions(),
        files={name: entry(folder / name) for name in files},
    )
    seal(folder, bundle)
    return bundle


def _output_rule(decoder: Decoder, characters: int) -> OutputRule:
    if decoder.name == "ctc":
        return OutputRule(decoder="ctc", blank=characters, time_stride=TIME_STRIDE)
    return OutputRule(decoder=decoder.name, max_length=decoder.room(0))


def versions() -> dict[str, str]:
    """Versions of the packages that made a bundle."""
    found = {"ocrdata": metadata.version("ocrdata")}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def save_models(folder: Path, model: nn.Layer, shape: paddle.static.InputSpec, out: Path) -> list[str]:
    """Write a network in Paddle's format and, where the converter is there, as ONNX. Returns the files' names.

    out: the name that the folder will have, for messages. Raises Trouble, OSError for a full disk.
    """
    try:
        return _save_models(folder, model, shape)
    except (Trouble, RuntimeError):  # Paddle and the converter go on with what a full disk took
        if shutil.disk_usage(folder).free < ROOM:
            raise OSError(errno.ENOSPC, "No space left on device", str(out)) from None
        raise


def _save_models(folder: Path, model: nn.Layer, shape: paddle.static.InputSpec) -> list[str]:
    model.eval()
    paddle.jit.save(model, str(folder / "model"), input_spec=[shape])
    files = [PADDLE_MODEL, PADDLE_WEIGHTS]
    if has_converter():
        to_onnx(folder / PADDLE_MODEL, folder / PADDLE_WEIGHTS, folder / ONNX)
        files.append(ONNX)
    for extra in folder.iterdir():
        if extra.name not in files:
            extra.unlink()
    return files


def verify(
    run: Path,
    folder: Path,
    lines: Sequence[Image] = (),
    labels: Sequence[str] = (),
    engines: Sequence[EngineName] = ("paddle", "onnx"),
) -> list[Agreement]:
    """Read the same lines with the training graph and with the engines of the bundle, in batches of many sizes.

    lines: (H, W, 3) BGR pictures; none takes patterns of many widths, and with some, a few patterns are compared
    beside them. labels: of the lines; with them accuracy and similarity are compared, too. An engine whose model the
    bundle lacks is left out. Raises Trouble above a difference of 1e-4, MissingPackage.
    """
    bundle = open_bundle(folder)
    if bundle.quantised:
        raise UserError(f"{folder} is quantised and differs by design; what it loses stands in its bundle.yml")
    _, _, _, network = load_run(run)
    images = [fit(image, bundle.input) for image in (*lines, *patterns(bundle.input, 12 if lines else 64))]
    wanted = [bundle.label(label) for label in labels]
    graph = _readings(GraphEngine(network), images, bundle)
    results = []
    for name in engines:
        if name not in choices(bundle):
            continue
        theirs = _readings(open_engine(folder, bundle, name), images, bundle)
        results.append(_compare(TITLES[name], graph, theirs, len(lines) or len(images), wanted))
    for result in results:
        if not result.difference <= TOLERANCE:
            raise Trouble(
                f"{folder}: {result.engine} differs from the training graph by {result.difference:.2e} "
                f"(at most {TOLERANCE:.0e} is allowed) and reads {result.changed} of {result.lines} lines differently"
            )
    return results


Outputs = list[tuple[Probabilities, str]]  # of each picture: (T, classes), and the text


def _readings(engine: Engine, images: Sequence[Image], bundle: Bundle) -> Outputs:
    found: dict[int, tuple[Probabilities, str]] = {}
    for indices in width_batches(images, bundle.input, 16):
        probabilities = engine(stack([images[i] for i in indices], bundle.input))
        texts = [text for text, _ in bundle.decoder.decode(probabilities)]
        found.update(zip(indices, zip(probabilities, texts, strict=True), strict=True))
    return [found[i] for i in range(len(images))]


def _compare(engine: str, graph: Outputs, other: Outputs, count: int, labels: Sequence[str]) -> Agreement:
    """count: lines that are asked about; what stands behind them are patterns, for the difference alone."""
    difference, changed = 0.0, 0
    for number, ((ours, text), (theirs, reading)) in enumerate(zip(graph, other, strict=True)):
        if ours.shape != theirs.shape:
            raise Trouble(f"{engine} gives the shape {theirs.shape}, the training graph {ours.shape}")
        gap = float(np.abs(ours - theirs).max())
        difference = gap if not gap <= difference else difference  # keeps a NaN
        changed += number < count and text != reading
    if not labels:
        return Agreement(engine, count, difference, changed)
    before, after = _score(graph, labels), _score(other, labels)
    return Agreement(
        engine,
        count,
        difference,
        changed,
        after.accuracy,
        after.accuracy - before.accuracy,
        after.similarity,
        after.similarity - before.similarity,
    )


def _score(outputs: Outputs, labels: Sequence[str]) -> Score:
    return score((text, label) for (_, text), label in zip(outputs, labels, strict=False))


def patterns(rule: InputRule, count: int = 64) -> list[Image]:
    """Pictures with strokes and noise, in widths from the narrowest to wider than the input takes."""
    random = np.random.default_rng(0)
    pictures = []
    for width in np.geomspace(8, rule.max_width * 1.2, count).astype(int):
        picture = random.integers(0, 256, (rule.height, int(width), 3)).astype(np.uint8)
        picture = cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.5, 3)))  # type: ignore[assignment]
        for x in range(4, int(width), 12):
            end = (x + int(random.integers(-4, 8)), int(random.integers(rule.height)))
            colour = [int(v) for v in random.integers(0, 256, 3)]
            cv2.line(picture, (x, int(random.integers(rule.height))), end, colour, 2)
        pictures.append(picture)
    return pictures
