"""What a server answers with: the very objects that `ocr --json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from ...datasets.images import BadImage
from ..reader import LineReader
from ..reading.formats import json_line
from ..reading.inputs import BadPage, Page, open_pages
from ..reading.photo_reader import PhotoReader, ReadPage

MOST_PAGES = 200  # of one file: a request ends some day


class BadRequest(Exception):
    """What was sent cannot be read: `reason` in snake_case, and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Service(Protocol):
    """Reads one file that was sent. Raises BadRequest. Safe to call from several threads: engines are not, so one waits
    for the other."""

    task: str

    def read(self, path: Path, name: str) -> list[dict[str, Any]]: ...


class PhotoService:
    """Photos, and pages of PDF files and videos, to their texts with places."""

    task = "photos"

    def __init__(self, reader: PhotoReader) -> None:
        self._reader, self._lock = reader, Lock()

    def read(self, path: Path, name: str) -> list[dict[str, Any]]:
        """An object for each page, as `ocr --json` prints it; `image` says `name`. What is wrong with one page of
        several stands in its place."""
        with self._lock:
            pages = [_object(page) for page in islice(self._reader.read(_named(path, name)), MOST_PAGES + 1)]
        if len(pages) > MOST_PAGES:
            raise BadRequest("too_many_pages", f"{name} has more than {MOST_PAGES} pages")
        if all("error" in page for page in pages):
            error, detail = (pages[0]["error"], pages[0]["detail"]) if pages else ("no_pages", "nothing to read")
            raise BadRequest(error, f"{name}: {detail}")
        return pages


class LineService:
    """Pictures of lines to their texts."""

    task = "lines"

    def __init__(self, reader: LineReader) -> None:
        self._reader, self._lock = reader, Lock()

    def read(self, path: Path, name: str) -> list[dict[str, Any]]:
        """One object, as `ocr --json` prints it; `image` says `name`."""
        with self._lock:
            ((_, read),) = self._reader.read_files([path])
        if isinstance(read, BadImage):
            raise BadRequest(read.reason, f"{name}: {read.detail}")
        return [{"image": name, "text": read[0], "confidence": read[1]}]


def _named(path: Path, name: str) -> Iterator[Page | BadPage]:
    for page in open_pages([path]):
        yield replace(page, name=name + page.name.removeprefix(str(path)))


def _object(page: ReadPage | BadPage) -> dict[str, Any]:
    if isinstance(page, BadPage):
        return {"image": page.name, "error": page.reason, "detail": page.detail}
    value: dict[str, Any] = json.loads(json_line(page))
    return value
