"""How much a model trusts each label of a pack, kept piece by piece, so that a stopped run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..datasets.images import BadImage, Image, decode
from ..files import whole_file
from ..prep.store import Pack
from .likelihood import judge
from .reader import LineReader

PIECE = 5000
Trust = NDArray[np.float32]


def trust_of(
    reader: LineReader, pack: Pack, folder: Path, progress: Callable[[int], None] = lambda lines: None
) -> Trust:
    """(n,) how much the model trusts each label, 0 to 1 (`Judged.trust`); NaN where it cannot judge.

    folder: of this pack and model alone; what an earlier run left there is not computed again.
    """
    parts = []
    for start in range(0, len(pack), PIECE):
        stop = min(start + PIECE, len(pack))
        path = folder / f"trust-{start:012d}.npy"
        if not path.is_file():
            values = np.fromiter(_trust(reader, pack, start, stop), np.float32, stop - start)
            with whole_file(path, binary=True) as file:
                np.save(file, values)
        parts.append(np.load(path))
        progress(stop - start)
    pack.close()
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _trust(reader: LineReader, pack: Pack, start: int, stop: int) -> Iterator[float]:
    pending: list[str | None] = []

    def pictures() -> Iterator[tuple[Image, str]]:
        """What can be judged; `pending` notes it, with None for each picture that cannot be read."""
        for index in range(start, stop):
            sample = pack[index]
            try:
                image = decode(sample.image)
            except BadImage:
                pending.append(None)
                continue
            pending.append(sample.label)
            yield image, sample.label

    for judged in judge(reader, pictures()):
        while pending[0] is None:
            pending.pop(0)
            yield np.nan
        trust = judged.trust(pending.pop(0) or "")
        yield np.nan if trust is None else trust
    yield from (np.nan for _ in pending)
