"""Commands about models, on a run that has hardly learnt: what they print and refuse."""

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("paddle")

from ocrdata.cli import app
from ocrdata.datasets.images import encode_jpeg, write_image
from ocrdata.datasets.records import Sample
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.config import TrainConfig
from ocrdata.train.fit import Fit
from ocrdata.train.untrained import untrained

CONFIG = """train:
  network: {name: tiny, channels: [8, 16, 16, 24], context: 32}
  charset: "0123456789"
  width: 96
  batch_size: 4
  steps: 2
"""


def picture(text):
    image = np.full((32, 20 * len(text) + 12, 3), 240, np.uint8)
    cv2.putText(image, text, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 20), 2)
    return image


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A folder with train.yml, a run and a bundle of it, sets of lines, and labels of pictures that are none."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "train.yml").write_text(CONFIG, encoding="utf-8")
    for name, texts in {"SVT": ["12", "34", "5"], "CUTE80": ["7"]}.items():
        (folder / "sets" / name).mkdir(parents=True)
        write_shard(folder / "sets" / name, 0, iter(Sample(encode_jpeg(picture(t)), t) for t in texts), "test")
    untrained(str(folder / "train.yml"), folder / "bundle")
    (folder / "none.png").write_bytes(b"no picture")
    (folder / "none.txt").write_text("none.png\t12\n", encoding="utf-8")
    write_image(folder / "dot.png", np.zeros((1, 1, 3), np.uint8))
    write_image(folder / "line.png", picture("12"))
    (folder / "some.txt").write_text("none.png\t12\ndot.png\t1\nline.png\t12\n", encoding="utf-8")
    return folder


def shown(*arguments, code=0):
    ran = CliRunner().invoke(app, [str(a) for a in arguments])
    assert ran.exit_code == code, ran.output
    return ran.output


def cells(output, name):
    """The cells of the row that begins with a name."""
    (row,) = [line for line in output.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in row.strip("│").split("│")]


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """Tables whose cells are not folded."""
    monkeypatch.setattr("ocrdata.tables.out.width", 200)


def test_several_sets_are_summed_up_by_lines_and_by_sets(there):
    said = shown("eval", there / "bundle", there / "sets" / "SVT", there / "sets" / "CUTE80")
    assert "compared exact" in said
    assert cells(said, "all lines together")[1] == "4"
    assert cells(said, "mean of the sets")[1:3] == ["", ""] and len(cells(said, "mean of the sets")[4]) == 11
    alone = shown("eval", there / "bundle", there / "sets" / "SVT")
    assert "mean of the sets" not in alone and "all lines together" not in alone


def test_pictures_that_count_as_wrong_and_those_left_out_are_told(there):
    said = shown("eval", there / "bundle", there / "some.txt")
    assert cells(said, str(there / "some.txt"))[1] == "2"
    assert cells(said, "undecodable_image")[1] == "1" and cells(said, "picture_too_small")[1] == "1"


def test_the_benchmark_names_its_protocol_and_what_is_missing(there):
    said = shown("benchmark", there / "bundle", there / "sets")
    assert "36 characters, lower case" in said and "mean of the sets" in said
    assert "not there: IIIT5k_3000" in said and "SVT: 3 words here, 647 in the published set" in said


def test_check_takes_the_keys_that_train_takes(there):
    arguments = ("check", there / "train.yml", "--data", there / "sets" / "SVT", "--seconds", 0)
    assert "with 8 lines a step" in shown(*arguments, "--set", "train.batch_size=8")
    assert "nothing is made" in shown(*arguments, "--set", "synth.seed=8", code=2)


def test_lines_to_compare_on_must_be_there(there, tmp_path):
    config = TrainConfig.model_validate({"charset": "0123456789", "width": 96, "batch_size": 2, "steps": 1})
    Fit(config, Pack(there / "sets" / "SVT"), None, tmp_path / "run").run()
    arguments = ("export", tmp_path / "run", "-o", tmp_path / "bundle", "--data")
    assert "no line can be read: {'undecodable_image': 1}" in shown(*arguments, there / "none.txt", code=2)
    said = shown(*arguments, there / "some.txt", "--overwrite")
    assert cells(said, "undecodable_image")[1] == "1" and "its change" in said


def test_lines_are_read_from_folders_too(there, tmp_path):
    for text in ("12", "3"):
        write_image(tmp_path / "lines" / f"{text}.png", picture(text))
    said = shown("ocr", there / "bundle", tmp_path / "lines", there / "line.png")
    assert [line.split("\t")[0] for line in said.splitlines()] == [
        str(tmp_path / "lines" / "12.png"),
        str(tmp_path / "lines" / "3.png"),
        str(there / "line.png"),
    ]
    assert "nowhere: no such file" in shown("ocr", there / "bundle", tmp_path / "nowhere", code=2)
