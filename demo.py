"""The whole road once, on what the product itself makes: lines, report, model, bundle, reading."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from rich.console import Console
from rich.text import Text

from .config import load
from .datagen.recipe import load_recipe
from .datagen.synth import synth
from .datasets.images import Image, decode
from .prep.report import write_report
from .prep.stats import stats
from .prep.store import Pack
from .progress import progress
from .tables import table, where
from .train.backend import require_paddle
from .train.bundle import SPEC
from .train.config import TrainConfig

PRESET = "preset:digits"
LINES = 20_000
UNSEEN = 1000
SHOWN = 8
SHADES = "@%#*+=-:. "  # from dark to light
Value = TypeVar("Value")


def run(folder: Path, console: Console) -> None:
    """Make everything in `folder`; what is finished there is not made again. Raises UserError, Trouble."""
    require_paddle("the demo")
    steps = Steps(console)
    lines, unseen, report = folder / "lines", folder / "unseen", folder / "report.html"
    steps.do(f"render {LINES:,} digit lines into a pack", lambda: _render(lines, LINES, 1))
    steps.do(f"render {UNSEEN:,} others to evaluate on", lambda: _render(unseen, UNSEEN, 2))
    steps.do("report what the data is", lambda: _report(lines, report))
    steps.do("train the digits model", lambda: _train(lines, folder / "run"))
    steps.do("export it as a bundle", lambda: _export(folder / "run", folder / "bundle", unseen))
    scores = steps.do("evaluate the bundle on unseen lines", lambda: _evaluate(folder / "bundle", unseen))
    steps.do("read a few lines", lambda: _read(folder / "bundle", unseen, console))
    table(
        "done",
        [
            *((name, f"{seconds:.0f} s") for name, seconds in steps.seconds),
            ("line accuracy on unseen synthetic lines", f"{scores['accuracy']:.4f}"),
            ("size of the bundle", f"{sum(p.stat().st_size for p in (folder / 'bundle').iterdir()) / 1e6:.2f} MB"),
        ],
    )
    where(lines, unseen, report, folder / "run", folder / "bundle")


class Steps:
    """Announces each step and keeps its time."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: list[tuple[str, float]] = []

    def do(self, name: str, work: Callable[[], Value]) -> Value:
        """Run one step."""
        self.console.rule(f"{len(self.seconds) + 1}. {name}", align="left")
        began = time.perf_counter()
        value = work()
        self.seconds.append((name, time.perf_counter() - began))
        return value


def _render(pack: Path, count: int, seed: int) -> None:
    recipe = load_recipe(PRESET, [f"seed={seed}"])
    with progress("synth", count) as done:
        synth(recipe, count, pack, 0, done)


def _report(pack: Path, page: Path) -> None:
    settings = load(PRESET, "train", TrainConfig)
    with progress("stats", LINES) as done:
        found = stats(pack, settings.characters(), settings.height, settings.width, progress=done)
    write_report(found, page)


def _train(pack: Path, run: Path) -> None:
    from .train.fit import LAST, Fit

    settings = load(PRESET, "train", TrainConfig)
    fit = Fit(settings, Pack(pack), None, run, resume=(run / LAST).is_file())
    with progress("train", fit.steps) as done:
        result = fit.run(done)
    table("best on validation lines", [(name, f"{value:.4f}") for name, value in result.scores.items()])


def _export(run: Path, bundle: Path, pack: Path) -> None:
    from .train.export import export, verify

    if not (bundle / SPEC).is_file():
        export(run, bundle)
    lines = [decode(sample.image) for sample in islice(Pack(pack), 256)]
    rows = [(a.engine, f"{a.difference:.1e}", a.changed) for a in verify(run, bundle, lines)]
    table("exported against trained", rows, ("engine", "largest difference", "read differently"))


def _evaluate(bundle: Path, pack: Path) -> dict[str, float]:
    from .train.evaluate import evaluate, open_lines, open_reader

    with progress("eval", UNSEEN) as done:
        return evaluate(open_reader(bundle), open_lines(pack), progress=done)


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
