"""The spline straightens what is bent, whatever the width."""

import numpy as np
import paddle
import pytest

from ocrdata.train.config import Optimizer
from ocrdata.train.networks import build
from ocrdata.train.networks.tps import Tps, edges
from ocrdata.train.update import make_optimizer, rates


def straight(points=20, size="small", moved=None):
    """A spline whose points are found at the edges, or at `moved`, whatever the picture."""
    spline = Tps(points, size)
    spline.points.bias.set_value(np.float32(edges(points) if moved is None else moved).ravel())
    spline.eval()
    return spline


@pytest.mark.parametrize("width", [32, 100, 320])
def test_points_on_the_edges_leave_any_picture_as_it_is(width):
    picture = np.random.default_rng(0).uniform(-1, 1, (2, 3, 32, width)).astype(np.float32)
    with paddle.no_grad():
        out = straight()(paddle.to_tensor(picture)).numpy()
    assert np.abs(out - picture).max() < 0.01  # of noise from -1 to 1: a hundredth of a pixel


@pytest.mark.parametrize("width", [64, 200])
def test_a_bent_line_becomes_straight(width):
    """A dark line along a parabola, and points above and below it."""
    x = (2 * np.arange(width) + 1) / width - 1
    y = (2 * np.arange(32) + 1) / 32 - 1
    middle = 0.4 * x**2 - 0.2
    picture = np.exp(-(((y[:, None] - middle[None]) / 0.1) ** 2)).astype(np.float32)
    batch = paddle.to_tensor(np.broadcast_to(picture, (1, 3, 32, width)).copy())
    points = edges(20) * [1, 0.5]
    points[:, 1] += 0.4 * points[:, 0] ** 2 - 0.2
    with paddle.no_grad():
        out = straight(moved=points)(batch).numpy()[0, 0]
    middles = [(ink * y[:, None]).sum(0) / ink.sum(0) for ink in (picture, out)]
    before, after = (np.ptp(middle[width // 8 : -width // 8]) for middle in middles)
    assert before > 0.2 and after < before / 4


def test_its_points_learn_slower_than_the_rest_unless_told_otherwise(network_config):
    network = build(network_config("mv3_tps_bilstm_ctc"), 10)
    slow = {name for name, rate in rates(network, Optimizer()).items() if rate == 0.1}
    assert slow == {f"transform.{layer}.{kind}" for layer in ("hidden", "points") for kind in ("weight", "bias")}
    make_optimizer(Optimizer(), network)
    assert network.transform.points.bias.optimize_attr["learning_rate"] == 0.1
    told = rates(network, Optimizer(groups=[{"match": "transform.*", "rate": 0.5}]))
    assert told["transform.points.bias"] == 0.5 and told["classes.bias"] == 1.0
