"""Shards made in parts, in any order, by whomever, kept wherever: the same bytes; failures are told and mended."""

import errno
import hashlib
import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import Trouble, UserError
from ocrdata.files import HOST
from ocrdata.prep.bucket import Bucket, bring
from ocrdata.prep.jobs import MOST_FAILURES, How, Job, run_job, run_shards
from ocrdata.prep.place import Folder, failure_name
from ocrdata.prep.status import open_place, status
from ocrdata.prep.verify import verify


class Pictures:
    """Picture i shows the number i; units in `broken` cannot be read as long as the file `sound` is not there."""

    def __init__(self, sound=None, broken=(), kind=errno.EIO):
        self.sound, self.broken, self.kind = sound, broken, kind

    def items(self, start, stop):
        for i in range(start, stop):
            if i in self.broken and not self.sound.exists():
                raise OSError(self.kind, os.strerror(self.kind), f"picture-{i}")
            if i % 9 == 4:
                yield Refusal("four", f"origin {i}")
            else:
                yield Sample(encode_jpeg(np.full((8, 8), i % 256, np.uint8)), f"label {i}", f"origin {i}")


def job(**more):
    return Job("test", {"seed": 1}, 60, 5, **more)


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


def run(place, how=None, source=None, **more):
    return run_shards(job(**more), source or Pictures(), place, how or How(workers=1), lambda items: None)


@pytest.fixture
def whole(tmp_path):
    run_job(job(), Pictures(), tmp_path / "whole", 1)
    return tmp_path / "whole"


@pytest.mark.parametrize("size", [2, 5, 20])
def test_parts_in_any_order_give_the_same_files(tmp_path, whole, size):
    place, order = Folder(tmp_path / "parts"), list(range(size))[::-1]
    manifests = [run(place, How(workers=1, rank=rank, size=size)) for rank in order]
    last = max(i for i, rank in enumerate(order) if rank < 12)  # parts without a shard may come later
    assert all(m is None for m in manifests[:last]) and manifests[last]["count"] == 53
    assert tree(place.root) == tree(whole)


def test_another_number_of_parts_goes_on_with_what_is_there(tmp_path, whole):
    place = Folder(tmp_path / "parts")
    assert run(place, How(workers=1, rank=1, size=3)) is None
    there = {name: at for name, at in place.names().items() if name.startswith("shard-")}
    assert len(there) == 4
    assert run(place, How(workers=2))["count"] == 53
    assert tree(place.root) == tree(whole) and place.names().items() >= there.items()


def test_four_processes_that_begin_at_once_give_the_same_files(tmp_path, whole):
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(os.path.dirname(__file__))!r})\n"  # noqa: PTH120
        "from test_jobs import How, Folder, run\n"
        "run(Folder(Path(sys.argv[1])), How(workers=1, rank=int(sys.argv[2]), size=2))\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    # Two for each part: one of them was thought to be dead.
    ranks = [subprocess.Popen([sys.executable, str(script), str(out), str(rank)]) for rank in (0, 1, 0, 1)]
    codes = [process.wait() for process in ranks]
    if any(codes):  # two may have given the same shard its name at the same moment
        run(Folder(out))
    assert tree(out) == tree(whole)


@pytest.mark.parametrize("size", [0, 2])
def test_impossible_shares_are_refused(size):
    with pytest.raises(UserError, match="rank"):
        How(rank=2, size=size)


