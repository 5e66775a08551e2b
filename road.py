"""From nothing to a bundle: what a preset says is rendered, trained, exported, compared and scored."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Discriminator, PositiveInt, Tag
from rich.console import Console

from .config import PRESET, Config, load, sections
from .datagen.recipe import Recipe, load_recipe
from .datagen.synth import prepare, synth
from .errors import UserError
from .model_tables import compare_and_show, fit_and_show, show_findings
from .progress import progress
from .train.backend import require_paddle
from .train.bundle import SPEC
from .train.checkpoint import LAST, of_run, read
from .train.config import Source, TrainConfig
from .train.metrics import find_policy

OWN = "synth"  # the name of a preset's own recipe
SECTIONS = (OWN, "train", "make", "evaluate")
COMPARED = 256  # lines that the bundle reads beside the training graph
Value = TypeVar("Value")


class Make(Config):
    """What is rendered to train on. lines: of the own recipe, or of several by name, the own one being `synth`."""

    lines: Annotated[
        Annotated[PositiveInt, Tag("number")] | Annotated[dict[str, PositiveInt], Tag("recipes")],
        Discriminator(lambda value: "recipes" if isinstance(value, dict) else "number"),
    ]


class Evaluate(Config):
    """What the bundle is scored on. lines: of each recipe, from another seed; policy: see `ocrdata eval`."""

    lines: PositiveInt = 1000
    policy: str | None = None


@dataclass(frozen=True)
class Road:
    """A preset from nothing to a bundle. recipes: by name, with how many lines of each are trained on."""

    train: TrainConfig
    recipes: dict[str, tuple[Recipe, int]]
    evaluate: Evaluate

    def places(self, folder: Path) -> dict[str, Path]:
        """The folder of each recipe's pack."""
        if len(self.recipes) == 1:
            return dict.fromkeys(self.recipes, folder)
        return {name: folder / _short(name) for name in self.recipes}


def _short(recipe: str) -> str:
    """The name of a recipe's folder."""
    return recipe.removeprefix(PRESET) if recipe.startswith(PRESET) else Path(recipe).stem


def is_road(name: str) -> bool:
    """Whether a preset or file says how to make what it trains on."""
    return {OWN, "train", "make"} <= sections(name)


def read_road(name: str, overrides: Sequence[str] = ()) -> Road:
    """Read all sections of a preset. overrides: of `train`; of another section where the key begins with its name.

    Raises UserError with file, line and key.
    """
    unknown = sorted(sections(name) - set(SECTIONS))
    if unknown:
        raise UserError(f"{name}: unknown section '{unknown[0]}'; allowed: {', '.join(SECTIONS)}")
    changes = by_section(overrides)
    make = load(name, "make", Make, changes["make"])
    wanted = make.lines if isinstance(make.lines, dict) else {OWN: make.lines}
    if len({_short(recipe) for recipe in wanted}) < len(wanted):
        raise UserError(f"{name}: make.lines: two recipes have the same name: {', '.join(wanted)}")
    has_own = "evaluate" in sections(name)
    evaluate = load(name, "evaluate", Evaluate, changes["evaluate"]) if has_own else Evaluate()
    if evaluate.policy is not None:
        find_policy(evaluate.policy)
    recipes = {n: load_recipe(name if n == OWN else n, changes[OWN] if n == OWN else ()) for n in wanted}
    return Road(
        load(name, "train", TrainConfig, changes["train"]), {n: (recipes[n], wanted[n]) for n in wanted}, evaluate
    )


def by_section(overrides: Sequence[str]) -> dict[str, list[str]]:
    """Overrides of a preset's sections; those that name none are `train`'s."""
    found: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for override in overrides:
        section, dot, rest = override.partition(".")
        if dot and section in found:
            found[section].append(rest)
        else:
            found["train"].append(override)
    return found


def refuse_making(overrides: Sequence[str], workers: int) -> None:
    """Raises UserError for options that only mean something where lines are made."""
    others = by_section(overrides)
    for section in SECTIONS:
        if section != "train" and others[section]:
            raise UserError(f"--set {section}.{others[section][0]}: nothing is made or scored where there are data")
    if workers:
        raise UserError("--workers: nothing is rendered where there are data; threads that decode are the key workers")


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


