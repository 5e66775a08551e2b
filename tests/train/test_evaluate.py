"""Scores of several sets, what is left out, the page, and the ten English sets by name.

The reader here answers from a table: what is asked of it is known, so every figure can be counted by hand.
"""

import json
import re

import cv2
import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError
from ocrdata.prep.store import write_shard
from ocrdata.train.benchmark import SETS, benchmark
from ocrdata.train.evaluate import Line, Scoring, evaluate, evaluate_sets
from ocrdata.train.evaluation_page import evaluation_page, write_evaluation
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader


def always(text, characters):
    """A reader whose network sees `text` in every picture, with probability 0.75."""
    charset = Charset(characters)

    def engine(batch):
        out = np.zeros((len(batch), 2 * len(text) + 1, len(characters) + 1), np.float32)
        out[:, ::2, -1] = 1
        for i, character in enumerate(text):
            out[:, 2 * i + 1, charset.index[character]] = 0.75
        return out

    return LineReader(engine, InputRule(height=32, max_width=100), charset)


def lines(*labels, size=(32, 60)):
    return [Line(f"line {i}", np.full((*size, 3), 40 * i % 256, np.uint8), label) for i, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("policy", "right", "not_in_dict"), [("exact", 1, 3), ("ignore_case", 2, 2), ("alnum", 3, 1), ("english36", 4, 0)]
)
def test_the_policy_decides_what_is_right_and_what_the_model_cannot_spell(policy, right, not_in_dict):
    sets = {"s": lines("ab", "AB", "A-b", "äab")}
    report = evaluate_sets(always("ab", "ab"), sets, Scoring(policy)).report
    assert report["policy"]["name"] == policy
    assert (report["pooled"]["right"], report["pooled"]["not_in_dict"]) == (right, not_in_dict)


def test_pooled_and_macro_means_of_sets_of_unlike_size():
    sets = {"large": lines("ab", "ab", "ab", "b"), "small": lines("ax")}
    report = evaluate_sets(always("ab", "ab"), sets).report
    assert [report["sets"][n]["accuracy"] for n in sets] == [0.75, 0.0]
    assert (report["pooled"]["lines"], report["pooled"]["accuracy"], report["macro"]["accuracy"]) == (5, 0.6, 0.375)
    assert report["pooled"]["similarity"] == pytest.approx(0.8) and report["macro"]["similarity"] == 0.6875
    assert report["pooled"]["by_length"]["1"] == {"lines": 1, "accuracy": 0.0, "similarity": 0.5}
    for part in (*report["sets"].values(), report["pooled"], report["macro"]):
        low, high = part["interval_95"]["accuracy"]
        assert low <= part["accuracy"] <= high and low < high


def test_the_same_seed_gives_the_same_report():
    reports = [
        evaluate_sets(
            always("ab", "ab"), {"s": lines(*["ab", "b", "abbb", "abbbaaa", "x"] * 40)}, Scoring(seed=s)
        ).report
        for s in (1, 1, 2)
    ]
    assert reports[0] == reports[1] != reports[2]


def test_lines_of_one_photo_are_drawn_together():
    photos = [
        Line(f"crops/wire_{i % 10}_crop_{i}.jpg", np.zeros((32, 60, 3), np.uint8), "ab" if i % 10 < 5 else "x")
        for i in range(200)
    ]
    alone, together = (
        evaluate_sets(always("ab", "ab"), {"s": photos}, Scoring(group_by=by)).report["pooled"]
        for by in ("", r"wire_(\d+)_")
    )
    assert alone["accuracy"] == together["accuracy"] == 0.5
    assert (alone["groups"], together["groups"]) == (0, 10)
    widths = [np.ptp(report["interval_95"]["accuracy"]) for report in (alone, together)]
    assert widths[1] > 3 * widths[0]  # ten photos tell as much as ten lines
    few = evaluate_sets(always("ab", "ab"), {"s": photos[:5] * 40}, Scoring(group_by=r"wire_(\d+)_")).report
    assert few["sets"]["s"]["interval_95"]["accuracy"][0] == pytest.approx(0.025 ** (1 / 5))  # five right photos


WRONG_GROUPS = {"(": "is not a regular expression", "photo": "finds nothing in 'line 0'"}


@pytest.mark.parametrize(("pattern", "message"), WRONG_GROUPS.items())
def test_a_grouping_that_cannot_be_is_refused(pattern, message):
    with pytest.raises(UserError, match=f"group-by: .*{message}"):
        evaluate_sets(always("ab", "ab"), {"s": lines("ab")}, Scoring(group_by=pattern))


def test_pictures_that_the_reader_refuses_count_as_wrong_and_broken_ones_are_left_out():
    many = [
        *lines("ab"),
        *lines("ab", size=(1, 1)),
        *lines("ab", size=(32, 20_000)),
        Refusal("undecodable_image", "somewhere", text="ab"),
    ]
    report = evaluate(always("ab", "ab"), many)
    assert (report["lines"], report["right"]) == (3, 1)
    assert report["unreadable"] == {"picture_too_small": 1, "line_too_wide": 1}
    assert report["refused"] == {"undecodable_image": 1}
    assert [row["read"] for row in report["worst"]] == ["", ""]


def test_the_worst_lines_come_first_and_so_do_the_surest_mistakes():
    reader = always("ab", "abc")
    found = evaluate_sets(reader, {"s": lines("ab", "ac", "cc", "abc", "ca")}, Scoring(worst=3))
    assert [m.read.label for m in found.worst] == ["cc", "ca", "ac"]
    assert [row["label"] for row in found.report["pooled"]["worst"]] == ["cc", "ca", "ac"]
    assert [m.read.label for m in found.sure] == ["cc", "ca", "ac"] and found.sure[0].read.confidence == 0.75
    assert evaluate_sets(reader, {"s": lines("ac")}, Scoring(worst=0)).worst == []


