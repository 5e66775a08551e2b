"""What can run a bundle's network on a processor, behind one small interface."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingPackage, UserError
from . import backend
from .bundle import ONNX, PADDLE_MODEL, PADDLE_WEIGHTS, Spec, has_package
from .preprocess import Batch

Probabilities = NDArray[np.float32]
EngineName = Literal["auto", "onnx", "openvino", "paddle", "paddle_onednn"]
PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino", "paddle": "paddle", "paddle_onednn": "paddle"}
EXTRAS = {"onnxruntime": "onnx", "openvino": "openvino"}


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


class OpenVinoEngine:
    """model.onnx in OpenVINO. threads: 0 is OpenVINO's choice."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        import openvino

        # On processors with bfloat16 it would compute in that by itself, and disagree in the third digit.
        settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = str(threads)
        self._model = openvino.Core().compile_model(str(folder / ONNX), "CPU", settings)
        self._request = self._model.create_infer_request()

    def __call__(self, batch: Batch) -> Probabilities:
        """Probabilities of one batch."""
        out: Probabilities = self._request.infer([batch])[0].copy()  # the next call overwrites its memory
        return out


class PaddleEngine:
    """model.json and model.pdiparams in Paddle's inference library, on the processor. threads: 0 is Paddle's choice."""

    def __init__(self, folder: Path, threads: int = 0, onednn: bool = False) -> None:
        backend.require_paddle("reading with Paddle")
        from paddle import inference

        config = inference.Config(str(folder / PADDLE_MODEL), str(folder / PADDLE_WEIGHTS))
        config.disable_gpu()
        if onednn:
            config.enable_mkldnn()
        else:
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


def open_engine(folder: Path, bundle: Spec, name: EngineName = "auto", threads: int = 0) -> Engine:
    """The engine of that name for a bundle. auto: the first of `choices` that is installed.

    Raises UserError for a name that there is not and for a model that the bundle lacks, MissingPackage.
    """
    if name not in get_args(EngineName):
        raise UserError(f"there is no engine '{name}'; there are: {', '.join(get_args(EngineName))}")
    if name == "auto":
        installed = [n for n in choices(bundle) if has_package(PACKAGES[n])]
        name = installed[0] if installed else choices(bundle)[0]
    if name not in choices(bundle):
        model = "ONNX" if name in ("onnx", "openvino") else "Paddle"
        why = ": it was exported without paddle2onnx" if model == "ONNX" else ""
        raise UserError(f"{folder} holds no {model} model{why}; use --engine {choices(bundle)[0]}")
    package = PACKAGES[name]
    if package != "paddle" and not has_package(package):
        raise MissingPackage(package, EXTRAS[package], f"reading {folder / ONNX}")
    if name == "onnx":
        return OnnxEngine(folder, threads)
    if name == "openvino":
        return OpenVinoEngine(folder, threads)
    return PaddleEngine(folder, threads, onednn=name == "paddle_onednn")


def choices(bundle: Spec) -> list[EngineName]:
    """The engines that can run what a bundle holds, the preferred first.

    Lines/s on one core in batches of 6 and memory, tiny with 10 characters and crnn_mv3_small with 6,623:
    onnx 3,500 in 46 MB and 1,000 in 116 MB; openvino 2,700 in 102 and 730 in 384; paddle 1,600 in 317 and 250 in 390;
    paddle_onednn 1,800 in 382 and 410 in 534. All agree to 3e-6. Over 10,000 lines of random widths the memory of onnx
    and paddle stays; that of openvino and paddle_onednn grows, slower and slower.
    """
    order: tuple[EngineName, ...] = ("onnx", "paddle", "openvino", "paddle_onednn")
    return [name for name in order if (ONNX if name in ("onnx", "openvino") else PADDLE_MODEL) in bundle.files]
