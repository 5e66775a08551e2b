"""The rate at the corners of each schedule."""

import pytest

from ocrdata.train.config import Optimizer
from ocrdata.train.schedule import learning_rate


def rates(steps=100, **changes):
    optimizer = Optimizer(lr=1, **changes)
    return [learning_rate(optimizer, step, steps) for step in range(steps)]


def test_cosine_rises_linearly_and_falls_to_nothing():
    found = rates(warmup=9)
    assert found[0] == 0.1 and max(found) == found[9] == 1 and found[-1] < 0.001


def test_constant_stays():
    assert set(rates(warmup=0, schedule="constant")) == {1}


def test_one_cycle_starts_at_a_25th_and_ends_at_almost_nothing():
    found = rates(schedule="one_cycle", warmup=0.3)
    assert found[0] == pytest.approx(1 / 25) and found[30] == max(found) == 1
    assert found[15] == pytest.approx(0.52) and found[-1] < 0.001
    assert found == sorted(found[:31]) + sorted(found[31:], reverse=True)


def test_piecewise_falls_at_each_milestone_in_steps_or_shares():
    found = rates(schedule="piecewise", warmup=0, milestones=[10, 0.5], factor=0.1)
    assert found[9] == 1 and found[10] == 0.1 and found[49] == 0.1 and found[50] == pytest.approx(0.01)
