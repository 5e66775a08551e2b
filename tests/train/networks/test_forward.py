"""Every network reads, learns with all of its parameters, and does not care what else is in a batch."""

import numpy as np
import paddle
import pytest

from ocrdata.train.networks import build

# The smallest network of each kind; the others differ from them in a backbone that is tested by itself.
KINDS = ["tiny", "svtr_lite", "mv3_none_none_ctc", "mv3_tps_bilstm_ctc", "mv3_tps_bilstm_attn"]
LARGE = ["r34_vd_tps_bilstm_attn", "srn"]


def pictures(config, count, width, seed=0):
    random = np.random.default_rng(seed)
    return paddle.to_tensor(random.uniform(-1, 1, (count, 3, config.height, width)).astype(np.float32))


@pytest.mark.parametrize("name", [*KINDS, *LARGE])
def test_any_width_gives_logits_for_all_classes(network_config, name):
    config = network_config(name)
    network = build(config, 10)
    network.eval()
    decoder = config.decoder(config.characters())
    assert network.decoder == decoder.name
    for width in (32, 96):
        with paddle.no_grad():
            shape = network(pictures(config, 2, width)).shape
        steps = width // 4 if decoder.name == "ctc" else 26
        assert shape == [2, steps, 10 + decoder.extra]


@pytest.mark.parametrize("name", [*KINDS, *LARGE])
def test_every_parameter_learns(network_config, name):
    config = network_config(name)
    network = build(config, 10)
    images = pictures(config, 3, 32)
    labels = paddle.to_tensor(np.array([[1, 2, 3], [4, 0, 0], [5, 5, 0]], np.int32))
    lengths = paddle.to_tensor(np.array([3, 1, 2], np.int64))
    optimizer = paddle.optimizer.SGD(0.01, network.parameters())
    # The spline's last layer begins with zeros, which let nothing through to those before it.
    for _ in range(2 if "tps" in name else 1):
        losses = network.losses(network(images, labels), labels, lengths)
        assert losses.shape == [3] and np.isfinite(losses.numpy()).all()
        optimizer.clear_grad()
        losses.mean().backward()
        optimizer.step()
    learnt = {name: p for name, p in network.named_parameters() if not p.stop_gradient}
    for parameter_name, parameter in learnt.items():
        assert parameter.grad is not None, parameter_name
        assert np.abs(parameter.grad.numpy()).max() > 0, parameter_name


@pytest.mark.parametrize("name", KINDS)
def test_a_line_reads_the_same_alone_and_in_a_batch(network_config, name):
    config = network_config(name)
    network = build(config, 10)
    network.eval()
    images = pictures(config, 3, 64)
    with paddle.no_grad():
        alone, together = network(images[:1]), network(images)[:1]
    assert np.abs((alone - together).numpy()).max() < 1e-4
