"""How results are printed: tables of counts, and where things lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console()


def table(title: str, rows: Iterable[tuple[Any, ...]], header: tuple[str, ...] = ("", "")) -> None:
    """Print a table; numbers are grouped and aligned to the right."""
    rows = list(rows)
    if not rows:
        return
    shown = Table(title=title, title_justify="left", show_header=any(header))
    for number, name in enumerate(header):
        right = all(isinstance(row[number], int | float) or row[number] == "" for row in rows)
        shown.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(escape(f"{c:,}" if isinstance(c, int) else str(c)) for c in row))
    out.print(shown)


def counts(title: str, values: Mapping[str, int]) -> None:
    """Print named counts."""
    table(title, values.items())


def where(*paths: Path) -> None:
    """Say where the results lie."""
    for path in paths:
        out.print(f"[bold]→[/bold] {escape(str(path))}", soft_wrap=True, highlight=False)


def line(text: str) -> None:
    """Print a sentence as it is."""
    out.print(text, soft_wrap=True, markup=False, highlight=False)
