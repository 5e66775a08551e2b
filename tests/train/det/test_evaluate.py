"""Detectors' scores over photos, by two protocols, and their page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ocrdata.train.det.detector import Detector
from ocrdata.train.det.deteval import area_score
from ocrdata.train.det.evaluate import DetEvaluation, evaluate_detector
from ocrdata.train.det.evaluation_page import write_det_evaluation
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.photos import Texts, open_photos
from ocrdata.train.det.post import Found
from ocrdata.train.det.preprocess import PhotoRule


def box(x: float, y: float, width: float = 20, height: float = 10) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


@pytest.mark.parametrize(
    ("true", "found", "expected"),
    [
        ([box(0, 0)], [box(0, 0)], (1, 1)),
        ([box(0, 0, 40)], [box(0, 0), box(20, 0)], (0.8, 0.8)),  # in two parts
        ([box(0, 0), box(20, 0)], [box(0, 0, 40)], (1, 1)),  # two as one
        ([box(0, 0)], [box(0, 0, 10)], (0, 0)),  # half of it
        ([box(0, 0)], [], (0, 0)),
        ([box(0, 0)], [box(0, 0), box(100, 0)], (1, 0.5)),
    ],
)
def test_texts_found_in_parts_or_together(true, found, expected) -> None:
    score = area_score(true, [False] * len(true), found)
    assert (score.recall, score.precision) == pytest.approx(expected)


def test_what_lies_in_an_ignored_text_is_worth_nothing_and_costs_nothing() -> None:
    score = area_score([box(0, 0), box(50, 0)], [True, False], [box(1, 0), box(50, 0)])
    assert (score.true, score.found, score.hmean) == (1, 1, 1.0)


def test_the_curve_follows_the_score() -> None:
    texts = Texts(Path("a.png"), "a", [box(0, 0), box(50, 0)], [False, False])
    one = DetEvaluation()
    one.add(texts, [Found(box(0, 0), 0.9), Found(box(50, 0), 0.6), Found(box(200, 0), 0.3)])
    curve = {row["limit"]: (row["precision"], row["recall"]) for row in one.report()["curve"]}
    assert (
        curve[0.0] == (0.6667, 1.0) and curve[0.5] == (1.0, 1.0) and curve[0.8] == (1.0, 0.5) and curve[0.95] == (0, 0)
    )


def test_the_curve_goes_below_the_score_that_is_in_use(scenes) -> None:
    """Two texts as surely as the bundle wants, one less: it counts in the curve alone."""
    folder = scenes(3)

    def unsure(batch: np.ndarray) -> np.ndarray:
        calls.append(1)
        return (0.6 if len(calls) == 3 else 0.9) * (batch.mean(1, keepdims=True) < -0.2).astype(np.float32)

    calls: list[int] = []
    detector = Detector(unsure, PhotoRule(side=96), DbPost(unclip=0, box_threshold=0.8))
    (one,) = evaluate_detector(detector, {"bars": open_photos(folder)}, keep=2).values()
    report = one.report()
    curve = {row["limit"]: row["recall"] for row in report["curve"]}
    assert (report["hits"], report["found"], report["limit"]) == (2, 2, 0.8)
    assert curve[0.05] == curve[0.5] == 1.0 and curve[0.7] == 0.6667 and curve[0.95] == 0
    assert len(one.worst) == 2 and one.worst[0].faults == 1 and not one.worst[0].found


def test_a_set_of_photos_becomes_scores_and_a_page(scenes, tmp_path: Path) -> None:
    folder = scenes(3)
    (folder / "2.png").write_bytes(b"no picture")

    def dark(batch: np.ndarray) -> np.ndarray:
        return (batch.mean(1, keepdims=True) < -0.2).astype(np.float32)

    detector = Detector(dark, PhotoRule(side=96), DbPost(unclip=0))
    found = evaluate_detector(detector, {"bars": open_photos(folder)})
    report = found["bars"].report()
    assert (report["photos"], report["texts"], report["hmean"]) == (2, 2, 1.0)
    assert report["refused"] == {"undecodable_image": 1} and report["deteval"]["hmean"] == 1.0
    write_det_evaluation(found, tmp_path / "page.html", "A <detector>")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 2 and "A &lt;detector&gt;" in page and "1.0000" in page
    assert json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))["bars"]["hits"] == 2
