"""What is measured on samples, as values that add up: a report is a fold over ranges of a pack."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, decode
from ..datasets.records import Sample
from .details import Details
from .histogram import Histogram
from .look import Look, look_at, thumbnail
from .store import Pack
from .twins import Fingerprints, fingerprint

EXAMPLES = 6
STRIDE = 4
"""Pixels of width per time step in the usual recognisers: a label needs a step for each character."""
FLAT = 5.0
TALL = 1.5

CONCERNS = {
    "empty_label": "the label is empty: there is nothing to learn",
    "control_character": "the label holds an invisible control character",
    "edge_space": "the label begins or ends with white space, which no picture shows",
    "outside_dictionary": "the label holds characters that are not in the dictionary; trainers drop them, and then "
    "the label no longer says what the picture shows",
    "too_long": f"the label needs more time steps than the model's width gives ({STRIDE} pixels a step): CTC cannot "
    "learn it",
    "squeezed": "at the model's height the picture is wider than the model's input and is squeezed",
    "crowded": "fewer pixels a character than a character needs: a wrong label, or a line read along the wrong side",
    "tall": f"at least {TALL} times as high as wide with several characters: a vertical line or a turned picture",
    "small": "less than half as high as the model's input: enlarged more than twice, so details are missing",
    "flat": f"almost one colour (contrast below {FLAT:g} of 255)",
}
ABOUT_LABELS = {"empty_label", "control_character", "edge_space", "outside_dictionary", "too_long"}


@dataclass(frozen=True, slots=True)
class Example:
    """A sample to show. index: from 0 in the pack, -1 where it is in none; thumb: JPEG bytes or None."""

    index: int
    label: str
    origin: str
    detail: str
    thumb: bytes | None


@dataclass
class Measured:
    """Figures of any set of samples for a model input of height x width pixels; they add up with `+`."""

    height: int
    width: int
    count: int = 0
    decoded: int = 0
    image_bytes: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    label_length: Histogram = field(default_factory=Histogram)
    picture_height: Histogram = field(default_factory=Histogram)
    aspect_ratio: Histogram = field(default_factory=lambda: Histogram(0.1))
    scaled_width: Histogram = field(default_factory=Histogram)
    brightness: Histogram = field(default_factory=Histogram)
    contrast: Histogram = field(default_factory=Histogram)
    sharpness: Histogram = field(default_factory=Histogram)
    unreadable: Counter[str] = field(default_factory=Counter)
    concerns: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    gallery: list[Example] = field(default_factory=list)
    prints: Fingerprints = field(default_factory=Fingerprints)
    details: Details = field(default_factory=Details)

    def __add__(self, other: Measured) -> Measured:
        if (self.height, self.width) != (other.height, other.width):
            raise ValueError(f"measured for {self.height}x{self.width} and {other.height}x{other.width}: cannot add")
        names = [*self.examples, *(n for n in other.examples if n not in self.examples)]
        own = {"height", "width", "examples"}
        sums = {f: getattr(self, f) + getattr(other, f) for f in self.__dataclass_fields__ if f not in own}
        examples = {n: (self.examples.get(n, []) + other.examples.get(n, []))[:EXAMPLES] for n in names}
        return Measured(height=self.height, width=self.width, examples=examples, **sums)

    def add(self, labels: list[str], looks: list[Look]) -> None:
        """Count labels, and the looks of those pictures that were decoded."""
        self.count += len(labels)
        self.decoded += len(looks)
        for label in labels:
            self.characters.update(label)
        self.label_length.add([len(label) for label in labels])
        self.picture_height.add([look.height for look in looks])
        self.aspect_ratio.add([look.width / look.height for look in looks])
        self.scaled_width.add([look.scaled for look in looks])
        self.brightness.add([look.brightness for look in looks])
        self.contrast.add([look.contrast for look in looks])
        self.sharpness.add([look.sharpness for look in looks])

    def note(self, concerns: dict[str, str], index: int, sample: Sample, image: Image | None) -> None:
        """Count the concerns of a sample and keep it as an example where a kind has few."""
        thumb = None
        for name, detail in concerns.items():
            kept = self.examples.setdefault(name, [])
            if len(kept) < EXAMPLES:
                if thumb is None and image is not None:
                    thumb = thumbnail(image)
                kept.append(Example(index, sample.label, sample.origin, detail, thumb))


def label_concerns(label: str, charset: Charset | None, width: int) -> dict[str, str]:
    """Names of CONCERNS that hold for a label and a model `width` pixels wide, each with a detail."""
    if not label:
        return {"empty_label": ""}
    found = {}
    if not label.isprintable():  # the quick test; spaces other than U+0020 fail it, too
        controls = {c for c in label if unicodedata.category(c) == "Cc"}
        if controls:
            found["control_character"] = " ".join(f"U+{ord(c):04X}" for c in sorted(controls))
    if label[0].isspace() or label[-1].isspace():
        found["edge_space"] = ""
    if charset is not None and (unknown := charset.unknown(label)):
        found["outside_dictionary"] = unknown
    steps = width // STRIDE
    if 2 * len(label) > steps:
        # CTC needs a blank between equal neighbours.
        needed = len(label) + sum(a == b for a, b in itertools.pairwise(label))
        if needed > steps:
            found["too_long"] = f"needs {needed} steps, {steps} there"
    return found


def picture_concerns(look: Look, label: str, height: int, width: int) -> dict[str, str]:
    """Names of CONCERNS that hold for a picture and a model input of height x width pixels, each with a detail."""
    found = {}
    if look.scaled > width:
        found["squeezed"] = f"{look.scaled} pixels wide at height {height}"
    if min(look.scaled, width) < len(label) * height / 8:
        found["crowded"] = f"{len(label)} characters in {look.width} x {look.height} pixels"
    if look.height >= TALL * look.width and len(label) > 1:
        found["tall"] = f"{look.width} x {look.height} pixels"
    if look.height < height / 2:
        found["small"] = f"{look.width} x {look.height} pixels"
    if look.contrast < FLAT:
        found["flat"] = f"contrast {look.contrast:.1f}"
    return found


@dataclass
class Measurer:
    """Measures ranges of a pack. Travels to other processes.

    every: decode each `every`-th picture; labels, bytes and fingerprints are of all samples.
    detailed: ink, paper and noise are of each `detailed`-th sample, where that is decoded.
    shown: indices of the samples that the gallery shows; they are among the decoded.
    """

    pack: Pack
    charset: Charset | None
    height: int
    width: int
    every: int
    shown: frozenset[int]
    detailed: int = 1

    def __call__(self, start: int, stop: int) -> Measured:
        measured = Measured(self.height, self.width)
        pictures, prints, labels, looks = [], [], [], []
        for index in range(start, stop):
            sample = self.pack[index]
            measured.image_bytes += len(sample.image)
            labels.append(sample.label)
            pictures.append(fingerprint(sample.image))
            prints.append(fingerprint(sample.label.encode()))
            look = self._look(measured, index, sample)
            if look is not None:
                looks.append(look)
        measured.add(labels, looks)
        measured.prints = Fingerprints.of(pictures, prints)
        self.pack.close()  # else the maps of all shards stay in memory until the last
        return measured

    def _look(self, measured: Measured, index: int, sample: Sample) -> Look | None:
        """Note the concerns of a sample; the look of its picture where it is among the decoded."""
        concerns = label_concerns(sample.label, self.charset, self.width)
        chosen = index % self.every == 0
        look, image = None, None
        if chosen or concerns:
            try:
                image = decode(sample.image)
            except BadImage as error:
                if chosen:
                    concerns[error.reason] = error.detail
                    measured.unreadable[error.reason] += 1
        if chosen and image is not None:
            look = look_at(image, self.height)
            concerns |= picture_concerns(look, sample.label, self.height, self.width)
            if index % self.detailed == 0:
                measured.details.add(image, sample.label, look, self.height)
        if concerns:
            measured.concerns.update(concerns.keys())
            measured.note(concerns, index, sample, image)
        if index in self.shown:
            thumb = None if image is None else thumbnail(image)
            measured.gallery.append(Example(index, sample.label, sample.origin, "", thumb))
        return look
