"""How probable a model finds a label: the sum over all ways in which the network's output could spell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import exp

import numpy as np
from numpy.typing import NDArray

from ..datasets.images import Image
from .preprocess import fit, stack, unreadable
from .reader import LineReader, width_batches

WINDOW = 512
SMALLEST = 1e-12
IMPOSSIBLE = -1e30  # finite, so that sums and differences stay numbers
Probabilities = NDArray[np.float32]
LogLikelihoods = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of a line and its label.

    text, confidence: as `LineReader.read`. log_label, log_read: natural logarithms of the probabilities of the label
    and of what was read; None where the label cannot be judged, for the reason `why`.
    """

    text: str
    confidence: float
    log_label: float | None
    log_read: float
    why: str = ""

    def trust(self, label: str) -> float | None:
        """The label's probability as that of one character (the geometric mean), 0 to 1."""
        return None if self.log_label is None else exp(max(-700.0, self.log_label / max(1, len(label))))


def judge(reader: LineReader, lines: Iterable[tuple[Image, str]]) -> Iterator[Judged]:
    """What the model says of each (picture, label), in order, in bounded memory.

    Not judged: a label with characters that the model has not (not_in_dict), or of which the picture has too few
    time steps (too_long), and a picture that the reader refuses.
    """
    remaining = iter(lines)
    while window := list(islice(remaining, WINDOW)):
        refused = [unreadable(image, reader.rule) for image, _ in window]
        images = [fit(image, reader.rule) for image, _ in window]
        found: dict[int, Judged] = {}
        for indices in width_batches(images, reader.rule, reader.batch_size):
            probabilities = reader.engine(stack([images[i] for i in indices], reader.rule))
            labels = [window[i][1] for i in indices]
            found.update(zip(indices, _judge(reader, probabilities, labels), strict=True))
        for index, refusal in enumerate(refused):
            one = found[index]
            yield one if refusal is None else Judged(one.text, one.confidence, None, one.log_read, refusal.reason)


def _judge(reader: LineReader, probabilities: Probabilities, labels: Sequence[str]) -> list[Judged]:
    readings = reader.decoder.decode(probabilities)
    steps = probabilities.shape[1]
    why = [_unfit(reader, label, steps) for label in labels]
    spelt = [label if not reason else "" for label, reason in zip(labels, why, strict=True)]
    way = ctc_log_likelihood if reader.decoder.name == "ctc" else position_log_likelihood
    ids = [[[reader.charset.index[c] for c in text] for text in texts] for texts in (spelt, [t for t, _ in readings])]
    of_label, of_read = (way(probabilities, classes, len(reader.charset)) for classes in ids)
    return [
        Judged(text, confidence, None if reason else float(label), float(read), reason)
        for (text, confidence), label, read, reason in zip(readings, of_label, of_read, why, strict=True)
    ]


def _unfit(reader: LineReader, label: str, steps: int) -> str:
    if reader.charset.unknown(label):
        return "not_in_dict"
    return "too_long" if reader.decoder.needed(label) > steps else ""


def ctc_log_likelihood(probabilities: Probabilities, labels: Sequence[Sequence[int]], blank: int) -> LogLikelihoods:
    """Logarithms (N,) of the probabilities of N labels under (N, T, classes) probabilities: the forward algorithm.

    A label that T steps cannot spell gets about -1e30.
    """
    count, steps, _ = probabilities.shape
    states, skips = _states(labels, blank)
    logs = np.log(np.take_along_axis(probabilities, states[:, None, :], 2).astype(np.float64) + SMALLEST)
    width = states.shape[1]
    alpha = np.full((count, width + 2), IMPOSSIBLE)  # two columns before the first state: nothing comes from there
    alpha[:, 2] = logs[:, 0, 0]
    alpha[:, 3:4] = logs[:, 0, 1:2]
    for step in range(1, steps):
        jumped = np.where(skips, alpha[:, :-2], IMPOSSIBLE)
        alpha[:, 2:] = np.logaddexp(np.logaddexp(alpha[:, 2:], alpha[:, 1:-1]), jumped) + logs[:, step]
        np.maximum(alpha, IMPOSSIBLE, out=alpha)
    last = 2 + 2 * np.array([len(label) for label in labels])
    rows = np.arange(count)
    before = np.where(last > 2, alpha[rows, last - 1], IMPOSSIBLE)
    result: LogLikelihoods = np.logaddexp(alpha[rows, last], before)
    return result


def _states(labels: Sequence[Sequence[int]], blank: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Blanks around all characters, (N, 2 longest + 1) class ids, and which may be reached by leaving one out."""
    longest = max((len(label) for label in labels), default=0)
    states = np.full((len(labels), 2 * longest + 1), blank)
    for row, label in zip(states, labels, strict=True):
        row[1 : 2 * len(label) : 2] = label
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    return states, skips


def position_log_likelihood(
    probabilities: Probabilities, labels: Sequence[Sequence[int]], characters: int
) -> LogLikelihoods:
    """The same for one class a position and then the end sign, the last class. characters: how many there are."""
    logs = np.log(probabilities.astype(np.float64) + SMALLEST)
    steps, end = logs.shape[1], characters + 1
    found = []
    for row, label in zip(logs, labels, strict=True):
        spelt = row[np.arange(len(label)), label].sum() if len(label) <= steps else IMPOSSIBLE
        found.append(spelt + (row[len(label), end] if len(label) < steps else 0.0))
    return np.array(found)
