"""Whole photos: what is opened, found, ordered, read and written down."""

from __future__ import annotations

import io
import json
import struct
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Photo, Region
from ocrdata.errors import MissingPackage, UserError
from ocrdata.train.det.detector import Detector
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.preprocess import PhotoRule
from ocrdata.train.label import UNREAD, label_photos
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader
from ocrdata.train.reading.draw import draw_page
from ocrdata.train.reading.endtoend import end_to_end
from ocrdata.train.reading.formats import json_line, paddle_line
from ocrdata.train.reading.inputs import BadPage, Page, find_files, open_pages
from ocrdata.train.reading.pdf import SearchablePdf, searchable_pdf
from ocrdata.train.reading.photo_reader import PhotoReader, ReadPage, Text
from ocrdata.train.reading.rows import reading_order

RULE = InputRule(height=32, max_width=320)


def dark(batch: np.ndarray) -> np.ndarray:
    """A detector's engine for dark bars on white paper: it shrinks them as training does."""
    ink = (batch.mean(1) < -0.2).astype(np.uint8)
    return np.stack([cv2.erode(i, np.ones((5, 5), np.uint8)) for i in ink])[:, None].astype(np.float32)


def brightness(batch: np.ndarray) -> np.ndarray:
    """A recogniser's engine: every line says one digit, by the grey of its bar."""
    out = np.zeros((len(batch), batch.shape[3] // 4, 11), np.float32)
    out[:, :, 10] = 1
    for row, line in zip(out, batch, strict=True):
        digit = round(float((line[:, 8:24, 8:24].mean() + 1) / 2 * 255)) // 10
        row[2] = np.eye(11)[digit]
    return out


def reader(**options: object) -> PhotoReader:
    return PhotoReader(
        Detector(dark, PhotoRule(side=640), DbPost(unclip=0.8)),
        LineReader(brightness, RULE, Charset("0123456789")),
        **options,  # type: ignore[arg-type]
    )


def sheet(*bars: tuple[int, int, int, int, int]) -> np.ndarray:
    """White paper with bars (digit, left, top, width, height)."""
    picture = np.full((300, 400, 3), 255, np.uint8)
    for digit, x, y, w, h in bars:
        picture[y : y + h, x : x + w] = 10 * digit + 5
    return picture


def texts(page: ReadPage | BadPage) -> str:
    assert isinstance(page, ReadPage)
    return "".join(t.text for t in page.texts)


def test_texts_come_in_reading_order_with_their_places() -> None:
    picture = sheet((3, 40, 120, 80, 20), (2, 200, 23, 80, 20), (1, 40, 20, 80, 20), (4, 200, 120, 80, 20))
    (page,) = reader().read([Page("one", picture)])
    assert texts(page) == "1234"
    box = page.texts[1].points  # type: ignore[union-attr]
    assert np.abs(box - [[200, 23], [280, 23], [280, 43], [200, 43]]).max() < 5


def test_columns_are_laid_down_as_in_training() -> None:
    seen: list[tuple[int, ...]] = []

    def watch(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.shape)
        return brightness(batch)

    columns = reader()
    columns.recogniser.engine = watch  # type: ignore[assignment]
    (page,) = columns.read([Page("one", sheet((5, 40, 40, 20, 160)))])
    assert texts(page) == "5" and seen[0][3] > 128  # wide again


def test_what_is_dropped_is_counted() -> None:
    doubtful = LineReader(lambda b: 0.4 * brightness(b) + 0.6 / 11, RULE, Charset("0123456789"))  # type: ignore[arg-type]
    strict = reader(least=0.7)
    strict.recogniser = doubtful
    (page,) = strict.read([Page("one", sheet((3, 40, 120, 80, 20)))])
    assert isinstance(page, ReadPage) and not page.texts and page.dropped == {"unreadable_text": 1}


def test_room_beside_a_text_is_no_space() -> None:
    spaced = reader()
    spaced.recogniser = LineReader(brightness, RULE, Charset("012 456789"))  # the bar of a 3 is read as a space
    (page,) = spaced.read([Page("one", sheet((3, 40, 20, 80, 20), (4, 40, 120, 80, 20)))])
    assert texts(page) == "4" and page.dropped == {"nothing_read": 1}  # type: ignore[union-attr]


def test_labels_keep_the_boxes_of_what_was_not_read(tmp_path: Path) -> None:
    spaced = reader()
    spaced.recogniser = LineReader(brightness, RULE, Charset("012 456789"))  # the bar of a 3 is read as a space
    cv2.imwrite(str(tmp_path / "one.png"), sheet((3, 40, 20, 80, 20), (4, 40, 120, 80, 20)))
    done = label_photos(tmp_path, spaced)
    name, _, texts = (tmp_path / "Label.txt").read_text(encoding="utf-8").rstrip("\n").partition("\t")
    said = [(t["transcription"], t["points"][0][1] < 100, t["score"] > 0.5) for t in json.loads(texts)]
    assert said == [(UNREAD, True, False), ("4", False, True)] and name == f"{tmp_path.name}/one.png"
    assert done.texts == 2 and [row[:2] for row in done.least_sure] == [(name, "4")]
    assert done.dropped == {"nothing_read": 1}


def test_a_label_line_has_no_room_for_pages(tmp_path: Path) -> None:
    cv2.imwritemulti(str(tmp_path / "scan.tif"), [sheet((1, 40, 40, 90, 24)), sheet((2, 40, 40, 90, 24))])
    done = label_photos(tmp_path, reader())
    assert [bad.reason for bad in done.bad] == ["several_pages"] * 2 and done.texts == 0


def test_lines_that_stand_upside_down_are_turned() -> None:
    class Always:
        def upside_down(self, lines: list[np.ndarray]) -> list[bool]:
            return [True] * len(lines)

    (page,) = reader(turner=Always()).read([Page("one", sheet((3, 40, 120, 80, 20)))])
    assert isinstance(page, ReadPage) and page.texts[0].turned and json.loads(json_line(page))["texts"][0]["turned"]


def test_many_pages_pass_and_a_bad_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    for number in range(9):
        cv2.imwrite(str(tmp_path / f"{number}.png"), sheet((number, 40, 40, 90, 24)))
    (tmp_path / "5.png").write_bytes(b"no picture")
    pages = list(reader().read(open_pages(find_files([str(tmp_path)]))))
    said = [p.reason if isinstance(p, BadPage) else texts(p) for p in pages]
    assert said == ["0", "1", "2", "3", "4", "undecodable_image", "6", "7", "8"]


@pytest.mark.parametrize("shape", [(1, 40, 3), (40, 1, 3), (20, 9000, 3)])
def test_odd_shapes_hold_no_text(shape: tuple[int, ...]) -> None:
    (page,) = reader().read([Page("odd", np.full(shape, 255, np.uint8))])
    assert isinstance(page, ReadPage) and not page.texts


def test_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "sub/c.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), sheet()) if name != "notes.txt" else (tmp_path / name).write_text("")
    assert [p.name for p in find_files([str(tmp_path)])] == ["a.jpg", "b.png", "c.png"]
    assert [p.name for p in find_files([str(tmp_path / "*.png"), str(tmp_path / "b.png")])] == ["b.png"]
    with pytest.raises(UserError, match=r"nothing.*no such file"):
        find_files([str(tmp_path / "nothing*")])


def after(tiff: bytes, directory: int) -> int:
    """Where a directory tells where the next one lies."""
    return directory + 2 + 12 * int.from_bytes(tiff[directory : directory + 2], "little")


def test_pages_of_a_scan_are_all_read_and_a_lost_one_named(tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    cv2.imwritemulti(str(path), [sheet((number, 40, 40, 90, 24)) for number in (1, 2, 3)])
    pages = list(open_pages([path]))
    assert [p.name for p in pages] == [f"{path}#1", f"{path}#2", f"{path}#3"]
    assert [texts(p) for p in reader().read(pages)] == ["1", "2", "3"]
    whole = path.read_bytes()
    (second,) = struct.unpack_from("<I", whole, after(whole, *struct.unpack_from("<I", whole, 4)))
    (third,) = struct.unpack_from("<I", whole, after(whole, second))
    path.write_bytes(whole[:third])
    *good, lost = open_pages([path])
    assert [texts(p) for p in reader().read(good)] == ["1", "2"]
    assert isinstance(lost, BadPage) and (lost.name, lost.reason) == (f"{path}#3", "undecodable_image")
    cv2.imwritemulti(str(path), [sheet((4, 40, 40, 90, 24))])
    assert [p.name for p in open_pages([path])] == [str(path)]


def test_a_picture_too_large_to_warp_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "long.png"), np.zeros((2, 33_000), np.uint8))
    (page,) = open_pages([tmp_path / "long.png"])
    assert isinstance(page, BadPage) and page.reason == "picture_too_large"


def test_frames_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (400, 300))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for number in range(20):
        writer.write(sheet((number // 10 + 1, 40, 40, 90, 24)))
    writer.release()
    pages = list(open_pages([path], every=1.0))
    assert [p.name.rpartition("#")[2] for p in pages] == ["0.00s", "1.00s"]
    assert [texts(p) for p in reader().read(pages)] == ["1", "2"]
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    assert [p.reason for p in open_pages([tmp_path / "bad.mp4"]) if isinstance(p, BadPage)] == ["unreadable_video"]
    cv2.VideoWriter(str(tmp_path / "none.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (400, 300)).release()
    (none,) = open_pages([tmp_path / "none.avi"])
    assert isinstance(none, BadPage) and none.detail == "no frame of it can be decoded"


def test_a_pdf_file_is_refused_before_anything_is_read_where_nothing_reads_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    cv2.imwrite(str(tmp_path / "a.png"), sheet())
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(MissingPackage, match=r"b\.pdf.*pip install pypdfium2"):
        find_files([str(tmp_path)])


def test_a_page_of_a_pdf_too_large_to_draw_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    with searchable_pdf(tmp_path / "out.pdf") as pdf:
        for width in (5000, 50):
            pdf.add(ReadPage("one", np.full((40, width, 3), 255, np.uint8), []))
    large, good = open_pages([tmp_path / "out.pdf"], dpi=1200)
    assert isinstance(large, BadPage) and large.reason == "picture_too_large" and "41667 x 333" in large.detail
    assert isinstance(good, Page) and good.image.shape[1] == 417


def test_a_searchable_pdf_can_be_searched_and_read_again(tmp_path: Path) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    box = np.array([[40, 40], [130, 40], [130, 64], [40, 64]], np.float32)
    page = ReadPage(
        "one", sheet((7, 40, 40, 90, 24)), [Text(box, "Hello 7", 1, 1), Text(box + np.float32(100), "字典", 1, 1)]
    )
    with searchable_pdf(tmp_path / "out.pdf") as pdf:
        pdf.add(page)
        pdf.add(page)
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        assert len(document) == 2
        found = document[0].get_textpage()
        assert "Hello 7" in found.get_text_range() and "字典" in found.get_text_range()
        left, bottom, _, top = found.get_charbox(0)
        assert 15 < left < 30 and 150 - 40 < bottom < top < 150 - 15  # half a point a px, from below
    again = list(open_pages([tmp_path / "out.pdf"], dpi=144))
    assert [p.name.rpartition("#")[2] for p in again] == ["1", "2"]
    assert texts(next(iter(reader().read(again)))) == "7"
    (tmp_path / "bad.pdf").write_bytes(b"no pdf")
    assert [p.reason for p in open_pages([tmp_path / "bad.pdf"]) if isinstance(p, BadPage)] == ["unreadable_pdf"]


@pytest.mark.parametrize(
    "text", ["Straße, été", "Привет", "한국어", "繁體龍", "ישראל", "😀 ok", "(a) \\ <b>", "中文 english"]
)
def test_every_script_can_be_searched(text: str, tmp_path: Path) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    box = np.array([[40, 40], [240, 40], [240, 64], [40, 64]], np.float32)
    with searchable_pdf(tmp_path / "out.pdf") as pdf:
        pdf.add(ReadPage("one", sheet(), [Text(box, text, 1, 1)]))
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        assert document[0].get_textpage().get_text_range() == text


WAYS = {  # points, and where the first and the last of five characters are; px
    "line": ([[40, 40], [240, 40], [240, 80], [40, 80]], (60, 60), (220, 60)),
    "leaning": ([[40, 140], [240, 40], [260, 80], [60, 180]], (70, 150), (230, 70)),
    "column": ([[40, 40], [80, 40], [80, 240], [40, 240]], (60, 60), (60, 220)),
    "polygon": ([[40, 60], [45, 40], [140, 45], [240, 40], [240, 80], [140, 78], [42, 80]], (60, 60), (220, 60)),
}


@pytest.mark.parametrize("way", WAYS)
def test_texts_of_a_pdf_lie_in_their_boxes(way: str, tmp_path: Path) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    points, first, last = WAYS[way]
    with searchable_pdf(tmp_path / "out.pdf") as pdf:
        pdf.add(ReadPage("one", sheet(), [Text(np.array(points, np.float32), "abcde", 1, 1)]))
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        found = document[0].get_textpage()
        for index, expected in ((0, first), (4, last)):
            left, bottom, right, top = found.get_charbox(index)
            assert np.abs(np.array([left + right, 300 - bottom - top]) - expected).max() < 20


def test_pages_of_a_pdf_go_to_the_disk_one_by_one() -> None:
    file, page = io.BytesIO(), ReadPage("one", sheet((7, 40, 40, 90, 24)), [])
    pdf = SearchablePdf(file)
    sizes = [file.tell()]
    for _ in range(3):
        pdf.add(page)
        sizes.append(file.tell())
    grown = np.diff(sizes)
    assert grown.min() > len(encode_jpeg(page.image, 90)) and np.ptp(grown) < 10


def test_what_was_read_as_lines_and_as_a_picture() -> None:
    box = np.array([[40.26, 40], [130, 40], [130, 64], [40, 64]], np.float32)
    page = ReadPage("a b.png", sheet(), [Text(box, '数 "7"', 0.98765, 0.9)], Counter(nothing_read=2))
    value = json.loads(json_line(page))
    assert value["texts"] == [
        {
            "text": '数 "7"',
            "confidence": 0.9877,
            "score": 0.9,
            "points": [[40.3, 40.0], [130.0, 40.0], [130.0, 64.0], [40.0, 64.0]],
        }
    ]
    assert (value["width"], value["height"], value["dropped"]) == (400, 300, {"nothing_read": 2})
    name, _, label = paddle_line(page).partition("\t")
    assert name == "a b.png" and json.loads(label)[0]["points"][0] == [40, 40]
    drawn = draw_page(page)
    assert drawn.shape == (300, 800, 3) and (drawn[40:66, 440:532] < 100).all(-1).sum() > 50


def test_a_text_counts_where_it_is_found_and_read(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), sheet((3, 40, 120, 80, 20), (4, 200, 120, 80, 20), (5, 40, 20, 80, 20)))

    def region(x: int, y: int, text: str, ignore: str | None = None) -> Region:
        return Region(np.array([[x, y], [x + 80, y], [x + 80, y + 20], [x, y + 20]], np.float32), text, ignore)

    regions = (region(40, 120, "3"), region(200, 120, "7"), region(40, 20, "###", "###"), region(200, 20, "9"))
    photos = [Photo(tmp_path / "one.png", "one", regions, "test"), Photo(tmp_path / "two.png", "two", (), "test")]
    result = end_to_end(reader(), photos)
    assert (result.found.hits, result.found.true, result.found.found) == (2, 3, 2)
    assert (result.read.hits, result.read.precision) == (1, 0.5)
    assert [(m.label, m.read) for m in result.misread] == [("7", "4")] and result.refused == {"missing_file": 1}
    assert end_to_end(reader(), photos, lambda a, b: True).read.hits == 2
    report = result.report()
    assert report["read"]["hmean"] == pytest.approx(result.read.hmean, abs=1e-4) and report["photos"] == result.photos
    assert len(report["misread"]) == result.found.hits - result.read.hits


def test_rows_that_lean_a_little_are_rows() -> None:
    def at(x: float, y: float) -> np.ndarray:
        return np.array([[x, y], [x + 50, y], [x + 50, y + 20], [x, y + 20]], np.float32)

    assert reading_order([at(200, 6), at(0, 0), at(0, 30), at(100, 3)]) == [1, 3, 0, 2]
    assert reading_order([]) == []
