"""A picture of a training run: loss, scores and rate over the steps."""

from __future__ import annotations

from pathlib import Path

from ..files import whole_file
from .log import LOGGED, read_log


def draw_curve(log: Path, out: Path) -> None:
    """Read a log.csv and write a PNG. Without a row, nothing is written."""
    rows = read_log(log)
    if not rows:
        return
    from matplotlib.figure import Figure  # without pyplot: no state, no display

    steps = [int(row["step"]) for row in rows]
    figure = Figure(figsize=(9, 8), layout="constrained")
    above, middle, below = figure.subplots(3, 1, sharex=True)
    above.plot(*_points(steps, rows, "loss"))
    above.set_yscale("log")
    above.set_ylabel("loss")
    for name in [n for n in rows[0] if n not in LOGGED]:
        x, y = _points(steps, rows, name)
        if x:
            style = "-" if name.split(".")[-1] in ("accuracy", "hmean") else "--"
            middle.plot(x, y, style, marker="." if len(x) < 40 else "", label=name)
    middle.set_ylabel("validation")
    middle.set_ylim(0, 1.02)
    if middle.lines:
        middle.legend(loc="lower right", fontsize="small")
    below.plot(*_points(steps, rows, "lr"))
    below.set_ylabel("learning rate")
    below.set_xlabel("step")
    for axes in (above, middle, below):
        axes.grid(alpha=0.3)
    with whole_file(out, binary=True) as file:
        figure.savefig(file, format="png", dpi=110)


def _points(steps: list[int], rows: list[dict[str, str]], name: str) -> tuple[list[int], list[float]]:
    """Where a column has values, and which."""
    found = [(step, float(row[name])) for step, row in zip(steps, rows, strict=True) if row[name]]
    return [step for step, _ in found], [value for _, value in found]
