"""Labels, decoding and scores, on examples that can be checked by eye."""

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.train.ctc import decode, encode, needed_steps
from ocrdata.train.metrics import edit_distance, score, similarity

AB = Charset("ab")


def probabilities(*steps):
    """One line; each step is the class that wins and its probability."""
    out = np.zeros((1, len(steps), 3), np.float32)
    for row, (winner, value) in zip(out[0], steps, strict=True):
        row[:] = (1 - value) / 2
        row[winner] = value
    return out


def test_decoding_merges_repeats_and_drops_the_last_class():
    line = probabilities((0, 0.9), (0, 0.8), (2, 0.9), (0, 0.7), (1, 0.6), (2, 0.9))
    ((text, confidence),) = decode(line, AB)
    assert text == "aab"
    assert confidence == pytest.approx((0.9 + 0.7 + 0.6) / 3)


def test_a_line_of_blanks_is_an_empty_text_without_confidence():
    assert decode(probabilities((2, 0.9), (2, 0.9)), AB) == [("", 0.0)]


def test_a_repeat_needs_a_step_more():
    assert [needed_steps(t) for t in ("", "a", "ab", "aa", "aaba")] == [0, 1, 2, 3, 5]


def test_class_ids_follow_the_order_of_the_charset():
    assert encode("bab", AB) == [1, 0, 1]


def test_edit_distance_and_similarity():
    assert [edit_distance(*p) for p in (("", ""), ("abc", ""), ("kitten", "sitting"), ("ab", "ba"))] == [0, 3, 3, 2]
    assert similarity("", "") == 1 and similarity("ab", "abcd") == 0.5


def test_scores_are_means_over_lines_and_add_up():
    total = score([("a", "a"), ("ab", "ac")]) + score([("", "abcd")])
    assert (total.lines, total.right) == (3, 1)
    assert total.accuracy == pytest.approx(1 / 3) and total.similarity == pytest.approx(0.5)
