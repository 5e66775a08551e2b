"""Finding text on photos with a trained network: the same steps for a run, a bundle, validation and deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from .methods import cut
from .network_config import Post
from .post import Found
from .preprocess import Batch, PhotoRule, fit, resized, stack, to_photo

Engine = Callable[[Batch], NDArray[np.float32]]  # (N, 3, H, W) inputs to (N, maps, h, w)


class Detector:
    """An engine with its input rule and its way from maps to texts."""

    def __init__(self, engine: Engine, rule: PhotoRule, post: Post) -> None:
        self.engine, self.rule, self.post = engine, rule, post

    def find(self, image: Image) -> list[Found]:
        """The texts of an (H, W, 3) uint8 BGR photo, in its pixels, from top to bottom."""
        return self.cut(image.shape, self.map(image))

    def map(self, image: Image) -> NDArray[np.float32]:
        """(maps, h, w) that the network gives for a photo, padding included."""
        return self.engine(stack([fit(image, self.rule)], self.rule))[0]

    def cut(self, size: tuple[int, ...], maps: NDArray[np.float32]) -> list[Found]:
        """The texts of a photo of shape `size` in the maps that the network gave for it."""
        found = cut(maps, resized(size, self.rule), self.post)
        placed = [Found(to_photo(f.points, size, self.rule), f.score) for f in found]
        return sorted(placed, key=lambda f: (float(f.points[:, 1].min()), float(f.points[:, 0].min())))

    def find_all(self, images: Iterable[Image]) -> Iterator[list[Found]]:
        """The texts of each photo. Photos go one by one: their sizes differ, and padding would be computed too."""
        return (self.find(image) for image in images)
