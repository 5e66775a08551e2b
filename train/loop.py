"""The training loop: batches in, weights out; stopped anywhere and resumed, it ends with the same weights."""

from __future__ import annotations

import math
import signal
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import nn

from ..errors import Stopped, UserError
from . import checkpoint
from .average import Average
from .checkpoint import AVERAGE, BEST, LAST, About
from .config import RunConfig
from .folder import RunFolder, open_folder
from .log import Meter, Row
from .networks import tensors
from .run import set_weights
from .schedule import learning_rate
from .signals import stop_signals
from .team import Team
from .update import Update
from .vocabulary import Change

UNLUCKY = 20  # steps in a row that 16-bit arithmetic may lose before that is an error
# Keys that may change when a run is taken up: they do not change the weights. What data are is told by digests.
FREE = {"data", "val", "start", "workers", "cache_mb", "log_every", "save_every", "tensorboard", "visualdl"}
Report = Callable[[Row], None]


@dataclass(frozen=True)
class Result:
    """What a run came to.

    steps: done; scores: of the best checkpoint; refused: samples left out, by reason, and examples of their places.
    """

    steps: int
    scores: dict[str, float]
    refused: Counter[str]
    seconds: float
    examples: dict[str, list[str]]


class Step(Protocol):
    """A batch. number: of all batches; indices: of its samples."""

    @property
    def number(self) -> int: ...

    @property
    def indices(self) -> list[int]: ...


class Feed(Protocol):
    """Training batches in an order that follows from the seed.

    left_out: reasons by index of samples found to be of no use; waited: seconds without a batch to train on.
    """

    steps_per_epoch: int
    left_out: dict[int, str]
    waited: float

    def steps(self, start: int, stop: int) -> Generator[Any, None, None]: ...


class Task(Protocol):
    """What is trained: its network, its data, its loss and its scores; the loop knows nothing else of it.

    data: identities of the training and validation data. scored: names of the scores that `scores` gives.
    refused, examples: samples left out beforehand, by reason, and the places of some.
    """

    characters: str
    data: dict[str, Any]
    scored: list[str]
    refused: Counter[str]
    examples: dict[str, list[str]]

    @property
    def config(self) -> RunConfig: ...

    @property
    def network(self) -> nn.Layer: ...

    @property
    def feed(self) -> Feed: ...

    def losses(self, batch: Any) -> paddle.Tensor:
        """(N,) losses of the samples of a batch."""

    def scores(self) -> dict[str, float]:
        """Scores on the validation data as the network is now."""

    def better(self, one: dict[str, float], other: dict[str, float]) -> bool:
        """Whether the scores `one` are better than `other`."""

    def places(self, indices: Sequence[int]) -> str:
        """Where samples are, for messages."""

    def start_from(self, path: Path) -> Change | None:
        """Fill the network with other weights; what became of its characters, where there are any."""

    def same_config(self, there: dict[str, Any]) -> dict[str, Any]:
        """A configuration that an older version may have written, with today's keys."""


