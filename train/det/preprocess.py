"""From a photo to a detector's input: the one function that training's evaluation, `eval`, `ocr` and serving share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...config import Config
from ...datasets.images import BadImage, Image

Batch = NDArray[np.float32]
Points = NDArray[np.float32]

FARTHEST = 16  # times smaller: letters 100 px high have 6 left
STRIDE = 32  # the deepest map of every detector is this much smaller


class PhotoRule(Config):
    """How a photo becomes an input; a bundle carries it.

    limit: with `longest` a photo whose longer side is above `side` px is shrunk to it; with `shortest` one whose
    shorter side is below is enlarged, but no longer side gets above `most` px. The aspect ratio stays; to the right
    and below, zeros are padded up to multiples of 32, so no text is cut and none is bent. colour: the order of the
    channels that the network sees. Values are (x / 255 - mean) / std, in that order.
    """

    side: int = Field(default=960, ge=64, le=8192)
    limit: Literal["longest", "shortest"] = "longest"
    most: int = Field(default=4000, ge=64, le=32_000)
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


def resized(size: tuple[int, ...], rule: PhotoRule) -> tuple[int, int]:
    """(height, width) that a photo of shape (H, W, ...) has in the network, without padding."""
    height, width = size[:2]
    if rule.limit == "longest":
        factor = min(1.0, rule.side / max(height, width))
    else:
        factor = min(max(1.0, rule.side / min(height, width)), rule.most / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def shrunk_too_far(size: tuple[int, ...], rule: PhotoRule) -> BadImage | None:
    """Why no text can be found on a photo of shape (H, W, ...): it would be too small in the network."""
    height, width = resized(size, rule)
    times = max(size[:2]) / max(height, width)
    if times <= FARTHEST:
        return None
    detail = f"{size[1]} x {size[0]} px would be {width} x {height} in the network: cut the photo into pieces"
    return BadImage("shrunk_too_far", detail)


def padded(size: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) rounded up to multiples of 32."""
    return -(-size[0] // STRIDE) * STRIDE, -(-size[1] // STRIDE) * STRIDE


def fit(image: Image, rule: PhotoRule) -> Image:
    """(H, W, 3) uint8 BGR to its size in the network, not padded, in the rule's order of colours."""
    height, width = resized(image.shape, rule)
    if (height, width) != image.shape[:2]:
        shrinks = height < image.shape[0] or width < image.shape[1]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        image = cv2.resize(image, (width, height), interpolation=way)  # type: ignore[assignment]
    return ordered(image, rule)


def ordered(image: Image, rule: PhotoRule) -> Image:
    """A BGR picture in the rule's order of colours."""
    return image if rule.colour == "BGR" else np.ascontiguousarray(image[:, :, ::-1])


def normalise(image: Image, rule: PhotoRule, size: tuple[int, int]) -> Batch:
    """(H, W, 3) in the rule's order of colours to (3, *size) float32, zeros to the right and below."""
    scale = (1 / (255 * np.asarray(rule.std, np.float32))).astype(np.float32)
    shift = (np.asarray(rule.mean, np.float32) / np.asarray(rule.std, np.float32)).astype(np.float32)
    out = np.zeros((3, *size), np.float32)
    for plane, values in enumerate(cv2.split(image)):
        out[plane, : image.shape[0], : image.shape[1]] = values * scale[plane] - shift[plane]
    return out


def stack(images: Sequence[Image], rule: PhotoRule) -> Batch:
    """Fitted photos to one (N, 3, H, W) float32 input, padded to the largest of them and to multiples of 32."""
    size = padded((max(i.shape[0] for i in images), max(i.shape[1] for i in images)))
    return np.stack([normalise(image, rule, size) for image in images])


def to_photo(points: Points, size: tuple[int, ...], rule: PhotoRule) -> Points:
    """Points (..., 2) in the network's pixels to pixels of a photo of shape `size`, kept inside of it."""
    height, width = resized(size, rule)
    factors = np.array([size[1] / width, size[0] / height], np.float32)
    return np.clip(points * factors, 0, [size[1], size[0]]).astype(np.float32)
