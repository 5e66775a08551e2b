"""Pictures of what was refused before it was painted, and which refusals get one."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..datasets.images import Image
from ..datasets.records import Refusal
from ..fonts.face import Face, Faces, UnclearOrder
from ..fonts.specimen import draw_run
from ..prep.store import EXAMPLES_PER_REASON

LONGEST_SHOWN = 40  # characters of a refused text


class Examples:
    """Counts refusals: the first few of each reason are shown."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def clear(self) -> None:
        """Begin again, so that what is shown depends on the shard alone."""
        self._seen.clear()

    def wanted(self, reason: str) -> bool:
        """Whether another one may be shown."""
        return self._seen[reason] < EXAMPLES_PER_REASON

    def next(self, reason: str) -> bool:
        """Count a refusal; whether it is to be shown."""
        self._seen[reason] += 1
        return self._seen[reason] <= EXAMPLES_PER_REASON


def in_its_font(refusal: Refusal, faces: Faces, height: int) -> Image:
    """(H, W) a refused text as its font draws it, missing glyphs and all, or a font that has it where none is named.

    Empty where nothing can be drawn.
    """
    nothing, text = np.zeros((0, 0), np.uint8), refusal.text[:LONGEST_SHOWN]
    face = _face(refusal, faces, text)
    if face is None:
        return nothing
    try:
        run = face.shape(text)
    except UnclearOrder:
        return nothing
    ink, _ = draw_run(face, run, height)
    return 255 - ink


def _face(refusal: Refusal, faces: Faces, text: str) -> Face | None:
    for number, ref in enumerate(faces.refs):
        if ref.name == refusal.font or (not refusal.font and faces[number].place(text) is not None):
            return faces[number]
    return None
