"""The networks are those that their names promise."""

import numpy as np
import paddle
import pytest

from ocrdata.train.config import TrainConfig
from ocrdata.train.networks import build, parameter_count

CRNN = TrainConfig(network={"name": "crnn_mv3_small"}, charset="0123456789", epochs=1)


@pytest.mark.parametrize(("characters", "count"), [(10, 427_547), (95, 435_792), (6623, 1_069_008)])
def test_the_light_recogniser_has_its_published_size(characters, count):
    network = build(CRNN, characters)
    assert parameter_count(network) == count
    parts = [parameter_count(p) for p in (network.backbone, network.recurrent)]
    assert parts == [259_056, 167_424]


@pytest.mark.parametrize("name", ["tiny", "crnn_mv3_small"])
@pytest.mark.parametrize("width", [32, 160])
def test_a_time_step_is_four_pixels_wide(name, width):
    network = build(TrainConfig(network={"name": name}, charset="0123456789", epochs=1), 10)
    network.eval()
    assert network(paddle.zeros([2, 3, 32, width])).shape == [2, width // 4, 11]


def test_tiny_takes_other_heights():
    network = build(TrainConfig(charset="01", epochs=1, height=48), 2)
    assert network(paddle.zeros([1, 3, 48, 64])).shape == [1, 16, 3]


def test_a_network_is_a_function_of_its_seed():
    def weights(seed):
        network = build(TrainConfig(charset="01", epochs=1, seed=seed), 2)
        return {name: value.numpy() for name, value in network.state_dict().items()}

    one, same, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert any(not np.array_equal(one[name], other[name]) for name in one)
