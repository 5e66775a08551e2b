"""A job that is killed half-way leaves nothing under a final name, and a second run gives the same bytes."""

import dataclasses
import pickle
import subprocess
import sys
import time

import pytest

from ocrdata.prep.crop import plan_crop
from ocrdata.prep.pack import PackConfig, plan_lines, plan_repack
from ocrdata.prep.verify import verify

RUN = """
import pickle, sys, time
from pathlib import Path
if __name__ == "__main__":
    with Path(sys.argv[1]).open("rb") as file:
        planned = pickle.load(file)
    planned.run(int(sys.argv[2]), lambda items: time.sleep(0.02))
"""


def kill_and_resume(tmp_path, plan, workers):
    """Runs `plan(out)` whole, and again with a kill after the second shard and a second run."""
    whole = plan(tmp_path / "whole").run(1)
    out, script = tmp_path / "killed", tmp_path / "run.py"
    script.write_text(RUN, encoding="utf-8")
    (tmp_path / "planned").write_bytes(pickle.dumps(plan(out)))
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path / "planned"), str(workers)])
    limit = time.monotonic() + 60
    while len(list(out.glob("shard-*.json"))) < 2 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.002)
    process.kill()
    process.wait()
    finished = {p.name: p.stat().st_mtime_ns for p in out.glob("shard-*.json")}
    assert 2 <= len(finished) < len(whole["shards"]) and not (out / "manifest.json").exists()
    assert not verify(out, 1).ok
    if workers > 1:
        time.sleep(0.5)  # workers notice the death of their parent
        finished = {p.name: p.stat().st_mtime_ns for p in out.glob("shard-*.json")}
    resumed = plan(out).run(1)
    assert resumed["digest"] == whole["digest"] and verify(out, 1).ok
    assert all((out / name).stat().st_mtime_ns == at for name, at in finished.items())
    assert not (out / ".tmp").exists()
    return resumed


@pytest.mark.parametrize("workers", [1, 2])
def test_crop(tmp_path, make_photos, monkeypatch, workers):
    monkeypatch.setattr("ocrdata.prep.crop.SHARD_BOXES", 40)
    (photo,) = make_photos(1)
    photos = [dataclasses.replace(photo, name=f"photo_{i}") for i in range(400)]
    manifest = kill_and_resume(tmp_path, lambda out: plan_crop(photos, out)["all"], workers)
    assert manifest["count"] == 1200


def test_pack_and_repack(tmp_path, make_photos):
    (photo,) = make_photos(1)
    whole = dataclasses.replace(photo.regions[0], polygon=None)
    lines = [dataclasses.replace(photo, name=f"line_{i}", regions=(whole,)) for i in range(300)]
    config = PackConfig(shard_size=10)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    packed = kill_and_resume(tmp_path / "a", lambda out: plan_lines(lines, out, config), 1)
    source = tmp_path / "a" / "whole"
    repacked = kill_and_resume(tmp_path / "b", lambda out: plan_repack(source, out, config), 1)
    assert packed["digest"] == repacked["digest"]
