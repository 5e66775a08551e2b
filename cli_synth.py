"""The commands that make samples: recipes, fonts, colours, other programs as renderers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer
import yaml

from .cli_run import Run, Workers, long_command
from .config import PRESET, SYNTHESIS, presets
from .errors import UserError
from .progress import progress
from .tables import counts, line, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .datagen.engines.source import Driven
    from .datagen.explain import Explanation
    from .datasets.images import Image
    from .fonts.report import Check, Listing

CONFIG_HELP = f"A YAML file, or {PRESET}NAME ({', '.join(presets(SYNTHESIS))})."
Config = Annotated[str, typer.Argument(help=CONFIG_HELP)]
Set = Annotated[list[str], typer.Option("--set", help="Change a key of the configuration: KEY.SUB=VALUE.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="The pack to write; with --preview a picture, with --explain a folder."),
]
Number = Annotated[int, typer.Option("--number", "-n", help="How many lines, or scenes.", min=1)]
Seed = Annotated[int | None, typer.Option(help="Instead of the recipe's.")]
Texts = Annotated[
    list[Path], typer.Option(help="Texts instead of the recipe's: text files, labels, datasets (LSVT), packs.")
]
HeldOut = Annotated[list[Path], typer.Option(help="Validation labels: leaks are reported, and such texts refused.")]
Like = Annotated[Path | None, typer.Option(help="Texts as long as the labels of this pack or dataset.")]
Boxes = Annotated[bool, typer.Option("--boxes", help="Store polygons of characters and words, too.")]
Task = Annotated[Literal["rec", "det"], typer.Option(help="Lines, or whole photos with labels for detection.")]
Engine = Annotated[Literal["built-in", "text_renderer", "trdg"], typer.Option(help="Who draws; see `ocrdata engines`.")]
EngineOptions = Annotated[
    Path | None, typer.Option(help="YAML with the other program's options, in a section of its name.")
]
EnginePython = Annotated[
    Path | None, typer.Option(help="An interpreter that has the engine, instead of the installed one.")
]
ShardSize = Annotated[int | None, typer.Option(help="Samples in a shard.", min=1)]
Preview = Annotated[bool, typer.Option("--preview", help="Only a contact sheet of the first samples.")]
Explain = Annotated[
    int | None,
    typer.Option(metavar="I", help="Only sample I: every drawn parameter, a picture of each stage.", min=0),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check the recipe, its fonts and texts.")]
MOST_SHOWN, MOST_SCENES = 200, 12  # on a contact sheet
LICENCE_SHOWN, LACKING_SHOWN = 60, 30  # characters in tables
FAR_LENGTHS = 0.05  # share of texts whose lengths cannot be as wanted, from which people are told

engines = typer.Typer(no_args_is_help=True, help="Other renderers that `synth --engine` can drive.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(synth)
    app.command()(fonts)
    app.command()(colours)
    app.add_typer(engines, name="engines")


@long_command
def synth(
    config: Config,
    out_dir: Out = None,
    number: Number = 1000,
    seed: Seed = None,
    texts: Texts = [],  # noqa: B006
    held_out: HeldOut = [],  # noqa: B006
    like: Like = None,
    boxes: Boxes = False,
    task: Task = "rec",
    engine: Engine = "built-in",
    engine_options: EngineOptions = None,
    engine_python: EnginePython = None,
    shard_size: ShardSize = None,
    preview: Preview = False,
    explain: Explain = None,
    dry_run: DryRun = False,
    overrides: Set = [],  # noqa: B006
    *,
    run: Run,
) -> None:
    """Render text lines whose labels are true into a pack; with --task det, photos with text for detection.

    Sample i depends on the recipe, the seed and i alone: any number of workers, and a run that was killed and started
    again, give the same bytes.
    """
    changes = [*overrides, *_changes(seed, texts, held_out, like, boxes)]
    wanted = Wanted(out_dir, number, shard_size, dry_run)
    if explain is not None:
        _refuse({"--engine": engine != "built-in"}, "--explain: other programs do not say what they drew")
    if task == "det":
        _refuse({"--engine": engine != "built-in", "--boxes": boxes}, "--task det")
        _det(config, changes, preview, explain, wanted, run)
    elif engine == "built-in":
        _rec(config, changes, preview, explain, wanted, run)
    else:
        with _driven(config, changes, engine, engine_options, engine_python) as driven:
            if preview:
                from .datagen.preview import preview_of

                _sheet(preview_of(driven, min(number, MOST_SHOWN)), out_dir)
            else:
                _run(driven, wanted, run)


class Wanted(NamedTuple):
    """How much is to be made, and where."""

    out: Path | None
    number: int
    shard_size: int | None
    dry_run: bool


def _rec(config: str, changes: list[str], preview: bool, explain: int | None, wanted: Wanted, run: Run) -> None:
    from .datagen.recipe import load_recipe

    recipe = load_recipe(config, changes)
    if preview:
        from .datagen.preview import preview as contact_sheet

        _sheet(contact_sheet(recipe, min(wanted.number, MOST_SHOWN)), wanted.out)
    elif explain is not None:
        from .datagen.explain import explain as explained
        from .datagen.synth import prepare

        _show(explained(prepare(recipe), explain), wanted.out)
    else:
        from .datagen.synth import prepare

        _run(prepare(recipe), wanted, run)


def _det(config: str, changes: list[str], preview: bool, explain: int | None, wanted: Wanted, run: Run) -> None:
    from .datagen.det.recipe import load_det_recipe
    from .datagen.det.synth import prepare_scenes

    recipe = load_det_recipe(config, changes)
    if explain is not None:
        from .datagen.det.explain import explain_scene

        _show(explain_scene(prepare_scenes(recipe), explain), wanted.out)
    elif preview:
        from .datagen.det.preview import preview as contact_sheet

        _sheet(contact_sheet(recipe, min(wanted.number, MOST_SCENES)), wanted.out)
    else:
        _run(prepare_scenes(recipe), wanted, run)


@contextmanager
def _driven(
    config: str, changes: list[str], engine: str, options: Path | None, python: Path | None
) -> Iterator[Driven]:
    """Another program, ready to draw."""
    from .datagen.engines.options import engine_options
    from .datagen.engines.source import drive
    from .datagen.recipe import load_recipe

    recipe = load_recipe(config, changes)
    driven = drive(recipe, engine, python, engine_options(engine, str(options) if options else None))
    try:
        yield driven
    finally:
        driven.close()


def _refuse(options: dict[str, bool], what: str) -> None:
    for option, given in options.items():
        if given:
            raise UserError(f"{option} has no meaning with {what}")


def _changes(seed: int | None, texts: list[Path], held_out: list[Path], like: Path | None, boxes: bool) -> list[str]:
    """Options as changes of the recipe's keys."""
    found: dict[str, Any] = {}
    if seed is not None:
        found["seed"] = seed
    if texts:
        from .prep.corpora import text_input

        found["texts"] = [text_input(p.resolve()).model_dump() for p in texts]
    if held_out:
        found["held_out"] = [{"path": str(p.resolve())} for p in held_out]
    if like is not None:
        from .prep.lengths import label_lengths

        found["lengths"] = label_lengths(like)
    if boxes:
        found["boxes"] = True
    return [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in found.items()]


