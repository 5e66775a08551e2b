"""The processes that train together, started by `python -m paddle.distributed.launch`; one alone is a team too."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from paddle import Tensor
from paddle.base import core

from ..errors import Trouble, UserError
from ..prep.jobs import digest_of

PATIENCE = 15 * 60.0  # seconds that the others wait for one: it may be short of processor, or save to a slow disk
ARRIVED = "ocrdata/arrived"


@dataclass(frozen=True)
class Team:
    """rank: this process's number, from 0; size: how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process evaluates, saves and reports."""
        return self.rank == 0

    def meet(self) -> None:
        """Wait until every process has come here. Raises Trouble after a quarter of an hour.

        On processors, a process that waits half a minute inside an exchange gives up, and nothing changes that; so
        they wait for each other here, whenever one of them has had something to do alone. This takes a tenth of a
        second, too much for every step. On other devices the exchange itself is as patient.
        """
        if self.size > 1 and paddle.get_device() == "cpu":
            _meet(core.create_or_get_global_tcp_store(), self.size)

    def require_same(self, what: Mapping[str, Any]) -> None:
        """Compare JSON values with the leader's. Raises UserError, in every process, where one of them has others."""
        if self.size == 1:
            return
        self.meet()
        own = np.array([list(bytes.fromhex(digest_of(value))) for value in what.values()], np.float32)
        leaders = paddle.to_tensor(own)
        paddle.distributed.broadcast(leaders, 0)
        mine = (leaders.numpy() != own).any(1)
        anybodys = paddle.to_tensor(mine.astype(np.float32))
        paddle.distributed.all_reduce(anybodys)
        names = [name for name, count in zip(what, anybodys.numpy().tolist(), strict=True) if count]
        if names:
            here = "here" if mine.any() else "in another process"
            raise UserError(
                f"the processes that train together differ: {' and '.join(names)} {here} is not the first's"
            )

    def average(self, gradients: Sequence[Tensor], flags: Sequence[bool]) -> list[bool]:
        """Replace gradients by their mean over the team; returns which flags any process has raised.

        All go over in one vector, so that every process takes the same decisions after the same step.
        """
        if self.size == 1:
            return list(flags)
        raised = paddle.to_tensor(np.array(flags, np.float32))
        vector = paddle.concat([*(g.astype("float32").flatten() for g in gradients), raised])
        paddle.distributed.all_reduce(vector)
        start = 0
        for gradient in gradients:
            stop = start + int(gradient.size)
            mean = (vector[start:stop] / self.size).reshape(gradient.shape)
            gradient.set_value(mean.astype(gradient.dtype))
            start = stop
        return [bool(value > 0) for value in vector[start:].numpy()]

    def agree(self, value: bool) -> bool:
        """The leader's value, in every process; what the others say does not count. They wait until it knows."""
        if self.size == 1:
            return value
        self.meet()
        shared = paddle.to_tensor(np.array([value], np.float32))
        paddle.distributed.broadcast(shared, 0)
        return bool(shared.numpy()[0] > 0)


def join_team() -> Team:
    """The team that the launcher's environment names. Raises Trouble where it cannot be reached."""
    size = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
    if size == 1:
        return Team()
    try:
        if not paddle.distributed.is_initialized():
            if paddle.get_device() == "cpu":
                _meet(core.create_or_get_global_tcp_store(), size)  # one may start much later than another
            paddle.distributed.init_parallel_env()
    except (RuntimeError, ValueError, OSError) as error:
        raise Trouble(f"the processes that train together do not find each other: {error}") from error
    return Team(paddle.distributed.get_rank(), paddle.distributed.get_world_size())


def _meet(store: Any, size: int) -> None:
    """Count arrivals in what all processes share, until everybody's is there."""
    mine = store.add(ARRIVED, 1)
    wanted = -(-mine // size) * size
    began, pause = time.monotonic(), 0.0005
    while store.add(ARRIVED, 0) < wanted:
        if time.monotonic() - began > PATIENCE:
            raise Trouble(f"another of the {size} processes that train together has not come for {PATIENCE:.0f} s")
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
