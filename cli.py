"""From real photos and honest synthetic lines to OCR models that deploy as they were trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import cli_datasets, cli_jobs, cli_models, cli_photos, cli_select, cli_serve, cli_soak, cli_synth, cli_system
from .cli_run import Run, Workers, long_command
from .exits import Commands
from .progress import progress
from .tables import counts, line, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .prep.crop import CropTotals
    from .prep.stats import Stats

app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Dictionary = Annotated[Path | None, typer.Option(help="Dictionary: one character a line.")]


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A dataset of the catalogue, or a YAML file that describes one.")],
    out_dir: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; by default data/NAME.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="A mirror: base URL, or a folder.")] = None,
    split: Annotated[list[str], typer.Option(help="Only this split; may be given several times.")] = [],  # noqa: B006
    trust: Annotated[bool, typer.Option("--trust", help="Take files whose hash differs from the known one.")] = False,
) -> None:
    """Download a dataset, check it, unpack it. A second run continues, a third does nothing.

    Where the site wants a login, the message names the files to place by hand.
    """
    from .datasets.dataset import labels_in_archive
    from .datasets.fetch import fetch as run

    folder = out_dir or Path("data") / Path(name).stem
    with progress(f"fetch {name}", None, unit="bytes") as done:
        dataset = run(name, folder, source, trust, done, splits=split)
    for missing in dataset["absent"]:
        line(f"not there, and not needed: {missing}")
    large = [name for name in dataset["splits"] if labels_in_archive(folder, name)]
    table(
        f"{dataset['name']}: licence {dataset['licence']}; what its ground truth holds",
        [_ground_truth(folder, name) for name in dataset["splits"] if name not in large],
        ("split", "photos", "of them here", "boxes", "ignored", "legible"),
    )
    if large:
        line(f"{dataset['name']}: licence {dataset['licence']}; counted when it is read: {', '.join(large)}")
    where(folder)


def _at_hand(source: Path, split: str | None) -> Path:
    """`source`, or the folder into which a dataset of the catalogue is fetched first."""
    from .datasets.catalogue.entry import names

    if source.exists() or str(source) not in names():
        return source
    fetch(str(source), split=[split] if split else [])
    return Path("data") / source


def _ground_truth(folder: Path, split: str) -> tuple[str, int, int, int, int, int]:
    from .datasets.dataset import count_split

    counted, here = count_split(folder, split)
    ignored = counted.ignored.total()
    return split, counted.photos, here, counted.regions, ignored, counted.legible


@app.command()
@long_command
def crop(
    source: Annotated[
        Path, typer.Argument(help="A fetched dataset, or one's name; a label file; a folder with labels.")
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The pack to write.")],
    split: Annotated[str | None, typer.Option(help="Which split of a fetched dataset.")] = None,
    format: Annotated[str | None, typer.Option(help="Label format, where it cannot be guessed.")] = None,
    images: Annotated[list[Path], typer.Option(help="Folder or archive that picture paths start from.")] = [],  # noqa: B006
    vertical: Annotated[Literal["rotate90", "keep", "skip"], typer.Option(help="Lines of height ≥ 1.5 width.")] = (
        "rotate90"
    ),
    padding: Annotated[float, typer.Option(help="Room around a region, as a share of its thickness.")] = 0.0,
    interpolation: Annotated[Literal["linear", "cubic"], typer.Option(help="Cubic is a little sharper.")] = "linear",
    quality: Annotated[int, typer.Option(help="JPEG quality.")] = 95,
    min_side: Annotated[float, typer.Option(help="Smaller regions are refused, pixels.")] = 3.0,
    max_length: Annotated[int | None, typer.Option(help="Longer labels are refused, characters.")] = None,
    val: Annotated[float, typer.Option(help="Share of the photos to keep for validation: OUT/train, OUT/val.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    *,
    run: Run,
) -> None:
    """Cut text lines out of photos, rectified, straight into a pack.

    Four points by perspective, more along the curve; vertical lines turned counter-clockwise unless told otherwise.
    Whatever is not cut is counted with its reason.
    """
    from .config import make
    from .datasets.dataset import find_labels, open_labels
    from .prep.crop import CropConfig, crop_totals, plan_crop

    config = make(
        CropConfig,
        vertical=vertical,
        padding=padding,
        interpolation=interpolation,
        quality=quality,
        min_side=min_side,
        max_length=max_length,
    )
    photos = open_labels(*find_labels(_at_hand(source, split), split, format, tuple(images)))
    parts = plan_crop(photos, out_dir, config, val, seed)
    _show_totals(crop_totals(run("crop", parts).values()))
    run.where(*(p.out for p in parts.values()))


def _show_totals(totals: CropTotals) -> None:
    counts(
        "ground truth",
        {
            "photos": totals.photos,
            "boxes": totals.boxes,
            "ignored": sum(totals.ignored.values()),
            "legible": totals.boxes - sum(totals.ignored.values()),
            "cropped": totals.cropped,
            **totals.notes,
        },
    )
    counts("ignored, by reason", totals.ignored)
    counts("refused, by reason", totals.refused)
    counts("photos that could not be used", totals.unreadable_photos)


@app.command()
@long_command
def pack(
    source: Annotated[
        Path, typer.Argument(help="Label file or folder, LMDBs, a pack, tar or Parquet files, what `convert` wrote.")
    ],
    out_dir: Annotated[Path | None, typer.Option("--out", "-o", help="The pack to write.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every key back; alone: of SOURCE.")] = False,
    diagnose: Annotated[
        bool, typer.Option("--diagnose", help="Explain what is odd about the LMDBs in SOURCE.")
    ] = False,
    images: Annotated[list[Path], typer.Option(help="Folder or archive that picture paths start from.")] = [],  # noqa: B006
    split: Annotated[str | None, typer.Option(help="Which split of a fetched dataset.")] = None,
    format: Annotated[str | None, typer.Option(help="Label format, where it cannot be guessed.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Longer labels are refused, characters.")] = None,
    encoding: Annotated[str, typer.Option(help="Of the labels of a foreign LMDB.")] = "utf-8",
    shard_size: Annotated[int, typer.Option(help="Samples looked at for one shard.")] = 10_000,
    *,
    run: Run,
) -> None:
    """Put pictures and labels into LMDB shards that every OCR trainer reads; or prove or explain a pack.

    A picture is stored as it is, once it has been decoded without trouble.
    """
    from .config import make
    from .errors import UserError
    from .prep.pack import PackConfig, plan_pack

    if out_dir is None and not (verify or diagnose):
        raise UserError("--out names the pack to write; or use --verify or --diagnose on what is there")
    if diagnose:
        _diagnose(source)
    if out_dir is not None:
        config = make(PackConfig, max_length=max_length, encoding=encoding, shard_size=shard_size)
        plan = plan_pack(_at_hand(source, split), out_dir, config, tuple(images), split, format)
        manifest = run("pack", {"": plan})[""]
        counts("packed", {"samples": manifest["count"], "bytes": manifest["image_bytes"]})
        counts("refused, by reason", manifest["refusals"])
    if verify:
        _verify(out_dir or source, run.how.workers)
    if out_dir is not None:
        run.where(out_dir)


def _verify(path: Path, workers: int) -> None:
    from .errors import UserError
    from .prep.verify import recorded_samples, verify

    with progress("verify", recorded_samples(path)) as done:
        report = verify(path, workers, done)
    for problem in report.problems[:50]:
        line(str(problem))
    if not report.ok:
        raise UserError(f"{path}: {len(report.problems)} problems in {report.samples} samples")
    against = "as recorded" if report.recorded else "there is no record to compare with"
    line(f"{report.samples:,} samples in {report.shards} shards: all decode; {against}")


def _diagnose(path: Path) -> None:
    from .prep.diagnose import diagnose

    with progress("diagnose", None) as done:
        findings = diagnose(path, done)
    for finding in findings:
        line(str(finding))
    if not findings:
        line(f"{path}: nothing odd: keys from 1, a right count, every picture decodes, every label is UTF-8 text")


@app.command()
def corpus(
    inputs: Annotated[list[Path], typer.Argument(help="Packs, fetched datasets, label files, text files.")],
    out_file: Annotated[Path, typer.Option("--out", "-o", help="Texts, one a line.")],
    nfc: Annotated[bool, typer.Option(help="Compose characters (Unicode NFC).")] = False,
    trim: Annotated[bool, typer.Option(help="Take white space off the ends.")] = False,
    unique: Annotated[bool, typer.Option(help="Keep each text once.")] = False,
    min_length: Annotated[int, typer.Option(help="Characters.")] = 1,
    max_length: Annotated[int | None, typer.Option(help="Characters.")] = None,
    dictionary: Dictionary = None,
    outside: Annotated[
        Literal["report", "drop"], typer.Option(help="Texts with characters outside the dictionary.")
    ] = "report",
    rare: Annotated[int, typer.Option(help="Report characters that appear fewer times.")] = 200,
    dictionary_out: Annotated[Path | None, typer.Option(help="Write a dictionary of the texts' characters.")] = None,
    min_count: Annotated[int, typer.Option(help="Of a character in the written dictionary.")] = 1,
    order: Annotated[Literal["codepoint", "count"], typer.Option(help="Of the written dictionary.")] = "codepoint",
) -> None:
    """Collect texts, clean them, make a dictionary of them or compare them with one."""
    from .config import make
    from .corpora.charset import Charset
    from .corpora.corpus import CorpusConfig, write_corpus
    from .corpora.coverage import charset_of, coverage
    from .corpora.texts import read_texts
    from .prep.texts import read_inputs

    config = make(
        CorpusConfig, nfc=nfc, trim=trim, unique=unique, min_length=min_length, max_length=max_length, outside=outside
    )
    charset = Charset.read(dictionary) if dictionary else None
    with progress("corpus", None) as done:
        report = write_corpus(read_inputs(inputs), out_file, config, charset, done)
    counts("texts", {"read": report.read, **report.steps, "written": report.written})
    if charset is not None:
        found = coverage(read_texts(out_file, "text"), charset, rare)
        counts(
            f"{dictionary}: {len(charset):,} characters",
            {
                "never in the texts": len(found.missing),
                f"fewer than {rare} times": len(found.seldom),
                "in the texts but not in the dictionary": len(found.outside),
                "texts with such characters": found.texts_outside,
            },
        )
        table("most frequent outside", list(found.outside.items())[:20], ("character", "times"))
    where(out_file)
    if dictionary_out:
        charset_of(report.characters, min_count, order).write(dictionary_out)
        where(dictionary_out)


@app.command()
def stats(
    pack_dir: Annotated[
        Path, typer.Argument(metavar="PACK", help="A pack, or any folder of LMDBs; of scenes, what was refused.")
    ],
    out_dir: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the report; by default PACK.")] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Another pack: say what differs, and what to change in the recipe.")
    ] = None,
    dictionary: Dictionary = None,
    height: Annotated[int, typer.Option(help="Of the model's input, pixels.")] = 32,
    width: Annotated[int, typer.Option(help="Of the model's input, pixels.")] = 320,
    sample: Annotated[int | None, typer.Option(help="Decode about so many pictures instead of all.")] = None,
    workers: Workers = 0,
) -> None:
    """Measure a pack: JSON for programs, one HTML page for people. With --compare, two of them side by side."""
    from .corpora.charset import Charset
    from .prep.refused import made_scenes, write_refused
    from .prep.report import write_report
    from .prep.stats import stats as measure
    from .prep.store import Pack

    if (scenes := made_scenes(pack_dir)) is not None:
        page = (out_dir or pack_dir) / "report.html"
        write_refused(scenes, page)
        where(page)
        return
    charset = Charset.read(dictionary) if dictionary else None

    def measured(pack: Path) -> Stats:
        with progress(f"stats {pack.name}", len(Pack(pack))) as done:
            return measure(pack, charset, height, width, sample, workers, done)

    found = measured(pack_dir)
    if compare is not None:
        _compare(found, measured(compare), (out_dir or pack_dir) / "comparison.html")
        return
    page = (out_dir or pack_dir) / "report.html"
    write_report(found, page)
    figures = found.to_json()
    line(figures["summary"])
    for finding in figures["findings"]:
        line(f"{finding['level']}: {finding['text']}")
    where(page, page.with_suffix(".json"))


def _compare(a: Stats, b: Stats, page: Path) -> None:
    from .prep.compare import compare, summary
    from .prep.versus import write_comparison

    found = compare(a, b)
    write_comparison(found, page)
    line(summary(found))
    where(page, page.with_suffix(".json"))


cli_synth.register(app)
cli_models.register(app)
cli_serve.register(app)
cli_soak.register(app)
cli_photos.register(app)
cli_system.register(app)
cli_datasets.register(app)
cli_jobs.register(app)
cli_select.register(app)
