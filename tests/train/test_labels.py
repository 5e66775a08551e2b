"""Which labels can be learnt, which not, and where those are."""

from pathlib import Path

import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.errors import UserError
from ocrdata.train.config import TrainConfig
from ocrdata.train.labels import look_at_labels, usable

AB = Charset("ab")


class Texts:
    """Lines without pictures."""

    root = Path("pack")

    def __init__(self, *texts):
        self.texts = texts

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, index):
        raise AssertionError("labels alone are looked at")

    def labels(self):
        return iter(self.texts)


def config(**changes):
    return TrainConfig(charset="ab", steps=1, width=32, **changes)


def test_unknown_characters_are_an_error_that_lists_them():
    with pytest.raises(UserError, match=r"pack: 2 labels hold characters outside the charset: 'x' \(2 times\), 'y'"):
        usable(Texts("a", "xa", "yx"), AB, config())


def test_refused_labels_are_counted_by_reason_with_their_places():
    found = usable(Texts("a", "xa", "", "aaaaa", "ababab", " "), AB, config(unknown="refuse"))
    assert found.good == [0, 4]
    assert found.refused == {"not_in_dict": 2, "empty_label": 1, "label_too_long": 1}
    assert found.examples["label_too_long"] == ["pack: sample 3 'aaaaa'"]


def test_a_decoder_by_positions_needs_no_room_for_repeats():
    network = {
        "name": "four_stage",
        "backbone": {"name": "mobilenet_v3"},
        "sequence": {"hidden": 8},
        "prediction": {"name": "attention", "hidden": 8, "embedding": 8, "max_length": 5},
    }
    found = look_at_labels(Texts("aaaaa", "ababab"), AB, config(network=network))
    assert found.good == [0]


def test_a_pack_without_a_usable_label_is_an_error():
    with pytest.raises(UserError, match=r"no sample can be used: \{'label_too_long': 1\}; for example pack: sample 0"):
        usable(Texts("aaaaa"), AB, config())


def test_labels_may_be_learnt_in_lower_case():
    lower = config(case="lower")
    assert look_at_labels(Texts("AbB", "ab", "C"), AB, lower).good == [0, 1]
    assert look_at_labels(Texts("AbB", "ab", "C"), AB, lower).strange == {"c": 1}
    with pytest.raises(UserError, match="case: lower leaves no 'B', 'É' in any label"):
        TrainConfig(charset="aBÉ", steps=1, case="lower").characters()


def test_the_space_is_a_character_like_any_other():
    assert look_at_labels(Texts("a b"), Charset("ab "), config()).good == [0]
    assert look_at_labels(Texts("a b"), AB, config()).strange == {" ": 1}
