"""The command that reads over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_photos import Cls, Det, Engine, LeastOr, Rec, SystemFile, of_system, open_reader
from .tables import line

if TYPE_CHECKING:
    from .train.serving.service import Service


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


def serve(
    lines: Annotated[
        Path | None, typer.Argument(help="A recogniser's bundle: line pictures are read, not photos.")
    ] = None,
    det: Det = None,
    rec: Rec = None,
    cls: Cls = None,
    system: SystemFile = None,
    host: Annotated[str, typer.Option(help="0.0.0.0 for all networks; by default this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes one that is free.", min=0, max=65535)] = 8000,
    largest: Annotated[int, typer.Option("--max-mb", help="Of what is sent.", min=1)] = 32,
    least: LeastOr = None,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 0,
    batch: Annotated[int, typer.Option("--rec_batch_num", help="Lines in a batch, at most.", min=1)] = 32,
) -> None:
    """Read pictures that are sent over HTTP: a page for people at /, `curl -F file=@photo.jpg URL/ocr` for programs.

    ocrdata serve --det DETECTOR --rec RECOGNISER, or --system FILE

    Answers are what `ocr --json` prints. /predict/ocr_system takes what clients of PaddleOCR's servers send; /docs
    describes all addresses. Put a web server before it where strangers can reach it.
    """
    from .errors import UserError
    from .train.reader import Reader
    from .train.serving.server import run
    from .train.serving.service import LineService, PhotoService

    how = engine, threads, batch
    post: dict[str, object] = {}
    if system is not None:
        det, rec, cls, post, least = of_system(system, det, rec, cls, post, least)
    service: Service
    if lines and not (det or rec or cls):
        service = LineService(Reader(lines, *how))
    elif det and rec and not lines:
        service = PhotoService(open_reader(det, rec, cls, post, how, 0.5 if least is None else least))
    else:
        raise UserError("`serve RECOGNISER` for line pictures; --det with --rec (and --cls), or --system, for photos")
    run(service, host, port, largest << 20, line)
