"""A contact sheet of a recipe's samples, each with its label beneath, for looking at before making millions."""

from __future__ import annotations

import numpy as np

from ..datasets.images import Image
from ..errors import UserError
from .recipe import Recipe
from .synth import Engine, prepare

SHEET_WIDTH = 1200
GAP = 8
LABEL = 16  # px per em of the labels
PAPER, LETTER = 255, 90


def preview(recipe: Recipe, n: int = 60) -> Image:
    """(H, about 1200, 3) BGR: the first `n` samples of the recipe in reading order, labels beneath.

    Raises UserError as `synth` does.
    """
    if n < 1:
        raise UserError(f"the number of samples to show must be 1 or more (is {n})")
    engine = prepare(recipe).engine
    cells = []
    for line, picture, _ in engine.pictures(np.arange(n, dtype=np.int64)):
        cells.append(_cell(picture, _label(engine, line.text, line.face)))
    return _sheet(cells)


def _label(engine: Engine, text: str, face: int) -> Image:
    """The label in plain letters of the sample's own font; kerning and shaping left out."""
    opened = engine.faces[face]
    drawn = [opened.draw(glyph, LABEL) for glyph in opened.glyph_ids(text)]
    height = 2 * LABEL
    strip = np.full((height, max(LABEL * (len(text) + 1) * 2, 1)), PAPER, np.uint8)
    pen = 0
    for glyph in drawn:
        if glyph is None:
            pen += LABEL // 3
            continue
        rows, columns = glyph.ink.shape
        top = min(max(LABEL + 4 - glyph.top, 0), height - rows) if rows <= height else 0
        ink = glyph.ink[:height].astype(np.int32)
        strip[top : top + rows, pen : pen + columns] = PAPER - ink * (PAPER - LETTER) // 255
        pen += columns + 2
    return np.repeat(strip[: LABEL + 10, : max(pen, 1), None], 3, axis=2)


def _cell(picture: Image, label: Image) -> Image:
    height = picture.shape[0] + label.shape[0]
    cell = np.full((height, max(picture.shape[1], label.shape[1]), 3), PAPER, np.uint8)
    cell[: picture.shape[0], : picture.shape[1]] = picture
    cell[picture.shape[0] :, : label.shape[1]] = label
    return cell


def _sheet(cells: list[Image]) -> Image:
    """Cells in rows of at most `SHEET_WIDTH` px, or one cell a row where it is wider."""
    width = max(SHEET_WIDTH, *(c.shape[1] + 2 * GAP for c in cells))
    rows: list[list[Image]] = []
    room = 0
    for cell in cells:
        if not rows or room < cell.shape[1] + GAP:
            rows.append([])
            room = width - GAP
        rows[-1].append(cell)
        room -= cell.shape[1] + GAP
    height = cells[0].shape[0] + GAP
    sheet = np.full((GAP + height * len(rows), width, 3), PAPER, np.uint8)
    for number, row in enumerate(rows):
        x, y = GAP, GAP + number * height
        for cell in row:
            sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
            x += cell.shape[1] + GAP
    return sheet
