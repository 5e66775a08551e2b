"""Photos with label lines: what PaddleOCR and our own reader find on disk, whole or not at all."""

import json

import numpy as np
import pytest

from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Photo, Refusal, Sample
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.verify import verify

POINTS = [[1, 1], [30, 1], [30, 10], [1, 10]]


class Signs:
    """Photo i shows the text "标 i"."""

    def __init__(self, fails_at=None):
        self.fails_at = fails_at

    def items(self, start, stop):
        for i in range(start, stop):
            if i == self.fails_at:
                raise RuntimeError("stopped")
            yield Refusal("no_room", f"scene {i}", text="too long")
            image = encode_jpeg(np.full((20, 40, 3), i, np.uint8))
            label = json.dumps([{"transcription": f"标 {i}", "points": POINTS}], ensure_ascii=False)
            yield Sample(image, label, f"scene {i}", ("lines",))


def job(count):
    return Job("scenes", {"seed": 1}, count, 4, retries=True, store="photos")


def test_a_job_is_read_by_our_reader_and_its_paths_start_at_the_folder(tmp_path):
    manifest = run_job(job(10), Signs(), tmp_path / "out", 1)
    assert manifest["count"] == 10 and manifest["refusals"] == {"no_room": 10} and manifest["notes"] == {"lines": 10}
    lines = (tmp_path / "out" / "Label.txt").read_bytes().decode().split("\n")
    assert lines[-1] == "" and [line.count("\t") for line in lines[:-1]] == [1] * 10
    for line in lines[:-1]:
        assert (tmp_path / "out" / line.split("\t")[0]).is_file()
    for labels in (tmp_path / "out", tmp_path / "out" / "shard-00001" / "Label.txt"):
        photos = list(open_labels(*find_labels(labels)))
        assert photos and all(isinstance(p, Photo) for p in photos)
    assert photos[0].regions[0].text == "标 4" and photos[0].path.is_file()


def test_a_run_that_stops_and_is_begun_again_gives_the_same_bytes(tmp_path):
    whole = run_job(job(10), Signs(), tmp_path / "whole", 2)
    with pytest.raises(RuntimeError):
        run_job(job(10), Signs(fails_at=6), tmp_path / "out", 1)
    assert not (tmp_path / "out" / "shard-00001").exists() and not (tmp_path / "out" / "Label.txt").exists()
    assert run_job(job(10), Signs(), tmp_path / "out", 1)["digest"] == whole["digest"]
    assert (tmp_path / "out" / "Label.txt").read_bytes() == (tmp_path / "whole" / "Label.txt").read_bytes()


def test_a_shard_without_its_labels_is_made_anew(tmp_path):
    first = run_job(job(10), Signs(), tmp_path, 1)
    (tmp_path / "shard-00001" / "Label.txt").unlink()
    assert run_job(job(10), Signs(), tmp_path, 1)["digest"] == first["digest"]
    assert (tmp_path / "shard-00001" / "Label.txt").is_file()


def test_verify_finds_whatever_was_changed(tmp_path):
    run_job(job(10), Signs(), tmp_path, 1)
    report = verify(tmp_path, 1)
    assert report.ok and report.recorded and (report.samples, report.shards) == (10, 3)
    assert verify(tmp_path, 2) == report
    picture, labels = tmp_path / "shard-00000" / "images" / "000000002.jpg", tmp_path / "shard-00001" / "Label.txt"
    picture.write_bytes(picture.read_bytes()[:-40])
    text = labels.read_text(encoding="utf-8")
    labels.write_text(text.replace("标 5", "标 6"), encoding="utf-8", newline="\n")
    (tmp_path / "shard-00002" / "images" / "000000003.jpg").write_bytes(b"")
    problems = [str(p) for p in verify(tmp_path, 1).problems]
    assert any("shard-00000 000000002.jpg: truncated_image" in p for p in problems)
    assert any("shard-00001: the samples' digest" in p for p in problems)
    assert any("shard-00002 000000003.jpg: not listed" in p for p in problems)
    assert any("Label.txt: not the label lines" in p for p in problems)
    labels.write_text(text.replace('"transcription"', "transcription"), encoding="utf-8", newline="\n")
    assert any("its label is not JSON" in str(p) for p in verify(tmp_path, 1).problems)


def test_verify_says_that_a_job_is_not_finished(tmp_path):
    with pytest.raises(RuntimeError):
        run_job(job(10), Signs(fails_at=6), tmp_path, 1)
    assert "not finished" in str(verify(tmp_path, 1).problems[0])
