"""What is wrong with a detector's training before it starts: labels, photos, sizes of texts, rate, room."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from ...datasets.images import BadImage, read_image
from ...errors import UserError
from ..check import TELLING, Finding, Level
from ..rehearsal import of_weights
from .config import DetConfig
from .feed import on_photo
from .networks import build
from .photos import PhotoMixture
from .preprocess import resized, shrunk_too_far
from .rehearsal import ENOUGH, overfit

PHOTOS = 64  # that are decoded
CELLS = 2.0  # of the finest map, a quarter of the photo's size: texts below are hardly told from noise
MANY = 0.5  # of all texts
EXAMPLES = 3
SAID = {
    "outside": "photos have texts wholly beside them, which are left out",
    "shrunk_too_far": "photos are so long that their texts vanish in the network",
}


@dataclass
class Looked:
    """What the decoded photos showed. heights: of texts that count, in px of the network in use."""

    seen: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    places: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    heights: list[float] = field(default_factory=list)

    def blame(self, reason: str, place: str) -> None:
        """Count a photo."""
        self.wrong[reason] += 1
        if len(self.places[reason]) < EXAMPLES:
            self.places[reason].append(place)


def check_detector(
    config: DetConfig,
    data: PhotoMixture,
    val: PhotoMixture | None = None,
    out: Path = Path(),
    seconds: float = 60.0,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Finding]:
    """Everything that can be known before training, errors first. out: where the run is to lie.

    seconds: at most, for learning a few photos by heart; 0 leaves that out. progress: called for each photo decoded.
    """
    found = [*_about_labels(data, "photos"), *(_about_labels(val, "photos to validate on") if val else ())]
    looked = look_at_photos(data, config, progress)
    found += [*_about_photos(looked, config), *_about_sizes(looked, config)]
    if val is None and not int(len(data) * config.holdout):
        said = "no photo is kept to validate on, so there will be no scores; raise holdout, or give val"
        found.append(Finding("warning", "validation", said))
    found += [Finding(*one) for one in of_weights(build(config.network, config.seed), config, out)]
    if seconds and looked.seen > looked.wrong["unreadable"]:
        found.append(_rehearse(config, data, seconds))
    order: list[Level] = ["error", "warning", "fine"]
    return sorted(found, key=lambda finding: order.index(finding.level))


def _about_labels(data: PhotoMixture, name: str) -> Iterator[Finding]:
    refused = sum((source.refused for source in data.sources), Counter[str]())
    texts, counting = (sum(numbers) for numbers in zip(*(source.counts() for source in data.sources), strict=True))
    ignored = 1 - counting / texts
    said = f"{len(data):,} with {texts:,} texts, {ignored:.0%} of them ignored"
    yield Finding("warning" if ignored > MANY else "fine", name, said)
    if refused:
        listed = ", ".join(f"{reason}: {number:,}" for reason, number in refused.items())
        yield Finding("warning", name, f"left out of the labels: {listed}")


def look_at_photos(data: PhotoMixture, config: DetConfig, progress: Callable[[int], None]) -> Looked:
    """Decode some photos, the same at every call."""
    found = Looked()
    for index in np.random.default_rng(config.seed).permutation(len(data))[:PHOTOS].tolist():
        progress(1)
        texts = data[index]
        found.seen += 1
        try:
            image = read_image(texts.path)
        except BadImage as error:
            found.blame("unreadable", f"{texts.path}: {error.reason}")
            continue
        inside, outside = on_photo(texts, image.shape)
        if outside:
            found.blame("outside", str(texts.path))
        if shrunk_too_far(image.shape, config.input):
            found.blame("shrunk_too_far", f"{texts.path}: {image.shape[1]} x {image.shape[0]}")
        factor = resized(image.shape, config.input)[0] / image.shape[0]
        for polygon, ignored in zip(inside.polygons, inside.ignored, strict=True):
            if not ignored:
                found.heights.append(factor * min(cv2.minAreaRect(polygon.astype(np.float32))[1]))
    return found


def _about_photos(found: Looked, config: DetConfig) -> Iterator[Finding]:
    unreadable = found.wrong["unreadable"]
    if unreadable:
        bad = unreadable > found.seen / 2 or config.damaged == "error"
        said = f"{unreadable} of {found.seen} cannot be read: {'; '.join(found.places['unreadable'])}"
        hint = "; damaged: refuse leaves them out" if config.damaged == "error" else ""
        yield Finding("error" if bad else "warning", "pictures", said + hint)
    for reason, said in SAID.items():
        if found.wrong[reason]:
            places = "; ".join(found.places[reason])
            yield Finding("warning", "pictures", f"{found.wrong[reason]} of {found.seen} {said}: {places}")
    if not found.wrong:
        yield Finding("fine", "pictures", f"{found.seen} were decoded, and nothing is wrong with them")


def _about_sizes(found: Looked, config: DetConfig) -> Iterator[Finding]:
    """Heights of texts against the cells of the maps."""
    if not found.heights:
        return
    low, middle, high = np.quantile(found.heights, (0.05, 0.5, 0.95)).tolist()
    rule, least = config.input, 4 * CELLS
    said = (
        f"heights of texts in the network in use (input.side: {rule.side}, {rule.limit}): {low:.0f} to {high:.0f} px, "
    )
    said += f"half of them below {middle:.0f}"
    small = float((np.array(found.heights) < least).mean())
    if small > 0.1:
        wanted = int(math.ceil(rule.side * least / max(np.quantile(found.heights, 0.1), 0.5) / 32) * 32)
        said += f"; {small:.0%} are below {least:.0f} px, too small to be found: input.side: {wanted} would leave 10 %"
    yield Finding("warning" if small > 0.1 else "fine", "sizes", said)


def _rehearse(config: DetConfig, data: PhotoMixture, seconds: float) -> Finding:
    try:
        run = overfit(config, data, seconds)
    except UserError as error:
        return Finding("error", "rehearsal", str(error))
    said = (
        f"{run.photos} photos by heart in {run.steps} steps and {run.seconds:.0f} s: hmean {run.hmean:.2f} on them, "
        f"the loss went from {run.first:.2f} to {run.last:.2f}"
    )
    if run.hmean >= ENOUGH:
        return Finding("fine", "rehearsal", said)
    if run.steps < TELLING or run.last < 0.8 * run.first:
        return Finding("warning", "rehearsal", f"{said}; the time was too short to tell more: --seconds")
    return Finding("error", "rehearsal", f"{said}: it does not learn; look at the labels, and at optimizer.lr")
