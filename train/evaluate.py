"""Scoring a run or a bundle on labelled lines: one set or several, with the worst lines named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..datasets.images import Image
from ..datasets.records import Refusal
from ..errors import UserError
from . import backend, bootstrap
from .bundle import SPEC
from .lines import Line, open_lines
from .metrics import find_policy
from .preprocess import fit, unreadable
from .reader import EngineName, LineReader, Reader
from .tally import Mistake, Read, Tally

__all__ = ["Evaluation", "Line", "Read", "Scoring", "evaluate", "evaluate_sets", "open_lines", "open_reader"]

WINDOW = 512


@dataclass(frozen=True)
class Scoring:
    """How lines are scored.

    policy: what counts as the same text, a name of `metrics.POLICIES`; None is exact, but ignore_case for a model that
    learnt lower case alone. worst: how many lines to keep for looking at.
    known_only: leave out (and count) lines whose label holds characters that the model has not; otherwise they
    count as wrong. seed: of the bootstrap. group_by: a regular expression for names of lines (the picture's path; in a
    pack what it says about the line's source): lines for which it finds the same text are drawn together, since lines
    of one photo are not independent. With parentheses, what they find counts.
    """

    policy: str | None = None
    worst: int = 20
    known_only: bool = False
    seed: int = 0
    group_by: str = ""

    def grouping(self) -> Callable[[Line], str]:
        """From a line to its group. Raises UserError for what is no regular expression."""
        try:
            pattern = re.compile(self.group_by)
        except re.error as error:
            raise UserError(f"group-by: {self.group_by!r} is not a regular expression: {error}") from error

        def group(line: Line) -> str:
            """Of one line; raises UserError where the expression finds nothing."""
            if not self.group_by:
                return ""
            name = line.source or line.origin
            found = pattern.search(name)
            if not found or not (text := found[1 if pattern.groups else 0]):
                raise UserError(f"group-by: {self.group_by!r} finds nothing in {name!r}")
            return text

        return group


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate_sets` found; its report in JSON values.

    worst: lowest similarity first, then the most confident; sure: the most confident mistakes first, among which
    are the lines whose labels are wrong.
    """

    report: dict[str, Any]
    worst: list[Mistake]
    sure: list[Mistake]


def open_reader(path: Path, engine: EngineName = "auto", threads: int = 0) -> LineReader:
    """A bundle's folder or a run's folder as a reader. Raises UserError, MissingPackage."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; a bundle or the folder of a training run is expected")
    if (path / SPEC).is_file():
        return Reader(path, engine, threads)
    backend.require_paddle("reading with a training run (an exported bundle needs none)")
    from .run import run_reader

    return run_reader(path)


def read_lines(reader: LineReader, lines: Iterable[Line]) -> Iterator[Read]:
    """Each line with what is read there, in order, in bounded memory; nothing where a picture cannot be read."""
    return (read for read, _, _ in _read(reader, lines, Scoring().grouping()))


def _read(reader: LineReader, lines: Iterable[Line], group: Callable[[Line], str]) -> Iterator[tuple[Read, Image, str]]:
    """Reading, the picture that the network got, and why it got none, or ""."""
    remaining = iter(lines)
    while window := [
        (x.origin, x.label, group(x), fit(x.image, reader.rule), unreadable(x.image, reader.rule))
        for x in islice(remaining, WINDOW)
    ]:
        readings = iter(reader.read(picture for *_, picture, refusal in window if refusal is None))
        for origin, label, name, picture, refusal in window:
            text, confidence = next(readings) if refusal is None else ("", 0.0)
            yield Read(origin, label, text, confidence, name), picture, refusal.reason if refusal else ""


def evaluate(
    reader: LineReader,
    lines: Iterable[Line | Refusal],
    worst: int = 20,
    known_only: bool = False,
    progress: Callable[[int], None] = lambda lines: None,
) -> dict[str, Any]:
    """The report of one set, compared by the model's own policy: what `evaluate_sets` says about a set."""
    scoring = Scoring(worst=worst, known_only=known_only)
    found: dict[str, Any] = evaluate_sets(reader, {"": lines}, scoring, progress).report["sets"][""]
    return found


def evaluate_sets(
    reader: LineReader,
    sets: Mapping[str, Iterable[Line | Refusal]],
    scoring: Scoring = Scoring(),
    progress: Callable[[int], None] = lambda lines: None,
) -> Evaluation:
    """Score several sets of lines. The report holds policy, sets (by name), pooled and macro.

    Of each set and of all lines together (pooled): lines, right, accuracy (share of lines read without a fault),
    similarity (mean of 1 - normalised edit distance), interval_95, groups (0 without `group_by`), by_length,
    characters, confused, not_in_dict, unreadable (pictures the reader refuses: they count as wrong), refused (pictures
    that are none: left out), worst, sure. macro: the unweighted mean of the sets' accuracy and similarity.
    Raises UserError where a set has no line left.
    """
    policy = scoring.policy or ("ignore_case" if reader.case == "lower" else "exact")
    whole = Tally(find_policy(policy), scoring.worst)
    tallies = {name: _score_set(reader, lines, scoring, whole, progress) for name, lines in sets.items()}
    for name, tally in tallies.items():
        if not tally.total.lines:
            left_out = dict(tally.refused + Counter(not_in_dict=tally.not_in_dict)) or "there is none"
            raise UserError(f"{name + ': ' if name else ''}no line to score; left out: {left_out}")
    scores = [tally.total for tally in tallies.values()]
    means = [bootstrap.resample(tally.outcomes, scoring.seed + i) for i, tally in enumerate(tallies.values())]
    report = {
        "policy": {"name": whole.policy.name, "meaning": whole.policy.meaning},
        "sets": {name: tally.report(m) for (name, tally), m in zip(tallies.items(), means, strict=True)},
        "pooled": whole.report(bootstrap.pooled(means, [score.lines for score in scores])),
        "macro": {
            "accuracy": sum(score.accuracy for score in scores) / len(scores),
            "similarity": sum(score.similarity for score in scores) / len(scores),
            "interval_95": bootstrap.intervals(bootstrap.macro(means)),
        },
    }
    return Evaluation(report, whole.worst.sorted(), whole.sure.sorted())


def _score_set(
    reader: LineReader,
    lines: Iterable[Line | Refusal],
    scoring: Scoring,
    whole: Tally,
    progress: Callable[[int], None],
) -> Tally:
    """The tally of one set; `whole` counts its lines, too."""
    tally = Tally(whole.policy, scoring.worst)
    known = {c for character in reader.charset.characters for c in whole.policy.form(character)}

    def good() -> Iterator[Line]:
        """The lines to read; the others are counted."""
        for line in lines:
            if isinstance(line, Refusal):
                for counted in (tally, whole):
                    counted.refused[line.reason] += 1
                continue
            unknown = not known.issuperset(whole.policy.form(line.label))
            for counted in (tally, whole):
                counted.not_in_dict += unknown
            if not (unknown and scoring.known_only):
                yield line

    for read, picture, reason in _read(reader, good(), scoring.grouping()):
        for counted in (tally, whole):
            counted.add(read, picture, reason)
        progress(1)
    return tally
