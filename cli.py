"""From real photos and honest synthetic lines to OCR models that deploy as they were trained."""

from __future__ import annotations

import typer

from .exits import Commands

app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def _program() -> None:
    """Options before the command; there are none."""
