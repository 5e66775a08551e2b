"""Verification finds every kind of damage, and names shard and key."""

import json
import os
import shutil

import cv2
import lmdb
import numpy as np
import pytest

from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.store import Pack
from ocrdata.prep.verify import recorded_samples, verify


class Pictures:
    """Samples that decode."""

    def items(self, start, stop):
        for i in range(start, stop):
            yield Sample(cv2.imencode(".png", np.full((6, 9, 3), i, np.uint8))[1].tobytes(), f"L{i}", f"unit {i}")


@pytest.fixture
def pack(tmp_path):
    out = tmp_path / "pack"
    run_job(Job("test", {}, 12, 5), Pictures(), out, 1)
    return out


def change(pack, shard, key, value):
    with lmdb.open(str(pack / shard), map_size=1 << 22, lock=False) as env, env.begin(write=True) as txn:
        assert txn.delete(key) if value is None else txn.put(key, value)


def whats(report):
    return [str(p) for p in report.problems]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_whole_pack_is_good(pack, workers):
    seen = []
    report = verify(pack, workers, seen.append)
    assert report.ok and report.recorded and (report.shards, report.samples) == (3, 12)
    assert seen == [5, 5, 2] and recorded_samples(pack) == 12 and recorded_samples(pack / "shard-00000") is None


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (b"image-000000002", b"not a picture", "shard-00001 image-000000002: undecodable_image"),
        (b"image-000000002", None, "shard-00001 image-000000002: missing"),
        (b"label-000000003", None, "shard-00001 label-000000003: missing"),
        (b"label-000000003", b"\xff", "shard-00001 label-000000003: not UTF-8 at byte 0"),
        (b"label-000000003", b" ", "shard-00001 label-000000003: empty"),
        (b"num-samples", None, "shard-00001 num-samples: no count: None"),
        (b"num-samples", b"4", "shard-00001 image-000000005: never read: the count is 4"),
        (b"image-000000000", b"x", "shard-00001 image-000000000: never read"),
        (b"picture-1", b"x", "shard-00001 picture-1: never read"),
    ],
)
def test_damage_is_named(pack, key, value, problem):
    change(pack, "shard-00001", key, value)
    report = verify(pack, 1)
    assert any(what.startswith(problem) for what in whats(report))
    assert {p.shard for p in report.problems} <= {"shard-00001", "pack"}


def test_a_changed_label_is_found_by_the_digest(pack):
    change(pack, "shard-00002", b"label-000000001", b"other")
    found = whats(verify(pack, 1))
    assert found[0].startswith("shard-00002: the samples' digest is") and found[1].startswith("pack: the pack's digest")


def test_missing_and_foreign_shards(pack):
    shutil.copytree(pack / "shard-00000", pack / "shard-00007")
    shutil.rmtree(pack / "shard-00001")
    (pack / "shard-00002.json").unlink()
    found = whats(verify(pack, 1))
    assert "shard-00001: named in manifest.json, but it is missing" in found
    assert "shard-00002: its marker shard-00002.json is missing" in found
    assert "shard-00007: not named in manifest.json" in found


def test_an_unfinished_pack_is_said_to_be_so(pack):
    (pack / "manifest.json").unlink()
    assert whats(verify(pack, 1)) == ["pack: the pack is not finished (no manifest.json): run its command again"]


@pytest.mark.parametrize("size", [0, 100, 4096, 8192])
def test_a_cut_file_is_a_problem_not_a_crash(pack, size):
    path = pack / "shard-00000" / "data.mdb"
    assert path.stat().st_size > size
    os.truncate(path, size)
    report = verify(pack, 1)
    assert not report.ok and any(p.shard == "shard-00000" for p in report.problems)


def test_a_count_that_the_marker_denies(pack):
    marker = json.loads((pack / "shard-00000.json").read_text(encoding="utf-8"))
    (pack / "shard-00000.json").write_text(json.dumps({**marker, "count": 6}), encoding="utf-8")
    assert whats(verify(pack, 1)) == ["shard-00000 num-samples: 5, but the marker shard-00000.json says 6"]


def test_a_foreign_lmdb_is_read_all_the_same(pack):
    report = verify(pack / "shard-00001", 1)
    assert report.ok and not report.recorded and report.samples == len(Pack(pack / "shard-00001"))


def test_wrong_paths(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        verify(tmp_path / "nothing")
    with pytest.raises(UserError, match="no LMDB"):
        verify(tmp_path)
