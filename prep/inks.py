"""Ink and paper of a text crop: which pixels are which, and their colours, or why that cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.images import Image

Mask = NDArray[np.bool_]
Pixels = NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)
Colour = tuple[float, float, float]
TARGET = 32
WIDEST = 320
ROUNDS = 8
NEAR = 14.0
"""Colours less apart than this, in 8-bit Lab, are one colour and its noise."""
APART = 0.62
"""Share of all variance that lies between the two colours; an even ramp from one to the other has 0.75 of it,
but in one dimension only, while noise and a third colour lie in the others."""
MOST_INK, LEAST_INK = 0.6, 0.02
VOTE = 0.62
SOME, MANY = 1000, 3000
CHANGES = 0.7
THICK = 0.42


@dataclass(frozen=True, slots=True)
class Split:
    """Ink and paper of one crop. Colours are 8-bit Lab (L 0..255, a and b around 128); mask: (H, W), true for ink."""

    ink: Colour
    paper: Colour
    mask: Mask

    @property
    def contrast(self) -> float:
        """Difference of lightness between ink and paper, 0..255."""
        return abs(self.ink[0] - self.paper[0])

    @property
    def is_dark(self) -> bool:
        """Whether the ink is darker than the paper."""
        return self.ink[0] < self.paper[0]


def small(image: Image, height: int = TARGET, widest: int = WIDEST) -> Image:
    """The picture at `height` pixels, ratio kept up to `widest`: everything measured on it is comparable."""
    width = max(1, min(widest, round(image.shape[1] * height / image.shape[0])))
    if (height, width) == image.shape[:2]:
        return image
    kind = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=kind)  # type: ignore[return-value]


def split(image: Image) -> Split | str:
    """Ink and paper of an (H, W, 3) BGR crop, small as `small` makes it; or the reason why they are unclear.

    Where two colours cannot be told apart at once, uneven light is taken off and they are sought again.
    Reasons: `one_colour`, `no_two_colours`, `unclear_paper`, `much_ink`, `little_ink`, `no_strokes`.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32)
    mask = _ink_of(lab)
    if isinstance(mask, str):
        flat = _ink_of(_evenly_lit(lab))
        if isinstance(flat, str):
            return mask
        mask = flat
    return _colours(lab, mask)


def _ink_of(lab: Pixels) -> Mask | str:
    """(H, W), true for ink; the border's pixels vote for paper."""
    second = _two_colours(lab)
    if isinstance(second, str):
        return second
    border = np.concatenate([second[0], second[-1], second[1:-1, 0], second[1:-1, -1]]).mean()
    share = second.mean()
    if 1 - VOTE < border < VOTE and 1 - MOST_INK < share < MOST_INK:
        return "unclear_paper"
    mask = second if (share if 1 - VOTE < border < VOTE else border) < 0.5 else ~second
    share = mask.mean()
    if not LEAST_INK <= share <= MOST_INK:
        return "much_ink" if share > MOST_INK else "little_ink"
    return mask if _has_strokes(mask) else "no_strokes"


def _two_colours(lab: Pixels) -> Mask | str:
    """Which pixels have the second of two colours: k-means from the ends of the main axis."""
    some = _some(lab.reshape(-1, 3))
    mean = np.full(len(some), 1 / len(some), np.float32) @ some
    some = some - mean
    values, vectors = np.linalg.eigh(some.T @ some / len(some))
    total = float(values.sum())
    if total < (NEAR / 4) ** 2:
        return "one_colour"
    second = some @ vectors[:, 2] > 0
    for _ in range(ROUNDS):
        count = int(second.sum())
        if not 0 < count < len(some):
            return "one_colour"
        high = second.astype(np.float32) @ some / count
        low = -high * count / (len(some) - count)  # the mean of all is 0
        limit = 0.5 * float(high @ high - low @ low)
        before, second = second, some @ (high - low) > limit
        if np.array_equal(before, second):
            break
    share = second.mean()
    apart = float(((high - low) ** 2).sum())
    if apart < NEAR**2:
        return "one_colour"
    if share * (1 - share) * apart < APART * total:
        return "no_two_colours"
    return lab @ (high - low) > limit + float(mean @ (high - low))


def _some(rows: NDArray[Kind], number: int = SOME) -> NDArray[Kind]:
    """About so many rows, evenly spread; the step is odd, else whole columns of the picture could be left out."""
    return rows[:: len(rows) // number | 1]


def _evenly_lit(lab: Pixels) -> Pixels:
    """The picture without the smooth change of light over it: what text adds is spread too evenly to be lost."""
    height, width = lab.shape[:2]
    y, x = (v.ravel().astype(np.float32) for v in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    terms = np.stack([x, y, x * x, y * y, np.ones_like(x)], 1)
    wave, *_ = np.linalg.lstsq(_some(terms), _some(lab.reshape(-1, 3)), rcond=None)
    return lab - (terms[:, :4] @ wave[:4]).reshape(lab.shape)


def _has_strokes(mask: Mask) -> bool:
    """Whether ink and paper alternate along the lines as letters do, and no blob is thicker than a letter can be."""
    height, width = mask.shape
    middle = mask[height // 4 : height - height // 4]
    changes = np.count_nonzero(middle[:, 1:] != middle[:, :-1]) / len(middle)
    return changes >= max(1.0, CHANGES * width / height) and _thickest(mask) <= THICK * min(mask.shape)


def _thickest(mask: Mask) -> float:
    """The largest distance of an ink pixel from the paper: half of the thickest stroke, in pixels."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())


def _colours(lab: Pixels, mask: Mask) -> Split | str:
    """The colours of the strokes' cores and of the paper away from them: edges are a mixture of both."""
    pixels, inked = _some(lab.reshape(-1, 3), MANY), _some(mask.reshape(-1), MANY)
    if not inked.any():  # a picture of a handful of pixels
        return "little_ink"
    ink, paper = pixels[inked], np.median(pixels[~inked], axis=0)
    far = ((ink - paper) ** 2).sum(1)
    core = np.median(ink[far >= np.median(far)], axis=0)
    if float(((core - paper) ** 2).sum()) < NEAR**2:
        return "one_colour"
    return Split(_colour(core), _colour(paper), mask)


def _colour(lab: Pixels) -> Colour:
    return float(lab[0]), float(lab[1]), float(lab[2])
