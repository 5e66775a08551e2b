"""A table whose rows are printed one by one, each when it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


def layout(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of the table: the first column to the left, the others to the right."""
    return " ".join(
        f"{cell:<{width}}" if not i else f"{cell:>{width}}"
        for i, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )


@dataclass
class Row:
    """What is known of a network. good: whether it passed everything so far."""

    cells: list[str] = field(default_factory=list)
    good: bool = True

    def add(self, cell: str, good: bool = True) -> None:
        """The next cell."""
        self.cells.append(cell)
        self.good &= good
