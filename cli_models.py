"""Commands that need a model: train, eval, export, ocr, demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from .config import PRESET, presets
from .progress import progress
from .tables import counts, line, out, table, where

Set = Annotated[list[str], typer.Option("--set", help="Change a key of the configuration: KEY.SUB=VALUE.")]
Engine = Annotated[Literal["auto", "onnx", "paddle"], typer.Option(help="What runs the bundle's model.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(train)
    app.command("eval")(evaluate)
    app.command()(export)
    app.command()(ocr)
    app.command()(demo)


def train(
    config: Annotated[str, typer.Argument(help=f"A YAML file, or {PRESET}NAME ({', '.join(presets())}).")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    data: Annotated[Path | None, typer.Option(help="Pack to train on.")] = None,
    val: Annotated[Path | None, typer.Option(help="Pack to validate on; by default a share of the data.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in OUT stopped.")] = False,
    overrides: Set = [],  # noqa: B006
) -> None:
    """Train a recogniser. Ctrl-C saves; --resume continues exactly where it stopped."""
    from .config import load
    from .errors import UserError
    from .train.backend import require_paddle
    from .train.config import TrainConfig

    settings = load(config, "train", TrainConfig, overrides=overrides)
    source = data or settings.data
    if source is None:
        raise UserError("no data to train on: --data names a pack (or the key 'data' of the configuration)")
    require_paddle()
    from .train.fit import Fit
    from .train.log import Row
    from .train.sources import open_data, open_sets, require_apart

    validation = val or settings.val
    lines, sets = open_data(source), open_sets(validation) if validation else {}
    require_apart(lines, sets)
    fit = Fit(settings, lines, sets, out_dir, resume)
    counts("left out of training", fit.refused)

    def show(row: Row) -> None:
        line(row.line())

    with progress("train", fit.steps) as done:
        result = fit.run(done, show)
    rows: list[tuple[str, str]] = [("steps", f"{result.steps:,}"), ("seconds", f"{result.seconds:.0f}")]
    table("trained", rows + [(f"best {name}", f"{value:.4f}") for name, value in result.scores.items()])
    where(out_dir)


def evaluate(
    model: Annotated[Path, typer.Argument(help="A bundle, or the folder of a run.")],
    data: Annotated[Path, typer.Argument(help="A pack, or a label file PICTURE<TAB>TEXT.")],
    out_file: Annotated[Path | None, typer.Option("--out", "-o", help="Write the report as JSON.")] = None,
    worst: Annotated[int, typer.Option(help="How many of the worst lines to show.")] = 10,
    known_only: Annotated[
        bool, typer.Option("--known-only", help="Leave out labels with characters that the model has not.")
    ] = False,
    engine: Engine = "auto",
) -> None:
    """Score a model on labelled lines: line accuracy and 1 - normalised edit distance."""
    from .train.evaluate import evaluate as score
    from .train.evaluate import open_lines, open_reader

    reader = open_reader(model, engine)
    with progress("eval", None) as done:
        report = score(reader, open_lines(data), worst, known_only, done)
    table(
        f"{model} on {data}",
        [
            ("lines", report["lines"]),
            ("read without a fault", report["right"]),
            ("line accuracy", f"{report['accuracy']:.4f}"),
            ("1 - normalised edit distance", f"{report['similarity']:.4f}"),
            ("lines with unknown characters", report["not_in_dict"]),
        ],
    )
    counts("left out, by reason", report["refused"])
    table("worst", [(r["label"], r["read"], r["origin"]) for r in report["worst"]], ("label", "read", "where"))
    if out_file:
        out_file.parent.mkdir(parents=True, exist_ok=True)
        out_file.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")
        where(out_file)


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a training run.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write.")],
    verify: Annotated[bool, typer.Option(help="Compare the bundle with the training graph.")] = True,
    data: Annotated[Path | None, typer.Option(help="Pack or label file to compare on; else made-up patterns.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle that is there.")] = False,
) -> None:
    """Write the best weights of a run as a bundle: model, characters, preprocessing, hashes."""
    from itertools import islice

    from .datasets.records import Refusal
    from .train.backend import require_paddle
    from .train.evaluate import open_lines

    require_paddle("exporting")
    from .train.bundle import ONNX
    from .train.export import export as write
    from .train.export import verify as compare

    bundle = write(run, out_dir, overwrite)
    if ONNX not in bundle.files:
        line("no ONNX model was written: paddle2onnx is not installed; Paddle reads this bundle")
    if verify:
        lines = [x.image for x in islice(open_lines(data), 256) if not isinstance(x, Refusal)] if data else []
        table(
            "against the training graph",
            [(a.engine, a.lines, f"{a.difference:.1e}", a.changed) for a in compare(run, out_dir, lines)],
            ("engine", "lines", "largest difference", "read differently"),
        )
    where(out_dir)


def ocr(
    bundle: Annotated[Path, typer.Argument(help="A bundle that `export` wrote.")],
    images: Annotated[list[Path], typer.Argument(help="Line pictures.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
) -> None:
    """Read line pictures. Uses nothing but the bundle."""
    from .datasets.images import BadImage
    from .train.reader import Reader

    bad = 0
    for path, result in Reader(bundle, engine, threads).read_files(images):
        if isinstance(result, BadImage):
            bad += 1
            typer.echo(f"error: {path}: {result.detail}", err=True)
        elif as_json:
            text, confidence = result
            typer.echo(json.dumps({"image": str(path), "text": text, "confidence": confidence}, ensure_ascii=False))
        else:
            typer.echo(f"{path}\t{result[0]}\t{result[1]:.4f}")
    if bad:
        raise typer.Exit(2)


def demo(
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder for everything.")] = Path("demo-out"),
) -> None:
    """The whole road once: digit lines, pack, report, training, evaluation, export, reading. About ten minutes."""
    from .demo import run

    run(out_dir, out)
