"""Rectified pictures show what the region holds: upright, whole, not mirrored."""

import cv2
import numpy as np
import pytest

from ocrdata.prep.geometry import BadRegion
from ocrdata.prep.rectify import Crop, apply_policy, is_single_character, rectify

WIDTH, HEIGHT = 240, 40


@pytest.fixture(scope="module")
def line():
    """A line picture, smooth so that resampling changes little."""
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    cv2.putText(image, "Quarz 58", (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (40, 20, 90), 3, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def paint(line, to_line):
    """A 400x400 photo: each pixel takes the line's colour at (x, y) = to_line(column, row), grey outside."""
    columns, rows = np.meshgrid(np.arange(400, dtype=np.float32), np.arange(400, dtype=np.float32))
    x, y = to_line(columns, rows)
    return cv2.remap(
        line,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128, 128, 128),
    )


def difference(a, b):
    """Mean absolute difference of the inner parts."""
    b = cv2.resize(b, (a.shape[1], a.shape[0]))
    return np.abs(a[3:-3, 3:-3].astype(float) - b[3:-3, 3:-3]).mean()


def test_a_rectangle_is_cut_out_exactly():
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    crop = rectify(photo, np.array([(10, 20), (50, 20), (50, 45), (10, 45)], np.float32))
    assert np.array_equal(crop.image, photo[20:45, 10:50]) and crop.notes == ()


def test_perspective_is_undone(line):
    quad = np.array([(60, 80), (330, 40), (350, 130), (80, 125)], np.float32)
    corners = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], np.float32)
    photo = cv2.warpPerspective(line, cv2.getPerspectiveTransform(corners, quad), (400, 400))
    crop = rectify(photo, quad)
    assert crop.image.shape[:2] == (92, 273)
    assert difference(crop.image, line) < 3


def arch(line, count):
    """A line bent to three quarters of a half circle, and a polygon of 2 * count points on it."""
    centre, outer, span = (200, 260), 160, 0.75 * np.pi
    start = -np.pi / 2 - span / 2

    def to_line(x, y):
        dx, dy = x - centre[0], y - centre[1]
        return (np.arctan2(dy, dx) - start) / span * WIDTH, outer - np.hypot(dx, dy)

    angles = start + span * np.linspace(0, 1, count)
    ring = [(centre[0] + r * np.cos(angles), centre[1] + r * np.sin(angles)) for r in (outer, outer - HEIGHT)]
    upper, lower = (np.stack(r, 1) for r in ring)
    return paint(line, to_line), np.concatenate([upper, lower[::-1]]).astype(np.float32)


@pytest.mark.parametrize("count", [4, 7])
def test_a_curve_is_straightened(line, count):
    photo, polygon = arch(line, count)
    crop = rectify(photo, polygon)
    assert crop.notes == ("curved",)
    assert crop.image.shape[0] == pytest.approx(HEIGHT, abs=2)
    assert crop.image.shape[1] == pytest.approx(0.75 * np.pi * (160 - HEIGHT / 2), abs=4)  # of the middle line
    assert difference(crop.image, line) < 8  # the same picture as a plain box: above 30
    assert difference(crop.image[:, ::-1], line) > 20


def test_a_counter_clockwise_region_is_not_mirrored(line):
    photo, polygon = arch(line, 5)
    backwards = np.concatenate([polygon[:1], polygon[:0:-1]])
    crop = rectify(photo, backwards)
    assert crop.notes == ("curved", "reversed")
    assert np.array_equal(crop.image, rectify(photo, polygon).image)


