"""The command line: parse, build one config, call one function, print. No logic."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=True, help=__doc__)
