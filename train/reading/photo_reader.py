"""Whole photos to texts with places: detector, rectification, direction, recogniser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import Image
from ...prep.geometry import BadRegion
from ...prep.rectify import VERTICAL_RATIO, rectify
from ..det.detector import Detector
from ..det.post import Found
from ..det.preprocess import shrunk_too_far
from ..preprocess import unreadable
from ..reader import LineReader
from .inputs import BadPage, Page
from .rows import reading_order

Points = NDArray[np.float32]

WINDOW = 8  # pages whose lines are read together: batches are fuller, and memory stays bounded


@dataclass(frozen=True)
class Text:
    """A text on a page. points: (N, 2) px, clockwise from its first corner; score: of finding, confidence: of reading.

    turned: it stood upside down and was turned before it was read.
    """

    points: Points
    text: str
    confidence: float
    score: float
    turned: bool = False


@dataclass(frozen=True)
class ReadPage:
    """What was read on a page, in reading order. dropped: texts that were found and left out, by reason; unread: where
    they are."""

    name: str
    image: Image
    texts: list[Text]
    dropped: Counter[str] = field(default_factory=Counter)
    unread: list[Found] = field(default_factory=list)


class Turner(Protocol):
    """Says which line pictures stand upside down."""

    def upside_down(self, lines: list[Image]) -> list[bool]: ...


class PhotoReader:
    """A detector and a recogniser as one. least: confidence below which a text is left out."""

    def __init__(
        self, detector: Detector, recogniser: LineReader, turner: Turner | None = None, least: float = 0.5
    ) -> None:
        self.detector, self.recogniser, self.turner, self.least = detector, recogniser, turner, least

    def read(self, pages: Iterable[Page | BadPage]) -> Iterator[ReadPage | BadPage]:
        """Each page with its texts, in order; pages that could not be opened pass through."""
        remaining = iter(pages)
        while window := list(islice(remaining, WINDOW)):
            checked = [findable(page, self.detector) for page in window]
            found = [self._lines(page) if isinstance(page, Page) else page for page in checked]
            lines = [line for one in found if isinstance(one, _Lines) for line in one.lines]
            turned = self.turner.upside_down(lines) if self.turner and lines else [False] * len(lines)
            lines = [_upright(line, t) for line, t in zip(lines, turned, strict=True)]
            readings = iter(zip(self.recogniser.read(lines), turned, strict=True))
            for one in found:
                if isinstance(one, _Lines):
                    yield self._page(one, [next(readings) for _ in one.lines])
                else:
                    yield one

    def _lines(self, page: Page) -> _Lines:
        dropped: Counter[str] = Counter()
        places, lines, unread = [], [], []
        for text in self.detector.find(page.image):
            try:
                line = _laid_down(rectify(page.image, text.points).image)
            except BadRegion as error:
                dropped[error.reason] += 1
                unread.append(text)
                continue
            refusal = unreadable(line, self.recogniser.rule)
            if refusal is not None:
                dropped[refusal.reason] += 1
                unread.append(text)
                continue
            places.append(text)
            lines.append(line)
        order = reading_order([p.points for p in places])
        return _Lines(page, [places[i] for i in order], [lines[i] for i in order], dropped, unread)

    def _page(self, one: _Lines, readings: list[tuple[tuple[str, float], bool]]) -> ReadPage:
        texts, dropped, unread = [], Counter(one.dropped), list(one.unread)
        for place, ((read, confidence), turned) in zip(one.places, readings, strict=True):
            text = read.strip()  # a box is a little wider than its text, and that room can be read as a space
            if not text or confidence < self.least:
                dropped["unreadable_text" if text else "nothing_read"] += 1
                unread.append(place)
            else:
                texts.append(Text(place.points, text, confidence, place.score, turned))
        return ReadPage(one.page.name, one.page.image, texts, dropped, unread)


def findable(page: Page | BadPage, detector: Detector) -> Page | BadPage:
    """A page, or why a detector can find nothing on it."""
    refusal = shrunk_too_far(page.image.shape, detector.rule) if isinstance(page, Page) else None
    return page if refusal is None else BadPage(page.name, refusal.reason, refusal.detail)


@dataclass
class _Lines:
    page: Page
    places: list[Found]
    lines: list[Image]
    dropped: Counter[str]
    unread: list[Found]


def _laid_down(line: Image) -> Image:
    """A column as a line: turned counter-clockwise, as it is for training."""
    if line.shape[0] < VERTICAL_RATIO * line.shape[1]:
        return line
    return cv2.rotate(line, cv2.ROTATE_90_COUNTERCLOCKWISE)  # type: ignore[return-value]


def _upright(line: Image, upside_down: bool) -> Image:
    return cv2.rotate(line, cv2.ROTATE_180) if upside_down else line  # type: ignore[return-value]
