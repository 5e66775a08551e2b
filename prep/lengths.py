"""How long the texts of real labels are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..corpora.lengths import LONGEST
from ..errors import UserError
from .texts import read_input


def label_lengths(path: Path, split: str | None = None) -> dict[int, int]:
    """How many legible labels of a pack, dataset or label file have each number of characters, shortest first.

    Pictures are not looked at. Labels of more than 1000 characters count as 1000. Raises UserError where no label
    is legible.
    """
    texts = (t.text.strip() for t in read_input(path, split) if not t.ignored)
    counts = Counter(min(len(text), LONGEST) for text in texts if text)
    if not counts:
        raise UserError(f"{path}: no legible label to take lengths from")
    return dict(sorted(counts.items()))
