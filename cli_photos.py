"""The commands that look at whole photos: ocr, label; and what train, export and eval do for detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .progress import progress
from .tables import counts, line, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .datasets.images import Image
    from .train.cls.config import ClsConfig
    from .train.det.config import DetConfig
    from .train.reading.photo_reader import PhotoReader

DETECTION, DIRECTION = "detection", "direction"  # tasks of runs and bundles
EngineName = Literal["auto", "onnx", "openvino", "paddle", "paddle_onednn"]
Engine = Annotated[EngineName, typer.Option(help="What runs the bundles' models.")]
Det = Annotated[Path | None, typer.Option("--det", help="A detector's bundle: finds the lines on photos.")]
Rec = Annotated[Path | None, typer.Option("--rec", help="A recogniser's bundle: reads the lines.")]
Cls = Annotated[Path | None, typer.Option("--cls", help="A bundle that tells which lines stand upside down.")]
Threshold = Annotated[
    float | None, typer.Option("--det_db_thresh", help="Of the detector's map; by default the bundle's.")
]
BoxThreshold = Annotated[
    float | None, typer.Option("--det_db_box_thresh", help="Least score of a box; by default the bundle's.")
]
Unclip = Annotated[
    float | None, typer.Option("--det_db_unclip_ratio", help="How much boxes grow; by default the bundle's.")
]
Least = Annotated[float, typer.Option("--drop_score", help="Readings less sure than this are left out.", min=0, max=1)]
Dpi = Annotated[int, typer.Option(help="Of what is drawn from PDF files.", min=20, max=1200)]
Every = Annotated[float, typer.Option(help="Seconds between two frames of a video.", min=0.001)]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(ocr)
    app.command()(label)


def ocr(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Photos, folders, patterns, PDF files, videos; without --det a bundle, then line pictures."
        ),
    ],
    det: Det = None,
    rec: Rec = None,
    cls: Cls = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for texts.jsonl and Label.txt; without, texts are printed."),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also draw each photo with its texts beside it.")
    ] = False,
    pdf: Annotated[Path | None, typer.Option(help="Also write a PDF file of all pages, with texts to search.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    least: Least = 0.5,
    threshold: Threshold = None,
    box_threshold: BoxThreshold = None,
    unclip: Unclip = None,
    polygons: Annotated[
        bool, typer.Option("--polygons", help="Outlines in place of rectangles: curved lines.")
    ] = False,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
    batch: Annotated[int, typer.Option("--rec_batch_num", help="Lines in a batch, at most.", min=1)] = 32,
    shape: Annotated[
        str | None, typer.Option("--rec_image_shape", help="Refused where the bundle says otherwise.")
    ] = None,
    dictionary: Annotated[
        str | None, typer.Option("--dict", help="Refused where it is not the bundle's: a bundle brings its own.")
    ] = None,
    dpi: Dpi = 150,
    every: Every = 1.0,
) -> None:
    """Read whole photos with a detector and a recogniser, or line pictures with a recogniser alone.

    ocrdata ocr --det DETECTOR --rec RECOGNISER photos/ scan.pdf -o OUT --pictures

    ocrdata ocr RECOGNISER lines/*.png
    """
    from .errors import UserError

    if det is None:
        if rec is None:
            rec, inputs = Path(inputs[0]), inputs[1:]
        if out_dir or pictures or pdf or cls or not inputs:
            raise UserError("without --det only line pictures are read, and printed: ocr RECOGNISER PICTURES")
        read_lines(rec, [Path(i) for i in inputs], as_json, (engine, threads, batch), shape, dictionary)
        return
    if rec is None:
        raise UserError("--rec is missing: a recogniser's bundle (`ocrdata label --det` finds lines without reading)")
    post = _post(threshold, box_threshold, unclip, polygons)
    reader = open_reader(det, rec, cls, post, (engine, threads, batch), least)
    _check_recogniser(reader, rec, shape, dictionary)
    _read_all(reader, inputs, (dpi, every), (out_dir, pictures, pdf), as_json)


def open_reader(
    det: Path,
    rec: Path,
    cls: Path | None,
    post: dict[str, object],
    how: tuple[EngineName, int, int],
    least: float,
) -> PhotoReader:
    """The bundles as one reader. how: engine, threads, lines in a batch."""
    from .train.det.bundle import open_detector
    from .train.reader import Reader
    from .train.reading.photo_reader import PhotoReader

    engine, threads, batch = how
    turner = None
    if cls is not None:
        from .train.cls.turner import open_turner

        turner = open_turner(cls, engine, threads)
    detector = open_detector(det, engine, threads, post)
    return PhotoReader(detector, Reader(rec, engine, threads, batch), turner, least)


def _check_recogniser(reader: PhotoReader, rec: Path, shape: str | None, dictionary: str | None) -> None:
    from .corpora.sources import read_charset
    from .train.reader import check_image_shape
    from .train.vocabulary import require_same

    if shape is not None:
        check_image_shape(shape, reader.recogniser.rule)
    if dictionary is not None:
        require_same(reader.recogniser.charset, read_charset(dictionary, Path.cwd()), str(rec), dictionary)


def _post(
    threshold: float | None, box_threshold: float | None, unclip: float | None, polygons: bool
) -> dict[str, object]:
    given = {"threshold": threshold, "box_threshold": box_threshold, "unclip": unclip, "polygons": polygons or None}
    return {key: value for key, value in given.items() if value is not None}


def _read_all(
    reader: PhotoReader,
    inputs: Sequence[str],
    how: tuple[int, float],
    sinks: tuple[Path | None, bool, Path | None],
    as_json: bool,
) -> None:
    from collections import Counter

    from .train.reading.formats import json_line
    from .train.reading.inputs import BadPage, find_files, open_pages
    from .train.reading.sinks import page_sink

    files = find_files(inputs)
    dropped: Counter[str] = Counter()
    numbers = Counter({"pages": 0, "texts": 0, "pages that could not be opened": 0})
    with page_sink(*sinks) as (put, paths), progress("ocr", len(files)) as done:
        for page in reader.read(open_pages(_counted(files, done), *how)):
            if isinstance(page, BadPage):
                numbers["pages that could not be opened"] += 1
                typer.echo(f"error: {page.name}: {page.reason}: {page.detail}", err=True)
                continue
            numbers.update({"pages": 1, "texts": len(page.texts)})
            dropped += page.dropped
            put(page)
            if as_json:
                typer.echo(json_line(page))
            elif not paths:
                for text in page.texts:
                    typer.echo(f"{page.name}\t{text.text}\t{text.confidence:.4f}")
    if paths:
        counts("read", numbers)
        counts("found and left out, by reason", dropped)
        where(*paths)
    if numbers["pages that could not be opened"]:
        raise typer.Exit(2)


def _counted(files: Iterable[Path], done: Callable[[int], None]) -> Iterator[Path]:
    for path in files:
        yield path
        done(1)


def read_lines(
    bundle: Path,
    images: list[Path],
    as_json: bool,
    how: tuple[EngineName, int, int],
    shape: str | None,
    dictionary: str | None,
) -> None:
    """Read line pictures and print them. how: engine, threads, lines in a batch."""
    import json

    from .corpora.sources import read_charset
    from .datasets.images import BadImage
    from .train.reader import Reader, check_image_shape
    from .train.vocabulary import require_same

    reader = Reader(bundle, *how)
    if shape is not None:
        check_image_shape(shape, reader.rule)
    if dictionary is not None:
        require_same(reader.bundle.charset, read_charset(dictionary, Path.cwd()), str(bundle), dictionary)
    bad = 0
    for path, result in reader.read_files(images):
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


def label(
    folder: Annotated[Path, typer.Argument(help="A folder of photos.")],
    det: Annotated[Path, typer.Option("--det", help="A detector's bundle.")],
    rec: Rec = None,
    cls: Cls = None,
    least: Least = 0.0,
    threshold: Threshold = None,
    box_threshold: BoxThreshold = None,
    unclip: Unclip = None,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a Label.txt that is there.")] = False,
) -> None:
    """Label photos with models, for people to correct in PPOCRLabel: writes FOLDER/Label.txt.

    Without --rec the lines are found and not read: their texts are left for people to type.
    """
    from .train.det.bundle import open_detector
    from .train.label import LABELS, label_photos

    post = _post(threshold, box_threshold, unclip, False)
    reader = (
        open_reader(det, rec, cls, post, (engine, threads, 32), least)
        if rec
        else open_detector(det, engine, threads, post)
    )
    with progress("label", None) as done:
        found = label_photos(folder, reader, overwrite, done)
    counts("labelled", {"photos": found.photos, "texts": found.texts})
    counts("found and left out, by reason", found.dropped)
    table("look at these first", found.least_sure, ("photo", "text", "confidence"))
    for page in found.bad:
        typer.echo(f"error: {page.name}: {page.reason}: {page.detail}", err=True)
    where(folder / LABELS)
    if found.bad:
        raise typer.Exit(2)


def train_detector(
    settings: DetConfig, data: Path | None, val: Path | None, out: Path, resume: bool, dry_run: bool
) -> None:
    """What `train` does for a detector."""
    from .errors import UserError
    from .train.backend import require_paddle
    from .train.det.photos import open_photos

    source, validation = data or settings.data, val or settings.val
    if source is None:
        raise UserError("no photos to train on: --data names scenes or labels (or the key 'data')")
    photos, held = open_photos(source), open_photos(validation) if validation else None
    texts = {"photos": len(photos), **({"photos to validate on": len(held)} if held else {})}
    counts("to train on", texts | {f"left out, {k}": v for s in photos.sources for k, v in s.refused.items()})
    if dry_run:
        return
    require_paddle()
    from .train.det.fit import DetFit

    fit = DetFit(settings, photos, held, out, resume)
    with progress("train", fit.steps) as done:
        result = fit.run(done, lambda row: line(row.line()))
    table("trained", [("steps", f"{result.steps:,}"), ("seconds", f"{result.seconds:.0f}")])
    table("scores", [(name, f"{value:.4f}") for name, value in result.scores.items()], ("", "best"))
    where(out)


def export_detector_run(run: Path, out: Path, overwrite: bool, photos: Path | None, verify: bool) -> None:
    """What `export` does for a detector. photos: a folder, pattern or file of them, to compare on."""
    from .train.det.export import export_detector, verify_detector

    bundle = export_detector(run, out, overwrite)
    found = verify_detector(run, out, _photos(photos) if photos else ()) if verify else []
    rows = [(a.engine, a.photos, f"{a.difference:.1e}", a.changed) for a in found]
    table("against the training graph", rows, ("engine", "photos", "most apart", "other texts found"))
    counts("bytes", {name: there.size for name, there in bundle.files.items()})
    where(out)


def train_direction(
    settings: ClsConfig, data: Path | None, val: Path | None, out: Path, resume: bool, dry_run: bool
) -> None:
    """What `train` does for a direction classifier."""
    from .errors import UserError
    from .train.backend import require_paddle
    from .train.sources import open_data, open_source

    source, validation = data or settings.data, val or settings.val
    if source is None:
        raise UserError("no lines to train on: --data names a pack of upright lines (or the key 'data')")
    lines, held = open_data(source), open_source(validation) if validation else None
    counts("to train on", {"lines": len(lines), **({"lines to validate on": len(held)} if held else {})})
    if dry_run:
        return
    require_paddle()
    from .train.cls.fit import ClsFit

    fit = ClsFit(settings, lines, held, out, resume)
    with progress("train", fit.steps) as done:
        result = fit.run(done, lambda row: line(row.line()))
    table("trained", [("steps", f"{result.steps:,}"), ("seconds", f"{result.seconds:.0f}")])
    table("scores", [(name, f"{value:.4f}") for name, value in result.scores.items()], ("", "best"))
    where(out)


def export_direction_run(run: Path, out: Path, overwrite: bool, verify: bool) -> None:
    """What `export` does for a direction classifier."""
    from .train.cls.export import export_direction, verify_direction

    bundle = export_direction(run, out, overwrite)
    found = verify_direction(run, out) if verify else []
    rows = [(a.engine, a.lines, f"{a.difference:.1e}") for a in found]
    table("against the training graph", rows, ("engine", "lines", "most apart"))
    counts("bytes", {name: there.size for name, there in bundle.files.items()})
    where(out)


def _photos(path: Path, most: int = 50) -> list[Image]:
    from itertools import islice

    from .train.reading.inputs import Page, find_files, open_pages

    pages = islice(open_pages(find_files([str(path)])), most)
    return [page.image for page in pages if isinstance(page, Page)]


def evaluate_detector_on(model: Path, data: Sequence[Path], out_file: Path | None, engine: EngineName) -> None:
    """What `eval` does for a detector."""
    from .errors import UserError
    from .files import write_json
    from .train.bundle import SPEC
    from .train.det.bundle import open_detector
    from .train.det.evaluate import evaluate_detector
    from .train.det.evaluation_page import write_det_evaluation
    from .train.det.photos import open_photos

    if (model / SPEC).is_file():
        detector = open_detector(model, engine)
    else:
        from .train.backend import require_paddle

        require_paddle()
        from .train.det.export import run_detector

        detector = run_detector(model)
    sets = {str(path): open_photos(path) for path in data}
    with progress("eval", sum(len(photos) for photos in sets.values())) as done:
        found = evaluate_detector(detector, sets, done)
    reports = {name: one.report() for name, one in found.items()}
    rows = [
        (n, r["photos"], r["texts"], *(f"{r[k]:.4f}" for k in ("precision", "recall", "hmean")), r["deteval"]["hmean"])
        for n, r in reports.items()
    ]
    table(str(model), rows, ("set", "photos", "texts", "precision", "recall", "hmean", "DetEval"))
    for name, r in reports.items():
        counts(f"{name}: left out, by reason", r["refused"])
    if out_file is None:
        return
    if out_file.suffix.lower() in (".html", ".htm"):
        write_det_evaluation(found, out_file, f"Texts found by {model}")
        where(out_file, out_file.with_suffix(".json"))
    elif out_file.suffix.lower() == ".json":
        write_json(out_file, reports)
        where(out_file)
    else:
        raise UserError(f"{out_file}: a report is named .html or .json")


def evaluate_reading(
    det: Path,
    rec: Path,
    cls: Path | None,
    data: Sequence[Path],
    how: tuple[str, EngineName],
    out_file: Path | None,
) -> None:
    """What `eval` does for a detector and a recogniser together. how: policy and engine."""
    from .datasets.dataset import find_labels, open_labels
    from .errors import UserError
    from .files import write_json
    from .train.metrics import find_policy
    from .train.reading.endtoend import end_to_end

    policy, engine = how
    if out_file is not None and out_file.suffix.lower() != ".json":
        raise UserError(f"{out_file}: what was read is reported as .json")
    form = find_policy(policy).form
    reader = open_reader(det, rec, cls, {}, (engine, 0, 32), 0.0)
    rows, reports = [], {}
    with progress("eval", None) as done:
        for path in data:
            photos = open_labels(*find_labels(path))
            found = end_to_end(reader, photos, lambda a, b: form(a) == form(b), done)
            reports[str(path)] = found.report()
            for name, score in (("found", found.found), ("found and read", found.read)):
                figures = (f"{v:.4f}" for v in (score.precision, score.recall, score.hmean))
                rows.append((str(path), name, found.photos, score.true, *figures))
            table("read wrongly", [(m.label, m.read, m.photo) for m in found.misread[:10]], ("label", "read", "where"))
            counts(f"{path}: left out, by reason", found.refused)
    table(f"{det} and {rec}, compared {policy}", rows, ("set", "", "photos", "texts", "precision", "recall", "hmean"))
    if out_file is not None:
        write_json(out_file, reports)
        where(out_file)
