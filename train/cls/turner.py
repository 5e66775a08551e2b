"""A direction classifier's bundle, ready to say which lines stand upside down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from ...datasets.images import Image
from ..bundle import Spec, open_spec
from ..preprocess import InputRule, fit, stack
from ..runtimes import Engine, EngineName, open_engine

TASK = "direction"
BATCH = 32


class ClsBundle(Spec):
    """The contents of a direction classifier's bundle.yml. certain: probability from which a line is turned."""

    input: InputRule
    certain: float = Field(ge=0.5, lt=1)


class Turner:
    """An engine with its input rule. certain: probability from which a line counts as upside down."""

    def __init__(self, engine: Engine, rule: InputRule, certain: float) -> None:
        self.engine, self.rule, self.certain = engine, rule, certain

    def upside_down(self, lines: Sequence[Image]) -> list[bool]:
        """Whether each (H, W, 3) BGR line stands upside down, beyond doubt."""
        found: list[bool] = []
        for start in range(0, len(lines), BATCH):
            images = [fit(line, self.rule) for line in lines[start : start + BATCH]]
            probabilities = np.asarray(self.engine(stack(images, self.rule)))
            found += (probabilities[:, 1] >= self.certain).tolist()
        return found


def open_turner(folder: Path, engine: EngineName = "auto", threads: int = 0) -> Turner:
    """A bundle of this task. Raises UserError for another, MissingPackage without an engine."""
    bundle = open_spec(folder, TASK, ClsBundle)
    return Turner(open_engine(folder, bundle, engine, threads), bundle.input, bundle.certain)
