"""Detectors' networks: their sizes, their outputs, and that they come out of the export as they went in."""

from __future__ import annotations

import pytest

paddle = pytest.importorskip("paddle")

from ocrdata.config import load  # noqa: E402
from ocrdata.train.det.config import DetConfig  # noqa: E402
from ocrdata.train.det.networks import build  # noqa: E402
from ocrdata.train.networks.build import parameter_count  # noqa: E402


def deployed(name: str, *changes: str) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    network = build(load(f"preset:{name}", "train", DetConfig, changes).network)
    count = sum(parameter_count(layer) for layer in network.deployed())
    images = paddle.zeros([1, 3, 64, 96])
    network.eval()
    out = network(images)
    network.train()
    return count, tuple(out.shape), tuple(network(images).shape)


@pytest.mark.parametrize(
    ("name", "changes", "count"),
    [
        ("det_mv3_db", (), 951_983),
        ("det_mv3_db", ("network.backbone.excite=false",), 572_441),
        ("det_tiny_db", (), 264_153),
    ],
)
def test_sizes_and_shapes(name: str, changes: tuple[str, ...], count: int) -> None:
    assert deployed(name, *changes) == (count, (1, 1, 64, 96), (1, 2, 64, 96))


@pytest.mark.parametrize(("name", "count"), [("det_mv3_east", 1_673_503), ("det_r50_vd_east", 31_179_433)])
def test_east_answers_for_every_fourth_pixel(name: str, count: int) -> None:
    assert deployed(name) == (count, (1, 9, 16, 24), (1, 9, 16, 24))


def test_corners_of_east_begin_at_the_pixel_itself() -> None:
    """Where they begin far away, what is said of texts becomes zero for good."""
    network = build(load("preset:det_mv3_east", "train", DetConfig).network, seed=1)
    network.train()
    assert float(network(paddle.randn([2, 3, 64, 64]))[:, 1:].abs().max()) == 0
