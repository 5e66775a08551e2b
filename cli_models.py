"""Commands about models: train, check, eval, benchmark, export, carve, quantise, demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .config import PRESET, TRAINING, presets
from .progress import progress
from .tables import counts, line, out, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .train.config import TrainConfig
    from .train.evaluate import Evaluation
    from .train.lines import Line

CONFIG_HELP = f"A YAML file, or {PRESET}NAME ({', '.join(presets(TRAINING))})."
Set = Annotated[list[str], typer.Option("--set", help="Change a key of the configuration: KEY.SUB=VALUE.")]
Engine = Annotated[
    Literal["auto", "onnx", "openvino", "paddle", "paddle_onednn"], typer.Option(help="What runs the bundle's model.")
]
Policy = Annotated[
    str | None,
    typer.Option(
        help="What counts as equal: exact, ignore_case, ignore_space, alnum, english36; by default exact, "
        "or ignore_case for a model that learnt lower case alone."
    ),
]
GroupBy = Annotated[
    str,
    typer.Option(
        metavar="PATTERN",
        help=r"Draw lines together for the intervals where this finds the same text in their names: '(\d+)_crop'.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(train)
    app.command()(check)
    app.command("eval")(evaluate)
    app.command()(benchmark)
    app.command()(export)
    app.command()(carve)
    app.command()(quantise)
    app.command()(demo)


def train(
    config: Annotated[str, typer.Argument(help=CONFIG_HELP)],
    out_dir: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the run, or of everything that is made; by default the configuration's name."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Lines to train on: a pack, LMDBs, a label file. Without: see above.")
    ] = None,
    val: Annotated[Path | None, typer.Option(help="Lines to validate on; by default a share of the data.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in OUT stopped.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    overrides: Set = [],  # noqa: B006
    workers: Annotated[int, typer.Option(help="Processes that render; 0 is one per core.", min=0)] = 0,
) -> None:
    """Train a recogniser. Ctrl-C saves; --resume continues exactly where it stopped.

    Without --data, a configuration with the sections synth and make goes all the way: it renders its lines, trains,
    exports, compares and scores. The same command again goes on wherever that stopped.
    """
    from .cli_tasks import train_other
    from .config import load
    from .errors import UserError
    from .road import by_section, is_road, refuse_making
    from .train.config import TrainConfig

    folder = out_dir or Path(Path(config.removeprefix(PRESET)).stem)
    if train_other(config, overrides, data, val, folder, resume, dry_run):
        return
    settings = load(config, "train", TrainConfig, by_section(overrides)["train"])
    source = data or settings.data
    if source is None and is_road(config):
        changes = [*overrides, *([f"val={json.dumps(str(val))}"] if val else [])]
        _follow(config, folder, changes, dry_run, workers)
        return
    if source is None:
        raise UserError("no data to train on: --data names a pack (or the key 'data' of the configuration)")
    refuse_making(overrides, workers)
    _train_lines(settings, source, val or settings.val, (folder, resume, dry_run))


def _train_lines(settings: TrainConfig, source: Any, validation: Any, how: tuple[Path, bool, bool]) -> None:
    """how: folder of the run, whether to go on there, whether only to tell."""
    from .model_tables import fit_and_show
    from .train.backend import require_paddle
    from .train.sources import open_data, open_sets, require_apart

    out_dir, resume, dry_run = how
    require_paddle()
    if validation:
        require_apart(source, validation)
    lines, sets = open_data(source), open_sets(validation) if validation else {}
    if dry_run:
        counts("would be trained", {"lines": len(lines), **{f"val {n}".strip(): len(s) for n, s in sets.items()}})
        return
    fit_and_show(settings, lines, sets, out_dir, resume)
    where(out_dir)


def _follow(config: str, folder: Path, overrides: list[str], dry_run: bool, workers: int) -> None:
    from . import road

    found = road.read_road(config, overrides)
    if dry_run:
        table("would be done", road.plan(found, folder), ("step", "what", "there"))
        return
    steps = road.Steps(out)
    scores = road.follow(found, folder, steps, workers)
    rows = [(name, f"{seconds:.0f} s") for name, seconds in steps.seconds]
    rows += [(f"line accuracy, {name}", f"{value:.4f}") for name, value in scores.items()]
    table("done", rows)
    where(folder / "lines", folder / "unseen", folder / "run", folder / "bundle", folder / "evaluation.html")


def check(
    config: Annotated[str, typer.Argument(help=CONFIG_HELP)],
    data: Annotated[Path | None, typer.Option(help="Pack, or photos, to train on.")] = None,
    val: Annotated[Path | None, typer.Option(help="Pack, or photos, to validate on.")] = None,
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Where the run would lie: is there room?")] = Path(),
    seconds: Annotated[
        float, typer.Option(help="For learning 64 lines by heart, at most; 0 leaves that out.", min=0)
    ] = 60,
    overrides: Set = [],  # noqa: B006
) -> None:
    """Find what would go wrong before training: dictionary, labels, pictures, rates, room, 64 lines by heart.

    Of a detector: labels, photos, sizes of texts, room, a few photos by heart.
    """
    from .cli_tasks import check_other
    from .config import load
    from .errors import UserError
    from .road import by_section, refuse_making
    from .train.backend import require_paddle
    from .train.config import TrainConfig

    if check_other(config, overrides, data, val, out_dir, seconds):
        return
    settings = load(config, "train", TrainConfig, by_section(overrides)["train"])
    source = data or settings.data
    if source is None:
        raise UserError("no data to check: --data names a pack (or the key 'data' of the configuration)")
    refuse_making(overrides, 0)
    require_paddle()
    from .model_tables import show_findings
    from .train.check import check as look
    from .train.sources import open_data, open_sets, require_apart

    validation = val or settings.val
    if validation:
        require_apart(source, validation)
    with progress("check", None) as done:
        found = look(settings, open_data(source), open_sets(validation) if validation else {}, out_dir, seconds, done)
    show_findings(found, all_of_them=True)


def evaluate(
    model: Annotated[Path, typer.Argument(help="A bundle, or the folder of a run.")],
    data: Annotated[list[Path], typer.Argument(help="Packs, LMDBs, label files PICTURE<TAB>TEXT; photos with labels.")],
    out_file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the report: NAME.json, or NAME.html with pictures.")
    ] = None,
    policy: Policy = None,
    worst: Annotated[int, typer.Option(help="How many of the worst lines, or photos, to keep.", min=0)] = 20,
    group_by: GroupBy = "",
    known_only: Annotated[
        bool, typer.Option("--known-only", help="Leave out labels with characters that the model has not.")
    ] = False,
    rec: Annotated[
        Path | None, typer.Option("--rec", help="With a detector: a recogniser; photos are read from end to end.")
    ] = None,
    cls: Annotated[Path | None, typer.Option("--cls", help="With --rec: what tells lines upside down.")] = None,
    engine: Engine = "auto",
) -> None:
    """Score a recogniser on labelled lines, or a detector (with --rec a pair of them) on labelled photos.

    Lines: accuracy, 1 - normalised edit distance, confusions, the worst. Photos: precision, recall, hmean by
    ICDAR2015's protocol.
    """
    from .cli_tasks import DETECTION, evaluate_detector_on, evaluate_reading
    from .errors import UserError
    from .train.evaluate import Scoring, evaluate_sets, open_lines, open_reader

    if len({path.resolve() for path in data}) < len(data):
        raise UserError("a set is named twice")
    if _task(model) == DETECTION:
        if known_only or group_by:
            raise UserError("--known-only and --group-by go with lines, and these are photos")
        if rec is None and (policy or cls):
            raise UserError("--policy and --cls go with --rec: without it texts are found and not read")
        if rec is None:
            evaluate_detector_on(model, data, out_file, engine, worst)
        else:
            evaluate_reading(model, rec, cls, data, (policy or "exact", engine), out_file)
        return
    if rec or cls:
        raise UserError(f"--rec and --cls go with a detector, and {model} is none")
    reader = open_reader(model, engine)
    with progress("eval", None) as done:
        sets = {str(path): open_lines(path) for path in data}
        found = evaluate_sets(reader, sets, Scoring(policy, worst, known_only, group_by=group_by), done)
    _show_evaluation(found, f"{model}, compared {found.report['policy']['name']}", out_file)


def _task(model: Path) -> str:
    """What a bundle or a run is for."""
    from .train.bundle import task_of
    from .train.checkpoint import task_of_run

    return task_of(model) or task_of_run(model)


def benchmark(
    model: Annotated[Path, typer.Argument(help="A bundle, or the folder of a run.")],
    folder: Annotated[Path, typer.Argument(help="Holds the LMDBs of the ten sets: IIIT5k_3000, SVT, IC03_860 ...")],
    out_file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the report: NAME.json, or NAME.html with pictures.")
    ] = None,
    engine: Engine = "auto",
) -> None:
    """Score a model as papers on English words do: ten sets, 36 characters, lower case."""
    from .train.benchmark import benchmark as run
    from .train.evaluate import open_reader

    reader = open_reader(model, engine)
    with progress("benchmark", None) as done:
        found = run(reader, folder, progress=done)
    protocol = found.report["protocol"]
    _show_evaluation(found, f"{model}: {protocol['name']}", out_file)
    for name in protocol["missing"]:
        line(f"not there: {name}")
    for name, sizes in protocol["other_size"].items():
        line(f"{name}: {sizes['here']} words here, {sizes['published']} in the published set")


def _show_evaluation(found: Evaluation, title: str, out_file: Path | None) -> None:
    report = found.report
    rows = [_score_row(name, part) for name, part in report["sets"].items()]
    if len(rows) > 1:
        rows.append(_score_row("all lines together", report["pooled"]))
        rows.append(_score_row("mean of the sets", report["macro"]))
    table(title, rows, ("set", "lines", "right", "line accuracy", "95 %", "1 - NED", "unknown characters"))
    for name, r in report["sets"].items():
        counts(f"{name}: left out, by reason", r["refused"])
        counts(f"{name}: counted as wrong, the model takes no such pictures", r["unreadable"])
    table("worst", [(m.read.label, m.read.text, m.read.origin) for m in found.worst[:10]], ("label", "read", "where"))
    if out_file is None:
        return
    if out_file.suffix.lower() in (".html", ".htm"):
        from .train.evaluation_page import write_evaluation

        write_evaluation(found, out_file, title)
        where(out_file, out_file.with_suffix(".json"))
    else:
        from .files import write_json

        write_json(out_file, report)
        where(out_file)


def _score_row(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    """A row of the table of scores; a mean of sets counts no lines of its own."""
    numbers = [part.get(key, "") for key in ("lines", "right", "not_in_dict")]
    return (name, *numbers[:2], f"{part['accuracy']:.4f}", _span(part), f"{part['similarity']:.4f}", numbers[2])


def _span(report: dict[str, Any]) -> str:
    low, high = report["interval_95"]["accuracy"]
    return f"{low:.3f}–{high:.3f}"


def carve(
    bundle: Annotated[Path, typer.Argument(help="A bundle that `export` wrote.")],
    dictionary: Annotated[str, typer.Option("--dict", help="A dictionary file, or the characters themselves.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle that is there.")] = False,
) -> None:
    """Cut a model for fewer characters out of a larger one, without training."""
    from .corpora.sources import read_charset
    from .train.backend import require_paddle

    require_paddle("carving")
    from .train.start import carve as run

    made = run(bundle, read_charset(dictionary, Path.cwd()), out_dir, overwrite, dictionary)
    counts("carved", {"characters": len(made.charset)})
    where(out_dir)


def quantise(
    bundle: Annotated[Path, typer.Argument(help="A bundle that `export` wrote.")],
    data: Annotated[Path, typer.Argument(help="Labelled lines: a quarter calibrates, the rest is scored.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write.")],
    most_loss: Annotated[float, typer.Option(help="Of line accuracy; more is refused.")] = 0.01,
    lines: Annotated[int, typer.Option(help="Lines looked at, at most.")] = 2000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle that is there.")] = False,
) -> None:
    """Write a bundle in 8-bit integers; refused where it loses too much or gains nothing."""
    from .train.quantise import quantise as run

    found = run(bundle, out_dir, _some_lines(data, lines), most_loss, overwrite)
    table(
        f"{found.method}, calibrated on {found.calibrated_on} lines, scored on {found.lines}",
        [
            ("line accuracy", *(f"{v:.4f}" for v in found.accuracy)),
            ("1 - normalised edit distance", *(f"{v:.4f}" for v in found.similarity)),
            ("bytes", *(f"{v:,}" for v in found.size)),
            ("lines/s on one thread", *(f"{v:.0f}" for v in found.speed)),
        ],
        ("", "before", "after"),
    )
    where(out_dir)


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a training run.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write.")],
    verify: Annotated[bool, typer.Option(help="Compare the bundle with the training graph.")] = True,
    data: Annotated[Path | None, typer.Option(help="Lines, or photos, to compare on; else made-up patterns.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle that is there.")] = False,
) -> None:
    """Write the best weights of a run as a bundle: model, characters, preprocessing, hashes."""
    from .model_tables import compare_and_show
    from .train.backend import require_paddle

    require_paddle("exporting")
    from .cli_tasks import DETECTION, DIRECTION, export_detector_run, export_direction_run
    from .train.bundle import ONNX
    from .train.checkpoint import task_of_run
    from .train.export import export as write

    if task_of_run(run) == DETECTION:
        export_detector_run(run, out_dir, overwrite, data, verify)
        return
    if task_of_run(run) == DIRECTION:
        export_direction_run(run, out_dir, overwrite, verify)
        return

    bundle = write(run, out_dir, overwrite)
    if ONNX not in bundle.files:
        line("no ONNX model was written: paddle2onnx is not installed; Paddle reads this bundle")
    if verify:
        compare_and_show(run, out_dir, _some_lines(data, 256) if data else [])
    where(out_dir)


def _some_lines(data: Path, most: int) -> list[Line]:
    """The first lines of a set; what cannot be read there is counted. Raises UserError where none can."""
    from collections import Counter
    from itertools import islice

    from .errors import UserError
    from .train.lines import Line, open_lines

    looked_at = list(islice(open_lines(data), most))
    found = [x for x in looked_at if isinstance(x, Line)]
    refused = Counter(x.reason for x in looked_at if not isinstance(x, Line))
    if not found:
        raise UserError(f"{data}: no line can be read: {dict(refused) or 'there is none'}")
    counts(f"{data}: left out, by reason", refused)
    return found


def demo(
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder for everything.")] = Path("demo-out"),
) -> None:
    """The whole road once: digit lines, pack, report, training, evaluation, export, reading. About ten minutes."""
    from .demo import run

    run(out_dir, out)
