"""The records that travel through every step: photos with text regions in, samples or refusals out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .members import Member

Polygon = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Region:
    """One text on a photo.

    polygon: (N, 2) float32 pixels, N >= 3, clockwise on the screen, from the text's first corner;
    None means the whole picture (word and line crops).
    text: exactly as annotated; inner spaces, commas and quotes kept.
    ignore: None, or why the text must not be learnt from ("###", "illegible", "empty", ...).
    """

    polygon: Polygon | None
    text: str
    ignore: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture file, or one inside an archive, and the texts on it. `name` is unique and stable inside its dataset."""

    path: Path | Member
    name: str
    regions: tuple[Region, ...]
    source: str
    licence: str = "not stated"


@dataclass(frozen=True, slots=True)
class Sample:
    """One recognition sample: encoded picture bytes and the text that they show.

    notes: snake_case names of what was done to make it ("curved", "vertical_rotated"); counted, not stored.
    font: name of the font that drew it, where one did; counted, not stored.
    polygons: JSON of where characters and words are in the picture, or nothing.
    """

    image: bytes
    label: str
    origin: str = ""
    notes: tuple[str, ...] = ()
    font: str = ""
    polygons: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sample that was not made, and why. Reasons are short snake_case names that are counted.

    thumb: encoded bytes of a small picture of what was refused. font, character: at fault, where one is.
    """

    reason: str
    origin: str
    detail: str = ""
    text: str = ""
    thumb: bytes | None = None
    font: str = ""
    character: str = ""


Item = Sample | Refusal
Items = Iterator[Item]
