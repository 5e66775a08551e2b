"""What a configuration can ask of training beyond plain steps."""

import csv
import dataclasses
import json
import shutil

import numpy as np
import pytest
import yaml

from ocrdata.errors import UserError
from ocrdata.train import checkpoint
from ocrdata.train.checkpoint import LAST, averaged
from ocrdata.train.config import Source, TrainConfig
from ocrdata.train.fit import Fit
from ocrdata.train.networks import build, tensors
from ocrdata.train.run import load_run
from ocrdata.train.sources import open_data


@pytest.fixture(scope="module")
def pack(tmp_path_factory, make_pack):
    return make_pack(tmp_path_factory.mktemp("lines") / "p", 200)


def weights_of(run, name=LAST):
    about, weights, state = checkpoint.read(run / name)
    return about, weights, state


def initial(config):
    return {name: value.numpy() for name, value in tensors(build(config, 10)).items()}


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[n], two[n]) for n in one)


EVERYTHING = {
    "steps": 26,
    "eval_every": 8,
    "holdout": 0.1,
    "patience": 50,
    "augment": {"noise": 0.1, "bend": 0.1, "join": 0.3},
    "optimizer": {
        "lr": 0.01,
        "schedule": "one_cycle",
        "warmup": 0.3,
        "ema": 0.9,
        "accumulate": 2,
        "groups": [{"match": "features.*", "rate": 0.5}],
    },
}


def test_in_the_middle_of_an_epoch_all_is_taken_up_averages_schedule_and_mixture_too(tmp_path, small, make_pack):
    parts = [Source(path=make_pack(tmp_path / n, 90, i).root, ratio=i + 1) for i, n in enumerate("ab")]
    config = small(**EVERYTHING, data=parts, save_every=7)

    def run(out, resume=False, keep=None):
        done = [0]

        def copy(steps):
            done[0] += steps
            if keep and done[0] == 10:  # the checkpoint of step 7; an epoch has 5
                keep.mkdir()
                shutil.copy(out / LAST, keep)

        lines = open_data(config.data)
        fit = Fit(config, lines, None, out, resume)
        fit.run(copy)
        for source in lines.sources:
            source.close()
        return fit

    run(tmp_path / "whole", keep=tmp_path / "cut")
    assert run(tmp_path / "cut", resume=True).start == 7
    (there, one, more), (here, two, rest) = weights_of(tmp_path / "whole"), weights_of(tmp_path / "cut")
    assert there == here and same(one, two) and same(more, rest) and averaged(more)


def test_a_run_is_taken_up_from_moved_data_with_other_workers(tmp_path, small, make_pack):
    lines = make_pack(tmp_path / "p", 60)
    Fit(small(steps=4, data=tmp_path / "p"), lines, None, tmp_path / "run").run()
    lines.close()
    shutil.move(tmp_path / "p", tmp_path / "q")
    moved = open_data(tmp_path / "q")
    config = small(steps=4, data=tmp_path / "q", workers=2, cache_mb=0, log_every=7)
    assert Fit(config, moved, None, tmp_path / "run", resume=True).start == 4
    with pytest.raises(UserError, match=r"config\.batch_size was '16' there and is '8' now"):
        Fit(small(steps=4, batch_size=8), moved, None, tmp_path / "run", resume=True)


def test_averaged_weights_are_what_is_evaluated_and_exported(tmp_path, small, pack):
    config = small(steps=12, eval_every=12, optimizer={"lr": 0.01, "warmup": 0, "ema": 0.9}, holdout=0.1)
    Fit(config, pack, None, tmp_path / "run").run()
    _, weights, state = weights_of(tmp_path / "run")
    mean = averaged(state)
    best = weights_of(tmp_path / "run", checkpoint.BEST)[1]
    assert same(mean, best) and not same(weights, best)
    (tmp_path / "run" / checkpoint.BEST).unlink()
    assert same({n: v.numpy() for n, v in tensors(load_run(tmp_path / "run")[3]).items()}, mean)


