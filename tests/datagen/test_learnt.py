"""Ink and paper are drawn together, as often as they were seen, and never with less contrast than asked."""

import numpy as np
import pytest

from ocrdata.datagen.learnt import LearntPairs
from ocrdata.datagen.rng import Draws
from ocrdata.errors import UserError
from ocrdata.prep.colours import Pair

BLACK_ON_WHITE = Pair(ink="#000000", paper="#ffffff", weight=1)
BROWN_ON_YELLOW = Pair(ink="#4a3a00", paper="#f2d22e", weight=3)
FAINT = Pair(ink="#808080", paper="#909090", weight=6)
PAIRS = (FAINT, BLACK_ON_WHITE, BROWN_ON_YELLOW)


def drawn(pairs, need=0.0, count=4000, first=0):
    ink, paper = LearntPairs(pairs).pairs(Draws(7, np.arange(first, first + count)), need)
    assert ink.shape == paper.shape == (count, 3)
    return [(tuple(i), tuple(p)) for i, p in zip(ink.tolist(), paper.tolist(), strict=True)]


def test_pairs_stay_together_and_are_as_frequent_as_their_weights():
    found = drawn(PAIRS)
    counts = {pair: found.count(pair) / len(found) for pair in set(found)}
    assert counts == {
        ((0, 0, 0), (255, 255, 255)): pytest.approx(0.1, abs=0.02),
        ((0, 58, 74), (46, 210, 242)): pytest.approx(0.3, abs=0.03),  # blue, green, red
        ((128, 128, 128), (144, 144, 144)): pytest.approx(0.6, abs=0.03),
    }


def test_only_pairs_with_the_contrast_are_drawn():
    found = drawn(PAIRS, 40)
    assert {ink for ink, _ in found} == {(0, 0, 0), (0, 58, 74)}
    assert found.count(((0, 0, 0), (255, 255, 255))) / len(found) == pytest.approx(0.25, abs=0.03)
    need = np.tile([0.0, 250.0], 2000)  # each sample has its own demand
    assert all(ink == (0, 0, 0) for (ink, _), n in zip(drawn(PAIRS, need), need, strict=True) if n)


def test_where_no_pair_has_the_contrast_the_strongest_is_given():
    assert set(drawn((FAINT, BROWN_ON_YELLOW), 200)) == {((0, 58, 74), (46, 210, 242))}


def test_a_sample_gets_the_same_pair_in_any_batch():
    assert drawn(PAIRS)[100:150] == drawn(PAIRS, count=50, first=100)


def test_contrast_is_the_difference_of_lightness():
    table = LearntPairs(PAIRS)
    assert table.strongest == pytest.approx(255, abs=1) and table.share(40) == pytest.approx(0.4)
    assert table.share(256) == 0 and table.share(0) == 1


def test_a_file_is_read_and_a_wrong_one_is_named(tmp_path):
    path = tmp_path / "colours.yml"
    path.write_text('pairs:\n  - {ink: "#000000", paper: "#ffffff"}\n', encoding="utf-8")
    assert LearntPairs.read(path).paper.tolist() == [[255, 255, 255]]
    with pytest.raises(UserError, match=r"none\.yml: no such file of colours"):
        LearntPairs.read(tmp_path / "none.yml")
