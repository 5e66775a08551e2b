"""Each trap is found before training, and named with the sample's place."""

import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.check import check
from ocrdata.train.rehearsal import disk, shared
from ocrdata.train.sources import Mixture


@pytest.fixture
def pack_of(tmp_path, picture):
    def make(items, name="p"):
        (tmp_path / name).mkdir()
        samples = [s if isinstance(s, Sample) else Sample(encode_jpeg(picture(s, i)), s) for i, s in enumerate(items)]
        write_shard(tmp_path / name, 0, iter(samples), "test")
        return Pack(tmp_path / name)

    return make


def found(level, name, findings):
    return " | ".join(f.sentence for f in findings if (f.level, f.name) == (level, name))


def test_good_data_are_fine_and_learnt_by_heart(tmp_path, small, make_pack):
    findings = check(small(holdout=0.1), make_pack(tmp_path / "p", 120), seconds=60)
    assert {f.level for f in findings} == {"fine"}, findings
    names = {f.name for f in findings}
    assert {"labels", "dictionary", "pictures", "width", "rate", "disk", "memory", "rehearsal"} <= names
    assert "64 lines by heart" in found("fine", "rehearsal", findings)


def test_labels_that_cannot_be_learnt_are_errors_or_warnings(small, pack_of):
    pack = pack_of(["12", "x1", "", *["123", "45", "67", "890"] * 6])
    findings = check(small(), pack, seconds=0)
    assert "1 of 27 labels hold characters outside the dictionary: 'x' (1 times)" in found("error", "labels", findings)
    assert "image-000000002' 'x1'" in found("error", "labels", findings)
    assert "1 of 27 labels are empty" in found("warning", "labels", findings)
    assert findings[0].level == "error"
    assert "hold characters" in found("warning", "labels", check(small(unknown="refuse"), pack, seconds=0))


def test_groups_of_parameters_are_told_and_a_pattern_that_nothing_matches_is_an_error(small, pack_of):
    pack = pack_of(["12"] * 30)

    def about(level, pattern):
        config = small(optimizer={"groups": [{"match": pattern, "rate": 0}]})
        return found(level, "groups", check(config, pack, seconds=0))

    assert "are frozen and 0 learn at a lower rate" in about("fine", "features.*")
    assert "no parameter matches 'backbone.*'" in about("error", "backbone.*")
    assert "every parameter is frozen" in about("error", "*")


def test_characters_without_or_with_few_pictures_are_listed(small, pack_of):
    findings = check(small(), pack_of(["1", "1"] * 10 + ["2"] * 10), seconds=0)
    said = found("warning", "dictionary", findings)
    assert "8 of 10 characters are in no label: '0' '3'" in said and "fewer than 20 lines: '2' (10 times)" in said


def test_all_the_same_is_an_error(small, pack_of):
    findings = check(small(), pack_of([Sample(encode_jpeg(np.zeros((32, 60, 3), np.uint8)), "1")] * 8), seconds=0)
    assert "all 8 labels are '1'" in found("error", "labels", findings)
    assert "all 8 pictures looked at are the same one" in found("error", "pictures", findings)
    assert "8 of 8 show nothing" in found("error", "pictures", findings)


def test_pictures_that_do_not_fit_are_named(small, pack_of, picture):
    wide = Sample(encode_jpeg(picture("1" * 30)), "1")
    long = Sample(encode_jpeg(picture("1")), "123456789012")
    upright = Sample(encode_jpeg(np.rot90(picture("123")).copy()), "123")
    cut = Sample(encode_jpeg(picture("5"))[:-30], "5")
    dot = Sample(encode_jpeg(np.zeros((1, 1, 3), np.uint8)), "1")
    findings = check(small(), pack_of([wide, long, upright, cut, *["12"] * 11, dot]), seconds=0)
    said = found("warning", "pictures", findings)
    assert "1 of 16 are too small to hold a character" in said and "image-000000016': 1 x 1" in said
    assert "1 of 16 had to be squeezed" in said and "1 of 16 are too narrow for their label" in said
    assert "1 of 16 are higher than wide" in said and "image-000000003'" in said
    assert "1 of 16 cannot be read" in found("error", "pictures", findings)
    assert "7.1% of the lines are wider than the input's 96 pixels" in found("warning", "width", findings)


def test_no_width_is_advised_that_no_input_can_have(small, pack_of):
    endless = Sample(encode_jpeg(np.random.default_rng(0).integers(0, 255, (32, 9000, 3), np.uint8)), "1")
    wide = Sample(encode_jpeg(np.random.default_rng(0).integers(0, 255, (32, 150, 3), np.uint8)), "12")
    usual = found("warning", "width", check(small(), pack_of([wide] * 8), seconds=0))
    assert "100.0% of the lines are wider" in usual and usual.endswith("width: 160 would leave 2 % of them")
    beyond = found("warning", "width", check(small(), pack_of([wide, endless] * 4, "q"), seconds=0))
    assert beyond.endswith("cut those wider than 4096")


def test_too_little_memory_and_disk_is_an_error(small, make_pack, tmp_path):
    pack = make_pack(tmp_path / "p", 20)
    findings = check(small(cache_mb=10**9), pack, out=tmp_path, seconds=0)
    assert "MB are free; lower cache_mb" in found("error", "memory", findings)
    level, name, said = disk(1e12, "a large network", tmp_path / "not" / "yet" / "there")
    assert (level, name) == ("error", "disk") and said.endswith(f"MB are free at {tmp_path}")


def test_little_shared_memory_matters_to_several_graphics_cards_alone():
    assert shared(64, "cpu")[0] == "fine" and shared(4000, "gpu:0")[0] == "fine"
    level, name, said = shared(64, "gpu:0")
    assert (level, name) == ("warning", "shared memory") and "64 MB" in said and "--shm-size=512m" in said


def test_a_rate_far_from_what_works_is_a_warning(small, make_pack, tmp_path):
    pack = make_pack(tmp_path / "p", 20)
    fast, slow = (check(small(optimizer={"lr": lr}), pack, seconds=0) for lr in (0.1, 1e-5))
    assert "may diverge" in found("warning", "rate", fast) and "and slow" in found("warning", "rate", slow)


def test_what_cannot_be_learnt_is_found_by_trying(small, make_pack, tmp_path):
    findings = check(small(optimizer={"lr": 1e-9}), make_pack(tmp_path / "p", 80), seconds=5)
    assert "it does not learn" in found("error", "rehearsal", findings)


def test_a_few_steps_tell_nothing(small, make_pack, tmp_path):
    findings = check(small(optimizer={"lr": 1e-9}), make_pack(tmp_path / "p", 80), seconds=1e-9)
    assert "in 1 steps" in found("warning", "rehearsal", findings)
    assert "too short to tell" in found("warning", "rehearsal", findings)


def test_a_source_that_comes_again_and_again_is_a_warning(small, make_pack, tmp_path):
    parts = [make_pack(tmp_path / "a", 200), make_pack(tmp_path / "b", 4, 1)]
    findings = check(small(), Mixture(parts, [1, 1]), seconds=0)
    assert "b: 50% of each epoch, so each of its 4 lines comes 26 times" in found("warning", "mixture", findings)
