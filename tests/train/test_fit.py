"""Training learns, stops in good order, and ends with the same weights after any interruption."""

import csv
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.errors import Stopped, UserError
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train import checkpoint
from ocrdata.train.config import TrainConfig
from ocrdata.train.evaluate import evaluate, open_lines, open_reader
from ocrdata.train.fit import Fit, learning_rate
from ocrdata.train.networks import build, tensors
from ocrdata.train.run import set_weights

SCRIPT = """
import sys, time
from pathlib import Path
from ocrdata.prep.store import Pack
from ocrdata.train.config import TrainConfig
from ocrdata.train.fit import Fit
config = TrainConfig.model_validate_json(sys.argv[1])
done = 0
def progress(steps):
    global done
    done += steps
    if done == int(sys.argv[4]):
        print("waiting to be killed", flush=True)
        time.sleep(600)
Fit(config, Pack(Path(sys.argv[2])), None, Path(sys.argv[3]), resume=True).run(progress)
"""


def weights_of(run, name=checkpoint.LAST):
    about, weights, state = checkpoint.read(run / name)
    return about, {**weights, **state}


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[n], two[n]) for n in one)


def test_it_learns_a_few_lines_by_heart(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 48)
    fit = Fit(small(steps=150, eval_every=50), pack, pack, tmp_path / "run")
    rows = []
    result = fit.run(report=rows.append)
    pack.close()
    assert result.scores["accuracy"] >= 0.95 and rows[-1].loss < 0.1
    report = evaluate(open_reader(tmp_path / "run"), open_lines(tmp_path / "p"))
    assert report["accuracy"] == result.scores["accuracy"] and report["lines"] == 48
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [50, 100, 150]


CHANGES = {
    "steps": 30,
    "save_every": 5,
    "eval_every": 10,
    "holdout": 0.1,
    "augment": {"noise": 0.1, "move": 0.05},
    "network": {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32, "reach": 3, "dropout": 0.2},
}


