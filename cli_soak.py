"""The command that shows whether reading takes more and more memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from .progress import progress
from .tables import line, table


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(soak)


def soak(
    bundle: Annotated[Path, typer.Argument(help="A bundle that `export` wrote.")],
    images: Annotated[int, typer.Option(help="Pictures to read.", min=100)] = 10_000,
    engine: Annotated[
        Literal["auto", "onnx", "openvino", "paddle", "paddle_onednn"], typer.Option(help="What runs the model.")
    ] = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 1,
    batch: Annotated[int, typer.Option("--rec_batch_num", help="Lines in a batch, at most.", min=1)] = 32,
) -> None:
    """Read pictures of random widths, and tell whether memory stays flat after the warm-up; ends with 1 where it grows.

    Flat: what comes on top after the first three tenths is at most 1 %, or 4 MB.
    """
    from .errors import Trouble
    from .train.reader import Reader
    from .train.soak import soak as run

    reader = Reader(bundle, engine, threads, batch)
    began = time.perf_counter()
    with progress("soak", images) as done:
        found = run(reader, images, progress=done)
    speed = images / (time.perf_counter() - began)
    table("largest resident size", [(f"tenth {i}", f"{peak / 1e6:.1f} MB") for i, peak in enumerate(found.peaks, 1)])
    said = f"{found.grown / 1e6:+.1f} MB after the warm-up, {speed:,.0f} lines/s"
    if not found.flat:
        raise Trouble(f"memory grows: {said}")
    line(f"flat: {said}")
