"""SAST's network: its size, its outputs, that it learns curved texts, and that it is deployed as it was trained."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

paddle = pytest.importorskip("paddle")

from ocrdata.config import load  # noqa: E402
from ocrdata.datasets.images import read_image  # noqa: E402
from ocrdata.train import checkpoint  # noqa: E402
from ocrdata.train.bundle import ONNX  # noqa: E402
from ocrdata.train.det.bundle import open_detector  # noqa: E402
from ocrdata.train.det.config import DetConfig  # noqa: E402
from ocrdata.train.det.evaluate import evaluate_detector  # noqa: E402
from ocrdata.train.det.export import export_detector, patterns, verify_detector  # noqa: E402
from ocrdata.train.det.fit import DetFit  # noqa: E402
from ocrdata.train.det.losses import losses  # noqa: E402
from ocrdata.train.det.methods import label_maps  # noqa: E402
from ocrdata.train.det.networks import build  # noqa: E402
from ocrdata.train.det.networks.sast import HalvedUp  # noqa: E402
from ocrdata.train.det.photos import open_photos  # noqa: E402
from ocrdata.train.export import save_models  # noqa: E402
from ocrdata.train.networks.build import parameter_count  # noqa: E402
from ocrdata.train.to_onnx import has_converter  # noqa: E402

TINY = {
    "name": "sast",
    "backbone": {"name": "plain", "channels": [8, 8, 16, 16, 16]},
    "channels": 16,
    "post": {"pairs": 6},
}


def test_size_and_shapes_of_what_is_shipped() -> None:
    straight, curved = (
        load(f"preset:det_r50_vd_sast_{name}", "train", DetConfig).network for name in ("icdar15", "totaltext")
    )
    assert straight.model_dump(exclude={"post"}) == curved.model_dump(exclude={"post"})
    assert (straight.post.pairs, curved.post.pairs) == (2, 6)
    network = build(straight)
    assert sum(parameter_count(layer) for layer in network.deployed()) == 47_825_916
    network.eval()
    assert tuple(network(paddle.zeros([1, 3, 96, 160])).shape) == (1, 15, 24, 40)  # a 64th of it is no whole number


def test_few_pixels_are_text_before_training(small) -> None:
    """Where half of them are, it takes thousands of steps until false alarms are gone."""
    network = build(small(network=TINY).network, seed=1)
    network.train()
    assert float((network(paddle.rand([4, 3, 96, 96]))[:, 0] > 0).astype("float32").mean()) < 0.25


def test_every_parameter_is_learnt(small) -> None:
    config = small(network=TINY)
    network = build(config.network)
    text = np.array([[10, 30], [80, 30], [80, 60], [10, 60]], np.float32)
    targets = np.stack(
        [label_maps(config.network, [text], [False], (96, 96)), label_maps(config.network, [], [], (96, 96))]
    )
    found = losses(network(paddle.rand([2, 3, 96, 96])), paddle.to_tensor(targets), config.network)
    assert tuple(found.shape) == (2,) and float(found[1]) <= 1  # without a text there is no way to anything
    found.sum().backward()
    assert all(
        p.grad is not None and float(p.grad.abs().sum()) > 0 for p in network.parameters() if not p.stop_gradient
    )


@pytest.fixture
def curved(tmp_path: Path) -> Path:
    """Two light pictures of 96 x 96 px with two dark lines each: a bar and an arch of 10 points."""
    lines = []
    for number in range(2):
        picture = np.full((96, 96, 3), 220, np.uint8)
        angles = np.deg2rad(np.linspace(200, 340, 5)) if number else np.deg2rad(np.linspace(210, 320, 5))
        way = np.stack([np.cos(angles), np.sin(angles)], 1)
        arch = np.concatenate([way * 44, way[::-1] * 26]) + np.array([48, 56 + 4 * number])
        bar = np.array([[14, 70], [76, 70], [76, 86], [14, 86]]) + np.array([6 * number, 4])
        for outline in (arch, bar):
            cv2.fillPoly(picture, [np.rint(outline).astype(np.int32)], (40, 30, 50))
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
        texts = [{"transcription": "line", "points": outline.tolist()} for outline in (arch, bar)]
        lines.append(f"{number}.png\t{json.dumps(texts)}\n")
    (tmp_path / "Label.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    return tmp_path


def test_it_learns_curved_texts_by_heart_and_is_deployed_as_it_was_trained(small, curved, tmp_path) -> None:
    photos = open_photos(curved)
    config = small(network=TINY, batch_size=2, steps=160, eval_every=40)
    result = DetFit(config, photos, photos, tmp_path / "run").run()
    assert result.scores["hmean"] == 1
    export_detector(tmp_path / "run", tmp_path / "bundle")
    images = [read_image(photos[i].path) for i in range(2)]
    for agreement in verify_detector(tmp_path / "run", tmp_path / "bundle", [*images, *patterns()]):
        assert agreement.difference <= 1e-4
    detector = open_detector(tmp_path / "bundle")
    assert all(len(found.points) == 12 for image in images for found in detector.find(image))
    assert evaluate_detector(detector, {"drawn": photos})["drawn"].score.hmean == 1


def test_with_rmsprop_a_stopped_run_ends_with_the_same_weights(small, scenes, tmp_path) -> None:
    photos = open_photos(scenes(4))
    optimizer = {"name": "rmsprop", "lr": 0.01, "betas": [0, 0.95], "schedule": "constant", "warmup": 0}
    config = small(network=TINY, steps=4, save_every=2, optimizer=optimizer)
    DetFit(config, photos, None, tmp_path / "whole").run()
    # A run of two steps is the first half, for the rate is constant.
    parts = DetFit(config, photos, None, tmp_path / "parts")
    with pytest.raises(Exception, match="resume"):
        parts.run(progress=lambda steps: parts.about.step == 1 and _interrupt())
    DetFit(config, photos, None, tmp_path / "parts", resume=True).run()
    one, two = (checkpoint.read(tmp_path / name / "last.npz") for name in ("whole", "parts"))
    assert one[0].step == two[0].step == 4 and one[2]
    assert all(np.array_equal(one[k][name], two[k][name]) for k in (1, 2) for name in one[k])


def _interrupt() -> None:
    import signal

    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("size", [(4, 6), (5, 6), (5, 3), (1, 1)])
def test_odd_sizes_are_halved_upwards_in_onnx_too(size: tuple[int, int], tmp_path) -> None:
    session = pytest.importorskip("onnxruntime").InferenceSession
    if not has_converter():
        pytest.skip("paddle2onnx is not installed")
    save_models(tmp_path, HalvedUp(), paddle.static.InputSpec([None, 2, None, None], "float32", "images"), tmp_path)
    values = np.random.default_rng(0).random((1, 2, *size), np.float32)
    (found,) = session(str(tmp_path / ONNX)).run(None, {"images": values})
    rows, columns = (np.array_split(np.arange(n), range(2, n, 2)) for n in size)
    means = [[values[0][:, r][:, :, c].mean((1, 2)) for c in columns] for r in rows]
    assert np.allclose(found[0], np.transpose(means, (2, 0, 1)), atol=1e-6)
