"""A bundle reads what the run reads, alone, and says what is wrong with it."""

import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml

from ocrdata.errors import MissingPackage, Trouble, UserError
from ocrdata.train.bundle import has_package, open_bundle
from ocrdata.train.config import TrainConfig
from ocrdata.train.evaluate import Line, Scoring, evaluate, evaluate_sets, open_lines, open_reader
from ocrdata.train.export import export, verify
from ocrdata.train.fit import Fit
from ocrdata.train.reader import Reader, check_image_shape
from ocrdata.train.to_onnx import has_converter

SMALL = {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32, "reach": 3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_pack):
    """A run, its pack and its bundle."""
    root = tmp_path_factory.mktemp("trained")
    pack = make_pack(root / "p", 128)
    config = TrainConfig(
        network=SMALL, charset="0123456789", width=96, batch_size=16, steps=300, optimizer={"lr": 0.01, "warmup": 5}
    )
    Fit(config, pack, pack, root / "run").run()
    pack.close()
    export(root / "run", root / "bundle")
    return root


@pytest.fixture
def bundle(trained, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(trained / "bundle", tmp_path / "bundle")


def test_both_engines_agree_with_the_training_graph(trained):
    results = verify(trained / "run", trained / "bundle")
    assert [r.engine for r in results] == ["Paddle inference", "ONNX Runtime"][: 1 + has_converter()]
    assert all(r.difference <= 1e-4 and r.changed == 0 and r.lines == 64 for r in results)


def test_without_the_converter_a_bundle_holds_paddles_format_alone(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("ocrdata.train.export.has_converter", lambda: False)
    export(trained / "run", tmp_path / "bundle")
    assert [r.engine for r in verify(trained / "run", tmp_path / "bundle")] == ["Paddle inference"]
    assert Reader(tmp_path / "bundle").read([np.zeros((32, 64, 3), np.uint8)])
    with pytest.raises(UserError, match="holds no ONNX model"):
        Reader(tmp_path / "bundle", "onnx")


def test_the_recurrent_network_exports_too(tmp_path, make_pack):
    pack = make_pack(tmp_path / "p", 8)
    config = TrainConfig(network={"name": "crnn_mv3_small"}, charset="0123456789", width=96, batch_size=4, steps=1)
    Fit(config, pack, pack, tmp_path / "run").run()
    export(tmp_path / "run", tmp_path / "bundle")
    assert all(r.difference <= 1e-4 for r in verify(tmp_path / "run", tmp_path / "bundle"))


ATTENTION = {
    "name": "four_stage",
    "transform": {"points": 8, "size": "small"},
    "backbone": {"name": "mobilenet_v3", "size": "small", "scale": 0.35},
    "sequence": {"hidden": 16},
    "prediction": {"name": "attention", "hidden": 16, "embedding": 8, "max_length": 5},
}


def untrained(folder, **changes):
    """A run's folder with the weights that a network begins with."""
    from ocrdata.train import checkpoint
    from ocrdata.train.networks import build, tensors

    config = TrainConfig.model_validate({"charset": "0123456789", "width": 96, "steps": 1, **changes})
    weights = {name: value.numpy() for name, value in tensors(build(config, len(config.characters()))).items()}
    about = checkpoint.About(0, config.model_dump(mode="json"), "0123456789", {})
    checkpoint.save(folder / checkpoint.LAST, about, weights, {})
    return folder


def test_a_network_that_spells_character_by_character_exports_with_its_decoder(tmp_path, picture):
    run = untrained(tmp_path / "run", network=ATTENTION)
    spec = export(run, tmp_path / "bundle")
    assert spec.format == 2 and spec.output.decoder == "attention" and spec.output.max_length == 5
    assert all(r.difference <= 1e-4 for r in verify(run, tmp_path / "bundle"))
    images = [picture("12345"[: 1 + i % 5], i) for i in range(6)]
    read = [[text for text, _ in open_reader(tmp_path / n).read(images)] for n in ("run", "bundle")]
    assert read[0] == read[1] and any(read[0])
    assert [text for text, _ in Reader(tmp_path / "bundle", "paddle").read(images)] == read[0]


def test_a_bundle_of_the_first_format_is_read(trained, bundle, picture):
    change(bundle, format=1, output={"decoder": "ctc_greedy", "blank": 10, "time_stride": 4})
    assert Reader(bundle).read([picture("42")]) == Reader(trained / "bundle").read([picture("42")])


def test_what_a_decoder_needs_must_stand_in_the_bundle(bundle):
    change(bundle, output={"decoder": "attention"})
    with pytest.raises(UserError, match="attention needs max_length"):
        Reader(bundle)


def test_labels_add_the_difference_in_score(trained, picture):
    images = [picture("507"), picture("12"), picture("33")]
    for result in verify(trained / "run", trained / "bundle", images, ["507", "12", "99"]):
        assert (result.lines, result.accuracy, result.accuracy_delta) == (3, pytest.approx(2 / 3), 0)
        assert result.similarity == pytest.approx(2 / 3) and result.similarity_delta == 0


ENGINES = {"onnx": "onnxruntime", "openvino": "openvino", "paddle": "paddle", "paddle_onednn": "paddle"}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_runtime_reads_the_same(trained, engine, picture):
    if not has_package(ENGINES[engine]):
        pytest.skip(f"{ENGINES[engine]} is not installed")
    (result,) = verify(trained / "run", trained / "bundle", engines=[engine])
    assert result.difference <= 1e-4 and result.changed == 0
    (text, confidence), *_ = Reader(trained / "bundle", engine, 1).read([picture("507"), picture("1")])
    assert text == "507" and confidence > 0.5


def test_auto_takes_the_first_engine_that_is_installed_and_names_the_best_where_none_is(trained, monkeypatch):
    from ocrdata.train import runtimes

    spec = open_bundle(trained / "bundle")
    assert runtimes.choices(spec)[0] == "onnx"
    monkeypatch.setattr(runtimes, "has_package", lambda name: name == "paddle")
    assert isinstance(runtimes.open_engine(trained / "bundle", spec), runtimes.PaddleEngine)
    with pytest.raises(MissingPackage, match=r"model\.onnx needs the package 'openvino': pip install openvino"):
        runtimes.open_engine(trained / "bundle", spec, "openvino")
    monkeypatch.setattr(runtimes, "has_package", lambda name: False)
    with pytest.raises(MissingPackage, match="pip install onnxruntime"):
        runtimes.open_engine(trained / "bundle", spec)
    with pytest.raises(UserError, match="there is no engine 'tensorrt'; there are: auto, onnx"):
        runtimes.open_engine(trained / "bundle", spec, "tensorrt")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("3, 32, 320", "rec_image_shape: 3, 32, 320, and the model was trained with 3, 32, 96; leave it out"),
        ("1,32,96", "rec_image_shape: 1, 32, 96, and"),
        ("32x96", "rec_image_shape: '32x96'; three numbers are expected"),
    ],
)
def test_another_image_shape_is_refused_with_both(trained, shape, message):
    rule = open_bundle(trained / "bundle").input
    check_image_shape("3, 32, 96", rule)
    with pytest.raises(UserError, match=message):
        check_image_shape(shape, rule)


