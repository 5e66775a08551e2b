"""What is found before a detector's training starts, and weights that it starts from."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("paddle")

from ocrdata.errors import UserError
from ocrdata.train.det.check import check_detector
from ocrdata.train.det.export import export_detector
from ocrdata.train.det.fit import DetFit
from ocrdata.train.det.photos import open_photos
from ocrdata.train.networks import tensors


def found(config, folder, **options) -> dict[tuple[str, str], str]:
    rows = check_detector(config, open_photos(folder), **{"seconds": 0, **options})
    return {(f.level, f.name): f.sentence for f in rows}


def label(folder, name: str, *texts) -> None:
    with (folder / "Label.txt").open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{name}\t{json.dumps([{'transcription': t, 'points': p} for t, p in texts])}\n")


def test_a_few_photos_are_learnt_by_heart_and_nothing_is_wrong(small, scenes) -> None:
    folder = scenes(6)
    rows = found(small(holdout=0.2), folder, seconds=40)
    assert {level for level, _ in rows} == {"fine"}, rows
    assert "4 photos by heart" in rows["fine", "rehearsal"]


def test_labels_that_teach_nothing_are_told_by_learning_them(small, scenes) -> None:
    folder = scenes(4)
    rows = found(small(optimizer={"lr": 1e-7}), folder, seconds=8)
    assert "does not learn" in rows["error", "rehearsal"]


def test_a_pattern_that_no_parameter_matches_is_an_error(small, scenes) -> None:
    rows = found(small(optimizer={"groups": [{"match": "nothing.*", "rate": 0}]}), scenes(3))
    assert "no parameter matches 'nothing.*'" in rows["error", "groups"]


def test_odd_labels_photos_and_sizes_are_named(small, scenes) -> None:
    folder = scenes(3)
    (folder / "broken.png").write_bytes(b"no picture")
    bar = [[10, 10], [60, 10], [60, 14], [10, 14]]
    label(folder, "broken.png", ("a", bar))
    shutil.copy(folder / "0.png", folder / "beside.png")
    label(folder, "beside.png", ("a", [[200, 10], [260, 10], [260, 30], [200, 30]]))
    shutil.copy(folder / "0.png", folder / "small.png")
    label(folder, "small.png", *(("a", [[x, y + 20] for x, y in bar]) for _ in range(3)), *[("###", bar)] * 9)
    rows = found(small(), folder)
    assert "broken.png: undecodable_image; damaged: refuse leaves them out" in rows["error", "pictures"]
    assert "beside them" in rows["warning", "pictures"] and "beside.png" in rows["warning", "pictures"]
    assert "53% of them ignored" in rows["warning", "photos"]
    assert "50% are below 8 px" in rows["warning", "sizes"] and "input.side: 192" in rows["warning", "sizes"]
    assert "no photo is kept" in rows["warning", "validation"]
    assert ("warning", "pictures") in found(small(damaged="refuse"), folder)


def test_it_starts_from_a_bundle_but_for_what_only_training_needs(small, scenes, tmp_path) -> None:
    photos = open_photos(scenes(4))
    first = DetFit(small(steps=3), photos, None, tmp_path / "run")
    first.run()
    export_detector(tmp_path / "run", tmp_path / "bundle")
    network = DetFit(small(steps=3, start=tmp_path / "bundle", seed=9), photos, None, tmp_path / "more").network
    own, there = tensors(network), tensors(first.network)
    same = {name for name in own if np.array_equal(own[name].numpy(), there[name].numpy())}
    assert {name for name in own if not name.startswith("border")} <= same
    assert any(name not in same for name in own if name.startswith("border"))
    with pytest.raises(UserError, match="a bundle of another network"):
        wider = {"name": "db", "backbone": {"name": "plain", "channels": [8, 8, 16, 16, 24]}, "inner": 16}
        DetFit(small(start=tmp_path / "bundle", network=wider), photos, None, tmp_path / "other")
