"""Training a direction classifier on upright lines, half of which are turned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray

from ...datasets.images import BadImage, Image, decode
from ...errors import UserError
from .. import checkpoint
from ..ahead import ahead
from ..augment import apply, draw
from ..bundle import SPEC, open_spec
from ..feed import by_source
from ..loop import Loop
from ..order import Order
from ..preprocess import Batch, fit, stack
from ..run import set_weights
from ..sources import Lines, Mixture, identity, where
from ..start import fill_from_bundle
from ..team import Team, join_team
from .config import ClsConfig
from .network import build
from .turner import TASK, ClsBundle

AHEAD, WINDOW = 8, 64
HELD_OUT_AT_MOST = 1000


@dataclass(frozen=True)
class ClsStep:
    """One batch. turned: (N,) 1 for lines upside down."""

    number: int
    indices: list[int]
    images: Batch
    turned: NDArray[np.int64]


class ClsFeed:
    """Training batches of the lines `indices`; batch n follows from the seed and n. See Feed for the rest."""

    def __init__(self, config: ClsConfig, lines: Lines, indices: Sequence[int], team: tuple[int, int] = (0, 1)) -> None:
        self.config, self.lines, self.rule = config, lines, config.input_rule()
        ratios = lines.ratios if isinstance(lines, Mixture) else None
        self._order = Order(by_source(lines, np.asarray(indices, np.int64)), ratios, config.seed, *team)
        self.batch_size = min(config.batch_size, self._order.samples)
        self.steps_per_epoch = self._order.samples // max(self.batch_size, 1)
        if not self.steps_per_epoch:
            raise UserError(f"{lines.root}: {len(indices)} lines are too few for {team[1]} processes")
        self.left_out: dict[int, str] = {}
        self.waited = 0.0

    def steps(self, start: int, stop: int) -> Generator[ClsStep, None, None]:
        """Batches `start` to `stop`, made ahead in another thread."""
        yield from ahead(lambda: self._steps(start, stop), AHEAD, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds

    def _steps(self, start: int, stop: int) -> Iterator[ClsStep]:
        for number in range(start, stop):
            epoch, offset = divmod(number, self.steps_per_epoch)
            chosen, turns = self._order.epoch(epoch)
            window = slice(offset * self.batch_size, (offset + 1) * self.batch_size)
            made = [self._sample(i, t) for i, t in zip(chosen[window].tolist(), turns[window].tolist(), strict=True)]
            good = [m for m in made if m is not None]
            if not good:
                raise UserError(f"{self.lines.root}: no line of a batch can be read: {Counter(self.left_out.values())}")
            good += [good[i % len(good)] for i in range(len(made) - len(good))]
            images = stack([m[1] for m in good], self.rule)
            yield ClsStep(number, [m[0] for m in good], images, np.array([m[2] for m in good], np.int64))

    def _sample(self, index: int, turn: int) -> tuple[int, Image, int] | None:
        """(index, line, turned); None for a picture that cannot be read."""
        try:
            image = fit(decode(self.lines[index].image), self.rule)
        except BadImage as error:
            if self.config.damaged == "error":
                raise UserError(f"{where(self.lines, index)}: {error.reason}: {error.detail}") from error
            self.left_out[index] = error.reason
            return None
        seed = (self.config.seed, turn, index)
        change = draw(self.config.augment, seed)
        if change is not None:
            image = apply(change, image, 8, self.rule.max_width)
        turned = int(np.random.default_rng((*seed, 3)).integers(2))
        return index, turn_round(image) if turned else image, turned


def turn_round(image: Image) -> Image:
    """A line by 180 degrees."""
    return cv2.rotate(image, cv2.ROTATE_180)  # type: ignore[return-value]


class Direction:
    """Upright lines, a network that tells them from turned ones, and its accuracy: the task of its training."""

    characters = ""
    scored: list[str] = ["accuracy"]  # noqa: RUF012

    def __init__(self, config: ClsConfig, data: Lines, val: Lines | None, team: Team) -> None:
        self.config, self.lines, self.team = config, data, team
        order = np.random.default_rng(config.seed).permutation(len(data)).tolist()
        held = 0 if val is not None else min(HELD_OUT_AT_MOST, int(len(data) * config.holdout))
        self.val = val if val is not None else data
        self.held = sorted(order[:held]) if val is None else list(range(min(len(val), HELD_OUT_AT_MOST)))
        self.feed = ClsFeed(config, data, sorted(order[held:]), (team.rank, team.size))
        self.network = build(config)
        self.data: dict[str, Any] = {"train": identity(data), "val": identity(val) if val is not None else None}
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def losses(self, batch: ClsStep) -> paddle.Tensor:
        """(N,) cross-entropies."""
        logits = self.network(paddle.to_tensor(batch.images)).astype("float32")
        target = paddle.to_tensor(batch.turned)
        return paddle.nn.functional.cross_entropy(logits, target, reduction="none").flatten()

    def scores(self) -> dict[str, float]:
        """The share of right answers, each held-out line asked about both ways; {} without lines."""
        if not self.held:
            return {}
        self.network.eval()
        right, asked_about, remaining = 0, 0, iter(self.held)
        with paddle.no_grad():
            while window := list(islice(remaining, WINDOW)):
                lines = [line for i in window if (line := self._held(i)) is not None]
                asked_about += 2 * len(lines)
                if not lines:
                    continue
                for turned, asked in ((0, lines), (1, [turn_round(line) for line in lines])):
                    logits = self.network(paddle.to_tensor(stack(asked, self.config.input_rule())))
                    right += int((logits.numpy().argmax(1) == turned).sum())
        self.network.train()
        return {"accuracy": right / asked_about} if asked_about else {}

    def _held(self, index: int) -> Image | None:
        """A line to validate on; None for one that cannot be read and is to be left out."""
        try:
            return fit(decode(self.val[index].image), self.config.input_rule())
        except BadImage as error:
            if self.config.damaged == "error":
                raise UserError(f"{where(self.val, index)}: {error.reason}: {error.detail}") from error
            return None

    def better(self, one: dict[str, float], other: dict[str, float]) -> bool:
        """Whether scores are better."""
        return one.get("accuracy", -1.0) > other.get("accuracy", -1.0)

    def places(self, indices: Sequence[int]) -> str:
        """Where lines are."""
        return ", ".join(where(self.lines, index) for index in indices)

    def start_from(self, path: Path) -> None:
        """Fill the network with the weights of a bundle, of a run's folder (the best) or a checkpoint."""
        if path.is_dir() and (path / SPEC).is_file():
            open_spec(path, TASK, ClsBundle)
            fill_from_bundle(self.network, [self.network], path)
            return
        _, weights, state = checkpoint.read(checkpoint.of_run(path) if path.is_dir() else path)
        set_weights(self.network, checkpoint.averaged(state) or weights)

    def same_config(self, there: dict[str, Any]) -> dict[str, Any]:
        """A configuration of an older version with today's keys."""
        return ClsConfig.model_validate(there).model_dump(mode="json")


class ClsFit(Loop):
    """A direction classifier's training run in the folder `out`. Raises UserError as Loop does."""

    def __init__(self, config: ClsConfig, data: Lines, val: Lines | None, out: Path, resume: bool = False) -> None:
        team = join_team()
        super().__init__(Direction(config, data, val, team), team, out, resume)
