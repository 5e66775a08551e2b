"""What training reports: rows with means since the last row, on the console and as CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from ..files import whole_file
from .feed import Feed


@dataclass(frozen=True)
class Row:
    """One line of the log.

    loss: mean since the last row, None before the first step; waiting: share of time without a batch to train on.
    accuracy, similarity: on the validation lines (of several sets their mean, each set counting alike), None
    where they were not evaluated at this step; sets: both of each set, by `set.accuracy` and `set.similarity`.
    """

    step: int
    epoch: float
    loss: float | None
    lr: float
    images_per_s: float
    waiting: float
    seconds: float
    accuracy: float | None = None
    similarity: float | None = None
    sets: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """The row for a console."""
        loss = "       -" if self.loss is None else f"{self.loss:8.4f}"
        text = (
            f"step {self.step:6d}  epoch {self.epoch:6.2f}  loss {loss}  lr {self.lr:.6f}"
            f"  {self.images_per_s:6.0f} images/s  waiting {self.waiting:4.0%}"
        )
        if self.accuracy is not None:
            text += f"  accuracy {self.accuracy:.4f}  similarity {self.similarity:.4f}"
        names = [name.removesuffix(".accuracy") for name in self.sets if name.endswith(".accuracy")]
        pairs = [f"{n} {self.sets[f'{n}.accuracy']:.4f} ({self.sets[f'{n}.similarity']:.4f})" for n in names]
        return text + (f"  [{', '.join(pairs)}]" if pairs else "")


class Meter:
    """Sums between two rows of the log."""

    def __init__(self, feed: Feed) -> None:
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
            round(scores["accuracy"], 5) if scores else None,
            round(scores["similarity"], 5) if scores else None,
            {name: round(value, 5) for name, value in (scores or {}).items() if "." in name},
        )
        self._reset()
        return row


class Log:
    """The rows as CSV; a resumed run drops those after its checkpoint. sets: names of validation sets."""

    def __init__(self, path: Path, step: int, sets: Sequence[str] = ()) -> None:
        self._path = path
        self._names = [f.name for f in fields(Row) if f.name != "sets"]
        self._names += [f"{name}.{score}" for name in sets for score in ("accuracy", "similarity")]
        kept = [row for row in read_log(path) if int(row["step"]) <= step] if step else []
        with whole_file(path) as file:
            writer = csv.DictWriter(file, self._names, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(kept)

    def write(self, row: Row) -> None:
        """Append one row."""
        values = {**row.__dict__, **row.sets}
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(values.get(name) for name in self._names)


def read_log(path: Path) -> list[dict[str, str]]:
    """The rows of a log.csv, none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
