"""The whole road once, on what the product itself makes: lines, model, bundle, report, reading."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.text import Text

from .datasets.images import Image, decode
from .prep.report import write_report
from .prep.stats import stats
from .prep.store import Pack
from .progress import progress
from .road import Road, Steps, follow, read_road
from .tables import table, where

PRESET = "preset:digits"
SHOWN = 8
SHADES = "@%#*+=-:. "  # from dark to light


def run(folder: Path, console: Console, overrides: Sequence[str] = ()) -> None:
    """Make everything in `folder`; what is finished there is not made again. Raises UserError, Trouble."""
    road = read_road(PRESET, overrides)
    steps = Steps(console)
    scores = follow(road, folder, steps)
    lines, unseen, bundle, report = (folder / name for name in ("lines", "unseen", "bundle", "report.html"))
    steps.do("report what the data is", lambda: _report(road, lines, report))
    steps.do("read a few lines", lambda: _read(bundle, unseen, console))
    table(
        "done",
        [
            *((name, f"{seconds:.0f} s") for name, seconds in steps.seconds),
            ("line accuracy on unseen synthetic lines", f"{next(iter(scores.values())):.4f}"),
            ("size of the bundle", f"{sum(p.stat().st_size for p in bundle.iterdir()) / 1e6:.2f} MB"),
        ],
    )
    where(lines, unseen, report, folder / "run", bundle, folder / "evaluation.html")


def _report(road: Road, pack: Path, page: Path) -> None:
    settings = road.train
    with progress("stats", len(Pack(pack))) as done:
        found = stats(pack, settings.characters(), settings.height, settings.width, progress=done)
    write_report(found, page)


def _read(bundle: Path, pack: Path, console: Console) -> None:
    from .train.reader import Reader

    samples = list(islice(Pack(pack), SHOWN))
    images = [decode(sample.image) for sample in samples]
    for sample, image, (text, confidence) in zip(samples, images, Reader(bundle).read(images), strict=True):
        console.print(as_text(image, console))
        verdict = "right" if text == sample.label else f"wrong: {sample.label} was rendered"
        console.print(f"{text}   confidence {confidence:.2f}   {verdict}\n", highlight=False)


def as_text(image: Image, console: Console, rows: int = 8) -> Text:
    """A line picture for the terminal: two pixels in each cell, one above the other; shades where it has no colours."""
    height = 2 * rows
    width = max(1, min(console.width - 1, round(image.shape[1] * height / image.shape[0])))
    small = cv2.cvtColor(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    if console.color_system is None:
        grey = small.reshape(rows, 2, width, 3).mean(axis=(1, 3))
        shade = (grey - grey.min()) / max(1.0, float(np.ptp(grey))) * (len(SHADES) - 1)
        return Text("\n".join("".join(SHADES[int(v)] for v in row) for row in shade) + "\n")
    text = Text()
    for y in range(0, height, 2):
        for upper, lower in zip(small[y], small[y + 1], strict=True):
            text.append("▀", f"rgb({upper[0]},{upper[1]},{upper[2]}) on rgb({lower[0]},{lower[1]},{lower[2]})")
        text.append("\n")
    return text
