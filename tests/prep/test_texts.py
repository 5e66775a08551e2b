"""Packs and files give their texts through one door."""

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
    with pytest.raises(UserError, match="no LMDB"):
        list(read_inputs([tmp_path / "empty"]))