def follow(road: Road, folder: Path, steps: Steps, workers: int = 0) -> dict[str, float]:
    """Make lines, unseen, run, bundle and evaluation.html in `folder`; what is whole there is not made again.

    Returns the scores of the bundle. Raises UserError, Trouble, Stopped.
    """
    require_paddle()
    if int(os.environ.get("PADDLE_TRAINERS_NUM", "1")) > 1:
        raise UserError("several processes cannot render together: make lines with `ocrdata synth`, and give --data")
    lines, unseen = road.places(folder / "lines"), road.places(folder / "unseen")
    run, bundle = folder / "run", folder / "bundle"
    for name, (recipe, count) in road.recipes.items():
        said = f"render {count:,} lines" + (f" of {name}" if len(lines) > 1 else "")
        steps.do(said, lambda r=recipe, n=count, p=lines[name]: _render(r, n, p, workers))  # type: ignore[misc]
    steps.do("render others to score on", lambda: _render_unseen(road, unseen, workers))
    steps.do("train", lambda: _train(road, list(lines.values()), run))
    steps.do("export", lambda: _export(run, bundle, next(iter(unseen.values()))))
    return steps.do("score", lambda: _score(road, bundle, unseen, folder / "evaluation.html"))


def plan(road: Road, folder: Path) -> list[tuple[str, str, str]]:
    """Rows of step, what is made, and what is there already; recipes are checked as `synth --dry-run` does."""
    rows = []
    for name, (recipe, count) in road.recipes.items():
        faces = len(prepare(recipe).faces)
        for what, number in (("lines", count), ("unseen", road.evaluate.lines)):
            place = road.places(folder / what)[name]
            rows.append((f"render {name}", f"{number:,} lines in {faces} fonts: {place}", _pack_state(place)))
    wanted = f"{road.train.steps:,} steps" if road.train.steps else f"{road.train.epochs} epochs"
    what = f"{road.train.network.name}, {wanted} of {road.train.batch_size} lines: {folder / 'run'}"
    rows.append(("train", what, _run_state(folder / "run")))
    there = (folder / "bundle" / SPEC).is_file()
    rows.append(("export", f"Paddle, ONNX: {folder / 'bundle'}", "there" if there else "to do"))
    return [*rows, ("score", f"{folder / 'evaluation.html'}", "to do")]


def _pack_state(pack: Path) -> str:
    if (pack / "manifest.json").is_file():
        return "there"
    return "begun" if (pack / "job.json").is_file() else "to do"


def _run_state(run: Path) -> str:
    return f"{read(run / LAST)[0].step:,} steps done" if (run / LAST).is_file() else "to do"


def _render(recipe: Recipe, count: int, pack: Path, workers: int) -> None:
    with progress("synth", count) as done:
        synth(recipe, count, pack, workers, done)


def _render_unseen(road: Road, places: Mapping[str, Path], workers: int) -> None:
    for name, (recipe, _) in road.recipes.items():
        other = recipe.model_copy(update={"seed": recipe.seed + 1})
        _render(other, road.evaluate.lines, places[name], workers)


def _train(road: Road, packs: list[Path], run: Path) -> None:
    from .train.check import check
    from .train.sources import close, open_data, open_sets

    lines = open_data(packs[0] if len(packs) == 1 else tuple(Source(path=pack) for pack in packs))
    sets = open_sets(road.train.val) if road.train.val else {}
    begun = (run / LAST).is_file()
    try:
        if not begun:
            show_findings(check(road.train, lines, sets, run, seconds=0))
        fit_and_show(road.train, lines, sets, run, begun)
    finally:
        for one in (lines, *sets.values()):
            close(one)


def _export(run: Path, bundle: Path, unseen: Path) -> None:
    from .train.export import export
    from .train.lines import Line, open_lines

    spec = bundle / SPEC
    if not spec.is_file() or spec.stat().st_mtime < of_run(run).stat().st_mtime:
        export(run, bundle, overwrite=True)
    compare_and_show(run, bundle, [x for x in islice(open_lines(unseen), COMPARED) if isinstance(x, Line)])


def _score(road: Road, bundle: Path, unseen: Mapping[str, Path], page: Path) -> dict[str, float]:
    from .train.evaluate import Scoring, evaluate_sets, open_reader
    from .train.evaluation_page import write_evaluation
    from .train.lines import open_lines

    reader = open_reader(bundle)
    with progress("eval", road.evaluate.lines * len(unseen)) as done:
        sets = {name: open_lines(pack) for name, pack in unseen.items()}
        found = evaluate_sets(reader, sets, Scoring(road.evaluate.policy), done)
    write_evaluation(found, page, f"{bundle}, compared {found.report['policy']['name']}")
    scores = {name: part["accuracy"] for name, part in found.report["sets"].items()}
    if len(scores) > 1:
        scores["all lines together"] = found.report["pooled"]["accuracy"]
    return scores
