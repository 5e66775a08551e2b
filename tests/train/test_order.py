"""Which sample comes when, over sources and processes."""

from collections import Counter

import numpy as np

from ocrdata.train.order import Order, shares

OLD, NEW = np.arange(90), np.arange(90, 100)


def test_without_ratios_an_epoch_is_every_sample_once():
    order = Order([OLD, NEW], None, seed=1)
    first, rounds = order.epoch(0)
    assert sorted(first) == list(range(100)) and set(rounds) == {0}
    assert list(first) != list(order.epoch(1)[0])
    assert list(first) == list(Order([OLD, NEW], None, seed=1).epoch(0)[0])


def test_with_ratios_each_source_has_its_share_and_goes_round_through_all_of_itself():
    order = Order([OLD, NEW], [1, 3], seed=1)
    epochs = [order.epoch(e) for e in range(4)]
    for indices, _ in epochs:
        assert (indices >= 90).sum() == 75 and len(indices) == 100
    drawn = Counter(np.concatenate([indices for indices, _ in epochs]).tolist())
    assert {drawn[i] for i in NEW} == {30}
    assert Counter(drawn[i] for i in OLD) == {1: 80, 2: 10}
    pairs = [pair for indices, rounds in epochs for pair in zip(indices, rounds, strict=True)]
    assert len(set(pairs)) == len(pairs) == 400


def test_processes_share_an_epoch_without_meeting():
    parts = [Order([OLD, NEW], None, 1, rank, 3).epoch(2)[0] for rank in range(3)]
    assert [len(part) for part in parts] == [33, 33, 33]
    whole = Order([OLD, NEW], None, 1).epoch(2)[0]
    assert sorted(np.concatenate(parts)) == sorted(whole[:99])


def test_shares_add_up():
    assert shares(10, [1, 1, 1]) == [4, 3, 3] and shares(7, [0.5, 1.5]) == [2, 5]
