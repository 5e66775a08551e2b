"""A picture of what was read: the photo with boxes, and beside it each text in its place."""

from __future__ import annotations

import cv2
import numpy as np

from ...datasets.images import Image
from ...fonts.specimen import line_ink
from .frame import frame
from .photo_reader import ReadPage, Text

COLOURS = ((40, 40, 200), (40, 140, 40), (200, 90, 30), (150, 40, 150), (20, 130, 200))  # BGR
FILL = 0.8  # of a box's height is an em
LONGEST = 1600  # px of the photo's longer side in the picture
SMALLEST = 8  # px per em


def draw_page(page: ReadPage) -> Image:
    """(H, 2 W, 3) BGR. Texts are set in fonts of the system that have their characters; others show as boxes alone."""
    factor = min(1.0, LONGEST / max(page.image.shape[:2]))
    photo = np.asarray(cv2.resize(page.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    paper = np.full(photo.shape, 255, np.uint8)
    for number, text in enumerate(page.texts):
        colour = COLOURS[number % len(COLOURS)]
        outline = [np.rint(text.points * factor).astype(np.int32)]
        for sheet in (photo, paper):
            cv2.polylines(sheet, outline, True, colour, 1 if sheet is paper else 2, cv2.LINE_AA)
        _set(paper, text, factor)
    return np.hstack([photo, paper])


def _set(paper: Image, text: Text, factor: float) -> None:
    """The text in its box, turned as that is."""
    first, second, third = (factor * point for point in frame(text.points))
    width, height = float(np.hypot(*(second - first))), float(np.hypot(*(third - first)))
    ink, above = line_ink(text.text, max(SMALLEST, int(FILL * height)))
    if not ink.size or min(width, height) < 2:
        return
    across, along = (third - first) / height, (second - first) / width
    scale = min(1.0, width / ink.shape[1])
    base = first + across * (height * FILL) - across * (above * scale)
    matrix = np.array([[along[0] * scale, across[0] * scale, base[0]], [along[1] * scale, across[1] * scale, base[1]]])
    size = paper.shape[1], paper.shape[0]
    mask = cv2.warpAffine(ink, matrix, size, flags=cv2.INTER_AREA)
    paper[:] = np.minimum(paper, (255 - mask)[..., None])
