"""Labels to class ids, and a network's probabilities back to text. The blank is the last class."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset

Reading = tuple[str, float]

TIME_STRIDE = 4  # pixels of the input's width per time step, in all networks


def needed_steps(label: str) -> int:
    """Time steps that CTC needs for `label`: a blank must stand between two equal neighbours."""
    return len(label) + sum(a == b for a, b in pairwise(label))


def encode(label: str, charset: Charset) -> list[int]:
    """Class ids of a label; all its characters must be in `charset`."""
    return [charset.index[character] for character in label]


def decode(probabilities: NDArray[np.float32], charset: Charset) -> list[Reading]:
    """(N, T, characters + 1) probabilities to (text, confidence) by the best class of each step.

    confidence: the mean, over the characters read, of the probability at the step where each begins; 0.0 where
    nothing was read.
    """
    best = probabilities.argmax(2)
    score = np.take_along_axis(probabilities, best[:, :, None], 2)[:, :, 0]
    begins = best != len(charset)
    begins[:, 1:] &= best[:, 1:] != best[:, :-1]
    readings = []
    for classes, scores, begin in zip(best, score, begins, strict=True):
        text = "".join(charset.characters[i] for i in classes[begin])
        readings.append((text, float(scores[begin].mean()) if text else 0.0))
    return readings
