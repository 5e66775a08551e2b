"""Bundles that need no training: a detector of dark bars, and a recogniser that says how dark they are in digits."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest


@dataclass(frozen=True)
class Bundles:
    """Folders of bundles."""

    det: Path
    rec: Path
    cls: Path


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> Bundles:
    """A detector, a recogniser of digits, and a direction classifier that holds every line for upright."""
    if importlib.util.find_spec("paddle") is None:
        pytest.skip("exporting needs Paddle")
    import made_bundles

    folder = tmp_path_factory.mktemp("bundles")
    return Bundles(
        made_bundles.detector(folder / "det"),
        made_bundles.recogniser(folder / "rec"),
        made_bundles.direction(folder / "cls"),
    )


@pytest.fixture(scope="session")
def bars() -> Callable[..., np.ndarray]:
    """bars(*(digit, left, top, width, height)): white paper of 400 x 300 px with such bars, which read as digits."""

    def draw(*given: tuple[int, int, int, int, int]) -> np.ndarray:
        picture = np.full((300, 400, 3), 255, np.uint8)
        for digit, x, y, w, h in given:
            cv2.rectangle(picture, (x, y), (x + w - 1, y + h - 1), [10 * digit + 5] * 3, -1)
        return picture

    return draw