def test_what_is_frozen_does_not_move_nor_do_its_statistics(tmp_path, small, pack):
    groups = [{"match": "features.*", "rate": 0}, {"match": "*", "rate": 0.1}]
    config = small(steps=6, eval_every=3, holdout=0.1, optimizer={"lr": 0.01, "warmup": 0, "groups": groups})
    Fit(config, pack, None, tmp_path / "run").run()
    before, (_, after, _) = initial(config), weights_of(tmp_path / "run")
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved and not any(name.startswith("features.") for name in moved)
    assert {"classes.weight", "squeeze.1._mean"} <= moved
    with pytest.raises(UserError, match=r"no parameter matches 'backbone\.\*'; names begin with classes, context"):
        wrong = small(optimizer={"groups": [{"match": "backbone.*", "rate": 0}]})
        Fit(wrong, pack, None, tmp_path / "other")


def test_a_lower_rate_moves_less(tmp_path, small, pack):
    def moves(rate):
        groups = [{"match": "classes.*", "rate": rate}]
        config = small(steps=1, optimizer={"lr": 0.01, "warmup": 0, "groups": groups, "weight_decay": 0})
        Fit(config, pack, None, tmp_path / str(rate)).run()
        after = weights_of(tmp_path / str(rate))[1]
        return np.abs(after["classes.weight"] - initial(config)["classes.weight"]).mean()

    assert moves(0.1) == pytest.approx(moves(1.0) / 10, rel=0.01)


def test_gradients_are_clipped_by_their_norm_over_all_parameters(tmp_path, small, pack):
    momentum = {"name": "momentum", "lr": 1, "warmup": 0, "weight_decay": 0}

    def step(clip):
        config = small(steps=1, optimizer={**momentum, "clip_norm": clip})
        fit = Fit(config, pack, None, tmp_path / str(clip))
        learnt = {n: p for n, p in fit.network.named_parameters() if not p.stop_gradient}
        before = {n: p.numpy().copy() for n, p in learnt.items()}
        fit.run()
        return fit.update.norm, np.sqrt(sum(((before[n] - p.numpy()) ** 2).sum() for n, p in learnt.items()))

    whole, moved = step(0)
    assert moved == pytest.approx(whole, rel=1e-3) and whole > 0.5
    assert step(0.5)[1] == pytest.approx(0.5, rel=1e-3)


def test_training_ends_when_nothing_gets_better(tmp_path, small, pack):
    config = small(steps=100, eval_every=2, patience=3, holdout=0.1, optimizer={"lr": 1e-12, "warmup": 0})
    result = Fit(config, pack, None, tmp_path / "run").run()
    assert result.steps < 100 and weights_of(tmp_path / "run")[0].step == result.steps
    assert weights_of(tmp_path / "run")[0].stale == 3
    again = Fit(config, pack, None, tmp_path / "run", resume=True).run()
    assert again.steps == result.steps


def test_old_and_new_stand_side_by_side_and_one_of_them_may_decide(tmp_path, small, pack, make_pack):
    sets = {"old": make_pack(tmp_path / "o", 12, 5), "new": make_pack(tmp_path / "n", 12, 6)}
    val = [{"name": name, "path": str(lines.root)} for name, lines in sets.items()]
    rows = []
    config = small(steps=6, eval_every=3, val=val, best="new.similarity")
    Fit(config, pack, sets, tmp_path / "run").run(report=rows.append)
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["step"] for row in read] == ["3", "6"]
    for row, shown in zip(read, rows, strict=True):
        assert float(row["similarity"]) == pytest.approx(
            (float(row["old.similarity"]) + float(row["new.similarity"])) / 2, abs=1e-4
        )
        assert f"new {float(row['new.accuracy']):.4f}" in shown.line()
    best = weights_of(tmp_path / "run", checkpoint.BEST)[0]
    assert best.best["new.similarity"] == pytest.approx(max(float(r["new.similarity"]) for r in read), abs=1e-4)
    with pytest.raises(Exception, match="best: there is no validation set 'newer'; there are: old, new"):
        small(val=val, best="newer.accuracy")


