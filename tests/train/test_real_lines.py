"""Lines as other tools leave them: an LMDB and a label file of real words, trained on together."""

from pathlib import Path

import pytest

from ocrdata.config import load
from ocrdata.train.config import Source, TrainConfig
from ocrdata.train.fit import Fit
from ocrdata.train.sources import open_data

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
WORDS, LMDB = SHARED / "icdar2015_words" / "gt.txt", SHARED / "mmocr_toy" / "rec_toy_dataset" / "imgs.lmdb"

pytestmark = pytest.mark.skipif(not WORDS.is_file(), reason="the real words are not beside the repository")


def test_a_foreign_lmdb_and_a_label_file_are_trained_on_in_36_characters_whatever_their_case(tmp_path):
    shipped = load("preset:rec_icdar15_train", "train", TrainConfig)
    assert (shipped.case, shipped.unknown, len(shipped.characters())) == ("lower", "refuse", 36)
    data = [Source(path=WORDS, ratio=1), Source(path=LMDB, ratio=3)]
    small = {
        "network": {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32},
        "optimizer": {"lr": 0.01},
        "augment": {},
        **{"batch_size": 6, "epochs": None, "steps": 3, "holdout": 0.0, "data": data},
    }
    config = TrainConfig.model_validate({**shipped.model_dump(), **small})
    fit = Fit(config, open_data(config.data), None, tmp_path / "run")
    assert fit.refused == {"not_in_dict": 1}  # a date with slashes
    assert "'03/09/2009'" in fit.examples["not_in_dict"][0] and "imgs.lmdb" in fit.examples["not_in_dict"][0]
    steps = list(fit.feed.steps(0, 3))
    read = [[config.charset[i] for i in ids[:n]] for s in steps for ids, n in zip(s.labels, s.lengths, strict=True)]
    assert "grand" in map("".join, read)
    drawn = [i for step in steps for i in step.indices]
    assert sum(i >= 10 for i in drawn) > sum(i < 10 for i in drawn) > 0  # three to one
    assert fit.run().steps == 3
