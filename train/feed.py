"""Batches of training lines: which samples, in which order, decoded ahead; a function of (seed, batch) alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, decode
from ..errors import UserError
from .ahead import ahead
from .augment import apply, draw, join
from .config import TrainConfig
from .ctc import TIME_STRIDE, encode
from .order import Order
from .preprocess import Batch, fit, padded_width, stack, unreadable
from .sources import Lines, Mixture, where

WINDOW = 16  # batches that are decoded together and sorted by width, so that little padding is computed
UNFIT = ("picture_too_small", "line_too_wide")  # whole pictures that hold no line of this size
AHEAD = 8  # finished batches that wait for the network


@dataclass(frozen=True)
class Step:
    """One batch. images: (N, 3, H, W) float32; labels: (N, longest) int32, zero-padded; lengths: (N,) int64."""

    number: int
    indices: list[int]
    images: Batch
    labels: NDArray[np.int32]
    lengths: NDArray[np.int64]


def load(lines: Lines, index: int, config: TrainConfig, squeeze: float | None = None) -> tuple[Image, str]:
    """Sample `index`, fitted to the input's height, and its label as it is learnt. Raises BadImage.

    squeeze: raise it, too, for a picture that is too small, or that had to become narrower by more than this.
    """
    sample, rule = lines[index], config.input_rule()
    image = decode(sample.image)
    refusal = unreadable(image, rule, squeeze) if squeeze is not None else None
    if refusal:
        raise refusal
    return fit(image, rule), config.label(sample.label)


class Feed:
    """Training batches of `indices` of `lines`; `steps_per_epoch` batches make an epoch.

    Each epoch is one shuffle over all samples (see Order). It is cut into windows of 16 batches; within a window
    samples are grouped by width and the batches shuffled. Batches have as many lines each, or with `batch_by: area` as
    much padded area each, and so the smallest need of memory. So batch `n` follows from the seed and n, and resuming
    needs no other state. left_out: reasons by index, found when a picture was first decoded: a label that does
    not fit its own width, a line too wide or too small, a picture that cannot be read where `damaged` says so. Another
    sample of the window takes the place. rank, size: this process of how many, each with batches of its own.
    """

    def __init__(
        self,
        config: TrainConfig,
        lines: Lines,
        indices: Sequence[int],
        charset: Charset,
        team: tuple[int, int] = (0, 1),
    ) -> None:
        self.config, self.lines, self.charset = config, lines, charset
        self.rule, self.decoder = config.input_rule(), config.decoder(charset)
        ratios = lines.ratios if isinstance(lines, Mixture) else None
        self._order = Order(by_source(lines, np.asarray(indices, np.int64)), ratios, config.seed, *team)
        if not self._order.samples:
            raise UserError(f"{lines.root}: {len(indices)} samples are too few for {team[1]} processes")
        self._partners = np.asarray(indices, np.int64)
        self.batch_size = min(config.batch_size, self._order.samples)
        self.steps_per_epoch = self._order.samples // self.batch_size
        self.left_out: dict[int, str] = {}
        self.waited = 0.0
        self._cache: dict[int, tuple[Image, str]] = {}
        self._room = config.cache_mb << 20
        self._epoch: tuple[int, NDArray[np.int64], NDArray[np.int64]] = (-1, self._partners, self._partners)

    def steps(self, start: int, stop: int) -> Generator[Step, None, None]:
        """Batches `start` to `stop`, made ahead in other threads; errors there are raised here."""

        def waited(seconds: float) -> None:
            self.waited += seconds

        return ahead(lambda: self._steps(start, stop), AHEAD, waited)

    def _steps(self, start: int, stop: int) -> Iterator[Step]:
        with ThreadPoolExecutor(self.config.workers) as pool:
            step = start
            while step < stop:
                batches, first = self._window(step, pool)
                for indices, images, labels in batches[step - first : stop - first]:
                    yield self._step(step, indices, images, labels)
                    step += 1

    def _window(
        self, step: int, pool: ThreadPoolExecutor
    ) -> tuple[list[tuple[list[int], list[Image], list[str]]], int]:
        """The batches of the window that holds batch `step`, and the number of its first batch."""
        epoch, offset = divmod(step, self.steps_per_epoch)
        number = offset // WINDOW
        size = self.batch_size
        last = min((number + 1) * WINDOW, self.steps_per_epoch)
        window = slice(number * WINDOW * size, last * size)
        chosen, turns = (values[window].tolist() for values in self._samples(epoch))
        samples = list(pool.map(self._sample, chosen, turns))
        good = [(i, *sample) for i, sample in zip(chosen, samples, strict=True) if sample]
        if not good:
            reasons = dict(Counter(self.left_out[i] for i in chosen))
            raise UserError(f"{self.lines.root}: none of {len(chosen)} samples can be used: {reasons}")
        missing = len(chosen) - len(good)
        good += [good[i % len(good)] for i in range(missing)]
        good.sort(key=lambda one: (one[1].shape[1], one[0]))
        count = last - number * WINDOW
        if self.config.batch_by == "area":
            edges = equal_areas([padded_width(image.shape[1], self.rule) for _, image, _ in good], count)
        else:
            edges = [b * size for b in range(count + 1)]
        shuffled = np.random.default_rng((self.config.seed, epoch, number)).permutation(count)
        batches = []
        for b in shuffled:
            part = good[edges[b] : edges[b + 1]]
            batches.append(([p[0] for p in part], [p[1] for p in part], [p[2] for p in part]))
        return batches, step - offset + number * WINDOW

    def _samples(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self._epoch[0] != epoch:
            self._epoch = (epoch, *self._order.epoch(epoch))
        return self._epoch[1:]

    def _sample(self, index: int, turn: int) -> tuple[Image, str] | None:
        """The sample as it comes for the time `turn`, changed and perhaps joined with another; None is left out."""
        found = self._load(index)
        if found is None:
            return None
        seed = (self.config.seed, turn, index)
        augment = self.config.augment
        if augment.join:
            found = self._joined(found, seed)
        image, label = found
        change = draw(augment, seed)
        if change is not None:
            image = apply(change, image, self._narrowest(image, label), self.rule.max_width)
        return image, label

    def _load(self, index: int) -> tuple[Image, str] | None:
        cached = self._cache.get(index)
        if cached is not None or index in self.left_out:
            return cached
        try:
            image, label = load(self.lines, index, self.config, self.config.squeeze)
        except BadImage as error:
            if error.reason not in UNFIT and self.config.damaged == "error":
                raise UserError(
                    f"{where(self.lines, index)}: {error.reason}: {error.detail}; `ocrdata pack --verify "
                    f"{self.lines.root}` lists all, and damaged: refuse leaves such samples out"
                ) from error
            self.left_out[index] = error.reason
            return None
        if not self._fits(label, image.shape[1]):
            self.left_out[index] = "label_too_long"
            return None
        if image.nbytes <= self._room:
            self._room -= image.nbytes
            self._cache[index] = (image, label)
        return image, label

    def _fits(self, label: str, width: int) -> bool:
        padded = padded_width(min(width, self.rule.max_width), self.rule)
        return self.decoder.needed(label) <= self.decoder.room(padded)

    def _joined(self, one: tuple[Image, str], seed: tuple[int, ...]) -> tuple[Image, str]:
        """`one`, or with the share `augment.join` another sample behind it, where both fit into the input."""
        random = np.random.default_rng((*seed, 1))
        if random.random() >= self.config.augment.join:
            return one
        other = self._load(int(self._partners[random.integers(len(self._partners))]))
        if other is None:
            return one
        image, label = join(one[0], other[0]), one[1] + other[1]
        fits = image.shape[1] <= self.rule.max_width and self._fits(label, image.shape[1])
        return (image, label) if fits else one

    def _narrowest(self, image: Image, label: str) -> int:
        """Pixels that a change must leave, so that the label still fits."""
        if self.decoder.name != "ctc":
            return min(image.shape[1], TIME_STRIDE)
        return min(image.shape[1], self.decoder.needed(label) * TIME_STRIDE)

    def _step(self, number: int, indices: list[int], images: list[Image], labels: list[str]) -> Step:
        lengths = np.array([len(label) for label in labels], np.int64)
        ids = np.zeros((len(labels), int(lengths.max())), np.int32)
        for row, label in zip(ids, labels, strict=True):
            row[: len(label)] = encode(label, self.charset)
        return Step(number, indices, stack(images, self.rule), ids, lengths)


def by_source(lines: Lines, indices: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The indices of each source; in the order in which they are given."""
    if not isinstance(lines, Mixture) or lines.ratios is None:
        return [indices]
    groups = np.searchsorted(lines.starts, indices, "right") - 1
    parts = [indices[groups == g] for g in range(len(lines.sources))]
    for source, part in zip(lines.sources, parts, strict=True):
        if not len(part):
            raise UserError(f"{source.root}: no sample of this source can be used, and its ratio cannot be kept")
    return parts


def equal_areas(widths: Sequence[int], count: int) -> list[int]:
    """Edges of `count` batches of lines, which are sorted by width, so that the largest padded area is the smallest.

    A batch is as wide as its last line. There must be at least as many lines as batches.
    """
    low, high = max(widths), widths[-1] * len(widths)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_filled(widths, middle)) <= count else (middle + 1, high)
    sizes = _filled(widths, low)
    while len(sizes) < count:  # halving a batch never makes it larger
        largest = max(range(len(sizes)), key=lambda i: sizes[i])
        sizes[largest : largest + 1] = [sizes[largest] // 2, sizes[largest] - sizes[largest] // 2]
    return [0, *accumulate(sizes)]


def _filled(widths: Sequence[int], area: int) -> list[int]:
    """How many lines are in each batch, where each takes as many as its area allows."""
    sizes: list[int] = []
    for width in widths:
        if sizes and (sizes[-1] + 1) * width <= area:
            sizes[-1] += 1
        else:
            sizes.append(1)
    return sizes
