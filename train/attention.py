"""Probabilities of networks that read one position after the other, back to text.

The classes are the characters, then the start sign, then the end sign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from .ctc import Reading

EXTRA = 2  # classes beyond the characters: start, end


def decode(probabilities: NDArray[np.float32], charset: Charset) -> list[Reading]:
    """(N, T, characters + 2) probabilities to (text, confidence): the best class of each position up to the end.

    confidence: the mean probability of the characters read; 0.0 where nothing was read.
    """
    best = probabilities.argmax(2)
    score = np.take_along_axis(probabilities, best[:, :, None], 2)[:, :, 0]
    read = np.logical_and.accumulate(best < len(charset), axis=1)
    readings = []
    for classes, scores, those in zip(best, score, read, strict=True):
        text = "".join(charset.characters[i] for i in classes[those])
        readings.append((text, float(scores[those].mean()) if text else 0.0))
    return readings