class Loop:
    """A training run in the folder `out`: ready when built, done by `run`.

    steps: in all; start: done before (after resuming); change: what became of the characters where the
    configuration names weights to start from. Raises UserError for a folder that holds another run, and where there
    is a checkpoint but `resume` is false.
    """

    def __init__(self, task: Task, team: Team, out: Path, resume: bool = False) -> None:
        self.task, self.team, self.out = task, team, out
        self.config, self.network, self.feed = task.config, task.network, task.feed
        self.refused, self.examples = task.refused, task.examples
        self.steps_per_epoch = max(1, self.feed.steps_per_epoch // self.config.optimizer.accumulate)
        self.steps = self.config.steps or (self.config.epochs or 1) * self.steps_per_epoch
        self.change: Change | None = None
        self.about = About(
            step=0, config=self.config.model_dump(mode="json"), characters=task.characters, data=dict(task.data)
        )
        if team.size > 1:
            self.about.data["processes"] = team.size
        team.require_same(
            {
                "the configuration": {k: v for k, v in self.about.config.items() if k not in FREE},
                "the data": self.about.data,
                "the version of Paddle": paddle.__version__,
            }
        )
        self._open(resume)
        self.start = self.about.step

    def _open(self, resume: bool) -> None:
        """Take up the run that the folder holds, or make the folder and start."""
        taken_up = self.team.agree(open_folder(self.out, resume) if self.team.leads else False)
        if not taken_up and self.config.start is not None:
            self.change = self.task.start_from(self.config.start)
        self.update = Update(self.config, self.network, self.team)
        decay = self.config.optimizer.ema
        self.average = Average(tensors(self.network), decay) if decay else None
        if taken_up:
            self._take_up(self.out / LAST)

    def _take_up(self, path: Path) -> None:
        about, weights, state = checkpoint.read(path)
        for name in ("characters", "data", "config"):
            there, here = getattr(about, name), getattr(self.about, name)
            if name == "config":  # of an older version, perhaps, with fewer keys
                there = checkpoint.understood(self.task.same_config, there, path)
                there, here = ({k: v for k, v in c.items() if k not in FREE} for c in (there, here))
            if there != here:
                raise UserError(f"{path}: {_difference(name, there, here)}; resuming needs the same")
        set_weights(self.network, weights)
        self.update.load({n: v for n, v in state.items() if not n.startswith(AVERAGE)})
        if self.average:
            self.average.load(checkpoint.averaged(state))
        about.config = self.about.config
        self.about = about

    def run(self, progress: Callable[[int], None] = lambda steps: None, report: Report = lambda row: None) -> Result:
        """Train to the end. progress: called with the number of steps done since the last call.

        SIGTERM and Ctrl-C end the current step, save, and raise Stopped. Raises UserError where the loss is no
        number, with the samples.
        """
        cv2.setNumThreads(1)
        began = time.perf_counter()
        self._folder = self._open_files()
        self._report = report
        self._meter = Meter(self.feed)
        self._lost = 0
        self.update.training_mode(self.network)
        progress(self.start)
        each = self.config.optimizer.accumulate
        if self.change is not None:
            self._write(self._evaluate(), 0.0)
        with stop_signals() as stop, closing(self.feed.steps(self.start * each, self.steps * each)) as batches:
            while self.about.step < self.steps and not self._stale():
                stopped = self._step(batches, stop)
                progress(1)
                self._after_step(stopped)
                if stopped and self.about.step < self.steps:
                    self._close_files()
                    raise _stopped(stop, self.about.step)
        self._close_files()
        left_out = Counter(self.feed.left_out.values())
        scores = self.about.best or self.about.scores
        seconds = time.perf_counter() - began
        return Result(self.about.step, scores, self.refused + left_out, seconds, self._examples())

    def _step(self, batches: Generator[Step, None, None], stop: list[str]) -> bool:
        """One step of the optimizer, over `accumulate` batches. Returns whether any process is to stop."""
        step = self.about.step
        self._rate = learning_rate(self.config.optimizer, step, self.steps)
        taken: list[int] = []
        for _ in range(self.config.optimizer.accumulate):
            batch = next(batches)
            loss = self._losses(batch)
            self._check(loss.numpy(), batch)
            mean = loss.mean()
            self.update.backward(mean)
            self._meter.add(float(mean), len(batch.indices))
            taken += batch.indices
        raised = self.update.step(self._rate, bool(stop))
        self._check_gradient(taken)
        if self.average:
            self.average.update(step)
        self.about.step += 1
        return raised[0] or (self.team.size == 1 and bool(stop))

    def _losses(self, batch: Step) -> paddle.Tensor:
        """(N,) losses."""
        # Dropout is a function of seed, batch and process, so that resuming repeats it.
        paddle.seed((self.config.seed * 1_000_003 + batch.number + 7919 * self.team.rank) % 2**31)
        with self.update.arithmetic():
            return self.task.losses(batch)

    def _check(self, losses: NDArray[np.float32], batch: Step) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            raise UserError(
                f"step {self.about.step}: the loss is {losses[bad[0]]} for {len(bad)} of {len(losses)} samples "
                f"(rate {self._rate:.2g}): {self.task.places([batch.indices[i] for i in bad])}; "
                "where all samples are hit, lower optimizer.lr or set optimizer.clip_norm"
            )

    def _check_gradient(self, taken: list[int]) -> None:
        if math.isfinite(self.update.norm):
            self._lost = 0
            return
        self._lost += 1
        if not self.update.scaled or self._lost > UNLUCKY:
            raise UserError(
                f"step {self.about.step}: the gradient is {self.update.norm} (rate {self._rate:.2g}); in the batch: "
                f"{self.task.places(taken)}; lower optimizer.lr"
            )

    def _after_step(self, stopped: bool) -> None:
        """Evaluate, report and save where it is time."""
        done, config = self.about.step, self.config
        last = done == self.steps
        evaluate = done % (config.eval_every or self.steps_per_epoch) == 0 or last
        scores = self._evaluate() if evaluate else {}
        if scores or done % config.log_every == 0 or last:
            self._write(scores, self._rate)
        if done % (config.save_every or self.steps_per_epoch) == 0 or last or stopped or self._stale():
            self._save(LAST)
            self.team.meet()

    def _write(self, scores: dict[str, float], rate: float) -> None:
        row = self._meter.row(self.about.step, self.about.step / self.steps_per_epoch, rate, scores)
        if self._folder is not None:
            self._folder.write(row)
            self._report(row)

    def _evaluate(self) -> dict[str, float]:
        """The scores now, of the averaged weights where there are any; the leader's, in all processes."""
        better = False
        if self.team.leads:
            with self.average.in_place() if self.average else nullcontext():
                self.about.scores = self.task.scores()
                better = self.task.better(self.about.scores, self.about.best)
                if better:
                    self.about.best, self.about.stale = self.about.scores, 0
                    self._save(BEST)
        better = self.team.agree(better)
        self.about.stale = 0 if better else self.about.stale + 1
        return self.about.scores

    def _stale(self) -> bool:
        """Whether enough evaluations have brought nothing."""
        return 0 < self.config.patience <= self.about.stale

    def _save(self, name: str) -> None:
        """The best checkpoint is to be read, not to be resumed, so it holds weights alone."""
        if not self.team.leads:
            return
        weights = {n: v.numpy() for n, v in tensors(self.network).items()}
        state = {} if name == BEST else self.update.state()
        if self.average and name != BEST:
            state |= {AVERAGE + n: v for n, v in self.average.state().items()}
        checkpoint.save(self.out / name, self.about, weights, state)

    def _open_files(self) -> RunFolder | None:
        if not self.team.leads:
            return None
        facts: dict[str, Any] = {"steps": self.steps, "left_out": dict(self.refused), "examples": self.examples}
        if self.change is not None:
            facts["started_from"] = {"path": str(self.config.start), **self.change.__dict__}
        return RunFolder(self.out, self.config, self.about, facts, self.task.scored)

    def _close_files(self) -> None:
        if self._folder is not None:
            self._folder.close()

    def _examples(self) -> dict[str, list[str]]:
        found = {reason: list(those) for reason, those in self.examples.items()}
        for index, reason in self.feed.left_out.items():
            those = found.setdefault(reason, [])
            if len(those) < 5:
                those.append(self.task.places([index]))
        return found


def _stopped(signals: list[str], step: int) -> Stopped:
    name = signals[0] if signals else "another process"
    return Stopped(
        f"stopped by {name} after step {step}, which is saved: --resume goes on from there",
        2 if name == "SIGINT" else 128 + signal.SIGTERM,
    )


def _difference(name: str, there: Any, here: Any) -> str:
    if isinstance(there, dict) and isinstance(here, dict):
        key = next(k for k in sorted({*there, *here}) if there.get(k) != here.get(k))
        return _difference(f"{name}.{key}", there.get(key), here.get(key))
    return f"{name} was {str(there)[:80]!r} there and is {str(here)[:80]!r} now"
