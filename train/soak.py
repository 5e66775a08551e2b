"""Does memory stay flat while a bundle reads? Pictures of random widths, in calls of random size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from ..errors import MissingPackage
from .reader import LineReader

PARTS, WARM = 10, 3  # the first three tenths warm up
SHARE, ROOM = 0.01, 4_000_000  # of the size when warm; bytes: the larger of the two may come on top
MOST = 64  # pictures in a call


@dataclass(frozen=True)
class Soak:
    """peaks: the largest resident size in each tenth of the pictures, bytes."""

    peaks: tuple[int, ...]

    @property
    def grown(self) -> int:
        """Bytes that came on top after the warm-up."""
        return max(self.peaks[WARM:]) - max(self.peaks[:WARM])

    @property
    def flat(self) -> bool:
        """Whether that is next to nothing."""
        return self.grown <= max(SHARE * max(self.peaks[:WARM]), ROOM)


def soak(
    reader: LineReader, images: int = 10_000, seed: int = 0, progress: Callable[[int], None] = lambda images: None
) -> Soak:
    """Read so many pictures, from 4 pixels to twice the input's width. Raises MissingPackage without psutil."""
    if find_spec("psutil") is None:
        raise MissingPackage("psutil", "soak", "telling how much memory a process takes")
    import psutil

    random = np.random.default_rng(seed)
    rule = reader.rule
    noise = random.integers(0, 256, (rule.height, 2 * rule.max_width, 3)).astype(np.uint8)
    process, peaks, read = psutil.Process(), [0] * PARTS, 0
    while read < images:
        count = min(int(random.integers(1, MOST + 1)), images - read)
        widths = random.integers(4, 2 * rule.max_width, count)
        reader.read(noise[:, :width] for width in widths)
        part = min(PARTS - 1, read * PARTS // images)
        peaks[part] = max(peaks[part], process.memory_info().rss)
        read += count
        progress(count)
    return Soak(tuple(peaks))