def test_a_batch_number_below_one_is_refused(trained):
    with pytest.raises(UserError, match="rec_batch_num: 0"):
        Reader(trained / "bundle", batch_size=0)


def test_another_model_is_told_apart(trained, bundle, tmp_path, make_pack):
    pack = make_pack(tmp_path / "p", 16)
    config = TrainConfig(network=SMALL, charset="0123456789", width=96, batch_size=16, steps=1, seed=9)
    Fit(config, pack, pack, tmp_path / "other").run()
    with pytest.raises(Trouble, match=r"Paddle inference differs from the training graph by"):
        verify(tmp_path / "other", bundle)


def test_run_and_bundle_have_the_same_score(trained):
    reports = [evaluate(open_reader(trained / n), open_lines(trained / "p")) for n in ("run", "bundle")]
    assert reports[0] == reports[1] and reports[0]["accuracy"] > 0.9
    assert reports[0]["accuracy"] == open_bundle(trained / "bundle").metrics["accuracy"]


def test_a_model_of_lower_case_is_scored_without_case(tmp_path, make_pack, picture):
    run = untrained(tmp_path / "run", network=SMALL, charset="0123456789", case="lower")
    assert export(run, tmp_path / "bundle").case == "lower"
    for name in ("run", "bundle"):
        found = evaluate_sets(open_reader(tmp_path / name), {"s": [Line("a", picture("12"), "12")]}).report
        assert found["policy"]["name"] == "ignore_case"
        exact = evaluate_sets(open_reader(tmp_path / name), {"s": [Line("a", picture("12"), "1")]}, Scoring("exact"))
        assert exact.report["policy"]["name"] == "exact"


def test_what_is_read_does_not_depend_on_the_other_lines(trained, picture):
    reader = Reader(trained / "bundle", batch_size=4)
    images = [picture("1234"[: 1 + i % 4], i) for i in range(12)]
    assert [text for text, _ in reader.read(images)] == [reader.read([image])[0][0] for image in images]


READ = """
import json, sys
sys.modules["paddle"] = None
from pathlib import Path
from ocrdata.train.reader import Reader
reader = Reader(Path(sys.argv[1]))
print(json.dumps([[p.name, getattr(r, "reason", r)] for p, r in reader.read_files(map(Path, sys.argv[2:]))]))
"""