def test_killed_and_resumed_it_ends_with_the_same_weights(tmp_path, small, make_pack):
    make_pack(tmp_path / "p", 200)
    config = small(**CHANGES)
    command = [sys.executable, "-c", SCRIPT, config.model_dump_json(), str(tmp_path / "p")]
    subprocess.run([*command, str(tmp_path / "whole"), "-1"], check=True, capture_output=True)
    with subprocess.Popen([*command, str(tmp_path / "cut"), "18"], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.kill()
    assert weights_of(tmp_path / "cut")[0].step == 15
    subprocess.run([*command, str(tmp_path / "cut"), "-1"], check=True, capture_output=True)
    for name in (checkpoint.LAST, checkpoint.BEST):
        (there, one), (here, two) = weights_of(tmp_path / "whole", name), weights_of(tmp_path / "cut", name)
        assert there == here and same(one, two)


def test_a_stop_signal_saves_the_step_and_resuming_goes_on(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 200)
    config = small(**CHANGES)
    before = signal.getsignal(signal.SIGTERM)
    Fit(config, pack, None, tmp_path / "whole").run()

    def stop(steps, done=[0]):  # noqa: B006
        done[0] += steps
        if done[0] == 13:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped, match=r"stopped by SIGTERM after step 1[345], which is saved"):
        Fit(config, pack, None, tmp_path / "cut").run(progress=stop)
    resumed = Fit(config, pack, None, tmp_path / "cut", resume=True)
    assert resumed.start in (13, 14, 15)
    resumed.run()
    assert same(weights_of(tmp_path / "whole")[1], weights_of(tmp_path / "cut")[1])
    assert not list((tmp_path / "cut").glob(".*"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_recurrent_network_resumes_exactly_too(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 16)
    config = small(network={"name": "crnn_mv3_small"}, steps=4, batch_size=4, save_every=2)
    (tmp_path / "cut").mkdir()

    def keep(steps, done=[0]):  # noqa: B006
        done[0] += steps
        if done[0] == 3:
            shutil.copy(tmp_path / "whole" / checkpoint.LAST, tmp_path / "cut")

    Fit(config, pack, None, tmp_path / "whole").run(progress=keep)
    resumed = Fit(config, pack, None, tmp_path / "cut", resume=True)
    assert resumed.start == 2
    resumed.run()
    assert same(weights_of(tmp_path / "whole")[1], weights_of(tmp_path / "cut")[1])


def test_a_folder_that_holds_a_run_is_not_taken_twice(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 32)
    Fit(small(steps=2), pack, None, tmp_path / "run").run()
    with pytest.raises(UserError, match="holds a training run: add --resume"):
        Fit(small(steps=2), pack, None, tmp_path / "run")
    with pytest.raises(UserError, match=r"config\.optimizer\.lr was '0\.01' there and is '0\.5' now"):
        Fit(small(steps=2, optimizer={"lr": 0.5, "warmup": 5}), pack, None, tmp_path / "run", resume=True)
    with pytest.raises(UserError, match=r"data\.train\.\w+ was"):
        Fit(small(steps=2), make_pack(tmp_path / "other", 33), None, tmp_path / "run", resume=True)
    with pytest.raises(UserError, match="not empty and holds no training run"):
        Fit(small(steps=2), pack, None, tmp_path / "p")


def test_a_cut_checkpoint_is_refused(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 32)
    Fit(small(steps=2), pack, None, tmp_path / "run").run()
    last = tmp_path / "run" / checkpoint.LAST
    last.write_bytes(last.read_bytes()[:-500])
    with pytest.raises(UserError, match=r"last\.npz: not a whole checkpoint"):
        Fit(small(steps=2), pack, None, tmp_path / "run", resume=True)


def test_a_loss_that_is_no_number_names_the_sample(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 32)
    fit = Fit(small(), pack, None, tmp_path / "run")
    fit.network.classes.bias.set_value(np.full(11, np.nan, np.float32))
    with pytest.raises(UserError, match=r"step 0: the loss is nan for 16 of 16 .*shard-00000: 'image-0000000\d\d'"):
        fit.run()
    assert not (tmp_path / "run" / checkpoint.LAST).exists()


def test_refused_labels_are_in_the_result(tmp_path, small, picture):
    (tmp_path / "p").mkdir()
    items = [Sample(encode_jpeg(picture("12")), t) for t in ["12"] * 20 + ["x", "1" * 40, "12345678901234567890"]]
    write_shard(tmp_path / "p", 0, iter(items), "test")
    pack = Pack(tmp_path / "p")
    with pytest.raises(UserError, match=r"outside the charset: 'x' \(1 times\)"):
        Fit(small(), pack, None, tmp_path / "run")
    result = Fit(small(steps=3, unknown="refuse"), pack, None, tmp_path / "run").run()
    assert result.refused == {"not_in_dict": 1, "label_too_long": 2}


def test_the_rate_rises_and_falls():
    config = TrainConfig(charset="01", steps=100, optimizer={"lr": 1, "warmup": 9})
    rates = [learning_rate(config.optimizer, step, 100) for step in range(100)]
    assert rates[0] == 0.1 and max(rates) == rates[9] == 1 and rates[-1] < 0.001
    flat = TrainConfig(charset="01", steps=100, optimizer={"lr": 1, "warmup": 0, "schedule": "constant"})
    assert {learning_rate(flat.optimizer, step, 100) for step in range(100)} == {1}


def test_weights_of_another_network_are_refused():
    config = TrainConfig(network={"name": "tiny"}, charset="01", width=96, steps=1)
    network = build(config, 2)
    weights = {name: value.numpy() for name, value in tensors(network).items()}
    set_weights(network, weights)
    name = sorted(weights)[0]
    with pytest.raises(UserError, match=rf"{name} has the shape \[7\] there"):
        set_weights(network, {**weights, name: np.zeros(7, np.float32)})
    with pytest.raises(UserError, match=r"extra has the shape \[1\] there and None here"):
        set_weights(network, {**weights, "extra": np.zeros(1, np.float32)})
