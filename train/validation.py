"""Validation while training: one set or several, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..datasets.images import BadImage
from ..errors import UserError
from .config import TrainConfig
from .feed import load
from .metrics import Score, score
from .reader import LineReader
from .sources import Lines, where

HELD_OUT_AT_MOST = 2000
Sets = Mapping[str, tuple[Lines, Sequence[int]]]


class Validation:
    """Scores a reader on sets by name; one that has no name of its own is called "".

    refused: pictures left out of the last scores, by reason, where the configuration says `damaged: refuse`;
    examples: the place of the first of each.
    """

    def __init__(self, config: TrainConfig, sets: Sets) -> None:
        self._config, self._sets = config, {name: one for name, one in sets.items() if one[1]}
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        if "." in config.best and config.best.partition(".")[0] not in self._sets:
            raise UserError(f"best: there is no validation set {config.best.partition('.')[0]!r}")

    def __len__(self) -> int:
        """How many lines there are to validate on."""
        return sum(len(indices) for _, indices in self._sets.values())

    @property
    def names(self) -> list[str]:
        """The names of the sets that have one."""
        return [name for name in self._sets if name]

    @property
    def scored(self) -> list[str]:
        """The names of the scores, in order."""
        kinds = ("accuracy", "similarity")
        return [*kinds, *(f"{name}.{kind}" for name in self.names for kind in kinds)]

    def scores(self, reader: LineReader) -> dict[str, float]:
        """accuracy and similarity, and `name.accuracy`, `name.similarity` of named sets; {} without lines.

        Of several sets the first two are means in which each set counts alike.
        """
        self.refused.clear()
        found = {name: validate(reader, self._pairs(*one)) for name, one in self._sets.items()}
        if not found:
            return {}
        scores = {
            "accuracy": sum(s.accuracy for s in found.values()) / len(found),
            "similarity": sum(s.similarity for s in found.values()) / len(found),
        }
        for name in self.names:
            scores |= {f"{name}.accuracy": found[name].accuracy, f"{name}.similarity": found[name].similarity}
        return scores

    def better(self, one: dict[str, float], other: dict[str, float]) -> bool:
        """Whether scores are better by `best`; of equal accuracies, the similarity decides."""
        names = [self._config.best]
        if self._config.best.endswith("accuracy"):
            names.append(self._config.best.removesuffix("accuracy") + "similarity")
        return [one.get(n, -1.0) for n in names] > [other.get(n, -1.0) for n in names]

    def _pairs(self, lines: Lines, indices: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], str]]:
        for index in indices:
            try:
                yield load(lines, index, self._config)
            except BadImage as error:
                if self._config.damaged == "error":
                    raise UserError(f"{where(lines, index)}: {error.reason}: {error.detail}") from error
                self.refused[error.reason] += 1
                self.examples.setdefault(error.reason, [where(lines, index)])


def validate(reader: LineReader, pairs: Iterator[tuple[NDArray[np.uint8], str]]) -> Score:
    """The score of a reader on (line, label) pairs, in bounded memory."""
    labels: list[str] = []

    def images() -> Iterator[NDArray[np.uint8]]:
        for image, label in pairs:
            labels.append(label)
            yield image

    readings = reader.read(images())
    return score(((text, label) for (text, _), label in zip(readings, labels, strict=True)))


def hold_out(indices: list[int], config: TrainConfig) -> tuple[list[int], list[int]]:
    """Validation and training indices: a share of all, drawn from the seed."""
    count = min(HELD_OUT_AT_MOST, int(len(indices) * config.holdout))
    order = np.random.default_rng(config.seed).permutation(indices).tolist()
    return sorted(order[:count]), sorted(order[count:])
