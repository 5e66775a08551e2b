"""Mistakes in the section `train` are named by line, key and what is allowed."""

import pytest

from ocrdata.config import load
from ocrdata.errors import UserError
from ocrdata.train.config import TrainConfig

GOOD = 'charset: "01"\nepochs: 1\n'


def refused(tmp_path, text):
    path = tmp_path / "c.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        load(str(path), "train", TrainConfig)
    return str(error.value)


def test_both_networks_and_a_section_are_read(tmp_path):
    path = tmp_path / "c.yml"
    path.write_text('train:\n  network: {name: crnn_mv3_small}\n  charset: "01"\n  steps: 5\n', encoding="utf-8")
    config = load(str(path), "train", TrainConfig, ["optimizer.lr=0.5"])
    assert config.network.name == "crnn_mv3_small" and config.optimizer.lr == 0.5
    assert config.characters().characters == ("0", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "batchsize: 3\n", "line 3: batchsize: unknown key (did you mean 'batch_size'?)"),
        (GOOD + "network: {name: resnet}\n", "'tiny', 'crnn_mv3_small'"),
        (GOOD + "optimizer: {lr: 0}\n", "optimizer.lr: Input should be greater than 0 (is 0)"),
        (GOOD + "steps: 3\n", "exactly one of 'epochs' and 'steps'"),
        ("epochs: 1\n", "exactly one of 'charset' and 'dictionary'"),
        ('charset: "010"\nepochs: 1\n', "charset: ['0'] twice"),
        (GOOD + "height: 44\n", "height: a multiple of 8 is needed"),
        (GOOD + "height: 48\nnetwork: {name: crnn_mv3_small}\n", "height: crnn_mv3_small takes 32 only"),
        (GOOD + "data: [{pth: x, ratio: 1}]\n", "line 3: data.list.0.pth: unknown key (did you mean 'path'?)"),
        (GOOD + "data: [{path: x, ratio: 0}]\n", "data.list.0.ratio: Input should be greater than 0 (is 0)"),
        (GOOD + "data: [{path: x, ratio: 1}, {path: y}]\n", "either every source has a ratio, or none has"),
        (GOOD + "val: [{name: a b, path: x}]\n", "val.list.0.name: String should match pattern"),
        (GOOD + "best: new.accuracy\n", "best: there is no validation set 'new'; there are: none"),
        (GOOD + "best: loss\n", "best: accuracy or similarity is expected"),
        (GOOD + "optimizer: {schedule: piecewise}\n", "milestones: needed for the schedule piecewise"),
        (GOOD + "optimizer: {warmup: 1.5}\n", "optimizer.warmup.steps: Input should be a valid integer"),
        (GOOD + "optimizer: {groups: [{match: 'a*'}]}\n", "optimizer.groups.0.rate: Field required"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    assert message in refused(tmp_path, text)


def test_a_dictionary_with_a_duplicate_is_named_by_line(tmp_path):
    (tmp_path / "d.txt").write_text("a\nb\na\n", encoding="utf-8")
    config = TrainConfig(dictionary=tmp_path / "d.txt", epochs=1)
    with pytest.raises(UserError, match="line 3: 'a' stands already on line 1"):
        config.characters()
