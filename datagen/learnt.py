"""Ink and paper drawn together from pairs of colours that were learnt from real crops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..prep.colours import Pair, bgr, lightness, read_colours
from .rng import Draws, Floats


class LearntPairs:
    """A table of pairs, strongest contrast first, from which pairs of at least a given contrast can be drawn.

    Contrast is the difference of CIE lightness, scaled to 0..255.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        ink, paper = (bgr([getattr(p, part) for p in pairs]) for part in ("ink", "paper"))
        contrast = np.abs(lightness(ink) - lightness(paper))
        order = np.argsort(-contrast, kind="stable")
        self.ink, self.paper, self.contrast = ink[order], paper[order], contrast[order]
        self._steps = np.cumsum(np.array([p.weight for p in pairs], np.float64)[order])

    @classmethod
    def read(cls, path: Path) -> LearntPairs:
        """From a file of `ocrdata colours`. Raises UserError naming file, line and key."""
        return cls(read_colours(path).pairs)

    @property
    def strongest(self) -> float:
        """The largest contrast of any pair."""
        return float(self.contrast[0])

    def share(self, need: float) -> float:
        """The share (0..1) of the crops whose pair has at least the contrast `need`."""
        fit = int(np.count_nonzero(self.contrast >= need))
        return float(self._steps[fit - 1] / self._steps[-1]) if fit else 0.0

    def pairs(self, draws: Draws, need: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """(n, 3) BGR levels of inks and of their papers, as frequent as in the crops.

        need: contrast, one number or (n,); only pairs that have it are drawn. Where none has, the strongest pair is
        given: whoever asked checks the contrast anyway.
        """
        fit = np.searchsorted(-self.contrast, -np.broadcast_to(need, (len(draws),)), side="right")
        last = np.maximum(fit, 1) - 1
        at = np.searchsorted(self._steps, draws.uniform("colours.pair") * self._steps[last], side="right")
        at = np.minimum(at, last)
        return self.ink[at], self.paper[at]
