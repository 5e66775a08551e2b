"""Changing training lines a little, anew in each epoch: parameters are drawn first, then applied."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..config import Config
from ..datasets.images import Image

POINTS = 16


class Augment(Config):
    """How far each change goes; 0 leaves it out.

    share: of the lines that are changed at all. move: each corner, in heights, in x and y, so that lines are
    cropped, padded, sheared and turned. stretch: of the width, 0.2 is 0.8 to 1.2 times. contrast: factor, 0.3 is
    0.7 to 1.3. brightness: offset in shares of 255. invert: share of lines turned to their negative.
    blur: highest sigma in pixels at the network's height. noise: highest sigma in shares of 255.
    crop: share of the height that is cut off above or below. smear: pixels that the line is smeared diagonally.
    colour: factor of each channel, 0.1 is 0.9 to 1.1.
    bend: points along the upper and the lower edge move in x and y; crowd: parts of the line are squeezed and
    others stretched; both in heights. tilt: share of the height that the line loses at one of its ends. The three
    are applied to half of the changed lines each.
    join: share of lines that get another line behind them, where both fit into the input.
    """

    share: float = Field(default=0.8, ge=0, le=1)
    move: float = Field(default=0.0, ge=0, le=0.5)
    stretch: float = Field(default=0.0, ge=0, le=0.5)
    contrast: float = Field(default=0.0, ge=0, le=0.9)
    brightness: float = Field(default=0.0, ge=0, le=0.9)
    invert: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.0, ge=0, le=4)
    noise: float = Field(default=0.0, ge=0, le=0.5)
    crop: float = Field(default=0.0, ge=0, le=0.4)
    smear: int = Field(default=0, ge=0, le=5)
    colour: float = Field(default=0.0, ge=0, le=0.5)
    # Points are a height apart, so that beyond these limits two of them could change places.
    bend: float = Field(default=0.0, ge=0, le=0.25)
    crowd: float = Field(default=0.0, ge=0, le=0.2)
    tilt: float = Field(default=0.0, ge=0, le=0.4)
    join: float = Field(default=0.0, ge=0, le=1)

    @property
    def active(self) -> bool:
        """Whether any line is changed."""
        old = (self.move, self.stretch, self.contrast, self.brightness, self.invert, self.blur, self.noise)
        return self.share > 0 and (max(old) > 0 or self.more)

    @property
    def more(self) -> bool:
        """Whether any change beyond those of every line is asked for."""
        return max(self.crop, self.smear, self.colour, self.bend, self.crowd, self.tilt) > 0


@dataclass(frozen=True)
class More:
    """Drawn parameters of the further changes.

    crop: share cut off above, or below where negative. points: (4, POINTS) moves in heights: x above, y above,
    x below, y below; tilt: share of the height lost at the left end, or at the right where negative.
    """

    crop: float
    smear: int
    colour: NDArray[np.float32]
    points: NDArray[np.float32]
    tilt: float


@dataclass(frozen=True)
class Change:
    """Drawn parameters of one line; corners: (4, 2) moves in heights."""

    corners: NDArray[np.float32]
    stretch: float
    contrast: float
    brightness: float
    invert: bool
    blur: float
    noise: float
    noise_seed: int
    more: More | None = None


def draw(limits: Augment, seed: tuple[int, ...]) -> Change | None:
    """The change of one line, a function of the arguments alone; None leaves the line as it is."""
    random = np.random.default_rng(seed)
    if not limits.active or random.random() >= limits.share:
        return None
    # The noise is squared so that most lines stay nearly clean; blur likewise.
    u = random.uniform(-1, 1, 3)
    v = random.random(3)
    return Change(
        corners=(random.uniform(-1, 1, (4, 2)) * limits.move).astype(np.float32),
        stretch=1 + limits.stretch * float(u[0]),
        contrast=1 + limits.contrast * float(u[1]),
        brightness=255 * limits.brightness * float(u[2]),
        invert=bool(v[0] < limits.invert),
        blur=limits.blur * float(v[1]) ** 2,
        noise=255 * limits.noise * float(v[2]) ** 2,
        noise_seed=int(random.integers(2**31)),
        more=_draw_more(limits, random) if limits.more else None,
    )


def _draw_more(limits: Augment, random: np.random.Generator) -> More:
    bend, crowd, tilt = random.random(3) < 0.5
    points = random.uniform(-1, 1, (4, POINTS)) * (limits.bend if bend else 0)
    points[0::2] += random.uniform(-1, 1, POINTS) * (limits.crowd if crowd else 0)
    return More(
        crop=limits.crop * float(random.uniform(-1, 1)),
        smear=int(random.integers(limits.smear + 1)),
        colour=(1 + limits.colour * random.uniform(-1, 1, 3)).astype(np.float32),
        points=points.astype(np.float32),
        tilt=float(random.uniform(-1, 1)) * (limits.tilt if tilt else 0),
    )


def apply(change: Change, image: Image, min_width: int, max_width: int) -> Image:
    """The changed line: (H, W, 3) uint8 of the same height, `min_width` to `max_width` pixels wide."""
    if change.more is not None:
        image = _apply_more(change.more, image)
    height, width = image.shape[:2]
    if change.corners.any() or change.stretch != 1:
        new_width = max(min_width, min(max_width, round(width * change.stretch)))
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        target = source * np.array([new_width / width, 1], np.float32) + change.corners * height
        matrix = cv2.getPerspectiveTransform(source, target)
        image = cv2.warpPerspective(image, matrix, (new_width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    if change.blur > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), change.blur)  # type: ignore[assignment]
    if change.contrast != 1 or change.brightness or change.invert:
        sign = -1.0 if change.invert else 1.0
        offset = 127.5 + sign * (change.brightness - change.contrast * 127.5)
        table = np.clip(np.arange(256) * change.contrast * sign + offset, 0, 255).astype(np.uint8)
        image = table[image]
    if change.noise > 1:
        random = np.random.default_rng(change.noise_seed)
        noise = random.standard_normal(image.shape, np.float32) * change.noise
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image


def _apply_more(more: More, image: Image) -> Image:
    """Crop, bend and tilt in one pass, then smear and colours; the size stays."""
    height, width = image.shape[:2]
    if more.crop or more.tilt or more.points.any():
        x, y = _sources(more, height, width)
        image = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    for i in range(1, more.smear + 1):
        if i < min(height, width):
            image = image.copy()
            image[i:, i:] = image[:-i, :-i].copy()
    if (more.colour != 1).any():
        image = np.clip(image * more.colour, 0, 255).astype(np.uint8)
    return image


def _sources(more: More, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel comes from: (H, W) x and (H, W) y."""
    count = int(np.clip(round(width / height), 1, POINTS - 1)) + 1
    columns = np.arange(width, dtype=np.float32)
    knots = np.linspace(0, width - 1, count)
    x_above, y_above, x_below, y_below = (np.interp(columns, knots, row[:count]) * height for row in more.points)
    end = columns / max(1, width - 1)
    lost = height * abs(more.tilt) / 2 * (1 - end if more.tilt > 0 else end)
    first, last = max(0.0, more.crop) * height, (height - 1) * 1.0 + min(0.0, more.crop) * height
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    above, below = first + y_above - lost, last + y_below + lost
    x = columns + (1 - down) * x_above + down * x_below
    y = (1 - down) * above + down * below
    return x.astype(np.float32), y.astype(np.float32)


def join(one: Image, other: Image) -> Image:
    """Two lines of one height side by side."""
    return np.concatenate([one, other], axis=1)
