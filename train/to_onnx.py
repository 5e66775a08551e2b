"""Paddle's inference format to ONNX, in a process of its own: the converter ends its process where it fails."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import Trouble

OPSET = 14


def has_converter() -> bool:
    """Whether paddle2onnx is installed; for the newest Pythons there may be no wheel of it yet."""
    return find_spec("paddle2onnx") is not None


def to_onnx(model: Path, weights: Path, out: Path) -> None:
    """Convert `model` (.json) with `weights` (.pdiparams) to `out`. Raises Trouble with the converter's words."""
    command = [sys.executable, "-m", __name__, str(model), str(weights), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode or not out.is_file():
        words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in words if "ERROR" in line] or words[-5:]
        raise Trouble(f"paddle2onnx could not convert {model} (exit code {done.returncode}): {' '.join(errors)[:1000]}")


def main() -> None:
    """Entry point of the other process: model, weights, out."""
    model, weights, out = sys.argv[1:]
    # Without a file name it returns the bytes; with one it would run an optimiser that installs packages by itself
    # when they are missing.
    onnx = importlib.import_module("paddle2onnx").export(model, weights, opset_version=OPSET, optimize_tool="none")
    Path(out).write_bytes(onnx)


if __name__ == "__main__":
    main()
