"""Training: batches in, weights out; stopped anywhere and resumed, it ends with the same weights."""

from __future__ import annotations

import math
import signal
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray

from ..errors import Stopped, UserError
from . import checkpoint
from .average import Average
from .checkpoint import AVERAGE, BEST, LAST, About
from .config import TrainConfig
from .feed import Feed, Step
from .folder import RunFolder, open_folder
from .labels import LabelCheck, places, usable
from .log import Meter, Row
from .networks import build, tensors
from .reader import LineReader
from .run import GraphEngine, set_weights
from .schedule import learning_rate
from .signals import stop_signals
from .sources import Lines, identity, where
from .start import start_from
from .team import Announced, join_team
from .update import Update
from .validation import Validation, hold_out
from .vocabulary import Change

__all__ = ["BEST", "LAST", "Fit", "Report", "Result", "learning_rate"]

UNLUCKY = 20  # steps in a row that 16-bit arithmetic may lose before that is an error
# Keys that may change when a run is taken up: they do not change the weights. What data are is told by digests.
FREE = {"data", "val", "start", "workers", "cache_mb", "log_every", "save_every", "tensorboard"}
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


class Fit:
    """A training run in the folder `out`: checked and ready when built, done by `run`.

    val: lines to validate on, or several sets by name. steps: in all; start: done before (after resuming);
    refused: samples left out, by reason, and examples of their places; change: what became of the characters where
    the configuration names weights to start from.
    Raises UserError for data that does not fit the configuration, for a folder that holds another run, and where
    there is a checkpoint but `resume` is false.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Lines,
        val: Lines | Mapping[str, Lines] | None,
        out: Path,
        resume: bool = False,
    ) -> None:
        self.config, self.data, self.out = config, data, out
        self.charset, self.rule = config.characters(), config.input_rule()
        self.team = join_team()
        found = usable(data, self.charset, config)
        self.refused, self.examples = found.refused, dict(found.examples)
        indices, sets = self._sets(found, val)
        self.validation = Validation(config, sets)
        self.feed = Feed(config, data, indices, self.charset, (self.team.rank, self.team.size))
        self.steps_per_epoch = max(1, self.feed.steps_per_epoch // config.optimizer.accumulate)
        self.steps = config.steps or (config.epochs or 1) * self.steps_per_epoch
        self.network = build(config, len(self.charset))
        self.change: Change | None = None
        self.about = About(
            step=0,
            config=config.model_dump(mode="json"),
            characters="".join(self.charset.characters),
            data={"train": identity(data), "val": _identities(val)},
        )
        if self.team.size > 1:
            self.about.data["processes"] = self.team.size
        self._open(resume)
        self.start = self.about.step

    def _sets(
        self, found: LabelCheck, val: Lines | Mapping[str, Lines] | None
    ) -> tuple[list[int], dict[str, tuple[Lines, list[int]]]]:
        """Indices to train on, and the lines of each validation set."""
        if not val:
            held, indices = hold_out(found.good, self.config)
            return indices, {"": (self.data, held)}
        named = val if isinstance(val, Mapping) else {"": val}
        return found.good, {n: (lines, usable(lines, self.charset, self.config).good) for n, lines in named.items()}

    def _open(self, resume: bool) -> None:
        """Take up the run that the folder holds, or make the folder and start."""
        taken_up = self.team.agree(open_folder(self.out, resume) if self.team.leads else False)
        if not taken_up and self.config.start is not None:
            self.change = start_from(self.network, self.config, self.config.start)
        self.update = Update(self.config, self.network, self.team)
        decay = self.config.optimizer.ema
        self.average = Average(tensors(self.network), decay) if decay else None
        decoder = self.config.decoder(self.charset)
        self.reader = LineReader(
            Announced(GraphEngine(self.network), self.team), self.rule, self.charset, decoder=decoder
        )
        if taken_up:
            self._take_up(self.out / LAST)

    def _take_up(self, path: Path) -> None:
        about, weights, state = checkpoint.read(path)
        for name in ("characters", "data", "config"):
            there, here = getattr(about, name), getattr(self.about, name)
            if name == "config":  # of an older version, perhaps, with fewer keys
                there = TrainConfig.model_validate(there).model_dump(mode="json")
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
        """(N,) losses per character."""
        # Dropout is a function of seed, batch and process, so that resuming repeats it.
        paddle.seed((self.config.seed * 1_000_003 + batch.number + 7919 * self.team.rank) % 2**31)
        labels, lengths = paddle.to_tensor(batch.labels), paddle.to_tensor(batch.lengths)
        with self.update.arithmetic():
            outputs = self.network(paddle.to_tensor(batch.images), labels)
        single = [o.astype("float32") for o in (outputs if isinstance(outputs, tuple) else (outputs,))]
        return self.network.losses(tuple(single) if isinstance(outputs, tuple) else single[0], labels, lengths)

    def _check(self, losses: NDArray[np.float32], batch: Step) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            raise UserError(
                f"step {self.about.step}: the loss is {losses[bad[0]]} for {len(bad)} of {len(losses)} samples "
                f"(rate {self._rate:.2g}): {places(self.data, [batch.indices[i] for i in bad])}; "
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
                f"{places(self.data, taken)}; lower optimizer.lr"
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
                self.about.scores = self.validation.scores(self.reader)
                better = self.validation.better(self.about.scores, self.about.best)
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
        return RunFolder(self.out, self.config, self.about, facts, self.validation.names)

    def _close_files(self) -> None:
        if self._folder is not None:
            self._folder.close()

    def _examples(self) -> dict[str, list[str]]:
        found = {reason: list(those) for reason, those in self.examples.items()}
        for index, reason in self.feed.left_out.items():
            those = found.setdefault(reason, [])
            if len(those) < 5:
                those.append(where(self.data, index))
        return found


def _identities(val: Lines | Mapping[str, Lines] | None) -> dict[str, Any] | None:
    if not isinstance(val, Mapping):
        return identity(val) if val else None
    if list(val) == [""]:
        return identity(val[""])
    return {name: identity(lines) for name, lines in val.items()}


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
