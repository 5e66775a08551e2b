"""Photos inside archives give the same samples as unpacked ones, for any number of processes, wherever they lie."""

import json

import official
import pytest

from ocrdata.datasets.archives import extract
from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.datasets.members import close_archives
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError
from ocrdata.prep import crop
from ocrdata.prep.pack import PackConfig, plan_pack
from ocrdata.prep.store import Pack

COUNT = 24


@pytest.fixture(autouse=True)
def archives_are_closed():
    yield
    close_archives()


@pytest.fixture(params=["set.zip", "set.tar.gz", "set.tar"])
def archive(request, tmp_path):
    """Photos in another order than their labels, which lie beside the archive; each photo is of its own height."""
    path = tmp_path / request.param
    files = {f"set/img/gt_{i}.jpg": official.picture(height=100 + i) for i in reversed(range(COUNT))}
    if path.suffix == ".zip":
        official.write_zip(path, files)
    else:
        official.write_tar(path, files, "w:gz" if path.suffix == ".gz" else "w")
    labels = {f"gt_{i}": [official.lsvt_text(f"字{i}"), official.lsvt_text("###")] for i in range(COUNT)}
    (tmp_path / "labels.json").write_text(json.dumps(labels), "utf-8")
    return path


def cropped(labels, images, out, workers):
    photos = open_labels("lsvt", Labels(labels, (images,)))
    return crop.crop_photos(photos, out, workers=workers)["all"]


def samples(pack):
    return {s.origin: (s.label, s.image) for s in Pack(pack)}


def test_one_and_two_processes_and_a_second_run_give_the_same_bytes(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(crop, "SHARD_BOXES", 10)
    one = cropped(tmp_path / "labels.json", archive, tmp_path / "one", 1)
    assert len(one["shards"]) > 3 and one["count"] == COUNT
    assert cropped(tmp_path / "labels.json", archive, tmp_path / "two", 2)["digest"] == one["digest"]
    (tmp_path / "one" / "shard-00002.json").unlink()
    archive.rename(tmp_path / f"moved{archive.suffix}")  # where it lies is no part of the job
    again = cropped(tmp_path / "labels.json", tmp_path / f"moved{archive.suffix}", tmp_path / "one", 1)
    assert again["digest"] == one["digest"]


def test_unpacked_photos_give_the_same_samples(archive, tmp_path):
    cropped(tmp_path / "labels.json", archive, tmp_path / "inside", 1)
    extract(archive, tmp_path / "unpacked")
    cropped(tmp_path / "labels.json", tmp_path / "unpacked" / "img", tmp_path / "outside", 1)
    assert samples(tmp_path / "inside") == samples(tmp_path / "outside")


def test_a_folder_of_downloads_needs_no_more_words(archive, tmp_path):
    format, labels = find_labels(tmp_path)
    assert (format, labels.images) == ("lsvt", (archive,))


def test_words_are_packed_out_of_an_archive_as_they_are(tmp_path):
    official.mjsynth(tmp_path)
    labels = tmp_path / "mjsynth.tar.gz" / official.MJSYNTH / "annotation_train.txt"
    manifests = [
        plan_pack(labels, tmp_path / name, PackConfig(shard_size=1)).run(workers)
        for name, workers in (("a", 1), ("b", 2))
    ]
    assert manifests[0]["digest"] == manifests[1]["digest"]
    assert {s.label: s.image for s in Pack(tmp_path / "a")} == dict.fromkeys(("slinking", "REMODELERS"), official.JPEG)
    assert manifests[0]["refusals"] == {"empty_file": 1, "missing_photo": 1}


def test_a_hostile_archive_leaves_nothing(tmp_path):
    official.write_zip(tmp_path / "set.zip", {"gt_1.jpg": official.JPEG, "../../gt_2.jpg": official.JPEG})
    (tmp_path / "labels.json").write_text(json.dumps({"gt_1": [official.lsvt_text("字")]}))
    with pytest.raises(UserError, match=r"set.zip holds '../../gt_2.jpg', a path outside"):
        cropped(tmp_path / "labels.json", tmp_path / "set.zip", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_a_damaged_member_costs_its_own_texts_alone(tmp_path):
    official.write_zip(tmp_path / "set.zip", {f"gt_{i}.jpg": official.JPEG for i in range(3)})
    data = bytearray((tmp_path / "set.zip").read_bytes())
    data[data.index(b"PK\x03\x04", 10) + 60] ^= 255
    (tmp_path / "set.zip").write_bytes(data)
    labels = {f"gt_{i}": [official.lsvt_text(f"字{i}")] for i in range(3)}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    manifest = cropped(tmp_path / "labels.json", tmp_path / "set.zip", tmp_path / "out", 1)
    assert manifest["count"] == 2
    assert manifest["refusals"] == {"photo_unreadable_file": 1, "unreadable_photo": 1}
