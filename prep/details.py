"""What a recogniser sees of a crop, in numbers: colours, margins, strokes, slope, noise, blocks of JPEG."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field, fields

import cv2
import numpy as np

from ..datasets.images import Image
from .histogram import Histogram
from .inks import Mask, Split, small, split
from .look import Look

LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
MEDIAN_OF_NORMAL = 0.6745
BLOCK = 8
SLOPED = 2.0
"""Width to height from which a line's slope can be told from its letters' shapes."""
OUTSIDE = 0.01
FEWEST_CELLS = 3
"""In a shorter text the sides of its letters weigh too much."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One picture at the model's height; None where it cannot be told (no clear ink, or too short a line).

    Lightness, contrast and chroma are in levels of 8-bit Lab (lightness 0..255, chroma 0 for grey); margins and
    the strokes' thickness in percent of the height, and so is advance, the way from one character to the next, where
    Han and the like count as two; ink_share in percent of the pixels; slope in degrees, above 0 where the line falls
    to the right; noise: deviation in levels of grey; blocks: how much stronger steps are at
    JPEG's 8-pixel grid, in percent.
    """

    label_length: float
    aspect_ratio: float
    picture_height: float
    brightness: float
    contrast: float
    sharpness: float
    noise: float
    blocks: float
    ink_contrast: float | None = None
    paper_lightness: float | None = None
    ink_lightness: float | None = None
    paper_chroma: float | None = None
    ink_chroma: float | None = None
    ink_share: float | None = None
    stroke: float | None = None
    margin_left: float | None = None
    margin_right: float | None = None
    margin_top: float | None = None
    margin_bottom: float | None = None
    advance: float | None = None
    slope: float | None = None


FEATURES = tuple(f.name for f in fields(Detail))
Row = tuple[float | None, ...]
Shades = tuple[int, ...]


@dataclass
class Details:
    """Rows of FEATURES, and ink and paper in 8-bit Lab, of a bounded number of pictures; they add up with `+`."""

    rows: list[Row] = field(default_factory=list)
    colours: list[Shades] = field(default_factory=list)
    unclear: int = 0

    def __add__(self, other: Details) -> Details:
        return Details(self.rows + other.rows, self.colours + other.colours, self.unclear + other.unclear)

    def add(self, image: Image, label: str, look: Look, height: int) -> None:
        """Measure one (H, W, 3) BGR picture at a model's input height; look: what `look_at` said of it."""
        model = small(image, height, 10 * height)
        found = split(model)
        general = (
            float(len(label)),
            look.width / look.height,
            float(look.height),
            look.brightness,
            look.contrast,
            look.sharpness,
            _noise(model),
            _blocks(image),
        )
        if isinstance(found, str):
            self.unclear += 1
            self.rows.append(general + (None,) * (len(FEATURES) - len(general)))
            return
        self.rows.append((*general, *_of_ink(found, label, look.width / look.height)))
        self.colours.append(tuple(round(v) for v in (*found.ink, *found.paper)))

    def column(self, name: str) -> list[float]:
        """The known values of one of FEATURES."""
        place = FEATURES.index(name)
        return [v for row in self.rows if (v := row[place]) is not None]

    def histogram(self, name: str, step: float) -> Histogram:
        """The distribution of one of FEATURES."""
        histogram = Histogram(step)
        histogram.add(self.column(name))
        return histogram

    @property
    def dark_share(self) -> float | None:
        """The share (0..1) of pictures with clear ink whose ink is darker than the paper."""
        return sum(c[0] < c[3] for c in self.colours) / len(self.colours) if self.colours else None


def _of_ink(found: Split, label: str, aspect: float) -> Row:
    mask = found.mask
    left, right, top, bottom = _margins(mask)
    across = 100 * mask.shape[1] / mask.shape[0]
    squeezed = 100 * aspect / across
    return (
        found.contrast,
        found.paper[0],
        found.ink[0],
        _chroma(found.paper),
        _chroma(found.ink),
        100 * float(mask.mean()),
        _stroke(mask),
        left,
        right,
        top,
        bottom,
        _advance(label, squeezed * (across - left - right)),
        _slope(mask),
    )


def _advance(label: str, width: float) -> float | None:
    cells = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
    return width / cells if cells >= FEWEST_CELLS else None


def _chroma(lab: tuple[float, float, float]) -> float:
    return math.hypot(lab[1] - 128, lab[2] - 128)


def _margins(mask: Mask) -> tuple[float, float, float, float]:
    """Room at the left, right, top and bottom in percent of the height; the outermost 1 % of the ink is dirt."""
    height = len(mask)
    sides = []
    for axis in (0, 1):
        seen = np.cumsum(mask.sum(axis))
        first, last = np.searchsorted(seen, (OUTSIDE * seen[-1], (1 - OUTSIDE) * seen[-1]))
        sides += [100 * int(first) / height, 100 * (len(seen) - 1 - int(last)) / height]
    return sides[0], sides[1], sides[2], sides[3]


def _stroke(mask: Mask) -> float:
    """Mean thickness in percent of the height: twice the area over the length of the edges.

    A slanting edge has more steps than length, over all directions by 4 to pi.
    """
    steps = np.count_nonzero(mask[:, 1:] != mask[:, :-1]) + np.count_nonzero(mask[1:] != mask[:-1])
    return 100 * 2 * np.count_nonzero(mask) / max(1.0, steps * math.pi / 4) / len(mask)


def _slope(mask: Mask) -> float | None:
    """Degrees by which the ink's middle falls to the right."""
    height, width = mask.shape
    if width < SLOPED * height:
        return None
    y, x = np.nonzero(mask)
    x = x - x.mean()
    return math.degrees(math.atan(float((x @ (y - y.mean())) / (x @ x))))


def _noise(image: Image) -> float:
    """Deviation of the noise: half of all pixels lie in smooth places, so the median response is the noise's."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    response = np.abs(cv2.filter2D(grey, cv2.CV_32F, LAPLACE)[1:-1, 1:-1])
    return float(np.median(response)) / MEDIAN_OF_NORMAL / 6 if response.size else 0.0


def _blocks(image: Image) -> float:
    """Percent by which steps between columns are stronger at every eighth column; 0 where there is no such grid."""
    if image.shape[1] < 3 * BLOCK:
        return 0.0
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    steps = cv2.absdiff(grey[:, 1:], grey[:, :-1]).mean(0)
    at = steps[BLOCK - 1 :: BLOCK]
    inside = np.delete(steps, np.arange(BLOCK - 1, len(steps), BLOCK))
    return max(0.0, 100 * float((at.mean() + 1) / (inside.mean() + 1) - 1))