def test_a_set_without_a_line_is_named_with_what_was_left_out():
    sets = {"good": lines("a"), "empty": [Refusal("missing_file", "x")]}
    with pytest.raises(UserError, match=r"empty: no line to score; left out: \{'missing_file': 1\}"):
        evaluate_sets(always("a", "ab"), sets)
    with pytest.raises(UserError, match=r"^no line to score; left out: \{'not_in_dict': 1\}"):
        evaluate(always("a", "ab"), lines("x"), known_only=True)


def test_the_page_stands_alone_shows_the_worst_and_escapes_what_is_foreign(tmp_path):
    found = evaluate_sets(always("ab", "ab"), {"one": lines("ab", "<b>&"), "two": lines("b")}, Scoring())
    write_evaluation(found, tmp_path / "sub" / "page.html")
    page = (tmp_path / "sub" / "page.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "sub" / "page.json").read_text(encoding="utf-8")) == found.report
    assert "&lt;b&gt;&amp;" in page and "<b>&" not in page
    assert page.count("data:image/jpeg;base64,") == 4  # two mistakes, in both orders
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "mean of the sets" in page and "confidence 0.75" in page and "exact (every character counts" in page
    with pytest.raises(UserError, match=r"a name that ends in \.html"):
        write_evaluation(found, tmp_path / "page.pdf")


def pack(folder, *labels):
    """An LMDB as other tools write it: data.mdb in the folder itself."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    shards = folder.parent / "shards"
    shards.mkdir()
    image = encode_jpeg(np.full((32, 60, 3), 90, np.uint8))
    write_shard(shards, 0, (Sample(image, label) for label in labels), "test")
    (shards / "shard-00000").rename(folder)
    (shards / "shard-00000.json").unlink()
    (shards / ".tmp").rmdir()
    shards.rmdir()


def test_the_ten_sets_are_found_by_name_and_compared_in_36_characters(tmp_path):
    pack(tmp_path / "evaluation" / "SVT", "AB", "a-b!", "x")
    pack(tmp_path / "evaluation" / "CUTE80", "Ab")
    pack(tmp_path / "evaluation" / "Other", "ab")
    found = benchmark(always("ab", "0123456789abcdefghijklmnopqrstuvwxyz"), tmp_path)
    report = found.report
    assert {name: (part["right"], part["lines"]) for name, part in report["sets"].items()} == {
        "SVT": (2, 3),
        "CUTE80": (1, 1),
    }
    assert report["pooled"]["accuracy"] == 0.75 and report["macro"]["accuracy"] == pytest.approx(5 / 6)
    assert report["policy"]["name"] == "english36"
    assert len(report["protocol"]["missing"]) == 8 and "IIIT5k_3000" in report["protocol"]["missing"]
    assert report["protocol"]["other_size"]["SVT"] == {"here": 3, "published": 647}
    page = evaluation_page(found, "Ten sets")
    assert "IC15_2077 is missing; " in page and "CUTE80 holds 1 lines, and 288 were published" in page


def test_a_set_that_was_packed_anew_is_found_with_all_its_shards(tmp_path):
    (tmp_path / "SVTP").mkdir()
    for shard, label in enumerate(["AB", "x"]):
        samples = [Sample(encode_jpeg(np.full((32, 60, 3), 90, np.uint8)), label)]
        write_shard(tmp_path / "SVTP", shard, iter(samples), "test")
    report = benchmark(always("ab", "ab"), tmp_path).report
    assert (report["sets"]["SVTP"]["right"], report["sets"]["SVTP"]["lines"]) == (1, 2)


def test_the_published_sizes_sum_to_the_published_total():
    assert len(SETS) == 10 and sum(SETS.values()) == 12_067


def test_a_folder_without_the_sets_or_with_one_twice_is_refused(tmp_path):
    reader = always("ab", "ab")
    with pytest.raises(UserError, match="no such folder"):
        benchmark(reader, tmp_path / "nowhere")
    pack(tmp_path / "mine", "a")
    with pytest.raises(UserError, match="none of the ten sets is there; folders of LMDBs are expected: IIIT5k_3000, "):
        benchmark(reader, tmp_path)
    pack(tmp_path / "x" / "IIIT5k", "a")
    pack(tmp_path / "y" / "IIIT5k_3000", "a")
    with pytest.raises(UserError, match="IIIT5k_3000 is there twice"):
        benchmark(reader, tmp_path)


def test_a_long_set_is_read_in_windows_and_progress_counts_every_line():
    done = []
    report = evaluate(always("ab", "ab"), iter(lines(*["ab"] * 1100)), progress=done.append)
    assert report["right"] == 1100 and sum(done) == 1100


def test_files_that_cannot_be_read_are_named_and_the_rest_goes_on(tmp_path):
    grey = np.full((32, 60), 90, np.uint8)
    alpha = np.dstack([grey, grey, grey, grey])
    good = {"grey.png": grey, "deep.png": grey.astype(np.uint16) * 256, "alpha.png": alpha, "good.png": grey}
    bad = {"dot.png": grey[:1, :1], "long.png": np.full((32, 20_000), 90, np.uint8)}
    for name, image in {**good, **bad}.items():
        cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:40])
    paths = [tmp_path / name for name in ("dot.png", *good, "long.png", "broken.png", "none.png")]
    results = [(path.name, getattr(r, "reason", r)) for path, r in always("ab", "ab").read_files(paths)]
    assert results == [
        ("dot.png", "picture_too_small"),
        *((name, ("ab", 0.75)) for name in good),
        ("long.png", "line_too_wide"),
        ("broken.png", "truncated_image"),
        ("none.png", "missing_file"),
    ]
