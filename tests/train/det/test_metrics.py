"""Scores of found texts."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_polygons_that_cross_themselves_are_measured() -> None:
    crossing = np.array([[0, 0], [20, 10], [20, 0], [0, 10]], np.float32)
    assert 0 < overlaps([box(0, 0)], [crossing])[0][0, 0] < 0.6
