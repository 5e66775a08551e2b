"""Polygons go where their pixels go, and no text is cut."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.train.det.augment import DetAugment, changed
from ocrdata.train.det.paste import pasted
from ocrdata.train.det.photos import Texts

TEXTS = [np.array([[x, y], [x + 80, y + 10], [x + 76, y + 40], [x - 4, y + 30]], np.float32) for x, y in
         ((30, 30), (200, 60), (60, 200), (230, 240))]  # fmt: skip
STILL = {"flip": 0, "rotation": 0, "scale": (1, 1), "brightness": 0, "contrast": 0}


def photo() -> np.ndarray:
    """Grey, with the texts in white."""
    picture = np.full((320, 360, 3), 90, np.uint8)
    cv2.fillPoly(picture, [t.astype(np.int32) for t in TEXTS], (255, 255, 255))
    return picture


@pytest.mark.parametrize("seed", range(12))
def test_texts_are_where_the_polygons_say(seed: int) -> None:
    draw = DetAugment(flip=0.5, rotation=15, scale=(0.5, 2), brightness=0, contrast=0)
    placed = changed(photo(), TEXTS, [False] * 4, 256, draw, (1, seed))
    assert placed.polygons and max(placed.image.shape[:2]) == 256
    mask = np.zeros(placed.image.shape[:2], np.uint8)
    for polygon in placed.polygons:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
        area = cv2.contourArea(polygon, oriented=True)
        assert area > 0  # clockwise on the screen, mirrored or not
    white = placed.image[:, :, 0] > 200
    assert (white & (mask == 0)).sum() < 0.1 * white.sum()
    assert (mask.astype(bool) & (placed.image[:, :, 0] < 150)).sum() < 0.15 * mask.sum()


def test_no_text_is_cut() -> None:
    whole = cv2.contourArea(TEXTS[0])
    for seed in range(30):
        placed = changed(photo(), TEXTS, [False] * 4, 256, DetAugment(**STILL), (2, seed))  # type: ignore[arg-type]
        height, width = placed.image.shape[:2]
        for polygon in placed.polygons:
            assert polygon.min() >= -1 and polygon[:, 0].max() <= width + 1 and polygon[:, 1].max() <= height + 1
            assert cv2.contourArea(polygon) > 0.4 * whole


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5])
def test_windows_that_may_cut_text_keep_its_size(factor: float) -> None:
    draw = DetAugment(**{**STILL, "scale": (factor, factor), "cut": 1})  # type: ignore[arg-type]
    cut = 0
    for seed in range(20):
        placed = changed(photo(), TEXTS, [False] * 4, 128, draw, (3, seed))
        assert placed.image.shape == (128, 128, 3) and placed.polygons
        for polygon in placed.polygons:
            assert cv2.contourArea(polygon) == pytest.approx(factor**2 * cv2.contourArea(TEXTS[0]), rel=0.01)
            cut += bool(polygon.min() < 0 or polygon.max() > 128)
        mask = np.zeros((128, 128), np.uint8)
        cv2.fillPoly(mask, [np.rint(p).astype(np.int32) for p in placed.polygons], 1)
        white = placed.image[:, :, 0] > 140
        assert (white != mask.astype(bool)).mean() < 0.06
    assert cut > 0


def test_the_same_seed_gives_the_same_picture() -> None:
    one, two, other = (changed(photo(), TEXTS, [False] * 4, 128, DetAugment(noise=5), (s, 1)) for s in (4, 4, 5))
    assert np.array_equal(one.image, two.image) and not np.array_equal(one.image, other.image)


@pytest.mark.parametrize("key", ["brightness", "contrast", "noise", "blur"])
def test_each_change_of_colour_shows(key: str) -> None:
    strong = {"brightness": 0.5, "contrast": 0.8, "noise": 30, "blur": 4}[key]
    plain = changed(photo(), TEXTS, [False] * 4, 128, DetAugment(**STILL), (1, 3))  # type: ignore[arg-type]
    draw = DetAugment(**{**STILL, key: strong})  # type: ignore[arg-type]
    assert not np.array_equal(changed(photo(), TEXTS, [False] * 4, 128, draw, (1, 3)).image, plain.image)


def test_ignored_texts_alone_give_the_whole_photo() -> None:
    placed = changed(photo(), TEXTS, [True] * 4, 128, DetAugment(**STILL), (1, 1))  # type: ignore[arg-type]
    assert len(placed.polygons) == 4 and all(placed.ignored)


def test_texts_of_another_photo_are_put_beside_ones_own() -> None:
    ground = np.full((320, 360, 3), 20, np.uint8)
    own = changed(ground, TEXTS[:1], [False], 360, DetAugment(**STILL, tries=1, smallest=1), (1, 1))  # type: ignore[arg-type]
    other = Texts(Path("other.png"), "other", TEXTS, [False] * 4)
    for seed in range(20):
        both = pasted(own, photo(), other, 4, np.random.default_rng(seed))
        if len(both.polygons) > 1:
            break
    new = both.polygons[-1]
    mask = np.zeros(both.image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(new).astype(np.int32)], 1)
    assert (both.image[mask == 1][:, 0] > 200).mean() > 0.9
    assert not np.array_equal(both.image, own.image) and len(both.ignored) == len(both.polygons)


@pytest.mark.parametrize("shape", [(1, 2000), (2000, 1), (1, 1)])
def test_photos_of_one_pixel_height_or_width_are_changed_too(shape: tuple[int, int]) -> None:
    for seed in range(20):
        thin = np.full((*shape, 3), 90, np.uint8)
        assert max(changed(thin, [], [], 96, DetAugment(), (1, seed)).image.shape) == 96
