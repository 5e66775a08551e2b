"""Photos with text regions, made here."""

import cv2
import numpy as np
import pytest

from ocrdata.datasets.records import Photo, Region


def box(x, y, width, height):
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)


@pytest.fixture
def make_photos(tmp_path):
    """make_photos(n): n photos, each with a line, a column, an ignored, a crossing and a curved region."""
    folder = tmp_path / "photos"
    folder.mkdir()

    def make(count):
        rng = np.random.default_rng(5)
        photos = []
        for i in range(count):
            image = cv2.resize(rng.integers(0, 256, (15, 20, 3), np.uint8), (200, 150), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(folder / f"photo_{i}.jpg"), image)
            regions = (
                Region(box(10, 10, 60, 20), f"line {i}"),
                Region(box(150, 10, 20, 90), "直排"),
                Region(box(10, 40, 30, 10), "###", "###"),
                Region(np.array([(0, 0), (40, 0), (0, 20), (40, 20)], np.float32), "crossed"),
                Region(np.array([(10, 90), (60, 80), (110, 90), (110, 120), (60, 110), (10, 120)], np.float32), "bent"),
            )
            photos.append(Photo(folder / f"photo_{i}.jpg", f"photo_{i}", regions, "made here", "CC0"))
        return photos

    return make
