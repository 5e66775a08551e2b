"""The convolution in C gives what Paddle's gives, and where there is no compiler Paddle's is used."""

import numpy as np
import paddle
import pytest

from ocrdata.native import OFF, compiler
from ocrdata.train.networks import depthwise
from ocrdata.train.networks.depthwise import DepthwiseNorm


def results(layer, values, fast, monkeypatch):
    """Output and the gradients of input and filters."""
    monkeypatch.setenv(OFF, "" if fast else "off")
    depthwise.load.cache_clear()
    assert (depthwise.load() is not None) == fast
    features = paddle.to_tensor(values)
    features.stop_gradient = False
    layer[0].weight.clear_gradient()
    out = layer.convolve(features)
    weights = paddle.arange(out.size).reshape(out.shape).astype("float32") / out.size
    (out * weights).sum().backward()
    depthwise.load.cache_clear()
    return [out.numpy(), features.grad.numpy(), layer[0].weight.grad.numpy()]


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 17), (7, 33)])
def test_it_gives_what_paddle_gives(monkeypatch, kernel, stride, size):
    paddle.seed(1)
    layer = DepthwiseNorm(6, kernel, stride, "relu")
    values = np.random.default_rng(0).standard_normal((3, 6, *size)).astype(np.float32)
    for ours, theirs in zip(*(results(layer, values, fast, monkeypatch) for fast in (True, False)), strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() <= 1e-5 * max(1, np.abs(theirs).max())


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_what_is_frozen_or_cut_out_of_a_view_is_handled():
    layer = DepthwiseNorm(4, 3, (1, 1), "relu")
    layer[0].weight.stop_gradient = True
    whole = paddle.randn([2, 4, 5, 12])
    whole.stop_gradient = False
    layer(whole[:, :, :, 3:9]).sum().backward()
    assert layer[0].weight.grad is None
    assert whole.grad.shape == whole.shape
    layer[0].weight.stop_gradient = False
    layer(paddle.randn([2, 4, 5, 12])).sum().backward()
    assert np.isfinite(layer[0].weight.grad.numpy()).all()


def test_reading_is_paddles_own(monkeypatch):
    layer = DepthwiseNorm(4, 3, (1, 1), "relu")
    layer.eval()
    monkeypatch.setattr(depthwise, "load", lambda: pytest.fail("the library is asked for in evaluation mode"))
    assert layer(paddle.zeros([1, 4, 2, 8])).shape == [1, 4, 2, 8]
