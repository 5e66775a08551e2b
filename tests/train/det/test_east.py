"""What EAST learns from a text, and that cutting it out again gives the text back."""

from __future__ import annotations

import numpy as np

from ocrdata.train.det.east import CELL, east_boxes, east_maps
from ocrdata.train.det.metrics import match
from ocrdata.train.det.numbers import EastPost, EastTargets

SIZE = (160, 256)
QUADS = [
    np.array([[20, 20], [120, 36], [116, 62], [16, 46]], np.float32),
    np.array([[150, 100], [230, 100], [230, 130], [150, 130]], np.float32),
]


def test_what_is_learnt_perfectly_is_found_with_its_first_corner() -> None:
    maps = east_maps(QUADS, [False, False], SIZE, EastTargets())
    found = east_boxes(maps[:9], EastPost(cover=0.05))
    assert sorted(match(QUADS, [False, False], [f.points for f in found]).pairs) == [(0, 0), (1, 1)] or len(found) == 2
    by_first = {tuple(np.rint(f.points[0]).astype(int).tolist()) for f in found}
    assert by_first == {(20, 20), (150, 100)}


def test_small_texts_are_found_beside_large_ones_when_candidates_are_few() -> None:
    large = np.array([[8, 8], [248, 8], [248, 88], [8, 88]], np.float32)  # means the same in a dozen rows
    small = [np.array([[x, 110], [x + 28, 110], [x + 28, 130], [x, 130]], np.float32) for x in range(8, 220, 36)]
    texts, learnt = [large, *small], [False] * (1 + len(small))
    maps = east_maps(texts, learnt, SIZE, EastTargets())
    found = east_boxes(maps[:9], EastPost(cover=0.05, candidates=len(texts)))
    assert len(match(texts, learnt, [f.points for f in found]).pairs) == len(texts) == 7


def test_every_pixel_of_a_text_knows_its_four_corners() -> None:
    maps = east_maps(QUADS[:1], [False], SIZE, EastTargets())
    rows, columns = np.nonzero(maps[0])
    assert len(rows) > 20
    for row, column in list(zip(rows, columns, strict=True))[::7]:
        corners = maps[1:9, row, column].reshape(4, 2) + np.array([column * CELL, row * CELL])
        assert np.allclose(corners, QUADS[0], atol=1e-3)
    assert np.isclose(1 / maps[9, rows[0], columns[0]], 26.3, atol=0.5)


def test_ignored_and_tiny_texts_are_nothing_to_learn_and_cost_nothing() -> None:
    tiny = np.array([[200, 20], [240, 20], [240, 26], [200, 26]], np.float32)
    maps = east_maps([QUADS[0], tiny], [True, False], SIZE, EastTargets())
    assert not maps[0].any() and maps[10, 10, 16] == 0 and maps[10, 5, 55] == 0 and maps[10, 35, 5] == 1


def test_nothing_above_the_threshold_is_nothing_found() -> None:
    assert east_boxes(np.zeros((9, 40, 64), np.float32), EastPost()) == []
