"""The direction classifier learns which way up lines stand, resumes exactly, and is deployed as it was trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

if not importlib.util.find_spec("paddle"):
    pytest.skip("needs Paddle", allow_module_level=True)

from ocrdata.datasets.images import read_image
from ocrdata.errors import UserError
from ocrdata.train import checkpoint
from ocrdata.train.cls.config import ClsConfig
from ocrdata.train.cls.export import export_direction, verify_direction
from ocrdata.train.cls.fit import ClsFeed, ClsFit, turn_round
from ocrdata.train.cls.turner import open_turner
from ocrdata.train.sources import open_source


def config(**changes: object) -> ClsConfig:
    values = {
        "steps": 20,
        "batch_size": 8,
        "height": 32,
        "width": 64,
        "holdout": 0,
        "optimizer": {"lr": 0.01, "warmup": 5},
    }
    return ClsConfig.model_validate({**values, **changes})


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Lines with a bar in their upper half."""
    for number in range(16):
        picture = np.full((32, 64, 3), 220, np.uint8)
        picture[4:12, 2 + number : 40 + number] = 30
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    (tmp_path / "rec_gt.txt").write_text("".join(f"{n}.png\tbar\n" for n in range(16)), encoding="utf-8")
    return tmp_path / "rec_gt.txt"


@pytest.mark.parametrize("network", [{}, {"channels": [8, 16, 16, 16, 16]}])
def test_it_learns_and_is_deployed_as_it_was_trained(network: dict[str, object], lines: Path, tmp_path: Path) -> None:
    source = open_source(lines)
    result = ClsFit(config(steps=70, eval_every=10, **network), source, source, tmp_path / "run").run()
    assert result.scores == {"accuracy": 1.0}
    export_direction(tmp_path / "run", tmp_path / "bundle")
    assert all(a.difference <= 1e-4 for a in verify_direction(tmp_path / "run", tmp_path / "bundle"))
    turner = open_turner(tmp_path / "bundle")
    turner.certain = 0.5
    upright = read_image(tmp_path / "3.png")
    assert turner.upside_down([upright, turn_round(upright)]) == [False, True]
    assert turner.upside_down([]) == []
    turner.certain = 1.1
    assert turner.upside_down([turn_round(upright)]) == [False]  # not certain enough


def test_a_scale_is_of_one_network_and_channels_are_of_the_other() -> None:
    assert config(channels=[8]).network() == {"name": "plain", "channels": [8]}
    with pytest.raises(ValueError, match="give one of them"):
        config(channels=[8], scale=0.35)


def test_resumed_it_ends_with_the_same_weights(lines: Path, tmp_path: Path) -> None:
    source = open_source(lines)
    ClsFit(config(steps=4), source, None, tmp_path / "whole").run()
    first = ClsFit(config(steps=4, save_every=2), source, None, tmp_path / "parts")
    with pytest.raises(RuntimeError, match="power cut"):
        first.run(progress=lambda steps: _cut(first))
    ClsFit(config(steps=4, save_every=2), source, None, tmp_path / "parts", resume=True).run()
    one, two = (checkpoint.read(tmp_path / name / "last.npz")[1] for name in ("whole", "parts"))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def _cut(fit: ClsFit) -> None:
    if fit.about.step == 3:
        raise RuntimeError("power cut")


def test_half_of_the_lines_are_turned_and_pictures_that_do_not_decode_are_named(lines: Path) -> None:
    steps = list(ClsFeed(config(batch_size=16), open_source(lines), range(16)).steps(0, 20))
    assert 0.4 < np.mean([s.turned for s in steps]) < 0.6
    lines.with_name("5.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"5\.png: undecodable_image"):
        list(ClsFeed(config(batch_size=16), open_source(lines), range(16)).steps(0, 1))
    feed = ClsFeed(config(batch_size=16, damaged="refuse"), open_source(lines), range(16))
    assert 5 not in next(iter(feed.steps(0, 1))).indices and feed.left_out == {5: "undecodable_image"}
    run = ClsFit(
        config(steps=1, damaged="refuse"), open_source(lines), open_source(lines), lines.with_name("run")
    ).run()
    assert run.scores["accuracy"] in {k / 30 for k in range(31)}  # of 15 lines, each asked about both ways
