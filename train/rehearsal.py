"""Training in small, before it is done at length: 64 lines by heart, and the room that a run takes."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import paddle
from paddle import nn

from ..errors import UserError
from .config import Optimizer, RunConfig, TrainConfig
from .feed import AHEAD, WINDOW, Feed, load
from .networks import build, parameter_count
from .reader import LineReader
from .run import GraphEngine
from .sources import Lines
from .team import Team
from .update import Update, rates
from .validation import validate

LINES, BATCH, LOOK_EVERY = 64, 16, 20
SHARED, SHARED_MB = Path("/dev/shm"), 512  # containers have 64 MB unless told otherwise
ENOUGH, LITTLE = 0.98, 0.01  # of the lines read; loss per character


@dataclass(frozen=True)
class Rehearsal:
    """How learning a few lines by heart went. first, last: losses per character; accuracy: on these very lines."""

    lines: int
    steps: int
    seconds: float
    first: float
    last: float
    accuracy: float


def overfit(config: TrainConfig, data: Lines, good: list[int], seconds: float, lines: int = LINES) -> Rehearsal:
    """Train the configured network on a few lines until it reads them, or until the time is over.

    Augmentation, schedule and averaging are off: they would only slow this down. It ends, too, when the loss is next
    to nothing: then they are learnt, though the statistics of batch norms, which reading uses, lag behind.
    Raises UserError for bad pictures.
    """
    charset = config.characters()
    optimizer = Optimizer(name=config.optimizer.name, lr=config.optimizer.lr, schedule="constant", warmup=0)
    plain = TrainConfig.model_validate(
        {
            **config.model_dump(exclude={"augment", "optimizer"}),
            "optimizer": optimizer,
            "batch_size": min(BATCH, config.batch_size),
        }
    )
    chosen = sorted(np.random.default_rng(config.seed).permutation(good)[:lines].tolist())
    feed = Feed(plain, data, chosen, charset)
    network = build(plain, len(charset))
    update = Update(plain, network, Team())
    reader = LineReader(GraphEngine(network), feed.rule, charset, decoder=feed.decoder)
    began, losses, accuracy = time.perf_counter(), [], 0.0
    update.training_mode(network)
    with closing(feed.steps(0, 1_000_000)) as batches:
        for batch in batches:
            labels, lengths = paddle.to_tensor(batch.labels), paddle.to_tensor(batch.lengths)
            outputs = network(paddle.to_tensor(batch.images), labels)
            loss = network.losses(outputs, labels, lengths).mean()
            losses.append(float(loss))
            update.backward(loss)
            update.step(optimizer.lr * min(1.0, (batch.number + 1) / 10))
            over = time.perf_counter() - began > seconds or not np.isfinite(losses[-1])
            if over or (batch.number + 1) % LOOK_EVERY == 0:
                left = [i for i in chosen if i not in feed.left_out]
                pairs = (load(data, i, plain) for i in left)
                accuracy = validate(reader, pairs).accuracy if np.isfinite(losses[-1]) else 0.0
                if over or accuracy >= ENOUGH or np.mean(losses[-LOOK_EVERY:]) < LITTLE:
                    break
    spent = time.perf_counter() - began
    last = float(np.mean(losses[-LOOK_EVERY:]))
    return Rehearsal(len(left), len(losses), spent, losses[0], last, accuracy)


Words = tuple[Literal["error", "warning", "fine"], str, str]


def room(config: TrainConfig, characters: int, out: Path) -> list[Words]:
    """Level, name and sentence on disk, memory and shared memory."""
    found = of_weights(build(config, characters), config, out)
    ahead = (AHEAD + WINDOW / 4) * config.batch_size * 3 * config.height * config.width * 4 / 1e6
    found.append(_memory(config.cache_mb + ahead))
    if SHARED.is_dir():
        found.append(shared(shutil.disk_usage(SHARED).free / 1e6, paddle.get_device()))
    return found


def of_weights(network: nn.Layer, config: RunConfig, out: Path) -> list[Words]:
    """Level, name and sentence on the room of checkpoints, and on the groups of parameters where there are some."""
    numbers = parameter_count(network)
    moments = {"momentum": 1, "rmsprop": 3}.get(config.optimizer.name, 2)
    copies = 3 + moments + 2 * bool(config.optimizer.ema)  # last with state, best, one new
    found = [disk(2 * copies * 4 * numbers / 1e6, f"{numbers:,} numbers in the network", out)]
    if config.optimizer.groups:
        try:
            factors = rates(network, config.optimizer).values()
        except UserError as error:
            return [*found, ("error", "groups", str(error))]
        frozen, slower = sum(f == 0 for f in factors), sum(0 < f < 1 for f in factors)
        said = f"of {len(factors)} parameter arrays {frozen} are frozen and {slower} learn at a lower rate"
        found.append(("fine", "groups", said))
    return found


def shared(free: float, device: str) -> Words:
    """Whether so many megabytes of shared memory do on a device."""
    said = f"{free:,.0f} MB of shared memory; pictures are decoded in threads, which need none"
    if device == "cpu" or free >= SHARED_MB:
        return ("fine", "shared memory", said)
    said += f", but several graphics cards exchange gradients there: give a container --shm-size={SHARED_MB}m or more"
    return ("warning", "shared memory", said)


def disk(needed: float, what: str, out: Path) -> Words:
    """Whether `needed` megabytes are free where `out` is, or is to be."""
    folder = out.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e6
    said = f"{what}: the checkpoints take up to {needed:,.0f} MB, and {free:,.0f} MB are free at {folder}"
    return ("error" if free < needed else "fine", "disk", said)


def _memory(needed: float) -> Words:
    said = f"cache and batches take up to {needed:,.0f} MB"
    info = Path("/proc/meminfo")
    if not info.is_file():
        return ("fine", "memory", said)
    lines = dict(line.split(":", 1) for line in info.read_text(encoding="utf-8").splitlines() if ":" in line)
    free = int(lines.get("MemAvailable", "0 kB").split()[0]) / 1e3
    said += f", and {free:,.0f} MB are free"
    return ("error" if free < needed else "fine", "memory", said + ("; lower cache_mb" if free < needed else ""))