@pytest.mark.skipif(not has_converter(), reason="paddle2onnx is not installed")
def test_a_bundle_reads_files_without_paddle_and_goes_on_after_a_bad_one(trained, tmp_path, picture):
    cv2.imwrite(str(tmp_path / "a.png"), picture("507"))
    (tmp_path / "b.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "d.png"), picture("12"))
    moved = shutil.copytree(trained / "bundle", tmp_path / "elsewhere")
    paths = [str(tmp_path / f"{n}.png") for n in "abcd"]
    done = subprocess.run([sys.executable, "-c", READ, str(moved), *paths], check=True, capture_output=True, text=True)
    a, b, c, d = json.loads(done.stdout)
    assert a[0] == "a.png" and a[1][0] == "507" and 0.5 < a[1][1] <= 1
    assert b == ["b.png", "undecodable_image"] and c == ["c.png", "missing_file"]
    assert d[0] == "d.png" and d[1][0] == "12"


def test_labels_in_a_file_are_scored_and_unknown_characters_counted(trained, tmp_path, picture):
    for name, text in (("a", "507"), ("b", "12"), ("c", "33")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture(text))
    (tmp_path / "e.png").write_bytes(b"no picture")
    (tmp_path / "gt.txt").write_text("a.png\t507\nb.png\t1x\nc.png\t34\ne.png\t1\n", encoding="utf-8")
    reader = open_reader(trained / "bundle")
    report = evaluate(reader, open_lines(tmp_path / "gt.txt"))
    assert (report["lines"], report["right"], report["not_in_dict"]) == (3, 1, 1)
    assert report["refused"] == {"undecodable_image": 1}
    assert {(w["label"], w["read"]) for w in report["worst"]} == {("1x", "12"), ("34", "33")}
    known = evaluate(reader, open_lines(tmp_path / "gt.txt"), known_only=True)
    assert (known["lines"], known["right"], known["not_in_dict"]) == (2, 1, 1)


def change(bundle, **values):
    path = bundle / "bundle.yml"
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec.update(values)
    path.write_text(yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 3}, "format 3, and this version of ocrdata reads 1 and 2"),
        ({"task": "detection"}, "task 'detection', and 'recognition' is needed"),
        ({"characters": "0123456"}, "blank is class 10, and there are 7 characters"),
        ({"colour": "RGB"}, "colour: unknown key"),
    ],
)
def test_a_bundle_of_another_kind_is_refused_with_both_values(bundle, values, message):
    change(bundle, **values)
    with pytest.raises(UserError, match=message):
        Reader(bundle)


def test_damaged_files_are_named(bundle):
    model = bundle / "model.pdiparams"
    whole = model.read_bytes()
    model.write_bytes(whole[:-100])
    with pytest.raises(
        UserError, match=rf"model\.pdiparams: {len(whole) - 100} bytes, and the bundle lists {len(whole)}"
    ):
        Reader(bundle)
    model.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match=r"model\.pdiparams: sha256 \w{16}…, and the bundle lists \w{16}…: changed"):
        Reader(bundle)
    model.unlink()
    with pytest.raises(UserError, match=r"model\.pdiparams: missing"):
        Reader(bundle)
    spec = bundle / "bundle.yml"
    spec.write_bytes(spec.read_bytes()[:300])
    with pytest.raises(UserError, match=r"bundle\.yml line \d+: \w+: Field required"):
        Reader(bundle)
    spec.unlink()
    with pytest.raises(UserError, match=r"no bundle\.yml there: not a bundle"):
        Reader(bundle)


def test_export_replaces_nothing_unasked(trained, tmp_path):
    with pytest.raises(UserError, match="holds a bundle already"):
        export(trained / "run", trained / "bundle")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    with pytest.raises(UserError, match="in the way and is no bundle"):
        export(trained / "run", tmp_path / "photos", overwrite=True)
    with pytest.raises(UserError, match="not the folder of a training run"):
        export(tmp_path / "photos", tmp_path / "b")
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]


def test_all_characters_survive_the_yaml(trained, tmp_path):
    from ocrdata.train.bundle import write_spec

    odd = " \"'#:\\~yn-\t\u3000\u0085\u2028一"
    spec = open_bundle(trained / "bundle")
    spec = spec.model_copy(update={"characters": odd, "output": spec.output.model_copy(update={"blank": len(odd)})})
    shutil.copytree(trained / "bundle", tmp_path / "b")
    write_spec(tmp_path / "b", spec)
    assert open_bundle(tmp_path / "b").characters == odd


def test_confidence_is_a_probability(trained, picture):
    noise = np.random.default_rng(0).integers(0, 256, (32, 80, 3)).astype(np.uint8)
    readings = Reader(trained / "bundle").read([noise, picture("77")])
    assert all(0 <= confidence <= 1 for _, confidence in readings)
