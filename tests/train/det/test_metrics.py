"""Scores of found texts."""

from __future__ import annotations

import numpy as np
import pytest

from ocrdata.train.det.deteval import AreaScore, area_score
from ocrdata.train.det.metrics import DetScore, match, overlaps


def box(x: float, y: float, width: float = 20, height: float = 10) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_hits_misses_and_false_alarms() -> None:
    found = match([box(0, 0), box(50, 0)], [False, False], [box(1, 0), box(100, 100)])
    assert found.pairs == [(0, 0)] and found.misses == [1] and found.false_alarms == [1]
    score = DetScore.of([found])
    assert (score.precision, score.recall, score.hmean) == (0.5, 0.5, 0.5)


def test_an_overlap_of_exactly_a_half_is_no_hit() -> None:
    half = box(0, 0, 10)  # IoU with 20 x 10 is 100 / 200
    assert overlaps([box(0, 0)], [half])[0][0, 0] == pytest.approx(0.5)
    assert match([box(0, 0)], [False], [half]).pairs == []
    assert match([box(0, 0)], [False], [box(0, 0, 10.1)]).pairs == [(0, 0)]


def test_what_lies_in_an_ignored_text_does_not_count() -> None:
    ignored = box(0, 0, 100, 100)
    found = match([ignored], [True], [box(10, 10), box(95, 50)])
    assert found.found == [1] and found.true == []  # three quarters of the second lie outside
    assert DetScore.of([found]).precision == 0


def test_two_findings_of_one_text_are_a_hit_and_a_false_alarm() -> None:
    found = match([box(0, 0)], [False], [box(0, 0), box(0, 1)])
    assert found.pairs == [(0, 0)] and found.false_alarms == [1]


def test_counts_add_up_over_photos_and_nothing_is_zero() -> None:
    assert (DetScore(1, 2, 4) + DetScore(1, 2, 0)).recall == 0.5
    assert DetScore().hmean == 0
    empty = match([], [], [])
    assert empty.pairs == [] and match([], [], [box(0, 0)]).false_alarms == [0]


def test_polygons_that_cross_themselves_are_measured_as_in_the_official_evaluation() -> None:
    crossing = np.array([[0, 0], [20, 10], [20, 0], [0, 10]], np.float32)
    assert overlaps([box(0, 0)], [crossing])[0] == pytest.approx(1.0)  # half in common, and its own area is none
    assert match([crossing], [False], [crossing]).pairs == []


# Photos: true texts with whether they are ignored, found texts; x and y of four corners each.
PHOTOS = (
    (
        (
            ((10, 10, 110, 14, 108, 44, 8, 40), False),
            ((130, 20, 230, 20, 230, 50, 130, 50), False),
            ((20, 80, 140, 70, 143, 100, 23, 110), False),
            ((160, 90, 220, 60, 232, 84, 172, 114), True),
            ((10, 140, 60, 140, 60, 160, 10, 160), False),
        ),
        (
            (12, 12, 112, 16, 110, 46, 10, 42),
            (12, 12, 112, 16, 110, 46, 10, 43),  # a second time
            (130, 20, 230, 20, 230, 34, 130, 34),  # in two parts
            (130, 34, 230, 34, 230, 50, 130, 50),
            (30, 78, 120, 70, 123, 101, 33, 110),
            (165, 85, 215, 66, 226, 90, 178, 112),  # in the ignored one
            (10, 140, 35, 140, 35, 160, 10, 160),  # half of it, and not more
        ),
    ),
    (
        (
            ((0, 0, 80, 0, 80, 30, 0, 30), False),
            ((90, 0, 170, 0, 170, 30, 90, 30), False),
            ((0, 50, 200, 52, 200, 80, 0, 78), False),
            ((0, 100, 60, 100, 60, 120, 0, 120), False),
            ((100, 100, 180, 110, 176, 142, 96, 132), True),
        ),
        (
            (0, 0, 170, 0, 170, 30, 0, 30),  # two as one
            (0, 50, 70, 51, 70, 79, 0, 78),
            (72, 51, 200, 52, 200, 80, 72, 79),
            (0, 100, 60, 120, 60, 100, 0, 120),  # crosses itself
            (90, 95, 130, 95, 130, 150, 90, 150),
            (300, 10, 340, 10, 340, 40, 300, 40),
        ),
    ),
    (
        (((5, 5, 50, 5, 50, 25, 5, 25), True), ((60, 5, 100, 5, 100, 25, 60, 25), True)),
        ((6, 6, 48, 6, 48, 24, 6, 24), (80, 5, 125, 5, 125, 25, 80, 25)),
    ),
)


def quads(rows) -> list[np.ndarray]:
    return [np.array(row, np.float32).reshape(4, 2) for row in rows]


def test_scores_are_those_of_the_official_script_of_icdar2015() -> None:
    matches = [match(quads(q for q, _ in true), [i for _, i in true], quads(found)) for true, found in PHOTOS]
    assert [m.pairs for m in matches] == [[(0, 0), (1, 3), (2, 4)], [(2, 2), (3, 3)], []]
    score = DetScore.of(matches)
    # Given by script.py of the Robust Reading Competition for these texts; see tests/bench/bench_det_metric.py.
    assert [round(v, 4) for v in (score.precision, score.recall, score.hmean)] == [0.3846, 0.6250, 0.4762]


def test_deteval_is_that_of_the_public_script() -> None:
    crossing = PHOTOS[1][1][3]  # that script leaves it out
    score = AreaScore()
    for true, found in PHOTOS:
        score += area_score(quads(q for q, _ in true), [i for _, i in true], quads(q for q in found if q != crossing))
    assert [round(v, 4) for v in (score.precision, score.recall, score.hmean)] == [0.5800, 0.5500, 0.5646]
