"""Photos of all sizes on their way into a network and back."""

from __future__ import annotations

import numpy as np
import pytest

from ocrdata.train.det.preprocess import PhotoRule, fit, resized, stack, to_photo

CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@pytest.mark.parametrize(
    ("size", "rule", "expected"),
    [
        ((1000, 2000), PhotoRule(side=960), (480, 960)),
        ((100, 50), PhotoRule(side=960), (100, 50)),
        ((500, 1000), PhotoRule(side=736, limit="shortest"), (736, 1472)),
        ((1000, 2000), PhotoRule(side=736, limit="shortest"), (1000, 2000)),
        ((1, 20000), PhotoRule(side=960), (1, 960)),
        (
            (1, 300),
            PhotoRule(side=736, limit="shortest"),
            (13, 4000),
        ),  # enlarged, but no network's memory is that large
        ((300, 20000), PhotoRule(side=736, limit="shortest"), (60, 4000)),
    ],
)
def test_sizes(size: tuple[int, int], rule: PhotoRule, expected: tuple[int, int]) -> None:
    assert resized(size, rule) == expected


def test_padding_is_added_and_nothing_is_cut() -> None:
    photo = np.full((100, 70, 3), 255, np.uint8)
    batch = stack([fit(photo, PhotoRule())], PhotoRule())
    assert batch.shape == (1, 3, 128, 96)
    assert (batch[0, :, :100, :70] > 2).all() and not batch[0, :, 100:].any() and not batch[0, :, :, 70:].any()


def test_the_order_of_colours_is_the_rules() -> None:
    blue = np.zeros((32, 32, 3), np.uint8)
    blue[:, :, 0] = 255
    first = {c: stack([fit(blue, PhotoRule(colour=c))], PhotoRule(colour=c))[0, 0, 0, 0] for c in ("BGR", "RGB")}  # type: ignore[arg-type]
    assert first["BGR"] > 2 and first["RGB"] < 0


def test_points_come_back_to_where_they_were() -> None:
    size, rule = (1001, 2003), PhotoRule(side=960)
    height, width = resized(size, rule)
    there = CORNERS * [width, height]
    assert np.allclose(to_photo(there.astype(np.float32), size, rule), CORNERS * [2003, 1001])
    assert to_photo(np.array([[-5, 2000]], np.float32), size, rule).tolist() == [[0, 1001]]
