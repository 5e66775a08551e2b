"""Batches from a pack: which samples, in which order, decoded ahead; a function of (seed, step) alone."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, decode
from ..errors import UserError
from ..prep.store import Pack, image_key
from .augment import apply, draw
from .config import TrainConfig
from .ctc import TIME_STRIDE, encode, needed_steps
from .preprocess import Batch, InputRule, fit, padded_width, resized_width, stack

WINDOW = 16  # batches that are decoded together and sorted by width, so that little padding is computed
AHEAD = 8  # finished batches that wait for the network


@dataclass(frozen=True)
class Step:
    """One batch. images: (N, 3, H, W) float32; labels: (N, longest) int32, zero-padded; lengths: (N,) int64."""

    number: int
    indices: list[int]
    images: Batch
    labels: NDArray[np.int32]
    lengths: NDArray[np.int64]


def where(pack: Pack, index: int) -> str:
    """A sample's place for messages: shard and key."""
    folder, number = pack.locate(index)
    return f"{folder}: '{image_key(number).decode()}'"


def load(pack: Pack, index: int, rule: InputRule) -> tuple[Image, str]:
    """Sample `index`, fitted to the input's height, and its label. Raises UserError naming shard and key."""
    sample = pack[index]
    try:
        return fit(decode(sample.image), rule), sample.label
    except BadImage as error:
        raise UserError(
            f"{where(pack, index)}: {error.reason}: {error.detail}; `ocrdata pack --verify {pack.root}` lists all"
        ) from error


def check_labels(
    labels: Iterable[str], charset: Charset, max_steps: int, unknown: str, place: str
) -> tuple[list[int], Counter[str]]:
    """Indices of the labels that a network can learn, and the others counted by reason.

    unknown: "error" raises UserError for characters outside `charset`; "refuse" counts `not_in_dict`.
    """
    strange: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    good = []
    for index, label in enumerate(labels):
        outside = charset.unknown(label)
        strange.update(outside)
        if outside:
            refused["not_in_dict"] += 1
        elif not label:
            refused["empty_label"] += 1
        elif needed_steps(label) > max_steps:
            refused["label_too_long"] += 1
        else:
            good.append(index)
    if strange and unknown == "error":
        listed = ", ".join(f"{c!r} ({n} times)" for c, n in strange.most_common(20))
        more = f" and {len(strange) - 20} more" if len(strange) > 20 else ""
        raise UserError(
            f"{place}: {refused['not_in_dict']} labels hold characters outside the charset: {listed}{more}; "
            "add them, or set unknown: refuse to leave such samples out"
        )
    if not good:
        raise UserError(f"{place}: no sample can be used: {dict(refused) or 'there is none'}")
    return good, refused


