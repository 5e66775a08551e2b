"""A bundle in 8-bit integers: smaller and faster, with what it loses measured, or none where nothing is gained."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..datasets.images import Image
from ..errors import MissingPackage, Trouble, UserError
from .bundle import FORMAT, ONNX, Bundle, entry, has_package, new_bundle, open_bundle, seal
from .lines import Line
from .metrics import Score, score
from .preprocess import Batch, InputRule, fit, stack
from .reader import LineReader
from .runtimes import OnnxEngine

CALIBRATION = 128  # lines at most; never more than a quarter of what there is
FEWEST = 40
ROUNDS = 3
SLOWER = 0.95  # of the speed, which noise may take
# static: convolutions and products, with scales measured beforehand. dynamic: products and recurrent layers, with
# scales measured while reading; the better one for networks whose convolutions look at one channel each.
METHODS = ("static", "dynamic")


@dataclass(frozen=True)
class Quantised:
    """What became of a bundle. Each pair is (before, after).

    method: of METHODS; lines: scored, others than it was calibrated on; size in bytes; speed in lines/s of one thread.
    """

    method: str
    calibrated_on: int
    lines: int
    accuracy: tuple[float, float]
    similarity: tuple[float, float]
    size: tuple[int, int]
    speed: tuple[float, float]

    @property
    def loss(self) -> float:
        """Line accuracy that was lost; below 0 where it was won."""
        return self.accuracy[0] - self.accuracy[1]


def quantise(
    folder: Path, out: Path, lines: Sequence[Line], most_loss: float = 0.01, overwrite: bool = False
) -> Quantised:
    """Write the bundle `out`: the ONNX model of the bundle `folder` in 8-bit integers.

    The first of METHODS that gains something and loses no more than `most_loss` of line accuracy. Scales come from
    the first quarter of `lines` (at most 128); the others are read before and after. Raises UserError for a bundle
    without an ONNX model or one that is quantised, and for too few lines; Trouble where too much is lost or nothing
    gained; MissingPackage.
    """
    spec = _check(folder, lines)
    calibration = lines[: min(CALIBRATION, len(lines) // 4)]
    rest = lines[len(calibration) :]
    complaints = []
    with new_bundle(out, overwrite) as made:
        for method in METHODS:
            _convert(method, folder / ONNX, made / ONNX, [line.image for line in calibration], spec.input)
            found = _compare(method, spec, (folder, made), rest, len(calibration))
            complaint = _no_gain(found, most_loss)
            if not complaint:
                break
            complaints.append(complaint)
        else:
            raise Trouble(f"{folder}: 8-bit integers do not pay; keep the bundle as it is: {'; '.join(complaints)}")
        quantised = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(found).items()}
        files = {ONNX: entry(made / ONNX)}
        seal(made, spec.model_copy(update={"format": FORMAT, "files": files, "quantised": quantised}))
    return found


def _check(folder: Path, lines: Sequence[Line]) -> Bundle:
    spec = open_bundle(folder)
    if ONNX not in spec.files:
        raise UserError(f"{folder} holds no ONNX model, which is what becomes smaller: it was exported without one")
    if spec.quantised:
        raise UserError(f"{folder} is quantised already")
    if len(lines) < FEWEST:
        raise UserError(f"{len(lines)} lines to calibrate and score on, and at least {FEWEST} are needed")
    for package in ("onnxruntime", "onnx", "ml_dtypes"):
        if not has_package(package):
            raise MissingPackage(package, "onnx", "quantising")
    return spec


def _convert(method: str, model: Path, out: Path, images: Sequence[Image], rule: InputRule) -> None:
    import onnx
    from onnxruntime import quantization, set_default_logger_severity

    class Lines(quantization.CalibrationDataReader):  # type: ignore[misc, unused-ignore]
        """The calibration lines, one by one, as the network gets them."""

        def __init__(self) -> None:
            self.images = iter(images)
            self.name = onnx.load(str(model)).graph.input[0].name

        def get_next(self) -> dict[str, Batch] | None:
            image = next(self.images, None)
            return None if image is None else {self.name: stack([fit(image, rule)], rule)}

    set_default_logger_severity(3)  # it lists every constant that it folds
    signed, unsigned = quantization.QuantType.QInt8, quantization.QuantType.QUInt8
    with tempfile.TemporaryDirectory(prefix="quantise-") as folder:
        folded = str(Path(folder) / "folded.onnx")
        quantization.quant_pre_process(str(model), folded, skip_symbolic_shape=True)
        # Without reduce_range, sums of two products overflow on processors that have AVX2 alone.
        if method == "static":
            kinds = {"activation_type": unsigned, "weight_type": signed}
            operations = ["Conv", "MatMul", "Gemm"]
            quantization.quantize_static(
                folded, str(out), Lines(), per_channel=True, reduce_range=True, op_types_to_quantize=operations, **kinds
            )
        else:
            operations = ["MatMul", "Gemm", "LSTM"]
            quantization.quantize_dynamic(
                folded, str(out), reduce_range=True, op_types_to_quantize=operations, weight_type=signed
            )


def _compare(
    method: str, spec: Bundle, folders: tuple[Path, Path], lines: Sequence[Line], calibrated_on: int
) -> Quantised:
    readers = [LineReader(OnnxEngine(p, 1), spec.input, spec.charset, decoder=spec.decoder) for p in folders]
    images = [fit(line.image, spec.input) for line in lines]
    seconds, scores = [float("inf")] * 2, [Score()] * 2
    for _ in range(ROUNDS):  # by turns, so that a busy machine slows both
        for i, reader in enumerate(readers):
            began = time.perf_counter()
            readings = reader.read(images)
            seconds[i] = min(seconds[i], time.perf_counter() - began)
            scores[i] = score((text, spec.label(line.label)) for (text, _), line in zip(readings, lines, strict=True))
    sizes = [(folder / ONNX).stat().st_size for folder in folders]
    return Quantised(
        method,
        calibrated_on,
        len(lines),
        (scores[0].accuracy, scores[1].accuracy),
        (scores[0].similarity, scores[1].similarity),
        (sizes[0], sizes[1]),
        (len(lines) / seconds[0], len(lines) / seconds[1]),
    )


def _no_gain(found: Quantised, most_loss: float) -> str:
    """What speaks against a quantised model, or ""."""
    size, speed = found.size[1] / found.size[0], found.speed[1] / found.speed[0]
    if found.loss <= most_loss and size < 1 and speed >= SLOWER:
        return ""
    return (
        f"{found.method}: line accuracy {found.accuracy[0]:.4f} before and {found.accuracy[1]:.4f} after on "
        f"{found.lines} lines (a loss of {most_loss} is allowed), "
        f"{size:.2f} times the size, {speed:.2f} times the speed"
    )
