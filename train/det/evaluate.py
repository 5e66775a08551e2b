"""How well a detector finds texts: two protocols, a curve over thresholds, and the photos where it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...datasets.images import BadImage, read_image
from .detector import Detector
from .deteval import AreaScore, area_score
from .metrics import DetScore, PhotoMatch, overlaps, pair
from .numbers import DbPost
from .photos import PhotoMixture, Texts
from .post import Found

LIMITS = (*(round(0.05 * k, 2) for k in range(20)), 0.97, 0.98, 0.99)  # of the score, for the curve
LEAST = 0.05  # of the score; the curve goes down to it
WORST = 24


@dataclass(frozen=True)
class PhotoResult:
    """A photo, its texts and what was found there."""

    texts: Texts
    found: list[Found]
    match: PhotoMatch

    @property
    def faults(self) -> int:
        """Texts missed and false alarms."""
        return len(self.match.misses) + len(self.match.false_alarms)


@dataclass
class DetEvaluation:
    """Scores of one set.

    least: score from which a text counts; weaker ones are in the curve alone. keep: photos in worst, at most.
    curve: by limits of the score; worst: photos with most faults; refused: photos by reason.
    """

    least: float = 0.0
    keep: int = WORST
    score: DetScore = field(default_factory=DetScore)
    areas: AreaScore = field(default_factory=AreaScore)
    curve: dict[float, DetScore] = field(default_factory=lambda: {limit: DetScore() for limit in LIMITS})
    photos: int = 0
    ignored: int = 0
    worst: list[PhotoResult] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, texts: Texts, found: list[Found]) -> None:
        """Count one photo."""
        ious, inside = overlaps(texts.polygons, [f.points for f in found])
        scores = np.array([f.score for f in found])
        for limit in LIMITS:
            self.curve[limit] += DetScore.of([pair(ious, inside, texts.ignored, scores >= limit)])
        counting = np.flatnonzero(scores >= self.least)
        found = [found[i] for i in counting]
        result = PhotoResult(texts, found, pair(ious[:, counting], inside[:, counting], texts.ignored))
        self.score += DetScore.of([result.match])
        self.areas += area_score(texts.polygons, texts.ignored, [f.points for f in found])
        self.photos += 1
        self.ignored += sum(texts.ignored)
        self.worst = sorted([*self.worst, result], key=lambda r: -r.faults)[: self.keep]

    def report(self) -> dict[str, Any]:
        """The figures as they are written."""
        return {
            "photos": self.photos,
            "texts": self.score.true,
            "ignored": self.ignored,
            "found": self.score.found,
            "hits": self.score.hits,
            **_figures(self.score),
            "limit": self.least,
            "deteval": _figures(self.areas),
            "curve": [{"limit": limit, **_figures(score)} for limit, score in self.curve.items()],
            "refused": dict(self.refused),
        }


def _figures(score: DetScore | AreaScore) -> dict[str, float]:
    return {name: round(getattr(score, name), 4) for name in ("precision", "recall", "hmean")}


def evaluate_detector(
    detector: Detector,
    sets: Mapping[str, PhotoMixture],
    progress: Callable[[int], None] = lambda photos: None,
    keep: int = WORST,
) -> dict[str, DetEvaluation]:
    """Score a detector on photos with labels, set by set. Photos that cannot be read are counted and left out.

    keep: of the photos with most faults, so many at most.
    """
    detector, least = _generous(detector)
    results = {}
    for name, photos in sets.items():
        results[name] = DetEvaluation(least, keep, refused=sum((s.refused for s in photos.sources), Counter()))
        for texts in _each(photos):
            try:
                found = detector.find(read_image(texts.path))
            except BadImage as error:
                results[name].refused[error.reason] += 1
                continue
            finally:
                progress(1)
            results[name].add(texts, found)
    return results


def _generous(detector: Detector) -> tuple[Detector, float]:
    """The detector with weaker texts, too, for the curve, and the score from which it gives them in use."""
    if not isinstance(detector.post, DbPost):
        return detector, 0.0
    least = detector.post.box_threshold
    post = detector.post.model_copy(update={"box_threshold": min(LEAST, least)})
    return Detector(detector.engine, detector.rule, post), least


def _each(photos: PhotoMixture) -> Iterator[Texts]:
    return (photos[index] for index in range(len(photos)))