def test_an_address_or_a_share_that_an_executor_does_not_know_is_refused():
    with pytest.raises(UserError, match="executor"):
        How(address="auto")
    with pytest.raises(UserError, match="Ray divides"):
        How("ray", size=2)
    with pytest.raises(UserError, match="workers"):
        How("ray", workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_failed_shards_are_told_and_the_next_run_makes_only_them(tmp_path, whole, workers):
    place, sound = Folder(tmp_path / "out"), tmp_path / "sound"
    source = Pictures(sound, broken={7, 31})
    with pytest.raises(Trouble, match=r"2 of 12 shards failed:\n  shard-0000[16].*picture-(7|31)"):
        run(place, How(workers=workers), source)
    found = status(place)
    assert (found.shards_done, found.shards, found.finished) == (10, 12, False)
    assert [(f.shard, f.error) for f in found.failed] == [
        (1, "Input/output error: picture-7"),
        (6, "Input/output error: picture-31"),
    ]
    before = place.names()
    sound.touch()
    assert run(place, How(workers=workers), source)["count"] == 53
    assert tree(place.root) == tree(whole) and not status(place).failed
    same = [n for n in before if n.startswith("shard-")]
    assert len(same) == 10 and all(place.names()[n] == before[n] for n in same)


def test_when_everything_fails_it_is_given_up(tmp_path):
    place, many = Folder(tmp_path / "out"), Job("test", {}, 100, 1)
    source = Pictures(tmp_path / "sound", broken=range(100))
    with pytest.raises(Trouble, match="20 of 100 shards failed; it was given up"):
        run_shards(many, source, place, How(workers=1), lambda items: None)
    assert len(status(place).failed) == MOST_FAILURES


@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EROFS])
def test_what_would_fail_every_shard_stops_at_the_first(tmp_path, kind):
    place = Folder(tmp_path / "out")
    with pytest.raises(OSError) as caught:
        run(place, source=Pictures(tmp_path / "sound", broken={7}, kind=kind))
    assert caught.value.errno == kind and status(place).shards_done == 1


def test_what_dead_processes_left_goes_and_what_living_ones_make_stays(tmp_path):
    place = Folder(tmp_path / "out")
    run(place, How(workers=1, rank=0, size=2))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"{HOST}-{ended.pid}-aa", f"{HOST}-{os.getppid()}-bb", f"elsewhere-{ended.pid}-cc"]
    for name in names:
        (place.root / ".tmp" / name / "shard-00001").mkdir(parents=True)
    place.tidy(finished=False)
    assert sorted(p.name for p in (place.root / ".tmp").iterdir()) == sorted(names[1:])
    assert sorted(status(place).working) == sorted(["shard-00001 on elsewhere", f"shard-00001 on {HOST}"])
    run(place)
    assert not (place.root / ".tmp").exists()


def test_a_marker_that_was_being_written_leaves_no_trace(tmp_path, whole):
    script = tmp_path / "run.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(os.path.dirname(__file__))!r})\n"  # noqa: PTH120
        "from test_jobs import How, Folder, run\n"
        "sync = os.fsync\n"
        "os.fsync = lambda file: os._exit(9) if list(Path(sys.argv[1]).glob('shard-*3')) else sync(file)\n"
        "run(Folder(Path(sys.argv[1])), How(workers=1))\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    assert subprocess.run([sys.executable, str(script), str(out)]).returncode == 9
    run(Folder(out))
    assert tree(out) == tree(whole)


def test_status_tells_rate_and_remaining_time(tmp_path):
    place = Folder(tmp_path / "out")
    with pytest.raises(UserError, match="no job"):
        status(place)
    run(place, How(workers=1, rank=0, size=2))
    now = time.time()
    os.utime(place.root / "job.json", (now - 60, now - 60))
    for number, name in enumerate(sorted(p.name for p in place.root.glob("shard-*.json"))):
        os.utime(place.root / name, (now - 50 + 10 * number, now - 50 + 10 * number))
    found = status(place, now)
    assert (found.units_done, found.units) == (30, 60)
    assert found.rate == pytest.approx(5 / 50 * 5) and found.remaining == pytest.approx(60)
    assert status(place, now + 50).rate == pytest.approx(5 / 100 * 5)  # nothing came since


def bucket(url, tmp_path):
    pytest.importorskip("fsspec")
    return Bucket(url, tmp_path / "local")


@pytest.mark.parametrize("store", ["pack", "photos", "webdataset"])
def test_an_object_store_holds_the_same_files(tmp_path, store):
    run_job(job(store=store), Pictures(), tmp_path / "whole", 1)
    place = bucket(f"file://{tmp_path}/bucket", tmp_path)
    assert run(place, How(workers=1, rank=1, size=2), store=store) is None
    assert status(place).shards_done == 6
    assert run(place, How(workers=2), store=store)["count"] == 53
    assert tree(tmp_path / "bucket") == tree(tmp_path / "whole")
    assert not (tmp_path / "local").exists()
    assert bring(place.url, tmp_path / "here", lambda items: None)["count"] == 53
    assert tree(tmp_path / "here") == tree(tmp_path / "whole")


