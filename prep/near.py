"""Nearly equal pictures among millions: 128 bits a picture, compared only where some of the bits agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.images import Image

BITS = 128
NEAR = 20
"""Of 128 bits, how many may differ; a closer look decides."""
TABLES, KEY_BITS = 32, 16
MOST = 256
"""Pictures of one key that one picture is compared with."""
CHUNK = 1 << 21
ASPECT = 0.15
FORM = (128, 32)
MARGINS = (0.02, 0.035)  # cut off on all sides, tried in turn
LEAST_LIKE, MOST_ERROR = 0.88, 0.75
PLACE = (10, 14)  # pixels of FORM: smaller than a character

Words = NDArray[np.uint64]


def picture_hash(image: Image) -> tuple[int, int]:
    """Signs of the 128 lowest frequencies of a picture drawn 64 x 32 pixels large (wide like a line of text)."""
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (64, 32), interpolation=cv2.INTER_AREA)
    signs = cv2.dct(grey.astype(np.float32))[:8, :16] > 0
    signs[0, 0] = False  # brightness: never below zero
    first, second = np.packbits(signs).view(np.uint64)
    return int(first), int(second)


@dataclass(frozen=True)
class Prints:
    """Of n pictures: exact (n,) fingerprints of the bytes, bits (n, 2), aspect (n,) logarithms of width to height.

    readable: (n,) whether a picture could be decoded; nothing else is compared.
    """

    exact: Words
    bits: Words
    aspect: NDArray[np.float32]
    readable: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.exact)


def join_prints(parts: list[Prints]) -> Prints:
    """Consecutive pictures."""
    if not parts:
        return Prints(np.empty(0, np.uint64), np.empty((0, 2), np.uint64), np.empty(0, np.float32), np.empty(0, bool))
    names = ("exact", "bits", "aspect", "readable")
    return Prints(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def near_pairs(a: Prints, b: Prints, most: int = NEAR) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k, 2) pairs of indices into a and b, each pair once, and (k,) how many bits differ, at most `most`.

    Two hashes meet where they agree in one of 32 draws of 16 bits: with 8 differing bits practically always, with 16 in
    97 of 100 cases, with 20 in 89. Time is that of sorting, as long as few pictures share a key.
    """
    found = [np.empty((0, 3), np.int64)]
    rng = np.random.default_rng(0)
    for _ in range(TABLES):
        chosen = rng.choice(np.arange(1, BITS), KEY_BITS, replace=False)  # the first bit is always 0
        for left, right in _meetings(_keys(a, chosen), _keys(b, chosen)):
            close = np.abs(a.aspect[left] - b.aspect[right]) <= ASPECT
            left, right = left[close], right[close]
            distance = _ones(a.bits[left] ^ b.bits[right])
            kept = distance <= most
            found.append(np.stack([left[kept], right[kept], distance[kept]], 1))
    pairs = np.unique(np.concatenate(found), axis=0)
    pairs = pairs[a.readable[pairs[:, 0]] & b.readable[pairs[:, 1]]]
    return pairs[:, :2], pairs[:, 2]


def _keys(prints: Prints, chosen: NDArray[np.int64]) -> NDArray[np.uint32]:
    keys = np.zeros(len(prints), np.uint32)
    for place, bit in enumerate(chosen.tolist()):
        # As in `picture_hash`: bytes in order, the highest bit of each first.
        word, byte, inside = bit // 64, bit % 64 // 8, bit % 8
        keys |= ((prints.bits[:, word] >> np.uint64(8 * byte + 7 - inside)) & np.uint64(1)).astype(np.uint32) << place
    return keys


def _meetings(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Indices into a and b with equal keys, in pieces; of more than MOST in a, the first ones."""
    order = np.argsort(a, kind="stable")
    ranked = a[order]
    low = np.searchsorted(ranked, b, "left")
    many = np.minimum(np.searchsorted(ranked, b, "right") - low, MOST)
    ends = np.cumsum(many)
    start = 0
    while start < len(b):
        stop = max(start + 1, int(np.searchsorted(ends, (ends[start - 1] if start else 0) + CHUNK, "right")))
        times = many[start:stop]
        right = np.repeat(np.arange(start, stop), times)
        offsets = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        yield order[low[right] + offsets], right
        start = stop


def _ones(words: Words) -> NDArray[np.int64]:
    """(k, 2) words to (k,) numbers of set bits."""
    return _ONES[np.ascontiguousarray(words).view(np.uint16)].sum(1, dtype=np.int64)


_ONES = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8)


def alike(a: Image, b: Image) -> bool:
    """Whether two pictures show the same but for compression, scale, light and a narrow margin.

    No place as large as a character may differ by more than blur and compression do: two lines in one hand with one
    other character are two pictures. A 5 for a 6 on the same spotted ground can still pass.
    """
    pairs = [(_form(a), _form(b))]
    for margin in MARGINS:
        pairs += [(_form(_within(a, margin)), pairs[0][1]), (pairs[0][0], _form(_within(b, margin)))]
    return any(_match(first, second) for first, second in pairs)


def _within(image: Image, margin: float) -> Image:
    y, x = (round(side * margin) for side in image.shape[:2])
    return image[y : image.shape[0] - y, x : image.shape[1] - x]


def _match(first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    inner = second[2:-2, 4:-4]
    match = cv2.matchTemplate(first, inner, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(match)
    if best < LEAST_LIKE:
        return False
    outer = first[y : y + inner.shape[0], x : x + inner.shape[1]]
    error = cv2.blur((_normal(outer) - _normal(inner)) ** 2, PLACE)
    return float(np.sqrt(error[7:-7, 5:-5].max())) <= MOST_ERROR


def _form(image: Image) -> NDArray[np.float32]:
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), FORM, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.2)  # type: ignore[return-value]


def _normal(values: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = (values - values.mean()) / (values.std() + 1e-3)
    return result
