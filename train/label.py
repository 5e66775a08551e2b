"""Photos labelled by models, for people to correct instead of to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import UserError
from ..files import whole_file
from .det.detector import Detector
from .reading.formats import paddle_line
from .reading.inputs import PICTURES, BadPage, Page, open_pages
from .reading.photo_reader import PhotoReader, ReadPage, Text, findable
from .reading.rows import reading_order

UNREAD = "待识别"  # what PPOCRLabel writes for a box that nobody has typed yet; readers leave such texts out
LABELS = "Label.txt"
SHOWN = 10


@dataclass
class Labelled:
    """What was labelled. least_sure: (photo, text, confidence), the first to look at; bad: photos that do not open."""

    photos: int = 0
    texts: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    least_sure: list[tuple[str, str, float]] = field(default_factory=list)
    bad: list[BadPage] = field(default_factory=list)


def label_photos(
    folder: Path,
    reader: PhotoReader | Detector,
    overwrite: bool = False,
    progress: Callable[[int], None] = lambda photos: None,
) -> Labelled:
    """Write `Label.txt` into a folder of photos, as PPOCRLabel opens it, with the confidence of each text.

    A detector alone leaves the texts to be typed, and so are those that the recogniser could not read. Raises
    UserError for a folder without photos, and for labels that are there and not to be replaced.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES) if folder.is_dir() else []
    if not files:
        raise UserError(f"{folder}: no folder with photos ({' '.join(PICTURES)})")
    if (folder / LABELS).exists() and not overwrite:
        raise UserError(f"{folder / LABELS} is there already: add --overwrite, or keep what people corrected elsewhere")
    done = Labelled()
    pages = _named(open_pages(files), folder)
    read = map(_whole, reader.read(pages)) if isinstance(reader, PhotoReader) else _found(reader, pages)
    with whole_file(folder / LABELS) as file:
        for page in read:
            progress(1)
            if isinstance(page, BadPage):
                done.bad.append(page)
                continue
            file.write(paddle_line(page) + "\n")
            _count(done, page)
    return done


def _named(pages: Iterable[Page | BadPage], folder: Path) -> Iterator[Page | BadPage]:
    """Pages under the names that label lines have: the folder's own, and the file's."""
    for page in pages:
        name = f"{folder.resolve().name}/{Path(page.name).name}"
        if isinstance(page, Page) and not Path(page.name).is_file():
            yield BadPage(name, "several_pages", "a label line names a file and no page of it: save the pages as files")
            continue
        yield Page(name, page.image) if isinstance(page, Page) else BadPage(name, page.reason, page.detail)


def _found(detector: Detector, pages: Iterable[Page | BadPage]) -> Iterator[ReadPage | BadPage]:
    for page in (findable(page, detector) for page in pages):
        if isinstance(page, BadPage):
            yield page
            continue
        texts = [Text(f.points, UNREAD, f.score, f.score) for f in detector.find(page.image)]
        yield ReadPage(page.name, page.image, _in_order(texts))


def _whole(page: ReadPage | BadPage) -> ReadPage | BadPage:
    """With the boxes of what was found and not read: to type a text is less work than to draw its box."""
    if isinstance(page, BadPage) or not page.unread:
        return page
    return replace(page, texts=_in_order([*page.texts, *(Text(f.points, UNREAD, 0.0, f.score) for f in page.unread)]))


def _in_order(texts: list[Text]) -> list[Text]:
    return [texts[i] for i in reading_order([t.points for t in texts])]


def _count(done: Labelled, page: ReadPage) -> None:
    done.photos += 1
    done.texts += len(page.texts)
    done.dropped += page.dropped
    sure = [text for text in page.texts if text.confidence > 0]  # what was not read shows as such
    rows = [(page.name, text.text, round(text.confidence, 3)) for text in sure]
    done.least_sure = sorted([*done.least_sure, *rows], key=lambda row: row[2])[:SHOWN]
