"""Batches of training photos with their label maps; batch n is a function of (seed, n) alone."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import BadImage, Image, read_image
from ...errors import UserError
from ..ahead import ahead
from ..order import Order
from .augment import Placed, changed
from .config import DetConfig
from .methods import label_maps
from .paste import pasted
from .photos import PhotoMixture, Texts
from .preprocess import Batch, normalise, ordered

AHEAD = 4  # finished batches that wait for the network


@dataclass(frozen=True)
class DetStep:
    """One batch. images: (N, 3, side, side) float32; targets: (N, maps, h, w) float32."""

    number: int
    indices: list[int]
    images: Batch
    targets: NDArray[np.float32]


class DetFeed:
    """Training batches of the photos `indices`; `steps_per_epoch` of them make an epoch.

    left_out: reasons by index, of photos that cannot be read where `damaged` says so; another photo of the epoch
    takes the place. outside: by index, how many texts were left out because they lie beside their photo.
    rank, size: this process of how many. waited: seconds without a batch to train on.
    """

    def __init__(
        self, config: DetConfig, photos: PhotoMixture, indices: Sequence[int], team: tuple[int, int] = (0, 1)
    ) -> None:
        self.config, self.photos = config, photos
        self._order = Order(photos.groups(indices), photos.ratios, config.seed, *team)
        if not self._order.samples:
            raise UserError(f"{photos.root}: {len(indices)} photos are too few for {team[1]} processes")
        self.batch_size = min(config.batch_size, self._order.samples)
        self.steps_per_epoch = self._order.samples // self.batch_size
        self.left_out: dict[int, str] = {}
        self.outside: dict[int, int] = {}
        self.waited = 0.0
        self._kept: OrderedDict[int, tuple[Image, Texts]] = OrderedDict()
        self._bytes = 0
        self._epoch: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None

    def steps(self, start: int, stop: int) -> Generator[DetStep, None, None]:
        """Batches `start` to `stop`, made ahead in other threads; errors there are raised here."""
        yield from ahead(lambda: self._steps(start, stop), AHEAD, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds

    def _steps(self, start: int, stop: int) -> Iterator[DetStep]:
        with ThreadPoolExecutor(self.config.workers) as pool:
            for number in range(start, stop):
                chosen, turns = self._batch(number)
                made = list(pool.map(self._sample, chosen, turns))
                images, targets = (np.stack([m[i] for m in made]) for i in (0, 1))
                yield DetStep(number, [m[2] for m in made], images, targets)

    def _batch(self, number: int) -> tuple[list[int], list[int]]:
        epoch, offset = divmod(number, self.steps_per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, *self._order.epoch(epoch))
        window = slice(offset * self.batch_size, (offset + 1) * self.batch_size)
        return self._epoch[1][window].tolist(), self._epoch[2][window].tolist()

    def _sample(self, index: int, turn: int) -> tuple[Batch, NDArray[np.float32], int]:
        """(3, side, side) input, (maps, h, w) targets, and the photo that was taken."""
        index, image, texts = self._usable(index)
        config, seed = self.config, (self.config.seed, turn, index)
        placed = changed(image, texts.polygons, texts.ignored, config.crop, config.augment, seed)
        if config.augment.paste:
            placed = self._pasted(placed, seed)
        picture = normalise(ordered(placed.image, config.input), config.input, (config.crop, config.crop))
        maps = label_maps(config.network, placed.polygons, placed.ignored, (config.crop, config.crop))
        return picture, maps, index

    def _pasted(self, placed: Placed, seed: tuple[int, ...]) -> Placed:
        """With texts of another photo."""
        random = np.random.default_rng((*seed, 2))
        _, image, texts = self._usable(int(random.integers(len(self.photos))))
        return pasted(placed, image, texts, self.config.augment.paste, random)

    def _usable(self, index: int) -> tuple[int, Image, Texts]:
        """This photo, or the next one that can be read."""
        for step in range(len(self.photos)):
            chosen = (index + step) % len(self.photos)
            found = self._load(chosen)
            if found is not None:
                return chosen, *found
        raise UserError(f"{self.photos.root}: no photo can be read: {dict(Counter(self.left_out.values()))}")

    def _load(self, index: int) -> tuple[Image, Texts] | None:
        """The photo, no larger than `largest`, and its texts there."""
        if index in self.left_out:
            return None
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        texts = self.photos[index]
        try:
            image = read_image(texts.path)
        except BadImage as error:
            if self.config.damaged == "error":
                raise UserError(
                    f"{texts.path}: {error.reason}: {error.detail}; damaged: refuse leaves such photos out"
                ) from error
            self.left_out[index] = error.reason
            return None
        inside, outside = on_photo(texts, image.shape)
        if outside:
            self.outside[index] = outside
        found = shrunk(image, inside, self.config.largest)
        if self._bytes + found[0].nbytes <= self.config.cache_mb << 20:
            self._bytes += found[0].nbytes
            self._kept[index] = found
        return found


def on_photo(texts: Texts, size: tuple[int, ...]) -> tuple[Texts, int]:
    """The texts of which something lies on a photo of shape `size` = (H, W, ...), and how many others there are."""
    edge = np.array([size[1], size[0]])
    good = [bool((p.max(0) > 0).all() and (p.min(0) < edge).all()) for p in texts.polygons]
    if all(good):
        return texts, 0
    kept = [i for i, g in enumerate(good) if g]
    polygons, ignored = [texts.polygons[i] for i in kept], [texts.ignored[i] for i in kept]
    return Texts(texts.path, texts.name, polygons, ignored), len(good) - len(kept)


def shrunk(image: Image, texts: Texts, largest: int) -> tuple[Image, Texts]:
    """A photo whose longer side is at most `largest` px, and its texts there."""
    factor = largest / max(image.shape[:2])
    if factor >= 1:
        return image, texts
    size = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    scale = np.array([size[0] / image.shape[1], size[1] / image.shape[0]], np.float32)
    return small, Texts(texts.path, texts.name, [p * scale for p in texts.polygons], texts.ignored)  # type: ignore[return-value]
