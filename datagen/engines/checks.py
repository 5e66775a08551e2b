"""What can be seen on a picture that another program made: ink, contrast, cut letters, size."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .options import EngineOptions
from .worker import Picture

TOUCHED = 12  # of 255: where the mask says that there is any ink
BESIDE = 3  # px around the ink that count as the paper beside it
LEAST_INK = 6  # px of ink in a part of the line, to speak of its colour


def refused(text: str, picture: Picture, options: EngineOptions) -> tuple[str, str] | None:
    """Why the picture does not show its label, as reason and detail; None where nothing speaks against it."""
    if not (picture.ink >= TOUCHED).any():
        return "blank_picture", "there is no ink on it"
    if picture.kept < 1 - options.max_cut:
        return "clipped", f"{1 - picture.kept:.0%} of the ink is cut off"
    return _faint(picture, options)


def too_large(text: str, width: int, max_width: int, stride: int | None) -> tuple[str, str] | None:
    """Whether the picture is wider than allowed, or too narrow for CTC to align the text with."""
    if width > max_width:
        return "too_wide", f"{width} px"
    if stride and len(text) + sum(a == b for a, b in pairwise(text)) > width // stride:
        return "too_long", f"{len(text)} characters on {width // stride} time steps"
    return None


def _faint(picture: Picture, options: EngineOptions) -> tuple[str, str] | None:
    """`low_contrast` where ink and paper differ too little in any part of the line; parts are as wide as high."""
    light = cv2.cvtColor(np.ascontiguousarray(picture.image), cv2.COLOR_BGR2Lab)[:, :, 0].astype(np.float32)
    ink = picture.ink
    touched = (ink >= TOUCHED).astype(np.uint8)
    near = cv2.dilate(touched, np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8))
    paper = (near > 0) & (touched == 0)
    parts = max(round(ink.shape[1] / ink.shape[0]), 1)
    edges = np.linspace(0, ink.shape[1], parts + 1).astype(int).tolist()
    for left, right in pairwise(edges):
        part = np.s_[:, left:right]
        found = _contrast(light[part], ink[part], paper[part])
        if found is None:
            continue
        difference, spread = found
        if difference < max(options.contrast, options.busy * spread):
            return "low_contrast", f"{difference:.0f} levels on paper that varies by {spread:.0f}"
    return None


def _contrast(
    light: NDArray[np.float32], ink: NDArray[np.uint8], paper: NDArray[np.bool_]
) -> tuple[float, float] | None:
    """Lightness of ink against paper, and the paper's standard deviation; None where there is too little of either.

    Pixels count as much as ink covers them, so strokes thinner than a pixel are as faint as they look.
    """
    beside = paper if paper.sum() >= LEAST_INK else ink < TOUCHED
    weights = np.where(ink >= TOUCHED, ink, 0).astype(np.float32)
    whole = float(weights.sum())
    if whole < 255 * LEAST_INK or beside.sum() < LEAST_INK:
        return None
    there = light[beside]
    return abs(float((light * weights).sum()) / whole - float(there.mean())), float(there.std())
