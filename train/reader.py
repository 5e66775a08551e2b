"""Reading lines with a trained network: the same few steps for a run, a bundle, validation and deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, read_image
from ..errors import MissingPackage, UserError
from . import backend
from .bundle import ONNX, PADDLE_MODEL, PADDLE_WEIGHTS, Bundle, has_package, open_bundle
from .ctc import Reading, decode
from .preprocess import Batch, InputRule, fit, padded_width, stack, unreadable

Probabilities = NDArray[np.float32]
WINDOW = 512  # pictures that are sorted by width together


class Engine(Protocol):
    """A network: (N, 3, H, W) float32 to (N, T, classes) probabilities."""

    def __call__(self, batch: Batch) -> Probabilities: ...


class OnnxEngine:
    """model.onnx in ONNX Runtime. threads: 0 is one per core."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # The pattern is of use for one input shape only; with several it keeps memory for each.
        options.enable_mem_pattern = False
        self._session = onnxruntime.InferenceSession(str(folder / ONNX), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: Batch) -> Probabilities:
        """Probabilities of one batch."""
        out: Probabilities = self._session.run(None, {self._input: batch})[0]
        return out


class PaddleEngine:
    """model.json and model.pdiparams in Paddle's inference library, on the processor. threads: 0 is Paddle's choice."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        backend.require_paddle("reading with Paddle")
        from paddle import inference

        config = inference.Config(str(folder / PADDLE_MODEL), str(folder / PADDLE_WEIGHTS))
        config.disable_gpu()
        # oneDNN keeps a cache per input shape, which grows, and is no faster for these networks.
        config.disable_mkldnn()
        config.disable_glog_info()
        if threads:
            config.set_cpu_math_library_num_threads(threads)
        self._predictor = inference.create_predictor(config)
        self._input = self._predictor.get_input_handle(self._predictor.get_input_names()[0])
        self._output = self._predictor.get_output_handle(self._predictor.get_output_names()[0])

    def __call__(self, batch: Batch) -> Probabilities:
        """Probabilities of one batch."""
        self._input.reshape(batch.shape)
        self._input.copy_from_cpu(batch)
        self._predictor.run()
        out: Probabilities = self._output.copy_to_cpu()
        return out


def width_batches(images: Sequence[Image], rule: InputRule, size: int) -> Iterator[list[int]]:
    """Indices in batches of equal padded width, so that what is read from a line never depends on the others."""
    by_width: dict[int, list[int]] = {}
    for index, image in enumerate(images):
        by_width.setdefault(padded_width(image.shape[1], rule), []).append(index)
    for width in sorted(by_width):
        indices = by_width[width]
        for start in range(0, len(indices), size):
            yield indices[start : start + size]


class LineReader:
    """An engine with its input rule and characters."""

    def __init__(self, engine: Engine, rule: InputRule, charset: Charset, batch_size: int = 32) -> None:
        self.engine, self.rule, self.charset, self.batch_size = engine, rule, charset, batch_size

    def read(self, images: Iterable[Image]) -> list[Reading]:
        """(H, W, 3) uint8 BGR line pictures to (text, confidence), in order."""
        readings: list[Reading] = []
        remaining = iter(images)
        while window := [fit(image, self.rule) for image in islice(remaining, WINDOW)]:
            read: dict[int, Reading] = {}
            for indices in width_batches(window, self.rule, self.batch_size):
                batch = stack([window[i] for i in indices], self.rule)
                read.update(zip(indices, decode(self.engine(batch), self.charset), strict=True))
            readings += [read[i] for i in range(len(window))]
        return readings

    def read_files(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Reading | BadImage]]:
        """Each path with what is read there, or with why it cannot be; the rest goes on."""
        remaining = iter(paths)
        while window := list(islice(remaining, WINDOW)):
            results: dict[Path, Reading | BadImage] = {}
            good: dict[Path, Image] = {}
            for path in window:
                try:
                    image = read_image(path)
                except BadImage as error:
                    results[path] = error
                    continue
                refusal = unreadable(image, self.rule)
                if refusal:
                    results[path] = refusal
                else:
                    good[path] = fit(image, self.rule)
            results.update(zip(good, self.read(good.values()), strict=True))
            yield from ((path, results[path]) for path in window)


EngineName = Literal["auto", "onnx", "paddle"]


class Reader(LineReader):
    """A bundle, ready to read. It needs nothing but the bundle, and ONNX Runtime or Paddle.

    engine: auto takes ONNX Runtime where it is installed: it needs no Paddle, starts in a tenth of the time, and
    agrees. On one core, lines/s in batches and ms for one line: tiny 1,900 and 0.65 with ONNX Runtime, 2,300 and
    0.9 with Paddle; crnn_mv3_small 570 and 1.9 with ONNX Runtime, 350 and 6.8 with Paddle.
    Raises UserError for what is no whole bundle of this task, MissingPackage without an engine.
    """

    def __init__(self, folder: Path, engine: EngineName = "auto", threads: int = 0, batch_size: int = 32) -> None:
        self.bundle: Bundle = open_bundle(folder)
        super().__init__(
            _engine(folder, self.bundle, engine, threads), self.bundle.input, self.bundle.charset, batch_size
        )


def _engine(folder: Path, bundle: Bundle, name: EngineName, threads: int) -> Engine:
    if name == "onnx" and ONNX not in bundle.files:
        raise UserError(f"{folder} holds no ONNX model: it was exported without paddle2onnx; use --engine paddle")
    if name == "onnx" or (name == "auto" and ONNX in bundle.files and has_package("onnxruntime")):
        if not has_package("onnxruntime"):
            raise MissingPackage("onnxruntime", "onnx", f"reading {folder / ONNX}")
        return OnnxEngine(folder, threads)
    if name == "auto" and ONNX in bundle.files and not has_package("paddle"):
        raise MissingPackage("onnxruntime", "onnx", f"reading {folder / ONNX}")
    return PaddleEngine(folder, threads)