def _sheet(picture: Image, out: Path | None) -> None:
    from .datasets.images import write_image

    path = _picture(out, "preview")
    write_image(path, picture)
    where(path)


def _picture(out: Path | None, name: str) -> Path:
    path = out or Path(f"{name}.png")
    return path if path.suffix else path.with_suffix(".png")


def _show(explained: Explanation, out: Path | None) -> None:
    shown = yaml.safe_dump(explained.to_json(), allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)
    line(shown.rstrip())
    where(*explained.write(out or Path(f"sample-{explained.index}")))


def _run(source: Any, wanted: Wanted, run: Run) -> None:
    """Make the samples of a prepared source; a Synthesis, scenes, or another program's."""
    _warn(source)
    job = source.job(wanted.number, wanted.shard_size) if wanted.shard_size else source.job(wanted.number)
    if wanted.dry_run:
        counts("would be rendered", {"samples": job.units, "shards": len(job.shards), "fonts": len(source.faces)})
        return
    if wanted.out is None:
        raise UserError("--out names the folder to write")
    from .prep.jobs import Planned

    manifest = run("synth", {"": Planned(job, source, wanted.out, wanted.number)})[""]
    counts("rendered", {"samples": manifest["count"], "fonts": len(source.faces), "bytes": manifest["image_bytes"]})
    again = "drawn again" if job.retries and job.store == "pack" else "left out"
    counts(f"{again}, by reason", manifest["refusals"])
    run.where(wanted.out)


def _warn(source: Any) -> None:
    """Say what a prepared source (lines, scenes, another program's) will do otherwise than people may think."""
    from .datagen.engines.source import Driven
    from .datagen.synth import Synthesis

    if source.leaks is not None and source.leaks.leaked:
        line(f"warning: {source.leaks}; they are refused as held_out")
    if isinstance(source, Driven) and source.unused:
        line(f"warning: the other program does not know these keys of the recipe: {', '.join(source.unused)}")
    if isinstance(source, Synthesis) and source.engine.planner.writer.mix.gap > FAR_LENGTHS:
        gap = source.engine.planner.writer.mix.gap
        line(f"warning: patterns keep their own lengths, so {gap:.0%} of the texts cannot have the wanted ones")


