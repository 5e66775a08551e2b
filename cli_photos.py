"""The commands that read whole photos: ocr, label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .progress import progress
from .tables import counts, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .train.reader import LineReader
    from .train.reading.photo_reader import PhotoReader

EngineName = Literal["auto", "onnx", "openvino", "paddle", "paddle_onednn"]
Engine = Annotated[EngineName, typer.Option(help="What runs the bundles' models.")]
Det = Annotated[Path | None, typer.Option("--det", help="A detector's bundle: finds the lines on photos.")]
Rec = Annotated[Path | None, typer.Option("--rec", help="A recogniser's bundle: reads the lines.")]
Cls = Annotated[Path | None, typer.Option("--cls", help="A bundle that tells which lines stand upside down.")]
SystemFile = Annotated[
    str | None, typer.Option("--system", help="A file, or preset:NAME, that names all bundles: see `ocrdata system`.")
]
Threshold = Annotated[
    float | None, typer.Option("--det_db_thresh", help="Of the detector's map; by default the bundle's.")
]
BoxThreshold = Annotated[
    float | None, typer.Option("--det_db_box_thresh", help="Least score of a box; by default the bundle's.")
]
Unclip = Annotated[
    float | None, typer.Option("--det_db_unclip_ratio", help="How much boxes grow; by default the bundle's.")
]
Least = Annotated[float, typer.Option("--drop_score", help="Texts read less surely are left to type.", min=0, max=1)]
Dpi = Annotated[int, typer.Option(help="Of what is drawn from PDF files.", min=20, max=1200)]
Every = Annotated[float, typer.Option(help="Seconds between two frames of a video.", min=0.001)]
Inputs = Annotated[
    list[str],
    typer.Argument(
        help="Photos, folders, patterns, PDF files, videos; without --det a bundle, then pictures of lines."
    ),
]
Shape = Annotated[str | None, typer.Option("--rec_image_shape", help="Refused where the bundle says otherwise.")]
Dictionary = Annotated[
    str | None, typer.Option("--dict", help="Refused where it is not the bundle's: a bundle brings its own.")
]
OutDir = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for texts.jsonl and Label.txt; without, texts are printed.")
]
Pictures = Annotated[bool, typer.Option("--pictures", help="Also draw each photo with its texts beside it.")]
Pdf = Annotated[Path | None, typer.Option(help="Also write a PDF file of all pages, with texts to search.")]
LeastOr = Annotated[
    float | None,
    typer.Option("--drop_score", help="Readings less sure are left out; 0.5, or the system's.", min=0, max=1),
]
Polygons = Annotated[bool, typer.Option("--polygons", help="Outlines in place of rectangles: curved lines.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(ocr)
    app.command()(label)


def ocr(
    inputs: Inputs,
    det: Det = None,
    rec: Rec = None,
    cls: Cls = None,
    system: SystemFile = None,
    out_dir: OutDir = None,
    pictures: Pictures = False,
    pdf: Pdf = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    least: LeastOr = None,
    threshold: Threshold = None,
    box_threshold: BoxThreshold = None,
    unclip: Unclip = None,
    polygons: Polygons = False,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
    batch: Annotated[int, typer.Option("--rec_batch_num", help="Lines in a batch, at most.", min=1)] = 32,
    shape: Shape = None,
    dictionary: Dictionary = None,
    dpi: Dpi = 150,
    every: Every = 1.0,
) -> None:
    """Read whole photos with a detector and a recogniser, or line pictures with a recogniser alone.

    ocrdata ocr --det DETECTOR --rec RECOGNISER photos/ scan.pdf -o OUT --pictures

    ocrdata ocr --system preset:ultra_light photos/ (what is given beside it counts in place of the file's)

    ocrdata ocr RECOGNISER lines/*.png
    """
    from .errors import UserError
    from .train.reading.inputs import find_files

    post = _post(threshold, box_threshold, unclip, polygons)
    if system is not None:
        det, rec, cls, post, least = of_system(system, det, rec, cls, post, least)
    if det is None:
        if rec is None:
            rec, inputs = Path(inputs[0]), inputs[1:]
        if out_dir or pictures or pdf or cls or not inputs:
            raise UserError("without --det only line pictures are read, and printed: ocr RECOGNISER PICTURES")
        read_lines(rec, find_files(inputs), as_json, (engine, threads, batch), shape, dictionary)
        return
    if rec is None:
        raise UserError("--rec is missing: a recogniser's bundle (`ocrdata label --det` finds lines without reading)")
    reader = open_reader(det, rec, cls, post, (engine, threads, batch), 0.5 if least is None else least)
    _check_recogniser(reader.recogniser, rec, shape, dictionary)
    _read_all(reader, inputs, (dpi, every), (out_dir, pictures, pdf), as_json)


def of_system(
    system: str,
    det: Path | None,
    rec: Path | None,
    cls: Path | None,
    post: dict[str, object],
    least: float | None,
) -> tuple[Path, Path, Path | None, dict[str, object], float]:
    """What a system's file names; what is given beside it counts in its place."""
    from .errors import UserError
    from .train.reading.system import load_system

    named = load_system(system)
    given = {"det": det, "rec": rec, "cls": cls}
    bundles = {name: part.bundle for name, part in named.parts.items()} | {k: v for k, v in given.items() if v}
    for name, part in named.parts.items():
        if not given[name] and not part.bundle.is_dir():
            raise UserError(f"{part.bundle} is not there; `ocrdata system {system}` tells how it is made")
    return (
        bundles["det"],
        bundles["rec"],
        bundles.get("cls"),
        named.post.model_dump(exclude_none=True) | post,
        named.drop_score if least is None else least,
    )


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


def _check_recogniser(recogniser: LineReader, bundle: Path, shape: str | None, dictionary: str | None) -> None:
    """Refuse what people say about a recogniser where its bundle says otherwise."""
    from .corpora.sources import read_charset
    from .train.reader import check_image_shape
    from .train.vocabulary import require_same

    if shape is not None:
        check_image_shape(shape, recogniser.rule)
    if dictionary is not None:
        require_same(recogniser.charset, read_charset(dictionary, Path.cwd()), str(bundle), dictionary)


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

    from .datasets.images import BadImage
    from .train.reader import Reader

    reader = Reader(bundle, *how)
    _check_recogniser(reader, bundle, shape, dictionary)
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
    det: Det = None,
    rec: Rec = None,
    cls: Cls = None,
    system: SystemFile = None,
    least: Least = 0.0,
    threshold: Threshold = None,
    box_threshold: BoxThreshold = None,
    unclip: Unclip = None,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a Label.txt that is there.")] = False,
) -> None:
    """Label photos with models, for people to correct in PPOCRLabel: writes FOLDER/Label.txt.

    Without --rec the lines are found and not read: their texts are left for people to type, and so are those of lines
    that REC cannot read or reads less surely than --drop_score.
    """
    from .errors import UserError
    from .train.det.bundle import open_detector
    from .train.label import LABELS, label_photos

    post = _post(threshold, box_threshold, unclip, False)
    if system is not None:
        det, rec, cls, post, least = of_system(system, det, rec, cls, post, least)
    if det is None:
        raise UserError("--det is missing: a detector's bundle, or --system, a file that names one")
    reader = (
        open_reader(det, rec, cls, post, (engine, threads, 32), least)
        if rec
        else open_detector(det, engine, threads, post)
    )
    with progress("label", None) as done:
        found = label_photos(folder, reader, overwrite, done)
    counts("labelled", {"photos": found.photos, "texts": found.texts})
    counts("found and left to type, by reason", found.dropped)
    table("look at these first", found.least_sure, ("photo", "text", "confidence"))
    for page in found.bad:
        typer.echo(f"error: {page.name}: {page.reason}: {page.detail}", err=True)
    where(folder / LABELS)
    if found.bad:
        raise typer.Exit(2)
