"""The network that trains on processors: many classes, of which each step learns some."""

import numpy as np
import paddle
import pytest

from ocrdata.train.network_config import Tiny
from ocrdata.train.networks.tiny import TinyNetwork

CLASSES = 300
LABELS = paddle.to_tensor(np.array([[4, 200, 200, 7], [0, 298, 0, 0]], np.int32))
LENGTHS = paddle.to_tensor(np.array([4, 2]))


def network(negatives: int, height: int = 24) -> TinyNetwork:
    """The same weights for any number of negatives."""
    paddle.seed(3)
    return TinyNetwork(Tiny(channels=(8, 8, 8, 8), context=16, negatives=negatives), height, CLASSES)


def pictures() -> paddle.Tensor:
    """Two of noise."""
    paddle.seed(5)
    return paddle.randn([2, 3, 24, 64])


def losses(negatives: int) -> np.ndarray:
    """Losses of the two lines."""
    trained = network(negatives)
    return trained.losses(trained(pictures(), LABELS), LABELS, LENGTHS).numpy()


def test_all_negatives_are_all_classes() -> None:
    assert losses(CLASSES) == pytest.approx(losses(0), rel=1e-4)


def test_few_negatives_stand_for_all() -> None:
    assert losses(20) == pytest.approx(losses(0), rel=0.1)


def test_few_classes_are_looked_at_in_training_and_all_when_reading() -> None:
    trained = network(20)
    logits, ids = trained(pictures(), LABELS)
    assert logits.shape[2] == len(ids) == 5 + 20 + 1  # the labels', drawn ones, the blank
    assert {0, 4, 7, 200, 298, CLASSES - 1} <= set(ids.numpy().astype(int))
    trained.eval()
    assert trained(pictures(), LABELS).shape == [2, 16, CLASSES]


def test_classes_not_looked_at_learn_nothing() -> None:
    trained = network(20)
    logits, ids = trained(pictures(), LABELS)
    trained.losses((logits, ids), LABELS, LENGTHS).sum().backward()
    moved = np.flatnonzero(trained.classes.bias.grad.numpy())
    assert set(moved) <= set(ids.numpy().astype(int))
    assert {4, 7, 200, 298, CLASSES - 1} <= set(moved)


@pytest.mark.parametrize("height", [8, 16, 24, 32, 40])
def test_heights_in_eighths(height: int) -> None:
    trained = network(0, height)
    assert trained(paddle.zeros([1, 3, height, 32])).shape == [1, 8, CLASSES]
