"""What differs between methods: label maps, and from maps to texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .east import CELL, east_boxes, east_maps
from .maps import db_maps
from .network_config import Db, Network, Post
from .numbers import DbPost
from .post import Found, Points, db_boxes

Maps = NDArray[np.float32]


def label_maps(network: Network, polygons: Sequence[Points], ignored: Sequence[bool], size: tuple[int, int]) -> Maps:
    """(maps, h, w) of a picture of `size` = (H, W) px; what they are is between the method's maps and its loss."""
    if not isinstance(network, Db):
        return east_maps(polygons, ignored, size, network.targets)
    maps = db_maps(polygons, ignored, size, network.targets)
    return np.stack([maps.shrunk, maps.care, maps.border, maps.near])


def cut(maps: Maps, size: tuple[int, int], post: Post) -> list[Found]:
    """The texts in a network's (maps, h, w) for an input of which `size` = (H, W) px are photo, not padding."""
    if isinstance(post, DbPost):
        return db_boxes(maps[0, : size[0], : size[1]], post)
    return east_boxes(maps[:, : -(-size[0] // CELL), : -(-size[1] // CELL)], post)
