"""Fields of random spots, made once and cut at random places: drawing them anew would cost as much as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backgrounds import noise
from .base import Mask

HEIGHT, WIDTH = 576, 1536  # px of a field
STEPS = 2  # kept sizes of spots per doubling
SHARED = 0x6669656C64  # the fields are the same for every recipe
FINEST = 0.5  # px: with less, pixels are independent


def field(spot: float, shape: Sequence[int], across: float, down: float) -> Mask:
    """(height, width) = `shape` levels, each of 0 to 255 equally often, in spots of about `spot` px.

    across, down: where the piece is cut, as shares of the field. Sizes are rounded to `STEPS` per doubling.
    """
    height, width = shape
    step = round(STEPS * float(np.log2(max(spot, FINEST))))
    whole = _field(step, max(height, HEIGHT), max(width, WIDTH))
    y = int(down * (whole.shape[0] - height))
    x = int(across * (whole.shape[1] - width))
    return whole[y : y + height, x : x + width]


@lru_cache(maxsize=32)
def _field(step: int, height: int, width: int) -> Mask:
    values = cv2.GaussianBlur(_grain(height, width), (0, 0), 2.0 ** (step / STEPS))
    edges = np.quantile(values[::3, ::3], np.arange(1, 256) / 256)
    return np.searchsorted(edges, values.ravel()).astype(np.uint8).reshape(height, width)


@lru_cache(maxsize=2)
def _grain(height: int, width: int) -> NDArray[np.float32]:
    return noise(SHARED, "field", height * width).reshape(height, width)
