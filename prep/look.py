"""How a picture looks to a recogniser: size, light, contrast, sharpness; and small copies for reports."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2

from ..datasets.images import Image, encode_jpeg

THUMB_HEIGHT = 48
THUMB_WIDTH = 320
WIDEST = 4096


@dataclass(frozen=True, slots=True)
class Look:
    """One picture. brightness: mean grey 0..255; contrast: its standard deviation, 0..127.

    sharpness: root mean square of the Laplacian of the grey picture at the model's height, so that a large
    photo and a small one compare: what is lost by scaling was never seen by the model.
    """

    height: int
    width: int
    scaled: int
    brightness: float
    contrast: float
    sharpness: float


def scaled_width(width: int, height: int, target: int) -> int:
    """Width in pixels after scaling to the height `target`, ratio kept, rounded up as trainers do."""
    return max(1, -(-target * width // height))


def look_at(image: Image, target: int) -> Look:
    """Measure an (H, W, 3) BGR picture for a model of input height `target`."""
    height, width = image.shape[:2]
    scaled = scaled_width(width, height, target)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mean, deviation = cv2.meanStdDev(grey)
    if height != target:
        grey = cv2.resize(grey, (min(scaled, WIDEST), target))  # bilinear, as trainers do it
    edges = cv2.norm(cv2.Laplacian(grey, cv2.CV_16S), cv2.NORM_L2) / math.sqrt(grey.size)
    return Look(height, width, scaled, float(mean[0][0]), float(deviation[0][0]), edges)


def thumbnail(image: Image) -> bytes:
    """A JPEG of at most THUMB_HEIGHT x THUMB_WIDTH pixels, ratio kept; small pictures keep their size."""
    height, width = image.shape[:2]
    factor = min(1.0, THUMB_HEIGHT / height, THUMB_WIDTH / width)
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return encode_jpeg(image, 85)
