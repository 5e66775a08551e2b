"""Deciding about every sample of a pack before any is written: a byte for the reason, a byte for the copies."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, decode
from ..datasets.records import Sample
from .ranges import over_ranges
from .rules import MEASURES, SelectConfig, Values, values_of
from .store import Pack
from .twins import fingerprint

Model = Literal["weak", "strong"]
Trust = Mapping[Model, NDArray[np.float32]]
TRUSTED: dict[str, Model] = {"trivial": "weak", "impossible": "strong"}
KEPT = 0
UNREADABLE = ("empty_file", "truncated_image", "undecodable_image")
REASONS = (
    "kept",
    *UNREADABLE,
    "matches_not",
    *(f"{name}_{side}" for name in MEASURES for side in ("below", "above")),
    "outside_dictionary",
    "trivial",
    "impossible",
    "most_per_label",
    "quota",
    "thinned",
)
CODES = {name: code for code, name in enumerate(REASONS)}
NO_WEIGHT = 255


@dataclass(frozen=True)
class Choice:
    """codes (n,) index REASONS; copies (n,) how often a kept sample is stored. unjudged: by model, what it could not
    judge and was therefore kept."""

    codes: NDArray[np.uint8]
    copies: NDArray[np.uint8]
    unjudged: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 over all decisions."""
        return hashlib.sha256(self.codes.tobytes() + self.copies.tobytes()).hexdigest()

    @property
    def items(self) -> int:
        """Samples and refusals that will come of it."""
        return int(self.copies[self.codes == KEPT].sum()) + int((self.codes != KEPT).sum())


@dataclass(frozen=True)
class Judge:
    """The rules that look at one sample alone, over a range of a pack. Travels to other processes."""

    pack: Pack
    config: SelectConfig
    charset: Charset | None

    def __call__(self, start: int, stop: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint64]]:
        """Codes, numbers of the weights that apply, and fingerprints of the labels."""
        codes, weights, labels = [], [], []
        for index in range(start, stop):
            sample = self.pack[index]
            reason, values = self.reason(sample)
            codes.append(CODES[reason or "kept"])
            weights.append(NO_WEIGHT if reason else self._weight(sample.label, values))
            labels.append(fingerprint(sample.label.encode()))
        self.pack.close()
        return np.array(codes, np.uint8), np.array(weights, np.uint8), np.array(labels, np.uint64)

    def reason(self, sample: Sample) -> tuple[str, Values]:
        """Why a sample goes, or "", and what was measured."""
        image: Image | None = None
        if self.config.decodes:
            try:
                image = decode(sample.image)
            except BadImage as error:
                return error.reason, {}
        values = values_of(sample.label, image, self.config.model_height)
        problem = self.config.problem(sample.label, values)
        if not problem and self.charset is not None and self.charset.unknown(sample.label):
            problem = "outside_dictionary"
        return problem, values

    def _weight(self, label: str, values: Values) -> int:
        applying = (n for n, weight in enumerate(self.config.weights) if weight.applies(label, values))
        return next(applying, NO_WEIGHT)


def choose(
    pack: Pack,
    config: SelectConfig,
    trust: Trust | None = None,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
) -> Choice:
    """Decides about every sample. trust: (n,) how much a weak and a strong model trust each label; NaN: not judged.

    Raises UserError for a dictionary that cannot be read.
    """
    charset = Charset.read(config.dictionary) if config.dictionary else None
    parts = list(over_ranges(Judge(pack, config, charset), len(pack), workers, progress))
    codes, weights, labels = (np.concatenate([part[i] for part in parts]) for i in range(3))
    unjudged = _trust(codes, config, trust or {})
    order = np.random.default_rng([config.seed, 1]).permutation(len(codes))
    if config.most_per_label is not None:
        _limit_labels(codes, labels, order, config.most_per_label)
    if config.quota is not None:
        _fill_quota(codes, pack, order, config.quota)
    return Choice(codes, _copies(codes, weights, config), unjudged)


def _trust(codes: NDArray[np.uint8], config: SelectConfig, trust: Trust) -> dict[str, int]:
    unjudged: dict[str, int] = {}
    for reason, name in TRUSTED.items():
        values, limit = trust.get(name), getattr(config, reason)
        if values is None or limit is None:
            continue
        bad = values > limit if name == "weak" else values < limit  # not a number: neither
        codes[(codes == KEPT) & bad] = CODES[reason]
        unjudged[name] = int(np.isnan(values).sum())
    return unjudged


def _limit_labels(codes: NDArray[np.uint8], labels: NDArray[np.uint64], order: NDArray[np.int64], most: int) -> None:
    """Of each label the first `most` in a random order stay."""
    kept = order[codes[order] == KEPT]
    ranked = kept[np.argsort(labels[kept], kind="stable")]
    starts = np.flatnonzero(np.r_[True, labels[ranked][1:] != labels[ranked][:-1]]) if len(ranked) else ranked
    places = np.arange(len(ranked)) - np.repeat(starts, np.diff(np.r_[starts, len(ranked)]))
    codes[ranked[places >= most]] = CODES["most_per_label"]


def _fill_quota(codes: NDArray[np.uint8], pack: Pack, order: NDArray[np.int64], quota: int) -> None:
    """In a random order, for a pack may begin with one dataset and end with another."""
    seen: Counter[str] = Counter()
    for index in order[codes[order] == KEPT].tolist():
        characters = set(pack[index].label)
        if all(seen[c] >= quota for c in characters):
            codes[index] = CODES["quota"]
        else:
            seen.update(characters)
    pack.close()


def _copies(codes: NDArray[np.uint8], weights: NDArray[np.uint8], config: SelectConfig) -> NDArray[np.uint8]:
    wanted = np.ones(len(codes))
    for number, weight in enumerate(config.weights):
        wanted[weights == number] = weight.weight
    drawn = np.random.default_rng([config.seed, 2]).random(len(codes))
    copies = np.floor(wanted).astype(np.uint8) + (drawn < wanted % 1).astype(np.uint8)
    codes[(codes == KEPT) & (copies == 0)] = CODES["thinned"]
    return copies
