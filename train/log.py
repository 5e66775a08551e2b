"""What training reports: rows with means since the last row, on the console and as CSV."""

from __future__ import annotations

import csv
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..files import whole_file
from .feed import Feed
from .metrics import Score


@dataclass(frozen=True)
class Row:
    """One line of the log. loss: mean since the last row; waiting: share of time without a batch to train on.

    accuracy, similarity: on the validation lines, None where they were not evaluated at this step.
    """

    step: int
    epoch: float
    loss: float
    lr: float
    images_per_s: float
    waiting: float
    seconds: float
    accuracy: float | None = None
    similarity: float | None = None


class Meter:
    """Sums between two rows of the log."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._began = time.perf_counter()
        self._reset()

    def _reset(self) -> None:
        self._loss, self._steps, self._images = 0.0, 0, 0
        self._since, self._waited = time.perf_counter(), self._feed.waited

    def add(self, loss: float, images: int) -> None:
        """One more batch."""
        self._loss += loss
        self._steps += 1
        self._images += images
        self._until = time.perf_counter()  # so that evaluating does not count as training

    def row(self, step: int, epoch: float, rate: float, evaluated: Score | None) -> Row:
        """The sums as a row; they start again at zero."""
        seconds = max(self._until - self._since, 1e-9)
        row = Row(
            step,
            round(epoch, 3),
            round(self._loss / max(1, self._steps), 5),
            rate,
            round(self._images / seconds, 1),
            round((self._feed.waited - self._waited) / seconds, 3),
            round(time.perf_counter() - self._began, 1),
            round(evaluated.accuracy, 5) if evaluated else None,
            round(evaluated.similarity, 5) if evaluated else None,
        )
        self._reset()
        return row


class Log:
    """The rows as CSV; a resumed run drops those after its checkpoint."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        names = [f.name for f in fields(Row)]
        kept: list[dict[str, str]] = []
        if step and path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        with whole_file(path) as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)

    def write(self, row: Row) -> None:
        """Append one row."""
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(asdict(row).values())
