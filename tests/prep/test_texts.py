"""Packs and files give their texts through one door."""

import json

import pytest

from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.store import write_shard
from ocrdata.prep.texts import read_inputs


def test_packs_and_files_in_the_order_given(tmp_path):
    write_shard(tmp_path / "pack", 0, iter([Sample(b"a", "x y"), Sample(b"b", "###")]), "job")
    (tmp_path / "a.txt").write_text("b\n", encoding="utf-8")
    texts = list(read_inputs([tmp_path / "pack", tmp_path / "a.txt"]))
    assert [(t.text, t.line, t.ignored) for t in texts] == [("x y", 1, False), ("###", 2, True), ("b", 1, False)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no label file"):
        list(read_inputs([tmp_path / "empty"]))


def test_ground_truth_gives_its_texts_whether_the_photos_are_there_or_not(tmp_path):
    regions = [
        {"transcription": "a,b", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "illegibility": False},
        {"transcription": "###", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "illegibility": True},
    ]
    (tmp_path / "train_full_labels.json").write_text(json.dumps({"gt_0": regions}), encoding="utf-8")
    for path in (tmp_path, tmp_path / "train_full_labels.json"):
        assert [(t.text, t.ignored) for t in read_inputs([path])] == [("a,b", False), ("###", True)]
