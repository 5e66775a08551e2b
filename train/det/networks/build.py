"""From a configuration to its network."""

from __future__ import annotations

import paddle

from ..network_config import Db, East, Network
from .db import DbNetwork
from .east import EastNetwork
from .sast import SastNetwork


def build(config: Network, seed: int = 0) -> DbNetwork | EastNetwork | SastNetwork:
    """The network of a configuration, initialised from the seed.

    Parameter names are the same in every process and at every call, so that checkpoints fit.
    """
    paddle.seed(seed)
    with paddle.utils.unique_name.guard():
        if isinstance(config, Db):
            return DbNetwork(config)
        return EastNetwork(config) if isinstance(config, East) else SastNetwork(config)
