"""What is wrong with a training run before it starts: findings about labels, pictures, rates and room."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ..corpora.charset import Charset
from ..datasets.images import BadImage, decode
from ..errors import UserError
from .config import WIDEST, TrainConfig
from .labels import LISTED, LabelCheck, listed, look_at_labels
from .preprocess import LOWEST, NARROWEST, padded_width
from .rehearsal import LITTLE, overfit, room
from .sources import Lines, Mixture, where
from .validation import hold_out

PICTURES = 512  # that are decoded
FEW = 20  # pictures of a character; it is not learnt from fewer
BLANK = 3.0  # standard deviation of grey values below which there is nothing to see
TURNED = 1.5  # times as high as wide
TELLING = 30  # steps of learning by heart, after which a loss that hardly fell says something
Level = Literal["error", "warning", "fine"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. error: training would fail or learn nothing; warning: it would be worse than it could."""

    level: Level
    name: str
    sentence: str


def check(
    config: TrainConfig,
    data: Lines,
    val: Mapping[str, Lines] | None = None,
    out: Path = Path(),
    seconds: float = 60.0,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Finding]:
    """Everything that can be known before training, errors first. out: where the run is to lie.

    seconds: at most, for learning 64 lines by heart; 0 leaves that out. progress: called for each picture decoded.
    Raises UserError for a configuration or data that cannot be read at all.
    """
    charset = config.characters()
    labels = look_at_labels(data, charset, config)
    found = [*about_labels(labels, len(data), config), *about_characters(data, charset, config)]
    for name, lines in (val or {}).items():
        found += about_labels(look_at_labels(lines, charset, config), len(lines), config, f"val {name}".strip())
    if labels.good:
        found += about_pictures(look_at_pictures(data, labels.good, config, charset, progress), config)
    found += about_mixture(data)
    if not val and not hold_out(labels.good, config)[0]:
        said = "no line is kept to validate on, so there will be no scores; raise holdout, or give val"
        found.append(Finding("warning", "validation", said))
    found.append(about_rate(config))
    found += [Finding(*one) for one in room(config, len(charset), out)]
    if seconds and labels.good:
        found.append(_rehearse(config, data, labels.good, seconds))
    order: list[Level] = ["error", "warning", "fine"]
    return sorted(found, key=lambda finding: order.index(finding.level))


def about_labels(found: LabelCheck, lines: int, config: TrainConfig, name: str = "labels") -> Iterator[Finding]:
    """Labels that cannot be learnt."""
    if found.strange:
        level: Level = "error" if config.unknown == "error" else "warning"
        what = f"{found.refused['not_in_dict']:,} of {lines:,} labels hold characters outside the dictionary"
        examples = "; ".join(found.examples["not_in_dict"])
        yield Finding(level, name, f"{what}: {listed(found.strange)}; for example {examples}")
    for reason, what in (("empty_label", "are empty"), ("label_too_long", "are longer than the input can spell")):
        if count := found.refused[reason]:
            much: Level = "error" if count > lines / 2 else "warning"
            examples = "; ".join(found.examples[reason])
            yield Finding(much, name, f"{count:,} of {lines:,} labels {what} and are left out: {examples}")
    for reason in found.refused.keys() - {"not_in_dict", "empty_label", "label_too_long"}:
        examples = "; ".join(found.examples[reason])
        yield Finding("warning", name, f"{found.refused[reason]:,} more lines are left out, {reason}: {examples}")
    if not found.good:
        yield Finding("error", name, f"none of {lines:,} labels can be used: {dict(found.refused)}")
    elif not found.refused:
        yield Finding("fine", name, f"all {lines:,} labels can be spelt")


