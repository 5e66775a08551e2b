"""What the commands about models do and print alike: findings, training, the comparison of a bundle with its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UserError
from .progress import progress
from .tables import line, table

if TYPE_CHECKING:  # what needs Paddle is imported when it is used
    from .train.check import Finding
    from .train.config import TrainConfig
    from .train.lines import Line
    from .train.log import Row
    from .train.sources import Lines
    from .train.vocabulary import Change


LISTED = 40  # characters


def show_findings(found: Sequence[Finding], all_of_them: bool = False) -> None:
    """Print what `check` found, but not what is fine. Raises UserError where there are errors."""
    for finding in found:
        if all_of_them or finding.level != "fine":
            line(f"{finding.level}: {finding.name}: {finding.sentence}")
    errors = sum(finding.level == "error" for finding in found)
    if errors:
        raise UserError(f"{errors} of {len(found)} findings would spoil the training")


def fit_and_show(settings: TrainConfig, lines: Lines, sets: Mapping[str, Lines], out: Path, resume: bool) -> None:
    """Train, with a bar and the rows of the log, and print the scores, of weights it started from beside the best."""
    from .train.fit import Fit
    from .train.folder import LOG
    from .train.log import read_log

    fit = Fit(settings, lines, sets, out, resume)
    show_left_out("left out", fit.refused, fit.examples)
    if fit.change is not None:
        _characters(str(settings.start), fit.change)
    if not len(fit.validation):
        line("warning: there is no line to validate on, so there will be no scores; raise holdout, or use --val")

    def show(row: Row) -> None:
        line(row.line())

    with progress("train", fit.steps) as done:
        result = fit.run(done, show)
    show_left_out("left out while training", result.refused - fit.refused, result.examples)
    show_left_out("left out while validating", fit.validation.refused, fit.validation.examples)
    table("trained", [("steps", f"{result.steps:,}"), ("seconds", f"{result.seconds:.0f}")])
    log = read_log(out / LOG)
    if log and log[0]["step"] == "0":
        both = [(name, f"{float(log[0][name]):.4f}", f"{value:.4f}") for name, value in result.scores.items()]
        table("scores", both, ("", "at the start", "best"))
    else:
        table("scores", [(name, f"{value:.4f}") for name, value in result.scores.items()], ("", "best"))


def _characters(start: str, change: Change) -> None:
    groups = {"known": change.kept, "new, to be learnt": change.new, "left behind": change.dropped}
    rows = [(name, len(those), those[:LISTED] + "…" * (len(those) > LISTED)) for name, those in groups.items()]
    table(f"characters of {start}", rows, ("", "", ""))


def show_left_out(title: str, refused: Mapping[str, int], examples: Mapping[str, Sequence[str]]) -> None:
    """Print what was left out by reason, each with a place."""
    rows = [(reason, number, examples.get(reason, [""])[0]) for reason, number in refused.items()]
    table(title, rows, ("reason", "how many", "for example"))


def compare_and_show(run: Path, bundle: Path, lines: Sequence[Line]) -> None:
    """Compare a bundle with its training graph, and print by how much they differ. Raises Trouble above 1e-4."""
    from .train.export import verify

    found = verify(run, bundle, [x.image for x in lines], [x.label for x in lines])
    rows = [(a.engine, a.lines, f"{a.difference:.1e}", a.changed) for a in found]
    header = ("engine", "lines", "most apart", "read differently")
    if lines:
        scored = [(f"{a.accuracy:.4f}", f"{a.accuracy_delta:+.4f}", f"{a.similarity_delta:+.4f}") for a in found]
        more = ("accuracy", "its change", "1 - NED's")
        table("against the training graph", [a + b for a, b in zip(rows, scored, strict=True)], header + more)
    else:
        table("against the training graph", rows, header)
