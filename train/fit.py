"""Training: batches in, weights out; stopped anywhere and resumed, it ends with the same weights."""

from __future__ import annotations

import json
import math
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import nn

from ..errors import Stopped, UserError
from ..prep.jobs import digest_of
from ..prep.store import Pack
from . import checkpoint
from .checkpoint import BEST, LAST, About
from .config import Optimizer, TrainConfig
from .ctc import TIME_STRIDE
from .feed import Feed, Step, check_labels, load, where
from .log import Log, Meter, Row
from .metrics import Score, score
from .networks import build, tensors
from .preprocess import padded_width
from .reader import LineReader
from .run import GraphEngine, set_weights
from .signals import stop_signals

LOG = "log.csv"
HELD_OUT_AT_MOST = 2000
Report = Callable[[Row], None]


@dataclass(frozen=True)
class Result:
    """What a run came to. refused: samples left out, by reason; scores: of the best checkpoint."""

    steps: int
    scores: dict[str, float]
    refused: Counter[str]
    seconds: float


def data_identity(pack: Pack) -> dict[str, Any]:
    """What tells two sets of training data apart: the manifest's digest, else the shards and their counts."""
    manifest = pack.root / "manifest.json"
    if manifest.is_file():
        digest = json.loads(manifest.read_text(encoding="utf-8")).get("digest", "")
    else:
        digest = digest_of([[f.name, n] for f, n in zip(pack.folders, pack.counts, strict=True)])
    return {"samples": len(pack), "digest": digest}


def learning_rate(optimizer: Optimizer, step: int, steps: int) -> float:
    """The rate at batch `step` of `steps`."""
    if step < optimizer.warmup:
        return optimizer.lr * (step + 1) / (optimizer.warmup + 1)
    if optimizer.schedule == "constant":
        return optimizer.lr
    done = (step - optimizer.warmup) / max(1, steps - optimizer.warmup)
    return optimizer.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def make_optimizer(config: Optimizer, network: nn.Layer) -> paddle.optimizer.Optimizer:
    """Adam or AdamW; weight decay acts on matrices and kernels alone."""
    parameters = network.parameters()
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    clip = nn.ClipGradByGlobalNorm(config.clip_norm) if config.clip_norm else None
    kind = {"adam": paddle.optimizer.Adam, "adamw": paddle.optimizer.AdamW}[config.name]
    return kind(learning_rate=config.lr, parameters=groups, grad_clip=clip)


