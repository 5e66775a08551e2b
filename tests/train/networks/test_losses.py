"""Losses count what they should: the label and its end, each line alone."""

import numpy as np
import paddle
import pytest

from ocrdata.train.losses import losses

END = 4  # three characters, start, end


def certain(*lines):
    """Logits that are sure of these classes."""
    out = np.full((len(lines), len(lines[0]), END + 1), -20, np.float32)
    for logits, line in zip(out, lines, strict=True):
        logits[np.arange(len(line)), line] = 20
    return paddle.to_tensor(out)


def labelled(*labels):
    longest = max(map(len, labels))
    padded = [[*label, *[0] * (longest - len(label))] for label in labels]
    lengths = [len(label) for label in labels]
    return paddle.to_tensor(np.array(padded, np.int32)), paddle.to_tensor(np.array(lengths, np.int64))


def test_the_right_characters_and_the_end_cost_nothing_whatever_follows():
    logits = certain([1, 2, END, 0], [0, END, 1, 1])
    assert losses("attention", logits, *labelled([1, 2], [0])).numpy() == pytest.approx([0, 0], abs=1e-4)


def test_a_missing_end_and_a_wrong_character_cost():
    logits = certain([1, 2, 0, 0], [2, END, 1, 1])
    assert losses("attention", logits, *labelled([1, 2], [0])).numpy() == pytest.approx([40 / 3, 40 / 2], rel=1e-4)


def test_srn_weighs_three_readings_and_wants_end_signs_to_the_last_position():
    right, late, wrong = certain([1, END, END]), certain([1, END, 0]), certain([0, END, END])
    label = labelled([1])

    def cost(*outputs):
        return losses("srn", outputs, *label).item()

    assert cost(right, right, right) == pytest.approx(0, abs=1e-4)
    one = cost(wrong, right, right)
    assert one == pytest.approx(40 / 3, rel=1e-4)
    assert cost(late, right, right) == pytest.approx(one, rel=1e-4)
    assert cost(right, wrong, right) == pytest.approx(0.15 * one, rel=1e-4)
    assert cost(right, right, wrong) == pytest.approx(2 * one, rel=1e-4)


def test_ctc_reads_through_blanks():
    logits = certain([1, END, 1, 2])  # here the last class is the blank
    right, wrong = losses("ctc", paddle.concat([logits, logits]), *labelled([1, 1, 2], [1, 2])).numpy()
    assert right == pytest.approx(0, abs=1e-3) and wrong > 5
