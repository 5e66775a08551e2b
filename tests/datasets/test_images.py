"""Pictures of every kind come out as three channels of 8 bits, with the text still there to see."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from ocrdata.datasets.images import BadImage, decode


def encoded(image, suffix=".png"):
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    return cv2.imencode(suffix, image, options)[1].tobytes()


def with_alpha(shade, depth=np.uint8):
    """A bar of that shade on nothing."""
    most = np.iinfo(depth).max
    image = np.zeros((8, 20, 4), depth)
    image[2:4, 4:10] = (*[shade * (most // 255)] * 3, most)
    return image


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (40, 255), (250, 0)])
def test_what_is_transparent_becomes_paper_in_contrast_to_what_is_shown(suffix, ink, paper):
    image = decode(encoded(with_alpha(ink), suffix))
    assert image.shape == (8, 20, 3) and image.dtype == np.uint8
    assert (image[2:4, 4:10] == ink).all() and (image[5:] == paper).all()


def test_half_transparent_is_mixed_and_16_bits_become_8():
    image = with_alpha(0, np.uint16)
    image[2, 4, 3] = 65535 // 2
    out = decode(encoded(image))
    assert out[3, 4].tolist() == [0, 0, 0] and out[7, 0].tolist() == [255, 255, 255]
    assert out[2, 4, 0] == pytest.approx(128, abs=1)


def test_an_opaque_alpha_channel_changes_nothing():
    random = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    opaque = np.dstack([random, np.full((9, 7), 255, np.uint8)])
    assert np.array_equal(decode(encoded(opaque)), random)


def test_a_picture_that_shows_nothing_at_all_stays_what_it_was():
    assert (decode(encoded(np.zeros((4, 4, 4), np.uint8))) == 0).all()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_grey_gets_three_channels(depth):
    grey = (np.arange(60).reshape(6, 10) * 4).astype(depth) * (257 if depth == np.uint16 else 1)
    out = decode(encoded(grey))
    assert out.shape == (6, 10, 3) and np.abs(out[:, :, 1].astype(int) - np.arange(60).reshape(6, 10) * 4).max() <= 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"hello", "undecodable_image"),
        (encoded(with_alpha(0))[:40], "truncated_image"),
        (encoded(np.zeros((64, 64, 3), np.uint8), ".jpg")[:-60], "truncated_image"),
    ],
)
def test_what_is_no_whole_picture_is_named(data, reason):
    with pytest.raises(BadImage) as caught:
        decode(data)
    assert caught.value.reason == reason


def test_a_picture_of_far_too_many_pixels_is_refused_before_it_takes_memory():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(BadImage, match=r"too large: OPENCV_IO_MAX_IMAGE_PIXELS allows \d+ pixels") as caught:
        decode(png)
    assert caught.value.reason == "undecodable_image"
