"""The store keeps what it was given, in the layout that other trainers read, and grows as needed."""

import errno
import subprocess
import sys

import lmdb
import pytest

from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.store import Pack, write_shard


class Numbers:
    """A source of made-up samples; every seventh is refused."""

    def __init__(self, size=2000):
        self.size = size

    def items(self, start, stop):
        for i in range(start, stop):
            if i % 7 == 3:
                yield Refusal("unlucky", f"unit {i}")
            else:
                yield Sample(bytes([i % 256]) * self.size, f"字 {i}", f"unit {i}")


def test_keys_are_one_based_and_counted(tmp_path):
    write_shard(tmp_path, 0, iter([Sample(b"a", "x"), Sample(b"b", "y z")]), "job")
    with lmdb.open(str(tmp_path / "shard-00000"), readonly=True, lock=False) as env, env.begin() as txn:
        assert [k for k, _ in txn.cursor()] == [
            b"image-000000001",
            b"image-000000002",
            b"label-000000001",
            b"label-000000002",
            b"num-samples",
        ]
        assert txn.get(b"label-000000002").decode() == "y z"


def test_map_grows_past_its_first_size(tmp_path):
    write_shard(tmp_path, 0, (Sample(bytes(100_000), str(i)) for i in range(400)), "job")
    pack = Pack(tmp_path)
    assert len(pack) == 400 and len(pack[399].image) == 100_000
    assert (tmp_path / "shard-00000" / "data.mdb").stat().st_size < 45_000_000


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_bytes(tmp_path, workers):
    one = run_job(Job("test", {}, 500, 64), Numbers(), tmp_path / "a", 1)
    many = run_job(Job("test", {}, 500, 64), Numbers(), tmp_path / "b", workers)
    assert one["digest"] == many["digest"] and one["count"] == 500 - 71
    assert many["refusals"] == {"unlucky": 71} and len(many["examples"]) == 5
    assert [s.label for s in Pack(tmp_path / "b")] == [f"字 {i}" for i in range(500) if i % 7 != 3]


def test_resume_redoes_only_what_is_missing(tmp_path):
    job = Job("test", {}, 300, 100)
    whole = run_job(job, Numbers(), tmp_path / "a", 1)
    run_job(job, Numbers(), tmp_path / "b", 1)
    (tmp_path / "b" / "shard-00001.json").unlink()
    untouched = (tmp_path / "b" / "shard-00000" / "data.mdb").stat().st_mtime_ns
    assert run_job(job, Numbers(), tmp_path / "b", 1)["digest"] == whole["digest"]
    assert (tmp_path / "b" / "shard-00000" / "data.mdb").stat().st_mtime_ns == untouched


def test_another_job_in_the_same_folder_is_refused(tmp_path):
    run_job(Job("test", {"seed": 1}, 10, 10), Numbers(), tmp_path / "a", 1)
    with pytest.raises(UserError, match=r"config\.seed was '1' there and is '2' now"):
        run_job(Job("test", {"seed": 2}, 10, 10), Numbers(), tmp_path / "a", 1)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "photo.jpg").touch()
    with pytest.raises(UserError, match="not empty"):
        run_job(Job("test", {}, 10, 10), Numbers(), tmp_path / "foreign", 1)


def test_a_failing_source_leaves_no_final_name(tmp_path):
    class Broken(Numbers):
        def items(self, start, stop):
            yield from super().items(start, start + 3)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        run_job(Job("test", {}, 10, 10), Broken(), tmp_path / "a", 1)
    assert [p.name for p in (tmp_path / "a").iterdir() if p.name.startswith("shard")] == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root on Linux")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_an_error_that_a_second_run_continues(small_disk, workers):
    job = Job("test", {}, 3000, 500)
    with pytest.raises(OSError) as caught:
        run_job(job, Numbers(), small_disk / "pack", workers)
    assert caught.value.errno == errno.ENOSPC
    finished = sorted(p.name for p in (small_disk / "pack").glob("shard-*.json"))
    assert finished and not (small_disk / "pack" / "manifest.json").exists()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert run_job(job, Numbers(), small_disk / "pack", workers)["count"] == 3000 - 429


@pytest.mark.parametrize(("retries", "steps"), [(False, 500), (True, 500 - 71)])
def test_progress_counts_refusals_unless_they_are_tried_anew(tmp_path, retries, steps):
    job, seen = Job("test", {}, 500, 64, retries=retries), []
    for _ in range(2):  # the second run finds everything done
        seen.clear()
        run_job(job, Numbers(), tmp_path / "a", 1, seen.append)
        assert sum(seen) == steps
