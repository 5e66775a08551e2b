"""What of the catalogue lies on this machine."""

import official

from ocrdata.datasets.fetch import fetch
from ocrdata.datasets.present import all_presences, presence

MINE = """\
name: mine
title: My own labels
homepage: https://example.com
licence: CC0
files:
  - {name: photos.zip}
  - {name: gt.zip, extract: gt}
splits:
  train: {format: icdar2015, labels: gt, images: [photos.zip]}
"""


def test_nothing_parts_and_whole_sets_are_told_apart(tmp_path):
    assert presence("rctw", tmp_path).summary == ""
    waiting = tmp_path / "rctw" / "downloads"
    waiting.mkdir(parents=True)
    (waiting / "train_gts.zip.part").touch()
    assert presence("rctw", tmp_path).summary == "0 of 3 files"
    (tmp_path / "official").mkdir()
    official.rctw(tmp_path / "official")
    (waiting / "train_gts.zip.part").unlink()
    fetch("rctw", tmp_path / "rctw", str(tmp_path / "official"))
    found = presence("rctw", tmp_path)
    assert (found.summary, found.files, found.waiting) == ("train", 3, 0)
    assert {p.entry.name: p.summary for p in all_presences(tmp_path) if p.summary} == {"rctw": "train"}


def test_a_dataset_of_ones_own_is_a_yaml_file(tmp_path):
    (tmp_path / "mine.yml").write_text(MINE)
    (tmp_path / "official").mkdir()
    official.write_zip(tmp_path / "official" / "photos.zip", official.photos("img_1.jpg"))
    official.write_zip(tmp_path / "official" / "gt.zip", {"gt_img_1.txt": official.lines(f"{official.BOX},one")})
    fetch(str(tmp_path / "mine.yml"), tmp_path / "mine", str(tmp_path / "official"))
    found = presence(str(tmp_path / "mine.yml"), tmp_path)
    assert (found.summary, found.entry.size) == ("train", "not stated")


def test_a_damaged_record_is_as_if_nothing_were_there(tmp_path):
    (tmp_path / "svt").mkdir()
    (tmp_path / "svt" / "dataset.json").write_text("{")
    assert presence("svt", tmp_path).summary == ""
