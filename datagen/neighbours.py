"""Parts of other lines above and below, as the crops that detectors deliver show them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from ..config import Config
from ..fonts.face import EM
from .layout import Laid, Masks
from .limits import Limits, Probability, within
from .rng import Draws, Floats, Integers


class Neighbours(Config):
    """Other lines that reach into the picture from above or below; the label does not hold them.

    gap: between the lines, in heights of the text. visible: at most this share of the other line's height is in the
    picture. shift: of its start against the text's, in heights of the text.
    """

    probability: Probability = 0
    gap: Annotated[Limits, AfterValidator(within(0.02, 2))] = (0.05, 0.3)
    visible: Annotated[float, Field(gt=0, le=0.6)] = 0.4
    shift: Annotated[Limits, AfterValidator(within(-20, 20))] = (-4, 1)


def shifts(config: Neighbours, draws: Draws, main: Laid, other: Laid, room: Floats, height: Integers) -> Floats:
    """(n, 2) where each other line's origin lies from its main line's, in 1/EM, y upwards; NaN where none would show.

    room: (n, 2) above and below the text, in heights of the text, which are `height` 1/EM.
    """
    above = draws.uniform("neighbour.side") < 0.5
    free = np.where(above, room[:, 0], room[:, 1]) * height
    gap = draws.between("neighbour.gap", config.gap) * height
    size = other.top - other.bottom
    gap = np.maximum(gap, free - config.visible * size)  # no more than its share may be seen
    up = np.where(above, main.top + gap - other.bottom, main.bottom - gap - other.top)
    along = main.left - other.left + draws.between("neighbour.shift", config.shift) * height
    seen = (free > gap) & (size > 0) & (size < 4 * EM)
    return np.where(seen[:, None], np.stack([along, up], axis=1), np.nan)


def matrices(origin: Integers, other: Masks, shift: Floats, homographies: Floats) -> Floats:
    """(n, 3, 3) from px of the other line's mask to px of the picture.

    origin: (n, 3) size, left and top edge of the main line's mask, as in `Masks`; homographies: of that mask.
    """
    s, t = origin[:, 0] / EM, other.size / EM
    ratio = s / t
    zeros, ones = np.zeros(len(s)), np.ones(len(s))
    # Other mask -> 1/EM from its own origin -> from the main line's -> main mask.
    x0 = other.origin_x * ratio + shift[:, 0] * s - origin[:, 1]
    y0 = origin[:, 2] - shift[:, 1] * s - other.origin_y * ratio
    to_main = np.stack([ratio, zeros, x0, zeros, ratio, y0, zeros, zeros, ones], axis=1).reshape(-1, 3, 3)
    return np.asarray(homographies @ to_main)
