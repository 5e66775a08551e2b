"""What training prints beside its bar: what was left out and where, and scores before and after."""

import cv2
import numpy as np
import pytest

pytest.importorskip("paddle")

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.model_tables import fit_and_show, show_findings
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.config import TrainConfig


def pack(folder, labels, dots=0):
    """Lines of digits, and `dots` pictures of one pixel."""
    folder.mkdir()
    samples = [Sample(encode_jpeg(np.zeros((1, 1, 3), np.uint8)), "1")] * dots
    for label in labels:
        image = np.full((32, 20 * len(label) + 12, 3), 240, np.uint8)
        cv2.putText(image, label, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 20), 2)
        samples.append(Sample(encode_jpeg(image), label))
    write_shard(folder, 0, iter(samples), "test")
    return Pack(folder)


def test_finetuning_shows_old_and_new_before_and_after_and_what_was_left_out(tmp_path, capsys):
    old, new = pack(tmp_path / "old", ["12", "34"] * 10), pack(tmp_path / "new", ["56", "x", "7" * 40] * 8, dots=1)
    values = {
        "network": {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32},
        "charset": "0123456789",
        "width": 96,
        "batch_size": 4,
        "steps": 2,
        "unknown": "refuse",
        "damaged": "refuse",
    }
    fit_and_show(TrainConfig.model_validate(values), old, {}, tmp_path / "base", False)
    assert "at the start" not in capsys.readouterr().out
    sets = {"old": old, "new": pack(tmp_path / "val", ["56", "y"] * 4, dots=1)}
    write_shard(tmp_path / "val", 1, iter([Sample(b"no picture", "56")]), "test")
    sets["new"].close()
    sets["new"] = Pack(tmp_path / "val")
    val = [{"name": name, "path": str(lines.root)} for name, lines in sets.items()]
    changes = {"steps": 3, "start": tmp_path / "base", "val": val, "charset": "0123456789A"}
    config = TrainConfig.model_validate({**values, **changes})
    fit_and_show(config, new, sets, tmp_path / "run", False)
    shown = capsys.readouterr().out
    assert "known" in shown and "0123456789" in shown and "new, to be learnt" in shown and "│ A" in shown
    assert "at the start" in shown and "old.accuracy" in shown and "new.similarity" in shown
    assert "not_in_dict" in shown and "label_too_long" in shown and "picture_too_small" in shown
    assert "image-000000001" in shown  # the dot
    assert "val new: not_in_dict" in shown and "'y'" in shown
    assert "undecodable_image" in shown.partition("left out while validating")[2]


def test_findings_are_shown_and_errors_stop(capsys):
    from ocrdata.train.check import Finding

    found = [Finding("error", "labels", "all are empty"), Finding("fine", "rate", "usual")]
    with pytest.raises(UserError, match="1 of 2 findings would spoil the training"):
        show_findings(found)
    assert capsys.readouterr().out == "error: labels: all are empty\n"
    show_findings(found[1:], all_of_them=True)
    assert capsys.readouterr().out == "fine: rate: usual\n"
