"""The command that shows what a system of models is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .config import PRESET, presets
from .tables import line, table

if TYPE_CHECKING:
    from .train.reading.system import Size, System

NAME_HELP = f"A YAML file, or {PRESET}NAME ({', '.join(presets(('system',)))})."


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(system)


def system(
    name: Annotated[str, typer.Argument(help=NAME_HELP)],
    untrained: Annotated[
        bool, typer.Option("--untrained", help="Export and measure the networks as they are before training.")
    ] = False,
    dictionary: Annotated[
        Path | None, typer.Option("--dict", help="With --untrained: the recogniser's characters, one a line.")
    ] = None,
) -> None:
    """Show the models that read photos together: how each is trained, whether its bundle is there, how large it is.

    From nothing: `ocrdata system preset:ultra_light` prints the commands that train and export each model;
    `ocrdata ocr --system preset:ultra_light PHOTOS` then reads with them.
    """
    from .errors import UserError
    from .train.reading.system import how_to_make, load_system, sizes

    if dictionary is not None and not untrained:
        raise UserError("--dict goes with --untrained: a bundle brings its own characters")
    named = load_system(name)
    found = _untrained(named, dictionary) if untrained else sizes(named)
    _show(name + ", untrained" if untrained else name, named, found)
    if untrained:
        return
    missing = [part for part in named.parts if part not in found]
    for part in missing:
        line(f"{named.parts[part].bundle} is not there. To make it:")
        for command in how_to_make(part, named.parts[part]):
            line(f"  {command}")
    if not missing:
        line(f"to read with them: ocrdata ocr --system {name} PHOTOS")


def _untrained(named: System, dictionary: Path | None) -> dict[str, Size]:
    import tempfile

    from .train.backend import require_paddle

    require_paddle("exporting")
    from .train.reading.system import size_of
    from .train.untrained import untrained

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, part in named.parts.items():
            changes = (f"dictionary={dictionary}", "charset=null") if name == "rec" and dictionary else ()
            untrained(part.recipe, Path(folder) / name, changes)
            found[name] = size_of(Path(folder) / name)
    return found


def _show(title: str, named: System, found: dict[str, Size]) -> None:
    from .train.reading.system import Size, summed

    rows = []
    for name, part in named.parts.items():
        size = found.get(name, Size(None, None))
        rows.append((name, part.recipe, str(part.bundle), _megabytes(size.paddle), _megabytes(size.onnx)))
    if len(found) == len(named.parts):
        whole = summed(list(found.values()))
        rows.append(("together", "", "", _megabytes(whole.paddle), _megabytes(whole.onnx)))
    table(title, rows, ("", "recipe", "bundle", "Paddle's format", "ONNX"))


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.2f} MB"
