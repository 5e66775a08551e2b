"""A bundle in 8-bit integers reads on, tells what it lost, and is refused where it does not pay."""

import shutil

import pytest

from ocrdata.errors import Trouble, UserError
from ocrdata.train.bundle import has_package, open_bundle
from ocrdata.train.config import TrainConfig
from ocrdata.train.export import export, verify
from ocrdata.train.fit import Fit
from ocrdata.train.lines import Line, open_lines
from ocrdata.train.quantise import quantise
from ocrdata.train.reader import Reader
from ocrdata.train.to_onnx import has_converter

pytestmark = pytest.mark.skipif(
    not (has_converter() and has_package("onnxruntime")), reason="paddle2onnx and onnxruntime are not installed"
)
# Wide enough that its weights outweigh what the integers need beside them.
NETWORK = {"name": "tiny", "channels": [16, 24, 32, 48], "context": 96, "reach": 3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_pack):
    """A run, its bundle and other lines to score on."""
    root = tmp_path_factory.mktemp("trained")
    pack = make_pack(root / "p", 128)
    config = TrainConfig(
        network=NETWORK, charset="0123456789", width=96, batch_size=16, steps=120, optimizer={"lr": 0.01, "warmup": 5}
    )
    Fit(config, pack, pack, root / "run").run()
    pack.close()
    export(root / "run", root / "bundle")
    return root


@pytest.fixture(scope="module")
def lines(trained, make_pack):
    make_pack(trained / "others", 200, seed=5).close()
    return [line for line in open_lines(trained / "others") if isinstance(line, Line)]


def test_the_smaller_bundle_reads_alone_and_tells_what_it_lost(trained, lines, tmp_path, monkeypatch):
    monkeypatch.setattr("ocrdata.train.quantise.SLOWER", 0)  # the speed is another machine's business
    found = quantise(trained / "bundle", tmp_path / "small", lines)
    assert found.calibrated_on == 50 and found.lines == 150 and found.method == "static"
    assert found.accuracy[0] > 0.5 and abs(found.loss) <= 0.01 and found.size[1] < 0.7 * found.size[0]
    spec = open_bundle(tmp_path / "small")
    assert spec.quantised["accuracy"] == list(found.accuracy) and list(spec.files) == ["model.onnx"]
    read = Reader(tmp_path / "small").read([line.image for line in lines[50:]])
    right = sum(text == line.label for (text, _), line in zip(read, lines[50:], strict=True))
    assert right / 150 == pytest.approx(found.accuracy[1])
    with pytest.raises(UserError, match="is quantised already"):
        quantise(tmp_path / "small", tmp_path / "smaller", lines)
    with pytest.raises(UserError, match="is quantised and differs by design"):
        verify(trained / "run", tmp_path / "small")
    with pytest.raises(UserError, match="holds no Paddle model; use --engine onnx"):
        Reader(tmp_path / "small", "paddle")


def test_what_does_not_pay_is_refused_with_the_figures_and_nothing_is_left(trained, lines, tmp_path, monkeypatch):
    with pytest.raises(Trouble, match=r"do not pay.*static: line accuracy 0\.\d+ before and .*; dynamic: line acc"):
        quantise(trained / "bundle", tmp_path / "small", lines, most_loss=-1)
    monkeypatch.setattr("ocrdata.train.quantise.SLOWER", 1e9)
    with pytest.raises(Trouble, match=r"0\.\d+ times the size, \d+\.\d+ times the speed"):
        quantise(trained / "bundle", tmp_path / "small", lines)
    assert list(tmp_path.iterdir()) == []


def test_too_few_lines_and_a_bundle_without_onnx_are_refused(trained, lines, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="39 lines to calibrate and score on, and at least 40 are needed"):
        quantise(trained / "bundle", tmp_path / "small", lines[:39])
    monkeypatch.setattr("ocrdata.train.export.has_converter", lambda: False)
    export(trained / "run", tmp_path / "plain")
    with pytest.raises(UserError, match="holds no ONNX model"):
        quantise(tmp_path / "plain", tmp_path / "small", lines)


def test_a_bundle_is_not_overwritten_unasked(trained, lines, tmp_path):
    shutil.copytree(trained / "bundle", tmp_path / "there")
    with pytest.raises(UserError, match="holds a bundle already"):
        quantise(trained / "bundle", tmp_path / "there", lines)