def test_a_runs_folder_says_what_it_is(tmp_path, small, pack):
    pytest.importorskip("tensorboardX")
    config = small(steps=4, holdout=0.1, tensorboard=True, log_every=2)
    Fit(config, pack, None, tmp_path / "run").run()
    folder = tmp_path / "run"
    assert TrainConfig.model_validate(yaml.safe_load((folder / "config.yml").read_text(encoding="utf-8"))) == config
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["versions"]["python"] and record["data"]["train"]["digest"] and record["characters"] == "0123456789"
    assert (folder / "curve.png").read_bytes()[:4] == b"\x89PNG" and list((folder / "events").iterdir())


def test_the_log_says_what_share_of_time_waited_for_data():
    from ocrdata.train.log import Meter

    class Feed:
        waited = 0.0

    meter = Meter(Feed)
    meter.add(1.0, 16)
    Feed.waited = 1e6
    row = meter.row(1, 0.5, 0.01, None)
    assert row.waiting > 1 and meter.row(2, 1.0, 0.01, None).waiting == 0
    assert "waiting  73%" in dataclasses.replace(row, waiting=0.73).line()


def test_visualdl_shows_the_rows_of_the_log(tmp_path, small, pack):
    visualdl = pytest.importorskip("visualdl")
    Fit(small(steps=4, visualdl=True, log_every=2), pack, None, tmp_path / "run").run()
    (events,) = (tmp_path / "run" / "visualdl").iterdir()
    read = visualdl.LogReader(file_path=str(events)).get_data("scalar", "loss")
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    assert [(r.id, pytest.approx(r.value, rel=1e-5)) for r in read] == rows and len(rows) == 2


def test_events_without_their_package_are_refused_with_the_install_line(tmp_path, small, pack, monkeypatch):
    monkeypatch.setattr("ocrdata.train.folder.find_spec", lambda name: None)
    for key, package in (("tensorboard", "tensorboardX"), ("visualdl", "visualdl")):
        fit = Fit(small(steps=1, **{key: True}), pack, None, tmp_path / key)
        with pytest.raises(UserError, match=f"{key}: true needs the package '{package}': pip install {package}"):
            fit.run()


def test_scaled_losses_move_the_weights_as_others_do_and_a_scale_too_large_shrinks(tmp_path, small, pack, monkeypatch):
    def train(name, steps=4, **changes):
        fit = Fit(small(steps=steps, save_every=2, **changes), pack, None, tmp_path / name, resume=True)
        if name == "high" and not fit.start:
            fit.update.scale = 2.0**140  # gradients overflow in 32 bits
        fit.run()
        return fit.update, weights_of(tmp_path / name)[1]

    monkeypatch.setattr("ocrdata.train.update.check_precision", lambda precision: None)
    _, plain = train("plain")
    update, scaled = train("scaled", precision="float16")  # a processor computes in 32 bits all the same
    assert update.scale == 2.0**15 and update.norm < 1000
    assert all(np.allclose(plain[name], scaled[name], rtol=1e-4, atol=1e-6) for name in plain)
    update, weights = train("high", steps=10, precision="float16", optimizer={"lr": 0.01, "warmup": 0})
    first = update.scale
    assert 2.0**130 <= first < 2.0**140 and all(np.isfinite(value).all() for value in weights.values())
    assert train("high", steps=10, precision="float16", optimizer={"lr": 0.01, "warmup": 0})[0].scale == first


def test_precision_needs_a_device_that_has_it(tmp_path, small, pack):
    import paddle

    if paddle.get_device() != "cpu":
        pytest.skip("this device may have it")
    with pytest.raises(UserError, match="precision: float16 needs a device that has it, and cpu does not"):
        Fit(small(precision="float16"), pack, None, tmp_path / "run")
