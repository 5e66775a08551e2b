"""What training reports: rows with means since the last row, on the console and as CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Protocol

from ..files import whole_file


@dataclass(frozen=True)
class Row:
    """One line of the log.

    loss: mean since the last row, None before the first step; waiting: share of time without a batch to train on.
    scores: on the validation data, empty where it was not evaluated at this step; those of a named set are called
    `set.score`.
    """

    step: int
    epoch: float
    loss: float | None
    lr: float
    images_per_s: float
    waiting: float
    seconds: float
    scores: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """The row for a console."""
        loss = "       -" if self.loss is None else f"{self.loss:8.4f}"
        text = (
            f"step {self.step:6d}  epoch {self.epoch:6.2f}  loss {loss}  lr {self.lr:.6f}"
            f"  {self.images_per_s:6.0f} images/s  waiting {self.waiting:4.0%}"
        )
        text += "".join(f"  {name} {value:.4f}" for name, value in self.scores.items() if "." not in name)
        sets: dict[str, list[str]] = {}
        for name, value in self.scores.items():
            if "." in name:
                sets.setdefault(name.partition(".")[0], []).append(f"{value:.4f}")
        pairs = [f"{name} {first} ({', '.join(more)})" for name, (first, *more) in sets.items()]
        return text + (f"  [{', '.join(pairs)}]" if pairs else "")


LOGGED = tuple(f.name for f in fields(Row) if f.name != "scores")  # columns of the log before the scores


class Waiting(Protocol):
    """waited: seconds without a batch to train on, so far."""

    waited: float


class Meter:
    """Sums between two rows of the log."""

    def __init__(self, feed: Waiting) -> None:
        self._feed = feed
        self._began = time.perf_counter()
        self._reset()

    def _reset(self) -> None:
        self._loss, self._steps, self._images = 0.0, 0, 0
        self._since = self._until = time.perf_counter()
        self._waited = self._feed.waited

    def add(self, loss: float, images: int) -> None:
        """One more batch."""
        self._loss += loss
        self._steps += 1
        self._images += images
        self._until = time.perf_counter()  # so that evaluating does not count as training

    def row(self, step: int, epoch: float, rate: float, scores: dict[str, float] | None) -> Row:
        """The sums as a row; they start again at zero."""
        seconds = max(self._until - self._since, 1e-9)
        row = Row(
            step,
            round(epoch, 3),
            round(self._loss / self._steps, 5) if self._steps else None,
            rate,
            round(self._images / seconds, 1),
            round((self._feed.waited - self._waited) / seconds, 3),
            round(time.perf_counter() - self._began, 1),
            {name: round(value, 5) for name, value in (scores or {}).items()},
        )
        self._reset()
        return row


class Log:
    """The rows as CSV; a resumed run drops those after its checkpoint. scored: names of the scores."""

    def __init__(self, path: Path, step: int, scored: Sequence[str] = ()) -> None:
        self._path = path
        self._names = [*LOGGED, *scored]
        kept = [row for row in read_log(path) if int(row["step"]) <= step] if step else []
        with whole_file(path) as file:
            writer = csv.DictWriter(file, self._names, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(kept)

    def write(self, row: Row) -> None:
        """Append one row."""
        values = {**row.__dict__, **row.scores}
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(values.get(name) for name in self._names)


def read_log(path: Path) -> list[dict[str, str]]:
    """The rows of a log.csv, none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
