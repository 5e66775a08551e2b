"""A PDF file of the pages that were read, with their texts to search and to copy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets.images import encode_jpeg
from ...errors import MissingPackage
from ...files import whole_file
from .photo_reader import ReadPage, Text

POINTS_PER_PIXEL = 0.5  # 144 px an inch
INVISIBLE = 3  # PDF's text rendering mode
LATIN, WIDE = "Helvetica", "STSong-Light"  # of the fonts that every reader brings; nothing is embedded


class SearchablePdf:
    """Pages are added one by one; the pictures are stored as JPEG."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas

    def add(self, page: ReadPage) -> None:
        """One page: its picture, and its texts, invisible, in their places."""
        from reportlab.lib.utils import ImageReader

        height, width = (POINTS_PER_PIXEL * side for side in page.image.shape[:2])
        self._canvas.setPageSize((width, height))
        picture = ImageReader(io.BytesIO(encode_jpeg(page.image, 90)))
        self._canvas.drawImage(picture, 0, 0, width, height)
        for text in page.texts:
            self._put(text, height)
        self._canvas.showPage()

    def _put(self, text: Text, page_height: float) -> None:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        first, second, last = (text.points[i].astype(float) * POINTS_PER_PIXEL for i in (0, 1, -1))
        width, height = float(np.hypot(*(second - first))), float(np.hypot(*(last - first)))
        angle = float(np.degrees(np.arctan2(-(second - first)[1], (second - first)[0])))
        font = LATIN if text.text.isascii() else WIDE
        natural = max(stringWidth(text.text, font, height), 1e-3)
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(last[0], page_height - last[1])
        canvas.rotate(angle)
        line = canvas.beginText(0, 0.2 * height)
        line.setTextRenderMode(INVISIBLE)
        line.setFont(font, max(height, 1.0))
        line.setHorizScale(100 * width / natural)
        line.textOut(text.text)
        canvas.drawText(line)
        canvas.restoreState()


@contextmanager
def searchable_pdf(path: Path) -> Iterator[SearchablePdf]:
    """A PDF file that gets its name when it is whole. Raises MissingPackage."""
    try:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise MissingPackage("reportlab", "pdf", f"writing {path}") from None
    pdfmetrics.registerFont(UnicodeCIDFont(WIDE))
    with whole_file(path, binary=True) as file:
        canvas = Canvas(file, invariant=1)
        yield SearchablePdf(canvas)
        canvas.save()
