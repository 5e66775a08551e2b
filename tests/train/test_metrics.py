"""What counts as the same text, which characters are mistaken, and how sure a score is."""

from collections import Counter

import numpy as np
import pytest

from ocrdata.errors import UserError
from ocrdata.train import bootstrap
from ocrdata.train.confusion import Confusions, align
from ocrdata.train.metrics import edit_distance, find_policy, similarity


@pytest.mark.parametrize(
    ("policy", "label", "form"),
    [
        ("exact", "A b-1", "A b-1"),
        ("ignore_case", "A b-1", "a b-1"),
        ("ignore_space", "A b\u3000-1", "Ab-1"),
        ("alnum", "Ä b-1 京。", "äb1京"),
        ("english36", "Ä b-1 京。Z", "b1z"),
    ],
)
def test_each_policy_compares_what_its_name_says(policy, label, form):
    assert find_policy(policy).form(label) == form


def test_an_unknown_policy_is_refused_with_those_there_are():
    with pytest.raises(UserError, match="no comparison policy 'lower'; there are: exact, ignore_case,"):
        find_policy("lower")


@pytest.mark.parametrize(
    ("label", "read", "pairs"),
    [
        ("abc", "abc", [("a", "a"), ("b", "b"), ("c", "c")]),
        ("abc", "axc", [("a", "a"), ("b", "x"), ("c", "c")]),
        ("abc", "ac", [("a", "a"), ("b", ""), ("c", "c")]),
        ("ac", "abc", [("a", "a"), ("", "b"), ("c", "c")]),
        ("", "x", [("", "x")]),
        ("x", "", [("x", "")]),
        ("", "", []),
    ],
)
def test_texts_are_aligned_character_by_character(label, read, pairs):
    assert align(label, read) == pairs


def test_an_alignment_spells_both_texts_and_costs_their_edit_distance():
    random = np.random.default_rng(0)
    for _ in range(200):
        label, read = ("".join(random.choice(list("abc"), random.integers(0, 9))) for _ in range(2))
        pairs = align(label, read)
        assert "".join(a for a, _ in pairs) == label and "".join(b for _, b in pairs) == read
        assert sum(a != b for a, b in pairs) == edit_distance(label, read)


def test_confusions_are_counted_with_recall_and_precision():
    confusions = Confusions()
    for label, read in (("10", "10"), ("10", "1O"), ("00", "0"), ("1", "11")):
        confusions.add(label, read)
    rows = {row["character"]: row for row in confusions.characters()}
    assert rows["0"] == {"character": "0", "count": 4, "right": 2, "recall": 0.5, "read": 2, "precision": 1.0}
    assert rows["1"]["count"] == 3 and rows["1"]["read"] == 4 and rows["1"]["precision"] == 0.75
    assert rows["O"]["recall"] is None and rows["O"]["precision"] == 0.0
    assert [row["character"] for row in confusions.characters()] == ["0", "1", "O"]
    assert confusions.confused() == [
        {"label": "", "read": "1", "count": 1},
        {"label": "0", "read": "", "count": 1},
        {"label": "0", "read": "O", "count": 1},
    ]


def outcomes(right, lines):
    return Counter({(1, 1, 1.0): right, (1, 0, 0.5): lines - right})


def test_the_bootstrap_interval_is_that_of_a_binomial_and_follows_the_seed():
    means = bootstrap.resample(outcomes(80, 100), 3)
    low, high = bootstrap.of_drawn(means, 100, 0.8)["accuracy"]
    assert low == pytest.approx(0.72, abs=0.015) and high == pytest.approx(0.87, abs=0.015)
    likeness = bootstrap.intervals(means)["similarity"]
    assert likeness == pytest.approx([0.5 + low / 2, 0.5 + high / 2])
    assert np.array_equal(means, bootstrap.resample(outcomes(80, 100), 3))
    assert not np.array_equal(means, bootstrap.resample(outcomes(80, 100), 4))


def test_more_lines_give_a_narrower_interval():
    widths = []
    for lines in (100, 400, 1600):
        low, high = bootstrap.intervals(bootstrap.resample(outcomes(lines // 2, lines), 0))["accuracy"]
        widths.append(high - low)
    assert widths[0] > 1.6 * widths[1] > 2.5 * widths[2]


def test_where_all_lines_are_right_the_interval_still_has_a_width():
    means = bootstrap.resample(Counter({(1, 1, 1.0): 60}), 0)
    assert bootstrap.of_drawn(means, 60, 1.0)["accuracy"] == [pytest.approx(0.9404, abs=1e-4), 1.0]


def test_pooled_weighs_lines_and_macro_weighs_sets():
    means = [bootstrap.resample(Counter({(1, 1, 1.0): 300}), 0), bootstrap.resample(Counter({(1, 0, 0.0): 100}), 1)]
    assert bootstrap.pooled(means, [300, 100])[:, 0] == pytest.approx(0.75)
    assert bootstrap.macro(means)[:, 0] == pytest.approx(0.5)


def test_empty_texts_are_alike():
    assert similarity("", "") == 1.0 and similarity("", "ab") == 0.0
