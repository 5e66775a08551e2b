"""What is learnt from a text, and that cutting it out again gives the text back."""

from __future__ import annotations

import numpy as np
import pytest

from ocrdata.train.det.maps import db_maps
from ocrdata.train.det.metrics import match
from ocrdata.train.det.numbers import DbPost, DbTargets
from ocrdata.train.det.post import db_boxes

QUAD = np.array([[40, 40], [200, 60], [196, 100], [36, 80]], np.float32)
SIZE = (160, 256)


def test_a_text_shrinks_and_its_border_reaches_as_far_to_both_sides() -> None:
    square = np.array([[50, 50], [110, 50], [110, 110], [50, 110]], np.float32)
    maps = db_maps([square], [False], SIZE, DbTargets())
    offset = 60 * 60 * (1 - 0.4**2) / 240  # 12.6 px
    inside = np.flatnonzero(maps.shrunk[80])
    assert abs(inside[0] - (50 + offset)) <= 1 and abs(inside[-1] - (110 - offset)) <= 1
    reached = np.flatnonzero(maps.near[80])
    assert abs(reached[0] - (50 - offset)) <= 1.5 and abs(reached[-1] - (110 + offset)) <= 1.5
    assert maps.border[80, 50] == pytest.approx(0.7, abs=0.02) and maps.border[0, 0] == pytest.approx(0.3)
    assert maps.care.all()


def test_ignored_and_tiny_texts_are_nothing_to_learn() -> None:
    tiny = np.array([[210, 10], [240, 10], [240, 16], [210, 16]], np.float32)
    maps = db_maps([QUAD, tiny], [True, False], SIZE, DbTargets())
    assert not maps.shrunk.any() and not maps.near.any()
    assert maps.care[70, 120] == 0 and maps.care[13, 225] == 0 and maps.care[150, 20] == 1


@pytest.mark.parametrize("polygons", [False, True])
def test_what_is_learnt_perfectly_is_found(polygons: bool) -> None:
    maps = db_maps([QUAD], [False], SIZE, DbTargets())
    found = db_boxes(maps.shrunk, DbPost(polygons=polygons))
    assert len(found) == 1 and found[0].score > 0.9
    assert match([QUAD], [False], [f.points for f in found]).pairs == [(0, 0)]


def test_boxes_run_clockwise_from_the_upper_left() -> None:
    maps = db_maps([QUAD], [False], SIZE, DbTargets())
    box = db_boxes(maps.shrunk, DbPost())[0].points
    assert np.abs(box - QUAD).max() < 6


def test_a_curved_text_is_found_as_a_polygon() -> None:
    angles = np.linspace(np.pi, 2 * np.pi, 9)
    outer, inner = (np.c_[128 + r * np.cos(angles), 130 + r * np.sin(angles)] for r in (110, 70))
    curve = np.concatenate([outer, inner[::-1]]).astype(np.float32)
    found = db_boxes(db_maps([curve], [False], SIZE, DbTargets()).shrunk, DbPost(polygons=True, box_threshold=0.5))
    assert len(found) == 1 and len(found[0].points) > 6
    assert match([curve], [False], [found[0].points]).pairs == [(0, 0)]


def test_a_polygon_that_crosses_itself_or_leaves_the_picture_is_no_end() -> None:
    crossing = np.array([[10, 10], [100, 60], [100, 10], [10, 60]], np.float32)
    outside = QUAD + np.array([180, 100], np.float32)
    maps = db_maps([crossing, outside], [False, False], SIZE, DbTargets())
    assert np.isfinite(maps.border).all() and maps.shrunk.shape == SIZE


def test_a_long_line_that_is_not_quite_straight_is_scored_inside_its_outline() -> None:
    probability = np.zeros(SIZE, np.float32)
    x = np.arange(10, 190)
    for y in range(4):
        probability[np.rint(60 + y + 3 * np.sin(x / 15)).astype(int), x] = 0.95
    assert db_boxes(probability, DbPost()) == []
    (found,) = db_boxes(probability, DbPost(score="outline", box_threshold=0.9))
    assert np.ptp(found.points, axis=0)[0] > 170 and found.score > 0.9


def test_specks_and_weak_texts_are_left_out() -> None:
    probability = np.zeros(SIZE, np.float32)
    probability[20:22, 20:22] = 0.9
    probability[60:100, 60:200] = 0.5
    assert db_boxes(probability, DbPost(smallest=5)) == []
    assert len(db_boxes(probability, DbPost(box_threshold=0.4, smallest=5))) == 1
