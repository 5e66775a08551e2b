"""Nearly equal pictures between a large and a small set: how many planted ones are found, how long it takes.

    python tests/bench/bench_leaks.py                      # a million hashes against 100,000: time and memory
    python tests/bench/bench_leaks.py --real               # changed copies of the cable labels beside the repository

The first makes 128-bit hashes with the skew of real ones (each bit by the hashes of real crops, or by a fair coin where
they are not there) and plants copies with 8 and 16 other bits.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrdata.datasets.images import Image, decode, encode_jpeg, read_image
from ocrdata.prep.near import BITS, Prints, alike, near_pairs, picture_hash

CROPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "wire_tags" / "crop_img"


def prints(bits: NDArray[np.uint8]) -> Prints:
    """Of rows of 128 zeros and ones."""
    count = len(bits)
    words = np.packbits(bits, axis=1).view(np.uint64)
    return Prints(np.arange(count, dtype=np.uint64), words, np.zeros(count, np.float32), np.ones(count, bool))


def time_index(large: int, small: int) -> None:
    """Prints seconds, pairs and peak memory."""
    rng = np.random.default_rng(1)
    likely = np.full(BITS, 0.5)
    if CROPS.is_dir():
        hashes = [picture_hash(read_image(path)) for path in sorted(CROPS.glob("*.jpg"))]
        likely = np.unpackbits(np.array(hashes, np.uint64).view(np.uint8), axis=1).reshape(-1, BITS).mean(0)
    ours = (rng.random((large, BITS), np.float32) < likely).astype(np.uint8)
    theirs = (rng.random((small, BITS), np.float32) < likely).astype(np.uint8)
    planted = {8: range(0, 1000), 16: range(1000, 2000)}
    for other, rows in planted.items():
        for row in rows:
            theirs[row] = ours[row * 7]
            theirs[row, rng.choice(np.arange(1, BITS), other, replace=False)] ^= 1
    a, b = prints(ours), prints(theirs)
    del ours, theirs
    began = time.perf_counter()
    pairs, _ = near_pairs(a, b)
    seconds = time.perf_counter() - began
    found = {tuple(pair) for pair in pairs.tolist()}
    shares = {other: sum((row * 7, row) in found for row in rows) / len(rows) for other, rows in planted.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{large:,} against {small:,}: {seconds:.1f} s, {len(pairs):,} pairs, at most {peak:,.0f} MiB resident")
    print(", ".join(f"with {other} other bits {share:.1%} found" for other, share in shares.items()))


CHANGES: dict[str, Callable[[Image], Image]] = {
    "JPEG quality 60": lambda image: decode(encode_jpeg(image, 60)),
    "half as large": lambda image: _resized(image, 0.5),
    "brighter": lambda image: np.clip(image * 1.15 + 10, 0, 255).astype(np.uint8),
    "blurred": lambda image: cv2.GaussianBlur(image, (0, 0), max(0.5, image.shape[0] / 32)),  # type: ignore[dict-item]
    "2 % cut off on all sides": lambda image: _cut(image, 0.02),
}


def _resized(image: Image, factor: float) -> Image:
    size = tuple(max(4, round(side * factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _cut(image: Image, share: float) -> Image:
    y, x = (round(side * share) for side in image.shape[:2])
    return np.ascontiguousarray(image[y : image.shape[0] - y, x : image.shape[1] - x])


def score_real() -> None:
    """Prints which share of changed real crops is found again among all of them, and pairs of different crops."""
    images = [read_image(path) for path in sorted(CROPS.glob("*.jpg"))]
    print(f"{len(images)} real crops")
    ours = _printed(images)
    for name, change in CHANGES.items():
        changed = [change(image) for image in images]
        pairs, _ = near_pairs(ours, _printed(changed))
        same = {b for a, b in pairs.tolist() if a == b and alike(images[a], changed[b])}
        print(f"{name}: {len(same) / len(images):.1%} found")
    pairs, _ = near_pairs(ours, ours)
    others = [(a, b) for a, b in pairs.tolist() if a < b]
    same_looks = sum(alike(images[a], images[b]) for a, b in others)
    print(f"different files with similar bits: {len(others)}; alike on a closer look: {same_looks}")


def _printed(images: list[Image]) -> Prints:
    count = len(images)
    bits = np.array([picture_hash(image) for image in images], np.uint64)
    aspect = np.array([np.log(image.shape[1] / image.shape[0]) for image in images], np.float32)
    return Prints(np.arange(count, dtype=np.uint64), bits, aspect, np.ones(count, bool))


def main() -> None:
    """Prints what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    given = parser.parse_args()
    score_real() if given.real else time_index(given.large, given.small)


if __name__ == "__main__":
    main()
