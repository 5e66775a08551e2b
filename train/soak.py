"""Does memory stay flat while bundles read? Lines of random widths in calls of random size; photos of random sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np

from ..datasets.images import Image
from ..errors import MissingPackage
from .reader import LineReader
from .reading.inputs import Page
from .reading.photo_reader import WINDOW, PhotoReader

PARTS, WARM = 10, 3  # the first three tenths warm up
SHARE, ROOM = 0.01, 4_000_000  # of the size when warm; bytes: the larger of the two may come on top
MOST = 64  # lines in a call, at most
SIDES = (64, 1600)  # px of photos
WORDS = ["READ", "PHOTOS", "OF", "ANY", "SIZE", "0123456789", "WITH", "THE", "SAME", "MEMORY"]


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
    """Read so many lines, from 4 pixels to twice the input's width. Raises MissingPackage without psutil."""
    random = np.random.default_rng(seed)
    rule = reader.rule
    noise = random.integers(0, 256, (rule.height, 2 * rule.max_width, 3)).astype(np.uint8)
    most = max(1, min(MOST, images // (2 * PARTS)))  # so that no tenth goes by within a call

    def read(done: int) -> int:
        count = min(int(random.integers(1, most + 1)), images - done)
        widths = random.integers(4, 2 * rule.max_width, count)
        reader.read(noise[:, :width] for width in widths)
        return count

    return _watched(read, images, progress)


def soak_photos(
    reader: PhotoReader, photos: int = 2000, seed: int = 0, progress: Callable[[int], None] = lambda photos: None
) -> tuple[Soak, int]:
    """Read so many photos of 64 to 1,600 px a side with printed words; also how many texts were read.

    The first are as large as they come: what they take is there when memory is warm. Raises MissingPackage.
    """
    random = np.random.default_rng(seed)
    texts = 0

    def read(done: int) -> int:
        """Photos of the next window that were read."""
        nonlocal texts
        count = min(WINDOW, photos - done)
        low = SIDES[1] if done < WINDOW else SIDES[0]
        sizes = random.integers(low, SIDES[1] + 1, (count, 2)).tolist()
        for page in reader.read(Page(f"photo {done + i}", _printed(h, w, random)) for i, (h, w) in enumerate(sizes)):
            texts += len(getattr(page, "texts", ()))
        return count

    return _watched(read, photos, progress), texts


def _printed(height: int, width: int, random: np.random.Generator) -> Image:
    """Light paper with words in several sizes."""
    photo = np.full((height, width, 3), int(random.integers(180, 250)), np.uint8)
    for _ in range(int(random.integers(1, 13))):
        place = int(random.integers(width)), int(random.integers(height))
        word, size = WORDS[int(random.integers(len(WORDS)))], float(random.uniform(0.6, 2.5))
        cv2.putText(photo, word, place, cv2.FONT_HERSHEY_DUPLEX, size, (30, 30, 30), 2, cv2.LINE_AA)
    return photo


def _watched(read: Callable[[int], int], whole: int, progress: Callable[[int], None]) -> Soak:
    """The peaks while `read`, given how many are read, reads some more and says how many."""
    if find_spec("psutil") is None:
        raise MissingPackage("psutil", "soak", "telling how much memory a process takes")
    import psutil

    process, peaks, done = psutil.Process(), [0] * PARTS, 0
    while done < whole:
        count = read(done)
        part = min(PARTS - 1, done * PARTS // whole)
        peaks[part] = max(peaks[part], process.memory_info().rss)
        done += count
        progress(count)
    return Soak(tuple(peaks))
