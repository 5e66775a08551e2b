"""What SAST learns from straight and curved texts, and that cutting it out again gives the texts back."""

from __future__ import annotations

import numpy as np
import pytest

from ocrdata.train.det.metrics import overlaps
from ocrdata.train.det.numbers import SastPost, SastTargets
from ocrdata.train.det.sast import BORDER, CARE, CELL, CENTRE, CORNERS, OUTPUTS, sast_boxes, sast_maps

SIZE = (320, 320)
SIX = SastPost(pairs=6)


def box(x: float, y: float, width: float, height: float, degrees: float = 0) -> np.ndarray:
    """A rectangle with its first corner at x, y, turned clockwise around it."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn
    return (corners + np.array([x, y])).astype(np.float32)


def arch(x: float, y: float, radius: float, height: float, span: tuple[float, float], pairs: int) -> np.ndarray:
    """A text on a circle, from left to right over its top, with so many pairs of points."""
    angles = np.deg2rad(np.linspace(*span, pairs))
    way = np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.concatenate([way * (radius + height), way[::-1] * radius]).astype(np.float32) + np.array(
        [x, y], np.float32
    )


TEXTS = {
    "straight": box(30, 40, 140, 30),
    "rotated": box(40, 40, 160, 30, 28),
    "steep": box(120, 20, 180, 30, 75),
    "column": box(100, 30, 28, 200),
    "arch of 8 points": arch(160, 180, 80, 36, (200, 340), 4),
    "arch of 10 points": arch(160, 180, 90, 36, (190, 350), 5),
    "arch of 14 points": arch(160, 180, 70, 36, (180, 360), 7),
    "arch of 9 points": np.delete(arch(160, 180, 90, 36, (200, 340), 5), 7, axis=0),
    "smile": arch(160, 100, 120, -36, (160, 20), 6),
}


def found(texts: list[np.ndarray], post: SastPost, ignored: list[bool] | None = None) -> list[np.ndarray]:
    maps = sast_maps(texts, ignored or [False] * len(texts), SIZE, SastTargets())
    return [f.points for f in sast_boxes(maps[:OUTPUTS], post)]


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_learnt_perfectly_is_found(name: str) -> None:
    (points,) = found([TEXTS[name]], SIX)
    assert points.shape == (12, 2) and overlaps([TEXTS[name]], [points])[0][0, 0] > 0.8


@pytest.mark.parametrize("name", ["straight", "rotated", "steep"])
def test_two_pairs_are_a_quad_that_begins_where_the_text_does(name: str) -> None:
    (points,) = found([TEXTS[name]], SastPost())
    assert points.shape == (4, 2) and overlaps([TEXTS[name]], [points])[0][0, 0] > 0.8
    assert np.abs(points[0] - TEXTS[name][0]).max() < 12


def test_lines_close_to_each_other_stay_apart() -> None:
    lines = [box(30, 40 + 22 * row, 200, 20) for row in range(6)]
    points = found(lines, SIX)
    ious = overlaps(lines, points)[0]
    assert len(points) == 6 and (ious.max(1) > 0.8).all()


def test_words_of_a_line_stay_apart() -> None:
    words = [box(10 + 70 * k, 100, 60, 24) for k in range(4)]
    assert len(found(words, SIX)) == 4


def test_every_pixel_of_a_strip_knows_edges_corners_and_centre() -> None:
    maps = sast_maps([TEXTS["straight"]], [False], SIZE, SastTargets())
    rows, columns = np.nonzero(maps[0])
    assert len(rows) > 50
    pixels = np.stack([columns, rows], 1) * CELL
    at = maps[:, rows, columns].T
    above, below = (pixels + at[:, BORDER].reshape(-1, 2, 2)[:, k] for k in (0, 1))
    assert np.allclose(above[:, 1], 40, atol=1e-3) and np.allclose(below[:, 1], 70, atol=1e-3)
    assert np.allclose(above[:, 0], pixels[:, 0], atol=0.1)
    assert np.allclose(at[:, CORNERS].reshape(-1, 4, 2) + pixels[:, None], TEXTS["straight"], atol=1e-3)
    assert np.allclose(at[:, CENTRE] + pixels, [100, 55], atol=1e-3)
    assert np.ptp(pixels[:, 1]) < 15 and np.ptp(pixels[:, 0]) > 120  # along the middle, a third of the height


def test_across_an_arch_the_edges_are_as_far_apart_as_it_is_high() -> None:
    maps = sast_maps([TEXTS["arch of 14 points"]], [False], SIZE, SastTargets())
    rows, columns = np.nonzero(maps[0])
    ways = maps[BORDER, rows, columns].T.reshape(-1, 2, 2)
    assert np.abs(np.hypot(*(ways[:, 1] - ways[:, 0]).T) - 36).max() < 3
    outwards = np.stack([columns, rows], 1) * CELL + ways[:, 0] - [160, 180]
    assert np.abs(np.hypot(*outwards.T) - 106).max() < 5


def test_ignored_tiny_and_unreadable_texts_are_nothing_to_learn_and_cost_nothing() -> None:
    crossing = np.array([[200, 200], [260, 240], [260, 200], [200, 240]], np.float32)
    texts = [TEXTS["straight"], box(200, 20, 60, 3), crossing]
    maps = sast_maps(texts, [True, False, False], SIZE, SastTargets())
    assert not maps[0].any()
    assert maps[CARE, 13, 25] == maps[CARE, 5, 55] == maps[CARE, 52, 51] == 0
    assert maps[CARE, 70, 70] == 1


def test_nothing_above_the_threshold_is_nothing_found() -> None:
    assert sast_boxes(np.zeros((OUTPUTS, 40, 64), np.float32), SastPost()) == []


def test_specks_without_a_box_are_no_texts() -> None:
    maps = sast_maps([TEXTS["straight"]], [False], SIZE, SastTargets())[:OUTPUTS]
    maps[0, 70, 70] = 1  # a pixel whose corners lie where it lies itself
    assert len(sast_boxes(maps, SIX)) == 1
    maps[0, 75, 10] = 1
    maps[CORNERS, 75, 10] = np.array([-40, -40, 40, -40, 40, 40, -40, 40])
    assert len(sast_boxes(maps, SIX)) == 1


def test_expanded_texts_are_higher() -> None:
    (plain,), (larger,) = (found([TEXTS["straight"]], SastPost(pairs=6, expand=e)) for e in (1.0, 1.2))
    assert np.isclose(np.ptp(larger[:, 1]) - np.ptp(plain[:, 1]), 0.2 * 30, atol=1)
