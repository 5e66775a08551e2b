"""Labels are judged by all ways to spell them, and wrong ones come first."""

import itertools
import json

import numpy as np
import pytest
from command import failed, ocrdata

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.audit import audit
from ocrdata.train.audit_page import write_audit
from ocrdata.train.confidence import trust_of
from ocrdata.train.evaluate import Line
from ocrdata.train.likelihood import ctc_log_likelihood, judge, position_log_likelihood
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader

DIGITS = "0123456789"
LEVELS = np.append(np.arange(-0.9, 1, 0.2), 0.0)  # of each digit, and of the blank: what padding is


def stripes(text):
    """A picture that the reader below can read: a grey stripe for each digit."""
    row = [0.0] * 4 + [level for c in text for level in [LEVELS[int(c)]] * 12 + [0.0] * 4]
    grey = ((np.array(row) * 0.5 + 0.5) * 255).astype(np.uint8)
    return np.repeat(np.repeat(grey.reshape(1, -1, 1), 32, 0), 3, 2)


def engine(batch):
    """The likeness of each 4 pixels to each level, as probabilities."""
    steps = batch.mean((1, 2)).reshape(len(batch), -1, 4).mean(2)
    likeness = np.exp(-(((steps[:, :, None] - LEVELS) / 0.03) ** 2)) + 1e-4
    return (likeness / likeness.sum(2, keepdims=True)).astype(np.float32)


@pytest.fixture
def reader():
    return LineReader(engine, InputRule(height=32, max_width=256), Charset(DIGITS))


def spelt(path, blank):
    return [k for k, _ in itertools.groupby(path) if k != blank]


@pytest.mark.parametrize("label", [[], [0], [1, 0], [0, 0], [1, 1, 0], [0, 0, 0, 0, 0]])
def test_the_likelihood_is_the_sum_over_all_paths(label):
    raw = np.random.default_rng(4).random((1, 5, 3))
    probabilities = (raw / raw.sum(2, keepdims=True)).astype(np.float32)
    paths = [p for p in itertools.product(range(3), repeat=5) if spelt(p, 2) == label]
    total = sum(np.prod([probabilities[0, t, c] for t, c in enumerate(path)]) for path in paths)
    found = ctc_log_likelihood(np.repeat(probabilities, 2, 0), [label, [0, 1, 0]], 2)[0]
    assert found == pytest.approx(np.log(total), abs=1e-6) if total else found < -1e29


def test_positions_multiply_up_to_the_end_sign():
    raw = np.random.default_rng(4).random((3, 3, 4))  # two characters, start, end
    p = (raw / raw.sum(2, keepdims=True)).astype(np.float32)
    found = position_log_likelihood(p, [[0, 1], [], [1, 1, 0]], 2)
    assert np.exp(found) == pytest.approx(
        [p[0, 0, 0] * p[0, 1, 1] * p[0, 2, 3], p[1, 0, 3], p[2, 0, 1] * p[2, 1, 1] * p[2, 2, 0]]
    )


def test_a_right_label_is_trusted_and_a_wrong_one_is_not(reader):
    right, wrong, unknown, longer, small = judge(
        reader,
        [
            (stripes("1203"), "1203"),
            (stripes("1203"), "1293"),
            (stripes("12"), "1x"),
            (stripes("1"), "1" * 9),
            (stripes("12")[:2], "12"),
        ],
    )
    assert (right.text, right.confidence > 0.9) == ("1203", True) and right.trust("1203") > 0.9
    assert wrong.trust("1293") < 0.2 and wrong.log_read > wrong.log_label
    assert [j.why for j in (unknown, longer, small)] == ["not_in_dict", "too_long", "picture_too_small"]
    assert unknown.trust("1x") is None


def lines(texts, labels=None):
    return [
        Line(f"line {i}", stripes(t), label) for i, (t, label) in enumerate(zip(texts, labels or texts, strict=True))
    ]


def test_exchanged_labels_come_first_and_pictures_upside_down_are_told_apart(reader):
    texts = [f"{i * 37 % 900 + 100}" for i in range(60)]
    labels = list(texts)
    labels[7], labels[31] = labels[31], labels[7]
    labels[20] = labels[20][::-1]  # stripes turned around are those of the text read backwards
    labels[44] = "1x"
    found = audit(reader, [*lines(texts, labels), Refusal("empty_file", "here")], 10)
    assert {s.number for s in found.suspects[:2]} == {8, 32} and not {s.number for s in found.suspects[2:]}
    assert (found.lines, found.agreed, found.turned) == (60, 56, 1) and found.upside_down[0].number == 21
    assert found.unjudged == {"not_in_dict": 1, "empty_file": 1}
    assert {(s.label, s.text) for s in found.suspects} == {(labels[i], texts[i]) for i in (7, 31)}


def test_only_so_many_are_kept(reader):
    found = audit(reader, lines(["12"] * 30, [f"9{i % 10}" for i in range(30)]), 4)
    assert len(found.suspects) == 4
    assert [s.score for s in found.suspects] == sorted((s.score for s in found.suspects), reverse=True)


def test_the_page_escapes_and_shows(reader, tmp_path):
    found = audit(reader, lines(["123", "456"], ["123", "789"]), 10)
    write_audit(found, tmp_path / "a.html", "x/<b>data", "model")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<b>data" not in page and "&lt;b&gt;data" in page and "read: 456" in page and "data:image/jpeg" in page
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["suspects"][0]["label"] == "789"


def test_trust_is_kept_piece_by_piece(reader, tmp_path, monkeypatch):
    items = [Sample(encode_jpeg(stripes("12")), "12"), Sample(b"junk", "1"), Sample(encode_jpeg(stripes("3")), "4")]
    write_shard(tmp_path / "pack", 0, iter([*items, *items, Sample(b"junk", "1")]), "test")
    monkeypatch.setattr("ocrdata.train.confidence.PIECE", 2)
    found = trust_of(reader, Pack(tmp_path / "pack"), tmp_path / "kept")
    assert (
        found.shape == (7,)
        and np.isnan(found[[1, 4, 6]]).all()
        and (found[[0, 3]] > 0.9).all()
        and (found[[2, 5]] < 0.2).all()
    )
    assert len(list((tmp_path / "kept").iterdir())) == 4

    def never(batch):
        raise AssertionError("read again")

    reader.engine = never
    assert np.array_equal(trust_of(reader, Pack(tmp_path / "pack"), tmp_path / "kept"), found, equal_nan=True)


def test_a_missing_model_is_named(tmp_path):
    write_shard(tmp_path / "pack", 0, iter([Sample(encode_jpeg(stripes("1")), "1")]), "test")
    assert failed(ocrdata("audit", tmp_path / "pack", "--model", tmp_path / "none"), 2, "no such folder")
