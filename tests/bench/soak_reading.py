"""Does memory stay flat while a bundle reads? 10,000 pictures of random widths, in calls of random size.

    taskset -c 0 python tests/bench/soak_reading.py BUNDLE --engine onnx

Exits with 1 where the resident size grows by more than 1 % or 4 MB after the warm-up, the first three tenths.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np
import psutil

from ocrdata.train.reader import Reader
from ocrdata.train.runtimes import EngineName

PARTS = 10
WARM = 3
SHARE, ROOM = 0.01, 4e6  # the larger of the two may come on top


def soak(reader: Reader, images: int, seed: int = 0) -> list[int]:
    """Largest resident size in bytes in each tenth of the pictures."""
    random = np.random.default_rng(seed)
    rule = reader.rule
    base = random.integers(0, 256, (rule.height, 2 * rule.max_width, 3)).astype(np.uint8)
    process, peaks, read = psutil.Process(), [0] * PARTS, 0
    while read < images:
        count = min(int(random.integers(1, 65)), images - read)
        widths = random.integers(4, 2 * rule.max_width, count)
        reader.read(base[:, :width] for width in widths)
        part = min(PARTS - 1, read * PARTS // images)
        peaks[part] = max(peaks[part], process.memory_info().rss)
        read += count
    return peaks


def main() -> int:
    """Prints the resident size by tenths, and whether it stayed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--engine", choices=get_args(EngineName), default="auto")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    reader = Reader(arguments.bundle, arguments.engine, arguments.threads)
    began = time.perf_counter()
    peaks = soak(reader, arguments.images)
    warm, last = max(peaks[:WARM]), max(peaks[WARM:])
    grown = last - warm
    flat = grown <= max(SHARE * warm, ROOM)
    sizes = " ".join(f"{peak / 1e6:.0f}" for peak in peaks)
    speed = arguments.images / (time.perf_counter() - began)
    print(f"{arguments.engine}: MB by tenths {sizes}; {speed:.0f} lines/s; after warm-up {grown / 1e6:+.1f} MB")
    print("flat" if flat else "GROWS")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
