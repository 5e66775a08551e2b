"""Numbers depend on seed, sample, attempt and name alone, and are as random as they look."""

import numpy as np

from ocrdata.datagen.rng import Draws


def test_any_batch_gives_a_sample_the_same_numbers():
    whole = Draws(5, np.arange(1000))
    part = Draws(5, np.arange(700, 720))
    assert (whole.uniform("a")[700:720] == part.uniform("a")).all()
    assert (whole.take(np.arange(700, 720)).uniforms("b", 3) == part.uniforms("b", 3)).all()
    assert (part.uniforms("b", 3)[:, 2] == part.uniform("b", 2)).all()


def test_seed_sample_attempt_and_name_each_change_the_numbers():
    index = np.arange(2000)
    base = Draws(1, index).uniform("a")
    others = [Draws(2, index), Draws(1, index, 1), Draws(1, index + 2000)]
    columns = [base, *(d.uniform("a") for d in others), Draws(1, index).uniform("b"), Draws(1, index).uniform("a", 1)]
    correlations = np.corrcoef(columns)
    assert np.abs(correlations - np.eye(len(columns))).max() < 0.1


def test_distributions():
    draws = Draws(3, np.arange(20_000))
    counts = np.bincount((draws.uniform("x") * 10).astype(int), minlength=10)
    assert counts.min() > 1800 and counts.max() < 2200
    assert set(draws.integer("n", 3).tolist()) == {0, 1, 2}
    shares = np.bincount(draws.choose("w", [1, 0, 3])) / 20_000
    assert abs(shares[0] - 0.25) < 0.02 and shares[1] == 0
    assert abs(draws.chance("p", 0.1).mean() - 0.1) < 0.01
    low, high = draws.between("r", (-2, 5)).min(), draws.between("r", (-2, 5)).max()
    assert -2 <= low < -1.99 and 4.99 < high < 5
