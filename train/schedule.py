"""The learning rate at each step."""

from __future__ import annotations

import math

from .config import Optimizer

ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 250_000


def learning_rate(optimizer: Optimizer, step: int, steps: int) -> float:
    """The rate at step `step` of `steps`, both from 0."""
    warmup = at(optimizer.warmup, steps)
    if step < warmup:
        return optimizer.lr * _rise(optimizer.schedule, step, warmup)
    done = min(1.0, (step - warmup) / max(1, steps - warmup))
    fallen = 0.5 * (1 + math.cos(math.pi * done))
    if optimizer.schedule == "cosine":
        return optimizer.lr * fallen
    if optimizer.schedule == "one_cycle":
        return optimizer.lr * (ONE_CYCLE_END + (1 - ONE_CYCLE_END) * fallen)
    passed = sum(step >= at(moment, steps) for moment in optimizer.milestones)
    return optimizer.lr * optimizer.factor**passed


def _rise(schedule: str, step: int, warmup: int) -> float:
    if schedule != "one_cycle":
        return (step + 1) / (warmup + 1)
    risen = 0.5 * (1 - math.cos(math.pi * step / warmup))
    return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * risen


def at(moment: int | float, steps: int) -> int:
    """A moment in steps: whole numbers are steps, fractions shares of all."""
    return moment if isinstance(moment, int) else round(moment * steps)
