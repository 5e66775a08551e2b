"""From probabilities to text by name of the decoder, and which labels fit."""

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.train.decoders import make_decoder

AB = Charset("ab")
A, B, START, END = range(4)


def positions(*steps):
    """One line; each position is the class that wins and its probability."""
    out = np.zeros((1, len(steps), 4), np.float32)
    for row, (winner, value) in zip(out[0], steps, strict=True):
        row[:] = (1 - value) / 3
        row[winner] = value
    return out


@pytest.mark.parametrize("name", ["attention", "srn"])
def test_positions_are_read_up_to_the_end_sign(name):
    decoder = make_decoder(name, AB, 5)
    ((text, confidence),) = decoder.decode(positions((B, 0.9), (B, 0.7), (A, 0.8), (END, 0.9), (A, 0.9)))
    assert text == "bba" and confidence == pytest.approx(0.8)


def test_nothing_before_the_end_is_an_empty_text_without_confidence():
    decoder = make_decoder("attention", AB, 5)
    assert decoder.decode(positions((END, 0.9), (A, 0.9))) == [("", 0.0)]
    assert decoder.decode(positions((START, 0.9), (A, 0.9))) == [("", 0.0)]


def test_without_an_end_sign_as_many_characters_are_read_as_may_be():
    assert make_decoder("srn", AB, 2).decode(positions((A, 0.9), (B, 0.9), (B, 0.9)))[0][0] == "ab"


def test_ctc_counts_time_steps_the_others_characters():
    ctc, attention = make_decoder("ctc", AB), make_decoder("attention", AB, 3)
    assert (ctc.needed("aab"), ctc.room(16), ctc.extra) == (4, 4, 1)
    assert (attention.needed("aab"), attention.room(16), attention.extra) == (3, 3, 2)


def test_a_decoder_of_positions_must_know_how_many():
    with pytest.raises(ValueError, match="srn needs a max_length"):
        make_decoder("srn", AB)
