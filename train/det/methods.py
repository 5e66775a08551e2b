"""What differs between methods: label maps, and from maps to texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .east import CELL, east_boxes, east_maps
from .maps import db_maps
from .network_config import Db, East, Network, Post
from .numbers import DbPost, EastPost
from .post import Found, Points, db_boxes
from .sast import sast_boxes, sast_maps

Maps = NDArray[np.float32]


def label_maps(network: Network, polygons: Sequence[Points], ignored: Sequence[bool], size: tuple[int, int]) -> Maps:
    """(maps, h, w) of a picture of `size` = (H, W) px; what they are is between the method's maps and its loss."""
    if isinstance(network, Db):
        maps = db_maps(polygons, ignored, size, network.targets)
        return np.stack([maps.shrunk, maps.care, maps.border, maps.near])
    if isinstance(network, East):
        return east_maps(polygons, ignored, size, network.targets)
    return sast_maps(polygons, ignored, size, network.targets)


def cut(maps: Maps, size: tuple[int, int], post: Post) -> list[Found]:
    """The texts in a network's (maps, h, w) for an input of which `size` = (H, W) px are photo, not padding."""
    if isinstance(post, DbPost):
        return db_boxes(maps[0, : size[0], : size[1]], post)
    cells = maps[:, : -(-size[0] // CELL), : -(-size[1] // CELL)]
    return east_boxes(cells, post) if isinstance(post, EastPost) else sast_boxes(cells, post)
