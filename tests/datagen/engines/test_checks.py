"""What is refused on a picture that another program drew."""

import cv2
import numpy as np
import pytest

from ocrdata.datagen.engines.checks import refused, too_large
from ocrdata.datagen.engines.options import EngineOptions
from ocrdata.datagen.engines.worker import Picture


def picture(ink_level=0, paper=230, kept=1.0, noise=0):
    ink = np.zeros((32, 160), np.uint8)
    cv2.putText(ink, "01234567", (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    share = ink[:, :, None] / 255
    image = paper + (ink_level - paper) * share + np.random.default_rng(1).normal(0, noise, (32, 160, 1))
    return Picture(np.clip(image, 0, 255).astype(np.uint8).repeat(3, 2), ink, kept)


def reason(made, **options):
    found = refused("01234567", made, EngineOptions(**options))
    return found[0] if found else None


def test_black_on_white_and_white_on_black_pass():
    assert reason(picture(0, 230)) is None and reason(picture(240, 10)) is None


@pytest.mark.parametrize("made", [picture(230, 230), picture(215, 230), picture(150, 160)])
def test_ink_like_its_paper(made):
    assert reason(made) == "low_contrast"


def test_ink_that_vanishes_in_one_part_of_the_line():
    made = picture(0, 230)
    dark = made.image.copy()
    dark[:, 120:] = 10
    assert reason(Picture(dark, made.ink, 1.0)) == "low_contrast"


def test_noise_that_drowns_the_ink():
    assert reason(picture(100, 200, noise=80)) == "low_contrast" and reason(picture(100, 200, noise=10)) is None


def test_contrast_is_what_the_options_say():
    assert reason(picture(150, 200), contrast=60) == "low_contrast" and reason(picture(150, 200), contrast=40) is None


def test_strokes_much_thinner_than_a_pixel():
    made = picture(0, 230)
    thin = Picture((230 - (230 - made.image.astype(int)) // 6).astype(np.uint8), made.ink // 6, 1.0)
    assert reason(thin) == "low_contrast"


def test_no_ink():
    made = picture()
    assert reason(Picture(made.image, np.zeros_like(made.ink), 1.0)) == "blank_picture"


def test_ink_cut_off():
    assert reason(picture(kept=0.9)) == "clipped" and reason(picture(kept=0.9), max_cut=0.2) is None


def test_size():
    assert too_large("0123", 900, 800, None) == ("too_wide", "900 px")
    assert too_large("0012", 35, 800, 8) == ("too_long", "4 characters on 4 time steps")
    assert too_large("0012", 40, 800, 8) is None
