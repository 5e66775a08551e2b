"""The input that every stage makes from a picture, and what augmentation may do to it."""

import numpy as np
import pytest

from ocrdata.train.augment import Augment, apply, draw
from ocrdata.train.config import TrainConfig
from ocrdata.train.preprocess import InputRule, fit, stack, unreadable
from ocrdata.train.reader import width_batches

RULE = InputRule(height=32, max_width=100)


@pytest.mark.parametrize(
    ("size", "width"), [((32, 50), 50), ((64, 50), 25), ((16, 20), 40), ((32, 400), 100), ((500, 2), 1)]
)
def test_height_is_fixed_and_the_aspect_ratio_kept_up_to_the_widest(size, width):
    assert fit(np.zeros((*size, 3), np.uint8), RULE).shape == (32, width, 3)


def test_values_are_normalised_and_padded_with_zeros_on_the_right():
    white, black = np.full((32, 10, 3), 255, np.uint8), np.zeros((32, 40, 3), np.uint8)
    batch = stack([white, black], RULE)
    assert batch.shape == (2, 3, 32, 64) and batch.dtype == np.float32
    assert np.allclose(batch[0, :, :, :10], 1) and np.allclose(batch[0, :, :, 10:], 0)
    assert np.allclose(batch[1, :, :, :40], -1) and np.allclose(batch[1, :, :, 40:], 0)


def test_the_colour_order_stays_blue_green_red():
    blue = np.zeros((32, 4, 3), np.uint8)
    blue[:, :, 0] = 255
    assert stack([blue], RULE)[0, :, 0, 0].tolist() == [1, -1, -1]


def test_batches_hold_one_padded_width_each_and_every_picture_once():
    images = [np.zeros((32, w, 3), np.uint8) for w in (5, 90, 31, 33, 64, 32, 10)]
    batches = list(width_batches(images, RULE, 3))
    assert batches == [[0, 2, 5], [6], [3, 4], [1]]


def test_wide_pictures_make_small_batches():
    rule = InputRule(height=48, max_width=4096)
    images = [np.zeros((48, w, 3), np.uint8) for w in [800] * 5 + [4096] * 2 + [100] * 20]
    batches = list(width_batches(images, rule, 32))
    assert [len(b) for b in batches] == [13, 7, 2, 2, 1, 1, 1]
    assert sorted(i for b in batches for i in b) == list(range(27))


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((1, 1), "picture_too_small"),
        ((3, 50), "picture_too_small"),
        ((50, 1), "picture_too_small"),
        ((32, 401), "line_too_wide"),
        ((32, 400), None),
        ((4, 2), None),
        ((2000, 20_000), None),
    ],
)
def test_pictures_that_hold_no_line_are_refused_before_the_network(size, reason):
    refusal = unreadable(np.zeros((*size, 3), np.uint8), RULE)
    assert (refusal.reason if refusal else None) == reason
    assert refusal is None or f"{size[1]} x {size[0]} pixels" in refusal.detail


def test_a_network_that_learnt_squeezed_words_reads_them_too():
    word = np.zeros((32, 900, 3), np.uint8)
    squeezing = TrainConfig(charset="01", steps=1, height=32, width=100, squeeze=100).input_rule()
    assert unreadable(word, squeezing) is None
    assert unreadable(word, TrainConfig(charset="01", steps=1, height=32, width=100).input_rule()) is not None


def test_augmentation_is_a_function_of_its_seed_and_keeps_the_height():
    limits = Augment(share=1, move=0.1, stretch=0.3, contrast=0.3, brightness=0.2, invert=0.5, blur=1, noise=0.1)
    image = np.random.default_rng(0).integers(0, 256, (32, 60, 3)).astype(np.uint8)
    changed = [apply(draw(limits, (1, e, 7)), image, 20, 64) for e in range(20)]
    again = [apply(draw(limits, (1, e, 7)), image, 20, 64) for e in range(20)]
    assert all(np.array_equal(a, b) for a, b in zip(changed, again, strict=True))
    assert {c.shape[0] for c in changed} == {32} and all(20 <= c.shape[1] <= 64 for c in changed)
    assert len({c.tobytes() for c in changed}) == 20


@pytest.mark.parametrize("key", ["move", "stretch", "contrast", "brightness", "invert", "blur", "noise"])
def test_each_augmentation_has_an_effect_and_zero_has_none(key):
    image = np.random.default_rng(0).integers(0, 256, (32, 60, 3)).astype(np.uint8)
    limits = Augment(share=1, **{key: 0.5})
    changes = [apply(draw(limits, (0, 0, i)), image, 4, 200) for i in range(8)]
    assert any(c.shape != image.shape or (c != image).any() for c in changes)
    assert draw(Augment(share=1), (0, 0, 0)) is None
    assert all(draw(Augment(share=0, **{key: 0.5}), (0, 0, i)) is None for i in range(8))
