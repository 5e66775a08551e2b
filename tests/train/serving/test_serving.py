"""A real server on a free port: what it answers, what it refuses, and that it is what `ocr` prints."""

from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
import uvicorn
from reportlab.pdfgen.canvas import Canvas

from ocrdata.corpora.charset import Charset
from ocrdata.errors import UserError
from ocrdata.train.det.detector import Detector
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.preprocess import PhotoRule
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader
from ocrdata.train.reading.formats import json_line
from ocrdata.train.reading.inputs import open_pages
from ocrdata.train.reading.photo_reader import PhotoReader
from ocrdata.train.serving.app import make_app
from ocrdata.train.serving.server import _listening, run
from ocrdata.train.serving.service import LineService, PhotoService

LARGEST = 200_000


def dark(batch: np.ndarray) -> np.ndarray:
    """A detector's engine: dark bars on white paper."""
    ink = (batch.mean(1) < -0.2).astype(np.uint8)
    return np.stack([cv2.erode(i, np.ones((5, 5), np.uint8)) for i in ink])[:, None].astype(np.float32)


def seven(batch: np.ndarray) -> np.ndarray:
    """A recogniser's engine that always reads 7."""
    out = np.zeros((len(batch), batch.shape[3] // 4, 11), np.float32)
    out[:, :, 10] = 1
    out[:, 2] = np.eye(11)[7]
    return out


def lines() -> LineReader:
    return LineReader(seven, InputRule(height=32, max_width=320), Charset("0123456789"))


def photos() -> PhotoReader:
    return PhotoReader(Detector(dark, PhotoRule(side=640), DbPost(unclip=0.8)), lines())


@pytest.fixture
def serving():
    """serving(service): the address of a server that runs until the test is over."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(service) -> str:
        listener = _listening("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(make_app(service, LARGEST), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """White paper with two dark bars."""
    picture = np.full((300, 400, 3), 255, np.uint8)
    picture[20:40, 40:120] = picture[120:140, 200:280] = 30
    cv2.imwrite(str(tmp_path / "sheet.png"), picture)
    return tmp_path / "sheet.png"


def send(url: str, path: Path) -> requests.Response:
    with path.open("rb") as file:
        return requests.post(f"{url}/ocr", files={"file": (path.name, file)}, timeout=60)


def test_a_photo_is_answered_as_ocr_prints_it(serving, sheet: Path) -> None:
    url = serving(PhotoService(photos()))
    answer = send(url, sheet)
    (page,) = photos().read(open_pages([sheet]))
    wanted = json.loads(json_line(page)) | {"image": "sheet.png"}
    assert answer.status_code == 200 and answer.json() == {"pages": [wanted]}
    assert [t["text"] for t in wanted["texts"]] == ["7", "7"]
    assert requests.get(f"{url}/health", timeout=9).json() == {"status": "ok", "reads": "photos"}
    assert "<svg" in requests.get(url, timeout=9).text


def test_clients_of_paddle_servers_are_understood(serving, sheet: Path) -> None:
    picture = base64.b64encode(sheet.read_bytes()).decode()
    answer = requests.post(
        serving(PhotoService(photos())) + "/predict/ocr_system", json={"images": [picture]}, timeout=60
    ).json()
    assert answer["status"] == "000" and [t["text"] for t in answer["results"][0]] == ["7", "7"]
    assert np.abs(np.array(answer["results"][0][0]["text_region"])[0] - [40, 20]).max() < 5
    url = serving(LineService(lines()))
    answer = requests.post(f"{url}/predict/ocr_rec", json={"images": [picture]}, timeout=60).json()
    assert answer["results"] == [[{"text": "7", "confidence": 1.0}]]


def test_lines_are_read_without_a_detector(serving, sheet: Path) -> None:
    pages = send(serving(LineService(lines())), sheet).json()["pages"]
    assert pages == [{"image": "sheet.png", "text": "7", "confidence": 1.0}]


@pytest.mark.parametrize("service", [lambda: PhotoService(photos()), lambda: LineService(lines())])
def test_what_cannot_be_read_is_refused_by_reason_and_the_server_goes_on(service, serving, sheet: Path) -> None:
    url = serving(service())
    broken = sheet.with_name("broken.png")
    broken.write_bytes(sheet.read_bytes()[:-30])
    answer = send(url, broken)
    assert answer.status_code == 422 and answer.json()["error"] == "truncated_image"
    assert "broken.png" in answer.json()["detail"] and str(broken.parent) not in answer.text
    assert send(url, sheet).status_code == 200


def test_what_is_too_large_is_refused_before_it_is_taken(serving) -> None:
    url = serving(LineService(lines()))
    answer = requests.post(f"{url}/ocr", data=b"0" * (LARGEST + 1), timeout=9)
    assert answer.status_code == 413 and str(LARGEST) in answer.json()["detail"]
    endless = requests.post(f"{url}/ocr", data=iter([b"0" * 10]), timeout=9)  # chunks, without a length
    assert endless.status_code == 411


def test_text_that_is_no_base64_is_refused(serving) -> None:
    url = serving(LineService(lines()))
    answer = requests.post(f"{url}/predict/ocr_rec", json={"images": ["§"]}, timeout=9)
    assert answer.status_code == 422 and "base64" in answer.text


def test_a_pdf_file_has_a_page_each(serving, tmp_path: Path) -> None:
    pdf = Canvas(str(tmp_path / "two.pdf"), pagesize=(200, 150))
    for _ in range(2):
        pdf.rect(20, 100, 60, 14, fill=1)
        pdf.showPage()
    pdf.save()
    pages = send(serving(PhotoService(photos())), tmp_path / "two.pdf").json()["pages"]
    assert [p["image"] for p in pages] == ["two.pdf#1", "two.pdf#2"]
    assert [[t["text"] for t in p["texts"]] for p in pages] == [["7"], ["7"]]


def test_an_address_that_is_taken_is_named() -> None:
    with _listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"--port {port}"):
            run(LineService(lines()), "127.0.0.1", port, LARGEST, print)