class Fit:
    """A training run in the folder `out`: checked and ready when built, done by `run`.

    steps: batches in all; start: batches done before (after resuming); refused: samples left out, by reason.
    Raises UserError for data that does not fit the configuration, for a folder that holds another run, and where
    there is a checkpoint but `resume` is false.
    """

    def __init__(self, config: TrainConfig, data: Pack, val: Pack | None, out: Path, resume: bool = False) -> None:
        self.config, self.data, self.out = config, data, out
        self.charset = config.characters()
        self.rule = config.input_rule()
        indices, self.refused = self._usable(data)
        if val is None:
            self.val, self.val_indices, indices = data, *self._hold_out(indices)
        else:
            self.val, (self.val_indices, _) = val, self._usable(val)
        self.feed = Feed(config, data, indices, self.charset)
        self.steps = config.steps or (config.epochs or 1) * self.feed.steps_per_epoch
        self.network = build(config, len(self.charset))
        self.optimizer = make_optimizer(config.optimizer, self.network)
        self.reader = LineReader(GraphEngine(self.network), self.rule, self.charset)
        self.about = About(
            step=0,
            config=config.model_dump(mode="json"),
            characters="".join(self.charset.characters),
            data={"train": data_identity(data), "val": data_identity(val) if val else None},
        )
        self._open(resume)
        self.start = self.about.step

    def _usable(self, pack: Pack) -> tuple[list[int], Counter[str]]:
        most = padded_width(self.rule.max_width, self.rule) // TIME_STRIDE
        return check_labels(pack.labels(), self.charset, most, self.config.unknown, str(pack.root))

    def _hold_out(self, indices: list[int]) -> tuple[list[int], list[int]]:
        """Validation and training indices."""
        count = min(HELD_OUT_AT_MOST, int(len(indices) * self.config.holdout))
        order = np.random.default_rng(self.config.seed).permutation(indices).tolist()
        return sorted(order[:count]), sorted(order[count:])

    def _open(self, resume: bool) -> None:
        """Take up the run that the folder holds, or make the folder."""
        last = self.out / LAST
        if not last.is_file():
            if self.out.exists() and (not self.out.is_dir() or any(p.name != LOG for p in self.out.glob("[!.]*"))):
                raise UserError(f"{self.out} is not empty and holds no training run; choose another folder")
            self.out.mkdir(parents=True, exist_ok=True)
            return
        if not resume:
            raise UserError(f"{self.out} holds a training run: add --resume to go on, or choose another folder")
        about, weights, state = checkpoint.read(last)
        for name in ("characters", "data", "config"):
            there, here = getattr(about, name), getattr(self.about, name)
            if there != here:
                raise UserError(f"{last}: {_difference(name, there, here)}; resuming needs the same")
        set_weights(self.network, weights)
        self.optimizer.set_state_dict({n: paddle.to_tensor(v) for n, v in state.items()})
        self.about = about

    def run(self, progress: Callable[[int], None] = lambda steps: None, report: Report = lambda row: None) -> Result:
        """Train to the end. progress: called with the number of batches done since the last call.

        SIGTERM and Ctrl-C end the current step, save, and raise Stopped. Raises UserError where the loss is no
        number, with the sample.
        """
        cv2.setNumThreads(1)
        began = time.perf_counter()
        self._log = Log(self.out / LOG, self.start)
        meter = Meter(self.feed)
        eval_every = self.config.eval_every or self.feed.steps_per_epoch
        save_every = self.config.save_every or self.feed.steps_per_epoch
        self.network.train()
        progress(self.start)
        with stop_signals() as stop, closing(self.feed.steps(self.start, self.steps)) as batches:
            for batch in batches:
                rate = learning_rate(self.config.optimizer, batch.number, self.steps)
                loss = self._train(batch, rate)
                self.about.step = done = batch.number + 1
                meter.add(loss, len(batch.indices))
                progress(1)
                last = done == self.steps
                evaluated = self._evaluate() if done % eval_every == 0 or last else None
                if evaluated or done % self.config.log_every == 0:
                    row = meter.row(done, done / self.feed.steps_per_epoch, rate, evaluated)
                    self._log.write(row)
                    report(row)
                if done % save_every == 0 or last or stop:
                    self._save(LAST)
                if stop and not last:
                    raise Stopped(
                        f"stopped by {stop[0]} after step {done}, which is saved: --resume goes on from there",
                        2 if stop[0] == "SIGINT" else 128 + signal.SIGTERM,
                    )
        refused = self.refused + Counter({"label_too_long": len(self.feed.too_long)})
        scores = self.about.best or self.about.scores
        return Result(self.steps, scores, refused, time.perf_counter() - began)

    def _train(self, batch: Step, rate: float) -> float:
        """One step of the optimizer. Returns the mean loss per character."""
        paddle.seed((self.config.seed * 1_000_003 + batch.number) % 2**31)  # dropout: a function of seed and step
        self.optimizer.set_lr(rate)
        logits = self.network(paddle.to_tensor(batch.images))
        steps = paddle.full([logits.shape[0]], logits.shape[1], "int64")
        lengths = paddle.to_tensor(batch.lengths)
        losses = nn.functional.ctc_loss(
            logits.transpose([1, 0, 2]),
            paddle.to_tensor(batch.labels),
            steps,
            lengths,
            blank=len(self.charset),
            reduction="none",
        )
        losses = losses.flatten() / lengths.astype("float32")
        self._check(losses.numpy(), batch, rate)
        loss = losses.mean()
        loss.backward()
        with paddle.utils.unique_name.guard():  # moments get their names in the first step; checkpoints know them
            self.optimizer.step()
        self.optimizer.clear_grad()
        return float(loss)

    def _check(self, losses: NDArray[np.float32], batch: Step, rate: float) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            index = batch.indices[int(bad[0])]
            raise UserError(
                f"step {batch.number}: the loss is {losses[bad[0]]} for {len(bad)} of {len(losses)} samples "
                f"(rate {rate:.2g}), first for {where(self.data, index)}, label {self.data[index].label!r}; "
                "where all samples are hit, lower optimizer.lr or set optimizer.clip_norm"
            )

    def _evaluate(self) -> Score | None:
        if not self.val_indices:
            return None
        pairs = (load(self.val, index, self.rule) for index in self.val_indices)
        total = validate(self.reader, pairs)
        self.about.scores = {"accuracy": total.accuracy, "similarity": total.similarity}
        if _key(self.about.scores) > _key(self.about.best):
            self.about.best = self.about.scores
            self._save(BEST)
        return total

    def _save(self, name: str) -> None:
        weights = {n: v.numpy() for n, v in tensors(self.network).items()}
        state = {n: v.numpy() for n, v in self.optimizer.state_dict().items() if isinstance(v, paddle.Tensor)}
        checkpoint.save(self.out / name, self.about, weights, state)


def validate(reader: LineReader, pairs: Iterator[tuple[NDArray[np.uint8], str]]) -> Score:
    """The score of a reader on (line, label) pairs, in bounded memory."""
    labels: list[str] = []

    def images() -> Iterator[NDArray[np.uint8]]:
        for image, label in pairs:
            labels.append(label)
            yield image

    readings = reader.read(images())
    return score(((text, label) for (text, _), label in zip(readings, labels, strict=True)))


def _key(scores: dict[str, float]) -> tuple[float, float]:
    return scores.get("accuracy", -1.0), scores.get("similarity", -1.0)


def _difference(name: str, there: Any, here: Any) -> str:
    if isinstance(there, dict) and isinstance(here, dict):
        key = next(k for k in sorted({*there, *here}) if there.get(k) != here.get(k))
        return _difference(f"{name}.{key}", there.get(key), here.get(key))
    return f"{name} was {str(there)[:80]!r} there and is {str(here)[:80]!r} now"