def test_in_an_object_store_a_shard_without_its_json_is_made_again(tmp_path):
    place = bucket("memory://test-jobs/pack", tmp_path)
    digest = run(place)["digest"]
    place.remove("shard-00003.json")
    place.remove("manifest.json")
    assert status(place).shards_done == 11 and not status(place).finished
    with pytest.raises(UserError, match="no finished job"):
        bring(place.url, tmp_path / "here", lambda items: None)
    assert run(place)["digest"] == digest
    assert bring(place.url, tmp_path / "here", lambda items: None)["digest"] == digest
    assert verify(tmp_path / "here", 1).ok
    assert open_place(place.url).read("manifest.json")["digest"] == digest


def test_an_object_store_that_holds_another_job_is_refused(tmp_path):
    place = bucket("memory://test-jobs/other", tmp_path)
    run(place)
    with pytest.raises(UserError, match=r"another job: config\.seed was '1' there and is '2' now"):
        run_shards(Job("test", {"seed": 2}, 60, 5), Pictures(), place, How(workers=1), lambda items: None)


@pytest.mark.parametrize("url", ["nosuch://bucket/pack", "s3://bucket/pack"])
def test_a_store_that_is_not_known_or_not_reached_is_told(tmp_path, url, monkeypatch):
    pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises((UserError, Trouble), match=url.partition("/")[0]):
        run(bucket(url, tmp_path))


def test_failures_are_noted_in_an_object_store_too(tmp_path):
    place, sound = bucket("memory://test-jobs/failing", tmp_path), tmp_path / "sound"
    with pytest.raises(Trouble, match="1 of 12 shards failed"):
        run(place, source=Pictures(sound, broken={7}))
    assert place.read(failure_name(1))["error"] == "Input/output error: picture-7"
    sound.touch()
    run(place, source=Pictures(sound, broken={7}))
    assert place.read(failure_name(1)) is None


def parts_and_back(url, tmp_path):
    """The files of a job in a bucket: made in two runs, one shard anew, and the whole brought back."""
    place = Bucket(url, tmp_path / "local")
    assert run(place, How(workers=1, rank=0, size=2)) is None
    found = status(place)
    assert (found.shards_done, found.units_done) == (6, 30) and 0 <= found.newest < 600
    place.remove("shard-00004.json")
    assert run(place, How(workers=2))["count"] == 53
    bring(place.url, tmp_path / "here", lambda items: None)
    return tree(tmp_path / "here")


def test_a_real_s3_server(tmp_path, whole, monkeypatch):
    server, s3fs = pytest.importorskip("moto.server"), pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()  # one of another address
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    try:
        address = f"http://127.0.0.1:{running._server.server_port}"
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        import boto3

        boto3.client("s3").create_bucket(Bucket="packs")
        assert parts_and_back("s3://packs/deep/pack", tmp_path) == tree(whole)
    finally:
        running.stop()


def test_a_server_that_speaks_google_storage(tmp_path, whole, monkeypatch):
    emulator, gcsfs = pytest.importorskip("gcp_storage_emulator.server"), pytest.importorskip("gcsfs")
    gcsfs.GCSFileSystem.clear_instance_cache()  # one of another address
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="packs")
    server.start()
    try:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        assert parts_and_back("gs://packs/deep/pack", tmp_path) == tree(whole)
    finally:
        server.stop()


def test_a_ray_cluster_of_this_machine(tmp_path, whole, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # or Ray would keep a token in the home folder
    place, sound = Folder(tmp_path / "out"), tmp_path / "sound"
    source = Pictures(sound, broken={31})
    with pytest.raises(Trouble, match="1 of 12 shards failed"):
        run(place, How("ray"), source)
    sound.touch()
    assert run(place, How("ray"), source)["count"] == 53
    assert tree(place.root) == tree(whole)


def test_a_ray_cluster_that_is_not_there_is_told_at_once(tmp_path):
    pytest.importorskip("ray")
    with pytest.raises(Trouble, match=r"no Ray cluster is reached at 127\.0\.0\.1:9"):
        run(Folder(tmp_path / "out"), How("ray", address="127.0.0.1:9"))
