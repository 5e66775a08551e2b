"""Networks deploy as they trained: from a run to a bundle, with any decoder, for lines of any width."""

import numpy as np
import pytest

from ocrdata.train.bundle import open_bundle
from ocrdata.train.config import TrainConfig
from ocrdata.train.export import export, verify
from ocrdata.train.fit import Fit
from ocrdata.train.reader import Reader
from ocrdata.train.run import run_reader
from ocrdata.train.to_onnx import has_converter

RARE = {
    "name": "four_stage",
    "transform": {"points": 8},
    "backbone": {"name": "mobilenet_v3", "size": "small", "scale": 0.35},
    "sequence": {"hidden": 16},
    "prediction": {"name": "attention", "hidden": 16, "embedding": 8, "max_length": 4},
}
SVTR = {"name": "svtr_lite", "channels": [16, 16, 24], "hidden": 32, "heads": 4, "layers": 1}


@pytest.mark.parametrize(("network", "decoder", "most"), [(RARE, "attention", 4), (SVTR, "ctc", None)])
def test_a_run_becomes_a_bundle_that_reads_the_same(tmp_path, make_pack, picture, network, decoder, most):
    config = TrainConfig(network=network, charset="0123456789", width=128, batch_size=8, steps=6, log_every=6)
    pack = make_pack(tmp_path / "p", 32)
    Fit(config, pack, pack, tmp_path / "run").run()
    pack.close()
    export(tmp_path / "run", tmp_path / "bundle")
    bundle = open_bundle(tmp_path / "bundle")
    assert (bundle.output.decoder, bundle.output.max_length) == (decoder, most)
    results = verify(tmp_path / "run", tmp_path / "bundle")
    assert len(results) == 1 + has_converter()
    assert all(r.difference <= 1e-4 and r.changed == 0 for r in results)
    images = [picture(text) for text in ("1", "12", "123456")]
    expected = run_reader(tmp_path / "run").read(images)
    for (text, sure), (read, as_sure) in zip(expected, Reader(tmp_path / "bundle").read(images), strict=True):
        assert text == read and sure == pytest.approx(as_sure, abs=1e-4)
        assert most is None or len(read) <= most


def test_labels_longer_than_the_positions_are_refused_not_cut(tmp_path, make_pack):
    short = {**RARE, "prediction": {**RARE["prediction"], "max_length": 3}}
    config = TrainConfig(network=short, charset="0123456789", width=128, batch_size=8, steps=1)
    pack = make_pack(tmp_path / "p", 64)
    lengths = np.array([len(label) for label in pack.labels()])
    assert Fit(config, pack, pack, tmp_path / "run").refused["label_too_long"] == (lengths > 3).sum() > 0
    pack.close()