def about_characters(data: Lines, charset: Charset, config: TrainConfig) -> Iterator[Finding]:
    """Characters of the dictionary that no label shows, or few; and labels that are all the same."""
    shown: Counter[str] = Counter()
    different: set[str] = set()
    for label in map(config.label, data.labels()):
        shown.update(set(label))
        if len(different) < 2:
            different.add(label)
    if len(different) == 1 and len(data) > 1:
        yield Finding("error", "labels", f"all {len(data):,} labels are {different.pop()[:40]!r}")
    missing = [c for c in charset.characters if not shown[c]]
    rare = Counter({c: shown[c] for c in charset.characters if 0 < shown[c] < FEW})
    if missing:
        more = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
        names = " ".join(map(repr, missing[:LISTED])) + more
        yield Finding(
            "warning", "dictionary", f"{len(missing):,} of {len(charset):,} characters are in no label: {names}"
        )
    if rare:
        yield Finding(
            "warning", "dictionary", f"{len(rare):,} characters are in fewer than {FEW} lines: {listed(rare)}"
        )
    if not missing and not rare:
        yield Finding("fine", "dictionary", f"each of {len(charset):,} characters is in at least {FEW} lines")


@dataclass
class Pictures:
    """What a share of the pictures is like.

    places: of the first few by what is wrong; widths: at the input's height; labels: by the picture's bytes.
    """

    seen: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    widths: list[float] = field(default_factory=list)
    labels: dict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))

    def blame(self, reason: str, place: str) -> None:
        """Count a picture."""
        self.wrong[reason] += 1
        if len(self.places[reason]) < 3:
            self.places[reason].append(place)


def look_at_pictures(
    data: Lines, good: list[int], config: TrainConfig, charset: Charset, progress: Callable[[int], None]
) -> Pictures:
    """Decode up to 512 of the pictures, drawn from the seed."""
    rule, decoder, found = config.input_rule(), config.decoder(charset), Pictures()
    for index in np.random.default_rng(config.seed).permutation(good)[:PICTURES].tolist():
        progress(1)
        sample, place = data[index], where(data, index)
        label = config.label(sample.label)
        found.seen += 1
        found.labels[sample.image].add(label)
        try:
            image = decode(sample.image)
        except BadImage as error:
            found.blame("damaged", f"{place}: {error.detail}")
            continue
        height, width = image.shape[:2]
        if height < LOWEST or width < NARROWEST:
            found.blame("too small", f"{place}: {width} x {height}")
            continue
        found.widths.append(width * rule.height / height)
        if image.mean(axis=2).std() < BLANK:
            found.blame("blank", place)
        if height >= TURNED * width and len(label) > 1:
            found.blame("turned", place)
        if found.widths[-1] > rule.max_width * config.squeeze:
            found.blame("too wide", f"{place}: {width} x {height}")
        fitted = min(rule.max_width, round(found.widths[-1]))
        if decoder.needed(label) > decoder.room(padded_width(max(1, fitted), rule)):
            found.blame("label too long", f"{place}: {len(label)} characters on {width} x {height} pixels")
    return found


SAID = {
    "damaged": "cannot be read",
    "blank": "show nothing: all their pixels are alike",
    "turned": "are higher than wide, with several characters: lines are read from left to right",
    "too small": "are too small to hold a character, and are left out",
    "too wide": "had to be squeezed by more than `squeeze` allows, and are left out",
    "label too long": "are too narrow for their label, and are left out",
}


def about_pictures(found: Pictures, config: TrainConfig) -> Iterator[Finding]:
    """Pictures that teach nothing or the wrong thing, and the width of the input."""
    for reason, count in found.wrong.items():
        bad = count > found.seen / 2 or (reason == "damaged" and config.damaged == "error")
        examples = "; ".join(found.places[reason])
        yield Finding("error" if bad else "warning", "pictures", f"{count} of {found.seen} {SAID[reason]}: {examples}")
    if len(found.labels) == 1 and found.seen > 1:
        yield Finding("error", "pictures", f"all {found.seen} pictures looked at are the same one")
    several = [labels for labels in found.labels.values() if len(labels) > 1]
    if several:
        one = ", ".join(map(repr, sorted(several[0])[:4]))
        yield Finding("warning", "pictures", f"{len(several)} pictures come with different labels, one as {one}")
    if not found.wrong and not several and len(found.labels) > 1:
        yield Finding("fine", "pictures", f"{found.seen} of the pictures were decoded, and nothing is wrong with them")
    if found.widths:
        yield _about_width(np.array(found.widths), config)


