"""How well whole photos are read: a text counts where it was found and its reading is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ...datasets.images import BadImage, read_image
from ...datasets.records import Photo, Refusal
from ..det.metrics import DetScore, PhotoMatch, match
from .inputs import BadPage, Page
from .photo_reader import PhotoReader, Text

WORST = 24
Same = Callable[[str, str], bool]


@dataclass(frozen=True)
class Misread:
    """A text that was found and read wrongly."""

    photo: str
    label: str
    read: str


@dataclass
class EndToEnd:
    """Scores of one set. found: places alone; read: places and texts; both by ICDAR2015's protocol, IoU above 0.5."""

    found: DetScore = field(default_factory=DetScore)
    read: DetScore = field(default_factory=DetScore)
    photos: int = 0
    misread: list[Misread] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def report(self) -> dict[str, Any]:
        """The figures as they are written, and every text that was found and read wrongly."""
        return {
            "photos": self.photos,
            "texts": self.read.true,
            "found": _figures(self.found),
            "read": _figures(self.read),
            "refused": dict(self.refused),
            "misread": [asdict(misread) for misread in self.misread],
        }

    def add(self, photo: Photo, texts: list[Text], same: Same) -> None:
        """Count one photo."""
        regions = [r for r in photo.regions if r.polygon is not None]
        polygons = [r.polygon for r in regions if r.polygon is not None]
        matched = match(polygons, [r.ignore is not None for r in regions], [t.points for t in texts])
        right = [(t, f) for t, f in matched.pairs if same(texts[f].text, regions[t].text)]
        self.found += DetScore.of([matched])
        self.read += DetScore.of([PhotoMatch(right, matched.true, matched.found)])
        self.photos += 1
        wrong = [(t, f) for t, f in matched.pairs if (t, f) not in right]
        self.misread += [Misread(photo.name, regions[t].text, texts[f].text) for t, f in wrong]


def _figures(score: DetScore) -> dict[str, float]:
    return {name: round(getattr(score, name), 4) for name in ("precision", "recall", "hmean")}


def end_to_end(
    reader: PhotoReader,
    photos: Iterable[Photo | Refusal],
    same: Same = str.__eq__,
    progress: Callable[[int], None] = lambda done: None,
) -> EndToEnd:
    """Read photos one by one and compare with their labels. same: whether a reading is right.

    Photos that cannot be read are counted and left out.
    """
    result = EndToEnd()
    for photo in photos:
        progress(1)
        if isinstance(photo, Refusal):
            result.refused[photo.reason] += 1
            continue
        try:
            page = Page(photo.name, read_image(photo.path))
        except BadImage as error:
            result.refused[error.reason] += 1
            continue
        for read in reader.read([page]):
            result.add(photo, [] if isinstance(read, BadPage) else read.texts, same)  # what it refuses it misses
    return result
