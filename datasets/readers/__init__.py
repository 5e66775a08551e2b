"""One reader per label format, each an iterator of photos and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..records import Photo, Refusal
from . import icdar2015, icdar2015_words, lsvt, paddle
from .labels import Labels

Reader = Callable[[Labels], Iterator[Photo | Refusal]]

READERS: dict[str, Reader] = {
    "icdar2015": icdar2015.read,
    "icdar2015-words": icdar2015_words.read,
    "lsvt": lsvt.read,
    "paddle": paddle.read_detection,
    "paddle-rec": paddle.read_recognition,
}
