"""Every change does what it says, as far as it says, and the same for the same seed."""

import numpy as np
import pytest

from ocrdata.train.augment import Augment, apply, draw, join


def changed(image, number=0, **limits):
    change = draw(Augment(share=1, **limits), (number,))
    return image if change is None else apply(change, image, 8, 1000)


@pytest.fixture
def line(picture):
    return picture("123456")


FURTHER = {"crop": 0.3, "smear": 3, "colour": 0.3, "bend": 0.2, "crowd": 0.2, "tilt": 0.3}


@pytest.mark.parametrize("name", FURTHER)
def test_each_change_changes_the_line_alone_and_repeatably(line, name):
    limits = {name: FURTHER[name]}
    found = [changed(line, i, **limits) for i in range(20)]
    assert any((image != line).any() for image in found)
    assert all(image.shape == line.shape and image.dtype == np.uint8 for image in found)
    assert all(np.array_equal(image, changed(line, i, **limits)) for i, image in enumerate(found))


def test_without_further_changes_the_draws_are_those_of_before(line):
    old = {"move": 0.05, "noise": 0.1, "stretch": 0.1}
    one, two = draw(Augment(**old), (3,)), draw(Augment(**old, bend=0.1), (3,))
    assert one.noise_seed == two.noise_seed and np.array_equal(one.corners, two.corners) and one.more is None


def test_a_crop_cuts_at_one_edge_and_no_more_than_its_share():
    image = np.zeros((40, 120, 3), np.uint8)
    image[:10], image[-10:] = 255, 255
    edges = []
    for i in range(30):
        out = changed(image, i, crop=0.25)[:, 60, 0]
        edges.append(((out[:20] > 128).sum(), (out[20:] > 128).sum()))
    assert all(max(pair) >= 9 for pair in edges)
    assert min(a for a, _ in edges) <= 4 and min(b for _, b in edges) <= 4


def test_bending_never_turns_the_order_of_columns(line):
    ramp = np.repeat(np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None], 32, 0).repeat(3, 2)
    for i in range(50):
        middle = changed(ramp, i, bend=0.25, crowd=0.2)[16, :, 0].astype(int)
        assert (np.diff(middle) >= 0).all()


def test_two_lines_stand_side_by_side(picture):
    one, two = picture("12"), picture("345")
    assert np.array_equal(join(one, two)[:, one.shape[1] :], two)
