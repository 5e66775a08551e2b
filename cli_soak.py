"""The command that shows whether reading takes more and more memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_photos import Engine, EngineName
from .progress import progress
from .tables import line, table

if TYPE_CHECKING:
    from .train.soak import Soak


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(soak)


def soak(
    bundle: Annotated[Path, typer.Argument(help="A recogniser's bundle, which `export` wrote.")],
    det: Annotated[
        Path | None, typer.Option("--det", help="A detector's bundle: whole photos are read, not lines.")
    ] = None,
    cls: Annotated[Path | None, typer.Option("--cls", help="With --det: what tells lines upside down.")] = None,
    images: Annotated[
        int | None, typer.Option(help="To read: by default 10,000 lines, or 2,000 photos.", min=100)
    ] = None,
    engine: Engine = "auto",
    threads: Annotated[int, typer.Option(help="0 is one per core.", min=0)] = 1,
    batch: Annotated[int, typer.Option("--rec_batch_num", help="Lines in a batch, at most.", min=1)] = 32,
) -> None:
    """Read lines of random widths, or photos of random sizes, and tell whether memory stays flat; ends with 1 if not.

    Flat: what comes on top after the first three tenths is at most 1 %, or 4 MB.
    """
    from .errors import Trouble, UserError
    from .train.reader import Reader
    from .train.soak import soak as run

    if cls and not det:
        raise UserError("--cls goes with --det: lines are read as they stand")
    whole, what = images or (2000 if det else 10_000), "photos" if det else "lines"
    began = time.perf_counter()
    with progress("soak", whole) as done:
        if det:
            found, texts = _photos(det, bundle, cls, (engine, threads, batch), whole, done)
        else:
            found, texts = run(Reader(bundle, engine, threads, batch), whole, progress=done), 0
    speed = whole / (time.perf_counter() - began)
    table("largest resident size", [(f"tenth {i}", f"{peak / 1e6:.1f} MB") for i, peak in enumerate(found.peaks, 1)])
    said = f"{found.grown / 1e6:+.1f} MB after the warm-up, {speed:,.{1 if det else 0}f} {what}/s"
    said += f", {texts:,} texts read" if det else ""
    if not found.flat:
        raise Trouble(f"memory grows: {said}")
    line(f"flat: {said}")


def _photos(
    det: Path, rec: Path, cls: Path | None, how: tuple[EngineName, int, int], whole: int, done: Callable[[int], None]
) -> tuple[Soak, int]:
    from .cli_photos import open_reader
    from .train.soak import soak_photos

    return soak_photos(open_reader(det, rec, cls, {}, how, 0.0), whole, progress=done)
