"""From a picture to a network's input: the one function that training, evaluation and deployment share."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..config import Config
from ..datasets.images import BadImage, Image

Batch = NDArray[np.float32]

LOWEST, NARROWEST = 4, 2  # pixels; in less there is no character
SQUEEZED = 4.0  # how much narrower than their aspect ratio wants lines may become; those trained on, if that is more


class InputRule(Config):
    """How a picture becomes an input; a bundle carries it.

    height, max_width, width_multiple in pixels. A line is resized to `height` keeping its aspect ratio, squeezed
    where it would be wider than `max_width`, normalised to (x / 255 - mean) / std, and padded with zeros on the
    right to the next multiple of `width_multiple`. A line that would become narrower by more than `squeeze` is refused.
    """

    height: int = Field(ge=8, le=256)
    max_width: int = Field(ge=8, le=4096)
    width_multiple: int = Field(default=32, ge=4, le=256)
    colour: str = Field(default="BGR", pattern="^BGR$")
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    squeeze: float = Field(default=SQUEEZED, ge=1)


def resized_width(size: tuple[int, ...], rule: InputRule) -> int:
    """The width in pixels that a picture of shape `size` = (H, W, ...) has after resizing, before padding."""
    return max(1, min(rule.max_width, round(size[1] * rule.height / size[0])))


def padded_width(width: int, rule: InputRule) -> int:
    """`width` rounded up to the multiple that inputs have."""
    return -(-width // rule.width_multiple) * rule.width_multiple


def unreadable(image: Image, rule: InputRule, squeeze: float | None = None) -> BadImage | None:
    """Why a picture is refused before a network sees it: picture_too_small, line_too_wide; None for a fair one.

    squeeze: how much narrower than its aspect ratio wants a line may become; by default the rule's.
    """
    squeeze = rule.squeeze if squeeze is None else squeeze
    height, width = image.shape[:2]
    if height < LOWEST or width < NARROWEST:
        smallest = f"at least {NARROWEST} x {LOWEST} are needed"
        return BadImage("picture_too_small", f"{width} x {height} pixels; {smallest}")
    if width * rule.height > squeeze * rule.max_width * height:
        natural = round(width * rule.height / height)
        return BadImage(
            "line_too_wide",
            f"{width} x {height} pixels: at the height {rule.height} it is {natural} wide, and the model takes "
            f"{rule.max_width}, squeezed up to {squeeze * rule.max_width:.0f}; cut it into shorter lines",
        )
    return None


def fit(image: Image, rule: InputRule) -> Image:
    """(H, W, 3) uint8 BGR to (height, resized width, 3) uint8."""
    width = resized_width(image.shape, rule)
    if image.shape[:2] == (rule.height, width):
        return image
    shrinks = image.shape[0] > rule.height or image.shape[1] > width
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, rule.height), interpolation=way)  # type: ignore[return-value]


def stack(images: Sequence[Image], rule: InputRule) -> Batch:
    """Fitted images to one (N, 3, height, padded width of the widest) float32 input."""
    width = padded_width(max(image.shape[1] for image in images), rule)
    batch = np.zeros((len(images), 3, rule.height, width), np.float32)
    scale = (1 / (255 * np.asarray(rule.std, np.float32))).astype(np.float32)
    shift = (np.asarray(rule.mean, np.float32) / np.asarray(rule.std, np.float32)).astype(np.float32)
    for row, image in zip(batch, images, strict=True):
        normal = image * scale - shift
        row[:, :, : image.shape[1]] = normal.transpose(2, 0, 1)
    return batch
