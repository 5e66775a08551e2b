"""The commands that choose and exchange data: convert, split, leaks, select, audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .cli_models import Engine, Set
from .cli_run import Run, Workers, long_command
from .progress import progress
from .tables import counts, line, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    import numpy as np
    from numpy.typing import NDArray

    from .prep.choice import Model

ShardSize = Annotated[int, typer.Option(help="Samples looked at for one shard.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(convert)
    app.command()(split)
    app.command()(leaks)
    app.command()(select)
    app.command()(audit)


@long_command
def convert(
    source: Annotated[
        Path, typer.Argument(help="A pack, LMDBs, label lines, tar or Parquet files; or photos with text regions.")
    ],
    to: Annotated[
        Literal["paddleocr", "mmocr", "webdataset", "parquet"],
        typer.Option(help="Photos with regions go to paddleocr and mmocr."),
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    images: Annotated[list[Path], typer.Option(help="Folder that picture paths start from.")] = [],  # noqa: B006
    shard_size: ShardSize = 10_000,
    *,
    run: Run,
) -> None:
    """Write a pack in the format of another tool. `ocrdata pack DIR -o PACK` reads each of them back.

    paddleocr: folders of pictures and rec_gt.txt (photos: Label.txt). mmocr: annotations.json of MMOCR 1.x.
    webdataset: shard-N.tar with KEY.jpg, KEY.txt, KEY.json. parquet: shard-N.parquet with image, label, origin,
    polygons. Pictures keep their bytes, labels every character, samples their order and origin.
    """
    from .config import make
    from .prep.admit import PackConfig
    from .prep.exports.convert import plan_convert

    plan = plan_convert(source, to, out_dir, make(PackConfig, shard_size=shard_size), tuple(images))
    manifest = run("convert", {"": plan})[""]
    counts("written", {"samples": manifest["count"], "bytes": manifest["image_bytes"]})
    counts("refused, by reason", manifest["refusals"])
    run.where(out_dir)


@long_command
def split(
    source: Annotated[Path, typer.Argument(help="A pack, or anything that `convert` takes.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder for train, val and test.")],
    val: Annotated[float, typer.Option(help="Share of the groups for validation.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of the groups for the last test.")] = 0.0,
    by: Annotated[
        Literal["photo", "folder", "label"],
        typer.Option(help="What stays together: the lines of a photo, of a folder of photos, or of one label."),
    ] = "photo",
    group_by: Annotated[
        str, typer.Option(help="Instead, a regular expression for a sample's origin: what it finds names the group.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Another one draws another split.")] = 0,
    *,
    run: Run,
) -> None:
    """Split a set by photo into OUT/train, OUT/val, OUT/test, never two lines of a photo on two sides.

    A group's side follows from the seed and its name alone: it stays when data is added, and when shares grow.
    """
    from .config import make
    from .prep.split import SplitConfig, plan_split

    parts = plan_split(source, out_dir, make(SplitConfig, val=val, test=test, by=by, group_by=group_by, seed=seed))
    manifests = run("split", {str(name): part for name, part in parts.items()})
    table(
        f"split by {group_by or by}",
        [(name, m["count"], sum(m["refusals"].values())) for name, m in manifests.items()],
        ("part", "samples", "refused"),
    )
    for name, manifest in manifests.items():
        if not manifest["count"]:
            line(f"{name} is empty: there are too few groups for its share")
    run.where(*(part.out for part in parts.values()))


def leaks(
    train: Annotated[Path, typer.Argument(help="The training set: a pack, or anything that `convert` takes.")],
    others: Annotated[list[Path], typer.Argument(help="Validation sets and benchmarks.")],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("leaks.html"),
    corpus: Annotated[list[Path], typer.Option(help="Texts for synthesis: are the sets' texts in them?")] = [],  # noqa: B006
    drop: Annotated[Path | None, typer.Option(help="Write the training set here without what leaks.")] = None,
    workers: Workers = 0,
) -> None:
    """Find training pictures that stand in other sets too, equal or nearly so, and their texts.

    Nearly: the same but for compression, scale, light or a narrow margin. The page shows the pairs.
    """
    from tempfile import TemporaryDirectory

    from .corpora.leaks import leaks as text_leaks
    from .prep.leaks import find_leaks, open_pictures, plan_without, prints_of
    from .prep.leaks_page import found_sentence, write_leaks
    from .prep.texts import read_inputs

    with TemporaryDirectory() as folder:
        opened = [open_pictures(path, Path(folder) / str(n)) for n, path in enumerate([train, *others])]
        with progress("leaks", sum(one.count for one in opened)) as done:
            prints = prints_of(opened[0], workers, done)
            found = [find_leaks(opened[0], prints, other, workers, done) for other in opened[1:]]
        texts = {
            f"{other.path} in {path}": text_leaks(read_inputs([path]), other.texts())
            for path in corpus
            for other in opened[1:]
        }
        write_leaks(train, found, texts, out_file)
    for one in found:
        line(found_sentence(one))
    for name, leak in texts.items():
        line(f"{name}: {leak}")
    if drop is not None:
        plan = plan_without(train, found, drop)
        with progress("drop", plan.items) as done:
            manifest = plan.run(workers, done)
        counts("kept", {"samples": manifest["count"], **manifest["refusals"]})
        where(drop)
    where(out_file, out_file.with_suffix(".json"))


@long_command
def select(
    source: Annotated[Path, typer.Argument(metavar="PACK", help="A pack.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The pack to write.")],
    rules: Annotated[
        Path | None, typer.Option(help="A YAML file; by default configs/select/lines.yml, which explains every rule.")
    ] = None,
    weak: Annotated[Path | None, typer.Option(help="A bundle: what it trusts above `trivial` goes.")] = None,
    strong: Annotated[Path | None, typer.Option(help="A bundle: what it trusts below `impossible` goes.")] = None,
    overrides: Set = [],  # noqa: B006
    *,
    run: Run,
) -> None:
    """Filter and weigh a pack by rules, quotas for each character, and what models think of the labels.

    OUT/select.html tells how much went for which reason, with examples.
    """
    from .prep.rules import read_rules
    from .prep.select import plan_select
    from .prep.select_page import write_selection
    from .prep.store import Pack

    config = read_rules(rules, overrides)
    named: dict[Model, Path | None] = {"weak": weak, "strong": strong}
    bundles = {name: bundle for name, bundle in named.items() if bundle is not None}
    trust = {name: _trust(name, bundle, source, out_dir) for name, bundle in bundles.items()}
    models = {str(name): str(bundle) for name, bundle in bundles.items()}
    with progress("decide", len(Pack(source))) as done:
        plan, choice = plan_select(source, out_dir, config, trust, models, run.how.workers, done)
    manifest = run("select", {"": plan})[""]
    page = out_dir / "select.html"
    figures = write_selection(manifest, choice, trust, config, out_dir, page)
    counts("selected", {"samples": figures["samples"], "kept": figures["kept"], "written": figures["written"]})
    counts("left out, by reason", figures["reasons"])
    counts("not judged, and kept", {f"by the {m} model": n for m, n in figures["not_judged_by"].items() if n})
    run.where(out_dir)
    where(page, page.with_suffix(".json"))


def _trust(name: str, model: Path, source: Path, out_dir: Path) -> NDArray[np.float32]:
    """How much a model trusts each label; what a stopped run has found out is kept beside the shards in the making."""
    from .prep.jobs import digest_of
    from .prep.store import TEMPORARY, Pack
    from .train.bundle import SPEC
    from .train.confidence import trust_of
    from .train.evaluate import open_reader

    reader = open_reader(model)
    pack = Pack(source)
    spec = (model / SPEC).read_text(encoding="utf-8") if (model / SPEC).is_file() else str(model.absolute())
    sizes = [(str(folder), (folder / "data.mdb").stat().st_size) for folder in pack.folders]
    folder = out_dir / TEMPORARY / f"trust-{digest_of([spec, sizes])[:16]}"
    with progress(f"{name} model", len(pack)) as done:
        return trust_of(reader, pack, folder, done)


def audit(
    data: Annotated[Path, typer.Argument(help="A pack, LMDBs, or a label file PICTURE<TAB>TEXT.")],
    model: Annotated[Path, typer.Option(help="A bundle, or the folder of a run; not trained on these lines.")],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("audit.html"),
    most: Annotated[int, typer.Option(help="How many suspect labels to keep.", min=1)] = 200,
    engine: Engine = "auto",
) -> None:
    """Rank labels that are probably wrong: a model finds them far less probable than what it surely reads.

    Lines that it does not read as labelled are read once more turned around; upside-down pictures are told apart.
    """
    from .train.audit import audit as run
    from .train.audit_page import write_audit
    from .train.evaluate import open_lines, open_reader

    reader = open_reader(model, engine)
    with progress("audit", None) as done:
        found = run(reader, open_lines(data), most, done)
    write_audit(found, out_file, str(data), str(model))
    counts(
        str(data),
        {"lines": found.lines, "read as labelled": found.agreed, "upside down": found.turned, **found.unjudged},
    )
    table(
        "most suspect",
        [(s.number, s.label, s.text, f"{s.score:.1f}", s.origin) for s in found.suspects[:10]],
        ("line", "label", "read", "score", "where"),
    )
    where(out_file, out_file.with_suffix(".json"))
