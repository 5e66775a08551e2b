"""A photo becomes an input in one way: training, `eval`, `ocr`, `label` and `serve` find the same boxes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from command import ocrdata

BARS = ((3, 40, 20, 120, 40), (1, 200, 120, 120, 40), (2, 60, 220, 120, 40))
CONFIG = {
    "task": "detection",
    "network": {"name": "db", "backbone": {"name": "plain", "channels": [8, 8, 16, 16, 16]}, "inner": 16},
    "crop": 192,
    "largest": 1024,
    "batch_size": 2,
    "steps": 120,
    "eval_every": 120,
    "input": {"side": 192, "colour": "BGR"},
    "optimizer": {"lr": 0.01, "warmup": 5},
    "augment": {"flip": 0, "rotation": 0, "scale": [1, 1], "smallest": 1, "contrast": 0, "brightness": 0},
    "holdout": 0.0,
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory, bars) -> Path:
    """Two photos: one as it is, and one in another size, larger than any in training."""
    folder = tmp_path_factory.mktemp("photos")
    rows = []
    for name, factor in (("a.png", 1.0), ("b.png", 3.37)):
        cv2.imwrite(str(folder / name), cv2.resize(bars(*BARS), None, fx=factor, fy=factor))
        quads = [np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) * factor for _, x, y, w, h in BARS]
        texts = [{"transcription": str(bar[0]), "points": quad.tolist()} for bar, quad in zip(BARS, quads, strict=True)]
        rows.append(f"{name}\t{json.dumps(texts)}\n")
    (folder / "truth.txt").write_text("".join(rows), encoding="utf-8", newline="\n")
    return folder


def rounded(boxes) -> list[list[list[float]]]:
    return sorted([[round(float(x), 1), round(float(y), 1)] for x, y in box] for box in boxes)


def test_every_way_to_a_network_is_the_same(photos: Path, bundles, tmp_path: Path) -> None:
    pytest.importorskip("paddle")
    pytest.importorskip("fastapi")
    from ocrdata.cli_photos import open_reader
    from ocrdata.train.det.bundle import open_det_bundle, open_detector
    from ocrdata.train.det.config import DetConfig
    from ocrdata.train.det.evaluate import evaluate_detector
    from ocrdata.train.det.export import export_detector, run_detector
    from ocrdata.train.det.fit import DetFit
    from ocrdata.train.det.photos import open_photos
    from ocrdata.train.serving.service import PhotoService

    data = open_photos(photos / "truth.txt")
    fit = DetFit(DetConfig.model_validate(CONFIG), data, data, tmp_path / "run")
    seen = {}
    in_training = fit.detection.detector.find
    fit.detection.detector.find = lambda image: seen.setdefault(image.shape, in_training(image))  # type: ignore[method-assign]
    fit.run()
    bundle = tmp_path / "bundle"
    export_detector(tmp_path / "run", bundle)
    assert open_det_bundle(bundle).input == fit.detection.config.input
    photo = photos / "b.png"
    image = cv2.imread(str(photo))
    expected = rounded(f.points for f in seen[image.shape])
    assert len(expected) == 3

    for detector in (run_detector(tmp_path / "run"), open_detector(bundle), open_detector(bundle, "paddle")):
        evaluated = evaluate_detector(detector, {"": data})[""]
        found = next(r.found for r in evaluated.worst if r.texts.name == "b.png")
        assert rounded(f.points for f in found) == expected
    given = ("--det", bundle, "--rec", bundles.rec, "--drop_score", "0")
    printed = json.loads(ocrdata("ocr", *given, "--json", photo).stdout)
    assert rounded(t["points"] for t in printed["texts"]) == expected
    service = PhotoService(open_reader(bundle, bundles.rec, None, {}, ("auto", 0, 32), 0.0))
    (served,) = service.read(photo, "b.png")
    assert served["texts"] == printed["texts"]
    assert ocrdata("label", photos, "--det", bundle).returncode == 0
    labels = dict(row.split("\t") for row in (photos / "Label.txt").read_text(encoding="utf-8").splitlines())
    (labelled,) = (json.loads(texts) for name, texts in labels.items() if name.endswith("b.png"))
    assert sorted(t["points"] for t in labelled) == [[[round(x), round(y)] for x, y in box] for box in expected]