class Feed:
    """Training batches of `indices` of a pack; `steps_per_epoch` batches make an epoch.

    Each epoch is a permutation of all samples. It is cut into windows of 16 batches; within a window samples are
    grouped by width and the batches shuffled. So batch `n` follows from the seed and n, and resuming needs no
    other state. A sample whose label does not fit its own width is counted in `too_long`, and another sample of
    its window takes its place.
    """

    def __init__(self, config: TrainConfig, pack: Pack, indices: Sequence[int], charset: Charset) -> None:
        self.config, self.pack, self.charset = config, pack, charset
        self.indices = np.asarray(indices, np.int64)
        self.rule = config.input_rule()
        self.batch_size = min(config.batch_size, len(self.indices))
        self.steps_per_epoch = len(self.indices) // self.batch_size
        self.too_long: set[int] = set()
        self.waited = 0.0
        self._cache: dict[int, tuple[Image, str]] = {}
        self._room = config.cache_mb << 20
        self._permutation: tuple[int, NDArray[np.int64]] = (-1, self.indices)

    def steps(self, start: int, stop: int) -> Generator[Step, None, None]:
        """Batches `start` to `stop`, made ahead in other threads; errors there are raised here."""
        ready: queue.Queue[Any] = queue.Queue(AHEAD)
        stopping = threading.Event()
        thread = threading.Thread(target=self._produce, args=(start, stop, ready, stopping), daemon=True)
        thread.start()
        try:
            while True:
                began = time.perf_counter()
                item = ready.get()
                self.waited += time.perf_counter() - began
                if isinstance(item, BaseException):
                    raise item
                if item is None:
                    return
                yield item
        finally:
            stopping.set()
            while thread.is_alive():  # it may stand before a full queue
                _drain(ready)
                thread.join(0.01)

    def _produce(self, start: int, stop: int, ready: queue.Queue[Any], stopping: threading.Event) -> None:
        try:
            with ThreadPoolExecutor(self.config.workers) as pool:
                step = start
                while step < stop:
                    batches, first = self._window(step, pool)
                    for indices, images, labels in batches[step - first :]:
                        if step == stop or stopping.is_set():
                            break
                        ready.put(self._step(step, indices, images, labels))
                        step += 1
                    if stopping.is_set():
                        return
            ready.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that trains, and raised there
            ready.put(error)

    def _window(
        self, step: int, pool: ThreadPoolExecutor
    ) -> tuple[list[tuple[list[int], list[Image], list[str]]], int]:
        """The batches of the window that holds batch `step`, and the number of its first batch."""
        epoch, offset = divmod(step, self.steps_per_epoch)
        number = offset // WINDOW
        size = self.batch_size
        last = min((number + 1) * WINDOW, self.steps_per_epoch)
        chosen = self._order(epoch)[number * WINDOW * size : last * size].tolist()
        samples = list(pool.map(lambda index: self._sample(index, epoch), chosen))
        good = [(i, *sample) for i, sample in zip(chosen, samples, strict=True) if sample]
        if not good:
            raise UserError(f"{self.pack.root}: label_too_long: no label of {len(chosen)} samples fits its picture")
        missing = len(chosen) - len(good)
        good += [good[i % len(good)] for i in range(missing)]
        good.sort(key=lambda one: (one[1].shape[1], one[0]))
        shuffled = np.random.default_rng((self.config.seed, epoch, number)).permutation(last - number * WINDOW)
        batches = []
        for b in shuffled:
            part = good[b * size : (b + 1) * size]
            batches.append(([p[0] for p in part], [p[1] for p in part], [p[2] for p in part]))
        return batches, step - offset + number * WINDOW

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self._permutation[0] != epoch:
            order = np.random.default_rng((self.config.seed, epoch)).permutation(self.indices)
            self._permutation = (epoch, order)
        return self._permutation[1]

    def _sample(self, index: int, epoch: int) -> tuple[Image, str] | None:
        cached = self._cache.get(index)
        image, label = cached or load(self.pack, index, self.rule)
        if cached is None and image.nbytes <= self._room:
            self._room -= image.nbytes
            self._cache[index] = (image, label)
        if needed_steps(label) * TIME_STRIDE > padded_width(resized_width(image.shape, self.rule), self.rule):
            self.too_long.add(index)
            return None
        change = draw(self.config.augment, (self.config.seed, epoch, index))
        if change is not None:
            shortest = min(image.shape[1], needed_steps(label) * TIME_STRIDE)
            image = apply(change, image, shortest, self.rule.max_width)
        return image, label

    def _step(self, number: int, indices: list[int], images: list[Image], labels: list[str]) -> Step:
        lengths = np.array([len(label) for label in labels], np.int64)
        ids = np.zeros((len(labels), int(lengths.max())), np.int32)
        for row, label in zip(ids, labels, strict=True):
            row[: len(label)] = encode(label, self.charset)
        return Step(number, indices, stack(images, self.rule), ids, lengths)


def _drain(ready: queue.Queue[Any]) -> None:
    while True:
        try:
            ready.get_nowait()
        except queue.Empty:
            return
