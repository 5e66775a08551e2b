"""Places for text: flat, even, free."""

import numpy as np

from ocrdata.datagen.det.ground import Ground


def busy_but_for(x, y, width, height):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (400, 600, 3), np.uint8)
    image[y : y + height, x : x + width] = 120
    return image


def corners(middle, size):
    low, high = middle - np.array(size) / 2, middle + np.array(size) / 2
    return np.array([low, [high[0], low[1]], high, [low[0], high[1]]])


def test_text_goes_to_the_flat_place():
    ground = Ground(busy_but_for(200, 100, 160, 80))
    for lot in (0.0, 0.5, 0.999):
        middle = ground.find(np.array([120.0, 40.0]), lot, flat=6, even=20)
        assert 200 + 60 <= middle[0] <= 360 - 60 and 100 + 20 <= middle[1] <= 180 - 20
    assert ground.find(np.array([200.0, 40.0]), 0.5, flat=6, even=20) is None


def test_no_edge_runs_through_a_text_and_a_slope_is_not_even():
    image = np.zeros((200, 400, 3), np.uint8)
    image[:, 200:] = 255
    assert Ground(image).find(np.array([240.0, 40.0]), 0.5, flat=6, even=200) is None
    image[:] = np.linspace(0, 255, 400, dtype=np.uint8)[None, :, None]
    ground = Ground(image)
    assert ground.find(np.array([240.0, 40.0]), 0.5, flat=6, even=20) is None
    assert ground.find(np.array([240.0, 40.0]), 0.5, flat=6, even=200) is not None


def test_what_is_taken_stays_free_of_more():
    ground = Ground(np.full((200, 200, 3), 90, np.uint8))
    size = np.array([150.0, 60.0])
    first = ground.find(size, 0.0, 6, 20)
    ground.take(corners(first, size))
    second = ground.find(size, 0.999, 6, 20)
    assert abs(second[1] - first[1]) >= 60 and ground.free(corners(second, size))
    ground.take(corners(second, size))
    assert not ground.free(corners(second, size))
    assert ground.find(size, 0.5, 6, 20) is None
    assert ground.find(np.array([300.0, 10.0]), 0.5, 6, 20) is None
