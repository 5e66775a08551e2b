"""Where pages go when they are read: files that are whole or not there, pictures, a PDF file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...datasets.images import write_image
from ...errors import UserError
from ...files import whole_file
from .draw import draw_page
from .formats import json_line, paddle_line
from .pdf import searchable_pdf
from .photo_reader import ReadPage

TEXTS, LABELS, PICTURES = "texts.jsonl", "Label.txt", "pictures"
Sink = Callable[[ReadPage], None]


@contextmanager
def page_sink(
    folder: Path | None, pictures: bool = False, pdf: Path | None = None
) -> Iterator[tuple[Sink, list[Path]]]:
    """A function that takes pages one by one, and the paths that it writes.

    folder: for texts.jsonl, Label.txt and, with `pictures`, a picture of each page. Raises UserError for pictures
    without a folder.
    """
    if pictures and folder is None:
        raise UserError("--pictures needs --out: the folder that they go to")
    sinks: list[Sink] = []
    paths: list[Path] = []
    with ExitStack() as stack:
        if folder is not None:
            for name, written in ((TEXTS, json_line), (LABELS, paddle_line)):
                sinks.append(_lines(stack, folder / name, written))
                paths.append(folder / name)
            if pictures:
                sinks.append(_Pictures(folder / PICTURES))
                paths.append(folder / PICTURES)
        if pdf is not None:
            sinks.append(stack.enter_context(searchable_pdf(pdf)).add)
            paths.append(pdf)

        def put(page: ReadPage) -> None:
            for sink in sinks:
                sink(page)

        yield put, paths


def _lines(stack: ExitStack, path: Path, written: Callable[[ReadPage], str]) -> Sink:
    file = stack.enter_context(whole_file(path))

    def put(page: ReadPage) -> None:
        file.write(written(page) + "\n")

    return put


class _Pictures:
    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0

    def __call__(self, page: ReadPage) -> None:
        self._number += 1
        path, mark, inside = page.name.rpartition("#")
        stem = f"{Path(path).stem}_{inside}" if mark else Path(page.name).stem
        write_image(self._folder / f"{self._number:05d}_{stem}.jpg", draw_page(page))
