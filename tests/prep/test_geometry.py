"""Which polygons are refused, and which two edges of a curved line are its ends."""

import numpy as np
import pytest

from ocrdata.prep.geometry import BadRegion, check_inside, outline, resample, smooth, strip

SQUARE = [(0, 0), (40, 0), (40, 20), (0, 20)]


def points(*pairs):
    return np.array(pairs, np.float32)


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        ([(0, 0), (40, 0), (0, 20), (40, 20)], "self_crossing"),
        ([(0, 0), (40, 0), (10, 5), (0, 20)], "not_convex"),
        ([(0, 0), (40, 0), (40, 20)], "degenerate"),
        ([(0, 0), (40, 0), (40, 0), (0, 20)], "degenerate"),
        ([(0, 0), (20, 0), (40, 0), (60, 0)], "degenerate"),
        ([(0, 0), (40, 0), (float("nan"), 20), (0, 20)], "bad_coordinates"),
        ([(0, 0), (20, 0), (40, 0), (40, 20), (30, -10), (0, 20)], "self_crossing"),
    ],
)
def test_refused(polygon, reason):
    with pytest.raises(BadRegion) as refused:
        outline(points(*polygon))
    assert refused.value.reason == reason


def test_counter_clockwise_keeps_its_first_corner():
    found = outline(points((0, 0), (0, 20), (40, 20), (40, 0)))
    assert found.reversed and found.points.tolist() == [list(map(float, p)) for p in SQUARE]
    assert not outline(points(*SQUARE)).reversed


@pytest.mark.parametrize(("shift", "refused"), [(0, False), (-18, False), (-22, True), (-500, True)])
def test_less_than_half_on_the_photo_is_refused(shift, refused):
    moved = outline(points(*SQUARE)).points + np.array([shift, 0])
    if refused:
        with pytest.raises(BadRegion) as error:
            check_inside(moved, 100, 100)
        assert error.value.reason == "outside_photo"
    else:
        check_inside(moved, 100, 100)


def test_usual_order_pairs_the_first_half_with_the_rest():
    found = strip(np.array([(0, 10), (20, 0), (40, 10), (40, 30), (20, 20), (0, 30)], float))
    assert not found.on_end
    assert found.upper.tolist() == [[0, 10], [20, 0], [40, 10]]
    assert found.lower.tolist() == [[0, 30], [20, 20], [40, 30]]


def test_a_column_that_begins_at_its_upper_end():
    found = strip(np.array([(0, 0), (10, 0), (12, 40), (14, 80), (4, 80), (2, 40)], float))
    assert found.on_end
    assert found.upper.tolist() == [[10, 0], [12, 40], [14, 80]]
    assert found.lower.tolist() == [[0, 0], [2, 40], [4, 80]]


def test_an_odd_number_of_points_is_split_at_the_corners():
    found = strip(np.array([(0, 0), (30, 3), (60, 0), (60, 20), (0, 20)], float))
    assert found.upper.tolist() == [[0, 0], [30, 3], [60, 0]] and found.lower.tolist() == [[0, 20], [60, 20]]


def test_a_first_point_in_the_middle_of_a_side_still_reads_from_left_to_right():
    found = strip(np.array([(30, 0), (60, 0), (60, 20), (30, 20), (0, 20), (0, 0), (15, 0)], float))
    assert not found.on_end
    assert found.upper[0].tolist() == [0, 0] and found.upper[-1].tolist() == [60, 0]
    assert found.lower[0].tolist() == [0, 20] and found.lower[-1].tolist() == [60, 20]


def test_smoothing_follows_a_circle_closer_than_straight_pieces():
    angles = np.linspace(0, np.pi, 5)
    curve = smooth(np.stack([100 * np.cos(angles), 100 * np.sin(angles)], 1))
    assert abs(np.hypot(*curve.T) - 100).max() < 2  # straight pieces: 7.6


def test_resampling_goes_straight_on_beyond_the_ends():
    chain = np.array([(0, 0), (10, 0), (10, 10)], float)
    assert resample(chain, np.array([-0.5, 0, 0.25, 1, 1.5])).tolist() == [
        [-10, 0],
        [0, 0],
        [5, 0],
        [10, 10],
        [10, 20],
    ]
