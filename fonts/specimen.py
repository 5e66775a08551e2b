"""Drawn lines without any effect: what a face really shows, and sheets of many faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .discover import FontChoice, find_fonts, installed
from .face import EM, Face, Run
from .files import FaceRef

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
WIDTH = 1200
PER_PAGE = 40
MARGIN, ROW, BASELINE = 24, 92, 70  # px; the baseline of the sample below the row's top
SIZE, LABEL = 38, 15  # px per em
ABOVE, BELOW = 44, 18  # px that a sample may rise above its baseline and hang below it
SMALLEST = 10  # px per em: a line that is longer even so is cut
NAMED = 12  # characters that a face lacks, of a text of the user's
BLACK, GREY, PALE, RED = (0, 0, 0), (100, 100, 100), (165, 165, 165), (40, 40, 190)
# What a face shows itself with, for the scripts that it has; a font is known by its main script, so that comes first.
SAMPLES = {
    "han": "永和九年，岁在癸丑。",
    "latin": "Hamburgefonstiv",
    "digits": "0123456789",
    "kana": "いろは アイ",
    "hangul": "다람쥐 헌",
    "cyrillic": "Съешь ещё",
    "greek": "Ξεσκεπάζω",
    "arabic": "نص حكيم",
    "hebrew": "דג סקרן",
    "devanagari": "ऋषियों को",
    "bengali": "বিষণ্ণ",
    "thai": "เป็นมนุษย์",
    "accents": "Žluťoučký kůň",
    "signs": "&@#%!?€£",
}
LABEL_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Liberation Sans", "Arial", "Helvetica", "Segoe UI")


def draw_run(face: Face, run: Run, size: int) -> tuple[Picture, int]:
    """(H, W) uint8 ink of a run at `size` px per em, cropped to it, and how many px the baseline lies below its top.

    A column's run gives the column turned counter-clockwise. Nothing but spaces gives a (0, 0) array.
    """
    pens = [0, *accumulate(run.advances)]
    placed = []
    for glyph, pen, dx, dy in zip(run.glyphs, pens, run.dx, run.dy, strict=False):
        drawn = face.draw(glyph, size)
        if drawn is not None:
            x = ((pen + dx) * size + EM // 2) // EM + drawn.left
            placed.append((drawn.ink, x, -((dy * size + EM // 2) // EM) - drawn.top))
    if not placed:
        return np.zeros((0, 0), np.uint8), 0
    left, top = min(x for _, x, _ in placed), min(y for _, _, y in placed)
    right = max(x + ink.shape[1] for ink, x, _ in placed)
    bottom = max(y + ink.shape[0] for ink, _, y in placed)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for ink, x, y in placed:
        part = canvas[y - top : y - top + ink.shape[0], x - left : x - left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    # A glyph's bitmap may be larger than its ink: it holds the control points of its curves.
    rows, columns = np.flatnonzero(canvas.any(1)), np.flatnonzero(canvas.any(0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], -top - int(rows[0])


def specimen(refs: Sequence[FaceRef], text: str | None = None) -> Iterator[Picture]:
    """Sheets of at most 40 faces, (H, 1200, 3) uint8 BGR: each face's name, and a line drawn with it.

    text: the line; characters that a face does not show are left out and named. By default each face shows the scripts
    that it has.
    """
    for start in range(0, len(refs), PER_PAGE):
        page = refs[start : start + PER_PAGE]
        sheet = np.full((2 * MARGIN + ROW * len(page), WIDTH, 3), 255, np.uint8)
        for number, ref in enumerate(page):
            _row(sheet, MARGIN + number * ROW, Face(ref), text)
        yield sheet


def _row(sheet: Picture, top: int, face: Face, text: str | None) -> None:
    pieces, lacking = (_pieces(face), "") if text is None else _split(face, text)
    baseline = top + LABEL + 5
    x = _write(sheet, MARGIN, baseline, face.ref.name, GREY) + LABEL
    if lacking:
        for part in (f"lacks {len(lacking)}: ", *lacking[:NAMED]):  # one by one: together they might join
            x = _write(sheet, x, baseline, part, RED) + 2
    else:
        _write(sheet, x, baseline, face.ref.path.name, PALE)
    x = MARGIN
    for piece in pieces:
        ink, above = _sample(face, piece, WIDTH - 2 * MARGIN if text is not None else None)
        if x + ink.shape[1] <= WIDTH - MARGIN or x == MARGIN:
            x = _blend(sheet, x, top + BASELINE - above, ink, BLACK) + SIZE // 2
    sheet[top + ROW - 2, MARGIN:-MARGIN] = 225


def _split(face: Face, text: str) -> tuple[list[str], str]:
    """What the face shows of the text, and the characters that it does not."""
    lacking = "".join(dict.fromkeys(c for c in text if face.missing(c)))
    return ["".join(c for c in text if c not in lacking)], lacking


def _pieces(face: Face) -> list[str]:
    shown = [piece for piece in SAMPLES.values() if not face.missing(piece)]
    if len("".join(shown)) >= 20:
        return shown
    rest = [c for c in face.characters() if not face.missing(c) and not c.isspace() and c not in "".join(shown)]
    return [*shown, "".join(rest[:40])]


def _sample(face: Face, text: str, width: int | None) -> tuple[Picture, int]:
    """The ink of a piece and its rise above the baseline, at full size or as large as its row (and `width`) allows."""
    run = face.place(text)
    if run is None:
        return np.zeros((0, 0), np.uint8), 0
    ink, above = draw_run(face, run, SIZE)
    room = min(ABOVE / max(above, 1), BELOW / max(ink.shape[0] - above, 1), (width or WIDTH) / max(ink.shape[1], 1))
    return (ink, above) if room >= 1 else draw_run(face, run, max(SMALLEST, int(SIZE * room)))


def _write(sheet: Picture, x: int, baseline: int, text: str, colour: Colour) -> int:
    """Write a label in plain fonts; returns where it ends."""
    for face, part in _plain_parts(text):
        run = face.place(part)
        if run is None:
            continue
        ink, above = draw_run(face, run, LABEL)
        ends = x + sum(run.advances) * LABEL // EM
        _blend(sheet, x, baseline - above, ink, colour)
        x = ends
    return x


def line_ink(text: str, size: int) -> tuple[Picture, int]:
    """(H, W) uint8 ink of a line in plain fonts of the system at `size` px per em, and its rise above the baseline.

    Characters that none of the fonts has are left out; nothing but those and spaces gives a (0, 0) array.
    """
    pieces, x = [], 0
    for face, part in _plain_parts(text):
        run = face.place(part)
        if run is not None:
            ink, above = draw_run(face, run, size)
            if ink.size:
                pieces.append((ink, above, x))
            x += sum(run.advances) * size // EM
    if not pieces:
        return np.zeros((0, 0), np.uint8), 0
    rise = max(above for _, above, _ in pieces)
    height = max(rise - above + ink.shape[0] for ink, above, _ in pieces)
    canvas = np.zeros((height, max(at + ink.shape[1] for ink, _, at in pieces)), np.uint8)
    for ink, above, at in pieces:
        part_of = canvas[rise - above : rise - above + ink.shape[0], at : at + ink.shape[1]]
        np.maximum(part_of, ink, out=part_of)
    return canvas, rise


def _plain_parts(text: str) -> Iterator[tuple[Face, str]]:
    """The text in pieces, each with the first plain font that shows it; what none shows is left out."""
    faces = plain_faces()
    whole = next((f for f in faces if not f.missing(text)), None)
    if whole is not None:
        yield whole, text
        return
    for char in text:
        face = next((f for f in faces if not f.missing(char)), None)
        if face is not None:
            yield face, char


@lru_cache(maxsize=1)
def plain_faces() -> list[Face]:
    """The fonts of labels: plain ones of the system, and one that is always there."""
    styles = ("Regular", "Book", "Roman", "")
    known = {(f.family, f.style): f for f in reversed(installed().faces)}
    refs = [known[family, style] for family in LABEL_FONTS for style in styles if (family, style) in known]
    refs += find_fonts([FontChoice(name="made:dots-full")], Path.cwd()).faces
    return [Face(ref) for ref in refs]


def _blend(sheet: Picture, x: int, y: int, ink: Picture, colour: Colour) -> int:
    """Lay ink over the sheet, cut at its right edge; returns where it ends."""
    ink = ink[: sheet.shape[0] - y, : max(WIDTH - MARGIN - x, 0)]
    part = sheet[y : y + ink.shape[0], x : x + ink.shape[1]]
    share = ink[..., None] / np.float32(255)
    part[:] = np.rint(part * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)
    return x + ink.shape[1]