def fonts(
    names: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, families or globs; by default every installed font.")
    ] = None,
    dictionary: Annotated[
        str | None, typer.Option(help="Check against this dictionary, or these characters, by drawing each of them.")
    ] = None,
    specimen: Annotated[
        Path | None, typer.Option(help="Write specimen sheets: NAME.png, NAME-2.png ... of 40 faces each.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="What specimens show; by default what each font has.")] = None,
    all_faces: Annotated[
        bool, typer.Option("--all-faces", help="Every face of a collection, not the usual one.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """List fonts, their scripts and licences; check them against a dictionary; draw specimen sheets."""
    from .config import make
    from .corpora.sources import read_charset
    from .fonts.discover import FontChoice
    from .fonts.report import check, list_fonts

    face: dict[str, Any] = {"face": "all"} if all_faces else {}
    choices = [make(FontChoice, name=name, **face) for name in names] if names else None
    with progress("fonts", None) as done:
        listing = list_fonts(choices, Path.cwd(), done)
    if dictionary is not None:
        characters = read_charset(dictionary, Path.cwd()).characters
        with progress("check", len(listing.refs)) as done:
            checked = check(listing.refs, characters, done)
        if as_json:
            line(json.dumps(checked.to_json(), ensure_ascii=False, indent=1))
        else:
            _show_check(checked)
    elif as_json:
        line(json.dumps(listing.to_json(), ensure_ascii=False, indent=1))
    else:
        _show_fonts(listing)
    if specimen is not None:
        _specimens(listing, specimen, text)


def _show_fonts(listing: Listing) -> None:
    rows = [
        (f"{r.family} {r.style}", r.characters, ", ".join(r.scripts[:5]), _short(r.licence), r.embedding)
        for r in listing.faces
    ]
    table(f"{len(rows)} faces", rows, ("font", "characters", "scripts", "licence", "embedding"))
    table("passed over", ((Path(name).name, why) for name, why in listing.skipped.items()), ("font", "why"))


def _short(licence: str) -> str:
    first = licence.split("\n")[0]
    return first if len(first) <= LICENCE_SHOWN else first[:LICENCE_SHOWN] + "…"


def _show_check(checked: Check) -> None:
    rows = [
        (
            r.name,
            r.covered,
            f"{r.share:.1%}",
            r.missing[:LACKING_SHOWN] + ("…" if len(r.missing) > LACKING_SHOWN else ""),
        )
        for r in checked.faces
    ]
    table(f"{checked.characters:,} characters", rows, ("font", "shows", "share", "lacks"))
    if checked.nowhere:
        line(f"no font shows {len(checked.nowhere)} of them: {checked.nowhere[:200]}")
    else:
        line("every character is shown by some font")


def _specimens(listing: Listing, path: Path, text: str | None) -> None:
    from .datasets.images import write_image
    from .fonts.specimen import specimen

    path = _picture(path, "specimen")
    for number, sheet in enumerate(specimen(listing.refs, text), 1):
        page = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        write_image(page, sheet)
        where(page)


def colours(
    source: Annotated[Path, typer.Argument(help="A pack of real crops, or labels with pictures.")],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="Colours for a recipe: ink.pairs names it.")],
    limit: Annotated[int, typer.Option(help="Pairs at most.", min=1)] = 200,
    workers: Workers = 0,
) -> None:
    """Learn pairs of ink and paper from real crops, for `--set ink.pairs=FILE`."""
    from .datasets.images import write_image
    from .prep.colours import learn_colours
    from .prep.swatches import swatches

    with progress("colours", None) as done:
        found = learn_colours(source, limit, workers=workers, progress=done)
    found.write(out_file)
    sheet = out_file.with_suffix(".png")
    write_image(sheet, swatches(found))
    counts("learnt", {"crops": found.crops, "pairs": len(found.pairs)})
    counts("crops whose ink and paper could not be told apart", found.unclear)
    where(out_file, sheet)


@engines.command("list")
def list_engines() -> None:
    """What can be driven, and what is installed."""
    from .datagen.engines.install import list_engines as rows

    table(
        "engines",
        ((r.name, "yes" if r.installed else "no", r.version, r.python or r.repository) for r in rows()),
        ("engine", "installed", "version", "where"),
    )


@engines.command()
def install(
    name: Annotated[str, typer.Argument(help="text_renderer or trdg.")],
    source: Annotated[
        str | None, typer.Option("--from", help="A clone, an archive or a URL, instead of the public one.")
    ] = None,
    python: Annotated[Path | None, typer.Option(help="The interpreter to build on.")] = None,
) -> None:
    """Make an environment for another renderer: they do not fit into this program's own."""
    from .datagen.engines.install import install as run

    found = run(name, source, lambda step: line(f"{name}: {step}"), python)
    where(found)
