"""What is read: pictures, folders, patterns, pages of PDF files, frames of videos, one after the other."""

from __future__ import annotations

import glob
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from ...datasets.images import BadImage, Image, decode, read_bytes
from ...errors import MissingPackage, UserError

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm")
PDF = ".pdf"
TIFF = {b"II": "<", b"MM": ">"}  # how such a file begins: the order of its bytes
LONGEST = 32_000  # px; beyond that OpenCV cannot warp


@dataclass(frozen=True)
class Page:
    """A picture to read. name: of its file, with `#page` or `#seconds` where that holds several."""

    name: str
    image: Image


@dataclass(frozen=True)
class BadPage:
    """What could not be opened, and why."""

    name: str
    reason: str
    detail: str


def find_files(inputs: Sequence[str]) -> list[Path]:
    """Files that paths, folders (with all below them) and patterns such as `scans/*.jpg` name, each once, in order.

    Raises UserError for what names nothing, MissingPackage for a PDF file without the package that reads it.
    """
    found: dict[Path, None] = {}
    for given in inputs:
        path = Path(given)
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in (*PICTURES, *VIDEOS, PDF))
        elif path.is_file():
            files = [path]
        else:
            # Path.glob takes no absolute pattern
            files = sorted(p for p in map(Path, glob.glob(given, recursive=True)) if p.is_file())  # noqa: PTH207
        if not files:
            endings = " ".join((*PICTURES, *VIDEOS, PDF))
            raise UserError(f"{given}: no such file, and no folder or pattern with pictures ({endings})")
        found |= dict.fromkeys(files)
    pdf = next((path for path in found if path.suffix.lower() == PDF), None)
    if pdf and find_spec("pypdfium2") is None:  # before a thousand other files have been read
        raise MissingPackage("pypdfium2", "pdf", f"reading {pdf}")
    return list(found)


def open_pages(files: Iterable[Path], dpi: int = 150, every: float = 1.0) -> Iterator[Page | BadPage]:
    """The pages of files in order, one in memory at a time.

    dpi: of what is drawn from PDF files; every: seconds between two frames of a video.
    Raises MissingPackage for a PDF file without the package that reads it.
    """
    for path in files:
        kind = path.suffix.lower()
        if kind == PDF:
            pages = _pdf(path, dpi)
        elif kind in VIDEOS:
            pages = _video(path, every)
        else:
            pages = _picture(path)
        for page in pages:
            yield _checked(page)


def _picture(path: Path) -> Iterator[Page | BadPage]:
    """A picture, or the pages of a scan: TIFF files may hold many."""
    try:
        data = read_bytes(path)
        first = decode(data)
    except BadImage as error:
        yield BadPage(str(path), error.reason, error.detail)
        return
    count = _page_count(data)
    yield Page(f"{path}#1" if count > 1 else str(path), first)
    for number in range(1, count):
        found, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR, None, (number, number + 1))
        name = f"{path}#{number + 1}"
        yield Page(name, pages[0]) if found else BadPage(name, "undecodable_image", "not a page that OpenCV reads")  # type: ignore[arg-type]


def _page_count(data: bytes) -> int:
    """1, or the number of a TIFF file's directories, each of which is a page and tells where the next one lies."""
    order, version = TIFF.get(data[:2], "<"), data[2:4].strip(b"\0")
    if data[:2] not in TIFF or version not in (b"*", b"+"):
        return 1
    # Large files ("+") count and point in eight bytes, others in two and four.
    start, counts, entry, offset = (8, "Q", 20, "Q") if version == b"+" else (4, "H", 12, "I")
    seen: list[int] = []
    with suppress(struct.error):
        (at,) = struct.unpack_from(order + offset, data, start)
        while at and at not in seen:
            seen.append(at)  # also where it lies behind the end of a cut file: that page is then told as lost
            (entries,) = struct.unpack_from(order + counts, data, at)
            (at,) = struct.unpack_from(order + offset, data, at + struct.calcsize(counts) + entry * entries)
    return max(1, len(seen))


def _pdf(path: Path, dpi: int) -> Iterator[Page | BadPage]:
    try:
        import pypdfium2
    except ImportError:
        raise MissingPackage("pypdfium2", "pdf", f"reading {path}") from None
    try:
        document = pypdfium2.PdfDocument(path)
    except (pypdfium2.PdfiumError, OSError) as error:
        yield BadPage(str(path), "unreadable_pdf", str(error))
        return
    with document:
        for number in range(len(document)):
            name = f"{path}#{number + 1}"
            try:
                page = document[number]
                width, height = (round(side * dpi / 72) for side in page.get_size())
                if max(width, height) > LONGEST:  # before it takes gigabytes
                    yield _too_large(name, width, height)
                    continue
                drawn = page.render(scale=dpi / 72, rev_byteorder=False).to_numpy()
                page.close()
            except pypdfium2.PdfiumError as error:
                yield BadPage(name, "unreadable_page", str(error))
                continue
            yield Page(name, np.ascontiguousarray(drawn[:, :, :3]) if drawn.ndim == 3 else _three(drawn))


def _three(grey: Image) -> Image:
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]


def _video(path: Path, every: float) -> Iterator[Page | BadPage]:
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            yield BadPage(str(path), "unreadable_video", "not a video that OpenCV reads")
            return
        rate = video.get(cv2.CAP_PROP_FPS) or 25.0
        step, number, shown = max(1, round(every * rate)), 0, 0
        while video.grab():
            if number % step == 0:
                good, frame = video.retrieve()
                if good:
                    shown += 1
                    yield Page(f"{path}#{number / rate:.2f}s", frame)  # type: ignore[arg-type]
            number += 1
        if not shown:
            yield BadPage(str(path), "unreadable_video", "no frame of it can be decoded")
    finally:
        video.release()


def _checked(page: Page | BadPage) -> Page | BadPage:
    if isinstance(page, Page) and max(page.image.shape[:2]) > LONGEST:
        height, width = page.image.shape[:2]
        return _too_large(page.name, width, height)
    return page


def _too_large(name: str, width: int, height: int) -> BadPage:
    return BadPage(name, "picture_too_large", f"{width} x {height} px; at most {LONGEST} a side")
