"""A contact sheet of a recipe's samples, each with its label beneath, for looking at before making millions."""

from __future__ import annotations

import numpy as np

from ..datasets.images import Image
from ..errors import UserError
from ..fonts.face import EM, Face, Faces, Run
from .engines.source import Driven
from .recipe import Recipe
from .synth import prepare

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
        cells.append(_cell(picture, _label(engine.faces[line.pieces[0].face], line.text)))
    return _sheet(cells)


def preview_of(driven: Driven, n: int = 60) -> Image:
    """The same of what another program draws."""
    faces = Faces(driven.faces)
    numbers = {ref.name: number for number, ref in enumerate(driven.faces)}
    drawn = driven.pictures(np.arange(n, dtype=np.int64))
    return _sheet([_cell(d.image, _label(faces[numbers[d.line.font]], d.line.request.text)) for d in drawn])


def _label(opened: Face, text: str) -> Image:
    """The label in plain letters of the sample's own font."""
    run = opened.place(text) or Run([], [], [], [], [])
    width = LABEL * 2 + sum(run.advances) * LABEL // EM
    strip = np.full((2 * LABEL, width), PAPER, np.uint8)
    pen = LABEL // 2
    for glyph, advance, dx, dy, _ in zip(*run, strict=True):
        drawn = opened.draw(glyph, LABEL)
        if drawn is not None:
            top = max(LABEL + 4 - drawn.top - dy * LABEL // EM, 0)
            left = max((pen * EM + dx * LABEL) // EM + drawn.left, 0)
            window = strip[top : top + drawn.ink.shape[0], left : left + drawn.ink.shape[1]]
            ink = drawn.ink[: window.shape[0], : window.shape[1]].astype(np.int32)
            np.minimum(window, PAPER - ink * (PAPER - LETTER) // 255, out=window, casting="unsafe")
        pen += advance * LABEL // EM
    return np.repeat(strip[: LABEL + 10, :, None], 3, axis=2)


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
