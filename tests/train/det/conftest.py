"""Photos with texts that a detector learns in seconds."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

collect_ignore_glob = [] if importlib.util.find_spec("paddle") else ["test_fit.py", "test_team.py"]

SMALL = {
    "task": "detection",
    "network": {"name": "db", "backbone": {"name": "plain", "channels": [8, 8, 16, 16, 16]}, "inner": 16},
    "crop": 96,
    "batch_size": 4,
    "steps": 4,
    "input": {"side": 96},
    "optimizer": {"lr": 0.01, "warmup": 5},
    "augment": {"flip": 0, "rotation": 0, "scale": [1, 1], "contrast": 0, "brightness": 0},
    "cache_mb": 16,
    "holdout": 0.0,
    "seed": 3,
}


@pytest.fixture
def small():
    """A configuration for a detector that trains in seconds."""
    from ocrdata.train.det.config import DetConfig

    def make(**changes):
        return DetConfig.model_validate({**SMALL, **changes})

    return make


@pytest.fixture
def scenes(tmp_path: Path) -> Callable[..., Path]:
    """Writes light photos of 96 x 96 px, each with one dark bar of 60 x 20 px, and their labels."""

    def make(count: int = 4, name: str = "scenes", text: str = "bar") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        lines = []
        for number in range(count):
            random = np.random.default_rng(number)
            picture = random.integers(190, 230, (96, 96, 3)).astype(np.uint8)
            x, y = int(random.integers(2, 34)), int(random.integers(2, 74))
            cv2.rectangle(picture, (x, y), (x + 59, y + 19), (30, 40, 50), -1)
            cv2.imwrite(str(folder / f"{number}.png"), picture)
            points = [[x, y], [x + 60, y], [x + 60, y + 20], [x, y + 20]]
            lines.append(f"{number}.png\t{json.dumps([{'transcription': text, 'points': points}])}\n")
        (folder / "Label.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
        return folder

    return make
