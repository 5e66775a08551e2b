"""Ink and paper are found in crops whose colours are known, and refused by name where nobody could tell."""

import cv2
import numpy as np
import pytest

from ocrdata.prep.details import FEATURES, Details
from ocrdata.prep.inks import Split, small, split
from ocrdata.prep.look import look_at

DARK, WHITE, YELLOW, BLUE = (30, 30, 40), (235, 235, 230), (40, 210, 240), (150, 60, 20)


def lab(bgr):
    return cv2.cvtColor(np.array([[bgr]], np.uint8), cv2.COLOR_BGR2LAB)[0, 0].astype(float)


def line(ink, paper, text="A12 7x", size=(32, 130), at=(8, 24), thickness=2):
    image = np.full((*size, 3), paper, np.uint8)
    return cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, thickness, cv2.LINE_AA)


def noisy(image, sigma, seed=1):
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def measured(image, label="ab"):
    details = Details()
    details.add(image, label, look_at(image, 32), 32)
    return dict(zip(FEATURES, details.rows[0], strict=True))


@pytest.mark.parametrize(
    ("ink", "paper"), [(DARK, WHITE), (WHITE, DARK), (DARK, YELLOW), (BLUE, WHITE), (YELLOW, BLUE)]
)
def test_colours_are_those_that_were_drawn(ink, paper):
    found = split(noisy(cv2.GaussianBlur(line(ink, paper), (3, 3), 0.7), 4))
    assert isinstance(found, Split)
    assert np.abs(np.array(found.ink) - lab(ink)).max() < 14 and np.abs(np.array(found.paper) - lab(paper)).max() < 5
    assert found.is_dark == (lab(ink)[0] < lab(paper)[0])
    assert abs(found.contrast - abs(lab(ink)[0] - lab(paper)[0])) < 12


def test_ink_and_paper_of_one_lightness_differ_in_colour():
    red, green = (60, 60, 190), (60, 124, 40)
    assert abs(lab(red)[0] - lab(green)[0]) < 6
    found = split(line(red, green))
    assert isinstance(found, Split) and found.contrast < 6 and found.ink[1] > found.paper[1] + 60


def test_uneven_light_hides_no_text():
    light = np.linspace(1, 0.25, 130)[None, :, None]
    shaded = np.rint(line(DARK, WHITE) * light).astype(np.uint8)
    found = split(shaded)
    assert isinstance(found, Split) and found.is_dark
    drawn = np.abs(line(DARK, WHITE).astype(int) - WHITE).max(2) > 100
    assert (found.mask == drawn).mean() > 0.93


@pytest.mark.parametrize(
    ("reason", "image"),
    [
        ("one_colour", np.full((32, 100, 3), 120, np.uint8)),
        ("one_colour", noisy(np.full((32, 100, 3), 120, np.uint8), 2)),
        ("no_two_colours", np.random.default_rng(3).integers(0, 256, (32, 100, 3), dtype=np.uint8)),
        ("no_strokes", cv2.rectangle(np.full((32, 100, 3), 230, np.uint8), (0, 0), (30, 32), (20, 20, 20), -1)),
        ("no_strokes", cv2.rectangle(np.full((32, 100, 3), 230, np.uint8), (0, 29), (100, 32), (20, 20, 20), -1)),
        ("unclear_paper", np.tile(np.repeat(np.array([20, 230], np.uint8), 8)[None, :, None], (32, 6, 3))),
    ],
)
def test_what_nobody_could_tell_is_refused_by_name(reason, image):
    assert split(image) == reason


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3), (400, 7), (3, 900)])
def test_any_size_gives_an_answer(size):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert split(small(image)) is not None and measured(image)["picture_height"] == size[0]


def test_small_keeps_the_ratio_up_to_a_limit():
    assert small(np.zeros((64, 100, 3), np.uint8)).shape == (32, 50, 3)
    assert small(np.zeros((16, 9000, 3), np.uint8), 32, 320).shape == (32, 320, 3)


def test_margins_strokes_and_share_are_of_the_ink():
    image = np.full((40, 200, 3), 240, np.uint8)
    for x in range(40, 180, 12):
        image[8:28, x : x + 4] = 20  # bars 4 wide: 12 in all, the last ends at 176
    found = measured(cv2.resize(image, (160, 32), interpolation=cv2.INTER_NEAREST))
    assert found["margin_left"] == pytest.approx(100, abs=4) and found["margin_right"] == pytest.approx(60, abs=6)
    assert found["margin_top"] == pytest.approx(20, abs=4) and found["margin_bottom"] == pytest.approx(30, abs=4)
    assert found["ink_share"] == pytest.approx(12, abs=1.5) and found["stroke"] == pytest.approx(10, abs=3)


@pytest.mark.parametrize(("label", "told"), [("1" * 12, True), ("口" * 6, True), ("1", False)])
def test_a_character_is_as_wide_as_the_ink_by_the_label_and_han_count_as_two(label, told):
    image = np.full((40, 800, 3), 240, np.uint8)
    for x in range(40, 180, 12):
        image[8:28, x : x + 4] = 20  # the ink is 136 px wide
    across = 100 * 136 / 40 / 12
    found = measured(image[:, :200], label)["advance"], measured(image, label)["advance"]  # squeezed, the second
    assert found == (None, None) if not told else found == pytest.approx((across, across), abs=1.5)


@pytest.mark.parametrize("degrees", [-4, 0, 5])
def test_slope_is_that_of_the_line(degrees):
    image = line(DARK, WHITE, "nmnmnmnmnmnm", (80, 260), (20, 44))
    turned = cv2.warpAffine(
        image, cv2.getRotationMatrix2D((130, 40), -degrees, 1), (260, 80), flags=cv2.INTER_LINEAR, borderValue=WHITE
    )
    assert measured(turned)["slope"] == pytest.approx(degrees, abs=1)
    assert measured(image[:, :100])["slope"] is None  # too short to tell


def test_noise_is_the_deviation_that_was_added():
    calm = line(DARK, WHITE, size=(32, 200))
    assert measured(calm)["noise"] < 0.5
    grey = np.repeat(noisy(calm[..., :1] // 2 + 60, 6), 3, axis=2)
    assert measured(grey)["noise"] == pytest.approx(6, rel=0.25)


def test_coarse_jpeg_shows_blocks():
    image = noisy(line(DARK, YELLOW, size=(64, 256)), 10)
    coarse = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 8])[1], cv2.IMREAD_COLOR)
    assert measured(coarse)["blocks"] > 30 > 10 > measured(image)["blocks"]


def test_unclear_ink_is_counted_and_leaves_gaps():
    details, flat = Details(), np.full((32, 64, 3), 9, np.uint8)
    for image in (flat, line(DARK, WHITE)):
        details.add(image, "ab", look_at(image, 32), 32)
    assert details.unclear == 1 and len(details.rows) == 2 and details.dark_share == 1
    assert len(details.column("brightness")) == 2 and len(details.column("ink_contrast")) == 1