def _about_width(widths: np.ndarray, config: TrainConfig) -> Finding:
    squeezed = float((widths > config.width).mean())
    wanted = int(math.ceil(float(np.quantile(widths, 0.98)) / 32) * 32)
    said = f"{squeezed:.1%} of the lines are wider than the input's {config.width} pixels and are squeezed"
    if squeezed > 0.05:
        advice = f"width: {wanted} would leave 2 % of them" if wanted <= WIDEST else f"cut those wider than {WIDEST}"
        return Finding("warning", "width", f"{said}; {advice}")
    if wanted * 2 <= config.width:
        return Finding(
            "fine", "width", f"98 % of the lines are at most {wanted} pixels wide; {config.width} are allowed"
        )
    return Finding("fine", "width", said)


def about_mixture(data: Lines) -> Iterator[Finding]:
    """Sources that come so often that they are learnt by heart, or so rarely that they hardly count."""
    if not isinstance(data, Mixture) or data.ratios is None:
        return
    total = sum(data.ratios)
    for source, ratio in zip(data.sources, data.ratios, strict=True):
        turns = ratio / total * len(data) / max(1, len(source))
        share = f"{source.root}: {ratio / total:.0%} of each epoch"
        said = f"{share}, so each of its {len(source):,} lines comes {turns:.2g} times"
        yield Finding("warning" if turns > 20 else "fine", "mixture", said)


# Rates that are known to work, at a batch size: for the adams they grow with its root, for momentum with itself.
KNOWN = {"tiny": (0.003, 32), "svtr_lite": (0.001, 64), "srn": (0.0001, 64)}
OTHERS, MOMENTUM = (0.001, 256), (0.1, 256)


def about_rate(config: TrainConfig) -> Finding:
    """The learning rate against the batch size."""
    optimizer = config.optimizer
    size = config.batch_size * optimizer.accumulate
    adam = optimizer.name != "momentum"
    rate, batch = KNOWN.get(config.network.name, OTHERS) if adam else MOMENTUM
    usual = rate * (math.sqrt(size / batch) if adam else size / batch)
    said = f"lr {optimizer.lr:g} with {size} lines a step; {optimizer.name} is known to work near {usual:.2g} here"
    if optimizer.lr > 5 * usual:
        return Finding("warning", "rate", f"{said}: this is {optimizer.lr / usual:.0f} times more, and may diverge")
    if optimizer.lr < usual / 20:
        return Finding("warning", "rate", f"{said}: this is {usual / optimizer.lr:.0f} times less, and slow")
    return Finding("fine", "rate", said)


def _rehearse(config: TrainConfig, data: Lines, good: list[int], seconds: float) -> Finding:
    try:
        run = overfit(config, data, good, seconds)
    except UserError as error:
        return Finding("error", "rehearsal", str(error))
    said = (
        f"{run.lines} lines by heart in {run.steps} steps and {run.seconds:.0f} s: {run.accuracy:.0%} of them are "
        f"read, the loss went from {run.first:.2f} to {run.last:.3f}"
    )
    if run.accuracy >= 0.9 or run.last < LITTLE:
        return Finding("fine", "rehearsal", said)
    if np.isfinite(run.last) and (run.last < run.first / 2 or run.steps < TELLING):
        return Finding("warning", "rehearsal", f"{said}; the time was too short to tell more")
    return Finding("error", "rehearsal", f"{said}: it does not learn; look at the labels, and at optimizer.lr")