def test_a_column_of_many_points_stands_upright(line):
    column = cv2.rotate(line, cv2.ROTATE_90_CLOCKWISE)  # reads downwards
    photo = np.full((300, 100, 3), 128, np.uint8)
    photo[20 : 20 + WIDTH, 30 : 30 + HEIGHT] = column
    polygon = np.array([(30, 20), (70, 20), (70, 100), (70, 260), (30, 260), (30, 140)], np.float32)
    crop = rectify(photo, polygon)
    assert crop.image.shape == column.shape and difference(crop.image, column) < 1
    laid = apply_policy(crop, "Quarz 58", "rotate90")
    assert difference(laid.image, line) < 1 and laid.notes == ("curved", "vertical_rotated")


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        ([(500, 10), (540, 10), (540, 30), (500, 30)], "outside_photo"),
        ([(10, 10), (50, 10), (50, 12), (10, 12)], "too_small"),
        ([(-9000, 10), (9900, 10), (9900, 30), (-9000, 30)], "outside_photo"),
        ([(10, 10), (10, 10), (50, 30), (10, 30)], "degenerate"),
    ],
)
def test_refused(polygon, reason):
    with pytest.raises(BadRegion) as refused:
        rectify(np.zeros((100, 100, 3), np.uint8), np.array(polygon, np.float32))
    assert refused.value.reason == reason


def test_an_absurd_size_is_refused_before_memory_is_taken():
    photo = np.zeros((8, 20_000, 3), np.uint8)
    with pytest.raises(BadRegion) as refused:
        rectify(photo, np.array([(0, 0), (20_000, 0), (20_000, 8), (0, 8)], np.float32))
    assert refused.value.reason == "too_large"


def test_what_lies_off_the_photo_is_replicated():
    photo = np.zeros((50, 50, 3), np.uint8)
    photo[:, 0] = (1, 2, 3)
    crop = rectify(photo, np.array([(-10, 10), (30, 10), (30, 30), (-10, 30)], np.float32))
    assert crop.image.shape == (20, 40, 3)
    assert (crop.image[:, :11] == (1, 2, 3)).all() and (crop.image[:, 11:] == 0).all()


@pytest.mark.parametrize("count", [None, 5])
def test_padding_shows_more_of_the_photo(line, count):
    photo, polygon = arch(line, count or 4)
    if count is None:
        polygon = polygon[[1, 2, -3, -2]]
    plain, padded = rectify(photo, polygon), rectify(photo, polygon, padding=0.2)
    pad = (padded.image.shape[0] - plain.image.shape[0]) // 2
    assert pad == round(0.2 * min(plain.image.shape[:2]))
    assert np.abs(padded.image[pad:-pad, pad:-pad].astype(int) - plain.image).mean() < 2


def upright(width, height):
    return Crop(np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3))


@pytest.mark.parametrize(
    ("size", "text", "notes"),
    [
        ((20, 30), "上下", ("vertical_rotated",)),
        ((20, 29), "上下", ()),
        ((20, 60), "丨", ()),
        ((20, 60), "e\u0301", ()),
        ((60, 20), "左右", ()),
    ],
)
def test_vertical_lines_are_turned_and_single_characters_are_not(size, text, notes):
    crop = upright(*size)
    turned = apply_policy(crop, text, "rotate90")
    assert turned.notes == notes
    assert np.array_equal(turned.image, np.rot90(crop.image) if notes else crop.image)


def test_other_policies():
    crop = upright(10, 40)
    kept = apply_policy(crop, "上下", "keep")
    assert (kept.image == crop.image).all() and kept.notes == ("vertical_kept",)
    with pytest.raises(BadRegion) as refused:
        apply_policy(crop, "上下", "skip")
    assert refused.value.reason == "vertical"


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("字", True),
        (" 1 ", True),
        ("12", False),
        ("e\u0301", True),
        ("\U0001f468\u200d\U0001f469", True),
        ("\U0001f1e8\U0001f1f3", True),
        ("\u1112\u1161\u11ab", True),
        ("क्", True),
        ("", False),
    ],
)
def test_single_characters(text, single):
    assert is_single_character(text) is single


@pytest.mark.parametrize("count", [None, 5])
def test_cubic_interpolation_keeps_edges_sharper(line, count):
    photo, polygon = arch(line, count or 4)
    if count is None:
        polygon = polygon[[1, 2, -3, -2]]
    linear, cubic = (rectify(photo, polygon, interpolation=way).image.astype(int) for way in ("linear", "cubic"))
    assert 0 < np.abs(linear - cubic).mean() < 8
    assert np.abs(np.diff(cubic, axis=1)).mean() > np.abs(np.diff(linear, axis=1)).mean()
