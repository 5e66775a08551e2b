"""Training that starts from other weights, with the same characters or others; models cut out of larger ones."""

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.errors import UserError
from ocrdata.train import checkpoint
from ocrdata.train.bundle import open_bundle
from ocrdata.train.config import TrainConfig
from ocrdata.train.evaluate import evaluate, open_lines, open_reader
from ocrdata.train.export import export
from ocrdata.train.fit import Fit
from ocrdata.train.networks import build, tensors
from ocrdata.train.start import carve, open_origin, start_from


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_pack, small_values):
    """A network that has learnt 48 lines by heart: its pack, run and bundle."""
    folder = tmp_path_factory.mktemp("trained")
    pack = make_pack(folder / "p", 48)
    fit = Fit(TrainConfig.model_validate({**small_values, "steps": 150}), pack, pack, folder / "run")
    assert fit.run().scores["accuracy"] >= 0.95
    pack.close()
    export(folder / "run", folder / "bundle")
    return folder


def test_a_bundle_gives_back_the_tensors_of_its_run(trained):
    _, weights, _ = checkpoint.read(trained / "run" / checkpoint.BEST)
    for path in (trained / "bundle", trained / "run", trained / "run" / checkpoint.BEST):
        found = open_origin(path).weights
        assert found.keys() == weights.keys()
        assert all(np.array_equal(found[name], weights[name]) for name in weights)


def test_characters_may_come_go_and_change_places(trained, small):
    config = small(charset="9x0")
    network = build(config, 3)
    before = {name: value.numpy() for name, value in tensors(network).items()}
    change = start_from(network, config, trained / "bundle")
    after = {name: value.numpy() for name, value in tensors(network).items()}
    there = open_origin(trained / "run").weights
    assert (change.kept, change.new, change.dropped) == ("90", "x", "12345678")
    assert np.array_equal(after["classes.weight"][:, [0, 2, 3]], there["classes.weight"][:, [9, 0, 10]])
    assert after["classes.bias"][1] == before["classes.bias"][1]
    assert all(np.array_equal(after[n], there[n]) for n in after if not n.startswith("classes."))


def test_another_network_is_refused(trained, small):
    config = small(network={"name": "tiny", "channels": [8, 16, 16, 32], "context": 32})
    with pytest.raises(UserError, match=r"bundle: the weights are of another network.*features"):
        start_from(build(config, 10), config, trained / "bundle")


def test_training_that_starts_from_weights_shows_first_what_they_can(trained, small, make_pack, tmp_path):
    pack = make_pack(tmp_path / "p", 48)
    rows = []
    config = small(steps=3, start=trained / "bundle", optimizer={"lr": 1e-5, "warmup": 0})
    fit = Fit(config, pack, pack, tmp_path / "run")
    assert fit.change.kept == "0123456789"
    fit.run(report=rows.append)
    assert rows[0].step == 0 and rows[0].scores["accuracy"] >= 0.95 and rows[-1].loss < 0.1


def test_a_carved_model_reads_what_it_kept_as_the_whole_one_did(trained, tmp_path):
    small = carve(trained / "bundle", Charset("7310"), tmp_path / "carved")
    assert small.characters == "7310" and small.data["carved_from"]["characters"] == 10
    assert small.output.blank == 4 and small == open_bundle(tmp_path / "carved")
    lines = [line for line in open_lines(trained / "p") if set(line.label) <= set("7310")]
    assert len(lines) >= 5
    whole, cut = (evaluate(open_reader(path), lines)["accuracy"] for path in (trained / "bundle", tmp_path / "carved"))
    assert cut >= whole >= 0.9


def test_a_model_cannot_be_carved_to_what_it_never_learnt(trained, tmp_path):
    with pytest.raises(UserError, match=r"letters\.txt: 1 of 3 characters are not in the 10 of .*bundle: 'x'"):
        carve(trained / "bundle", Charset("0x1"), tmp_path / "carved", name="letters.txt")
    assert not (tmp_path / "carved").exists()
