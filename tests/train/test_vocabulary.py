"""A change of dictionary keeps what was learnt of the shared characters, and nothing else moves."""

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.errors import UserError
from ocrdata.train.vocabulary import require_part, require_same, transplant

AXES = {"classes.weight": 1, "classes.bias": 0}


def network(characters, others=1, start=0):
    count = len(characters) + others
    weight = (start + np.arange(3 * count, dtype=np.float32)).reshape(3, count)
    return {"body": np.full(4, start, np.float32), "classes.weight": weight, "classes.bias": weight[0] * 10}


def test_rows_of_shared_characters_and_the_blank_are_copied_the_rest_stays_initialised():
    there, here = network("abcd"), network("dxb", start=100)
    moved, change = transplant(there, here, AXES, (Charset("abcd"), Charset("dxb")), "m")
    assert (change.kept, change.new, change.dropped) == ("db", "x", "ac")
    assert np.array_equal(moved["classes.weight"][:, [0, 2, 3]], there["classes.weight"][:, [3, 1, 4]])
    assert np.array_equal(moved["classes.weight"][:, 1], here["classes.weight"][:, 1])
    assert np.array_equal(moved["classes.bias"], moved["classes.weight"][0] * 10)
    assert np.array_equal(moved["body"], there["body"])


def test_the_same_characters_in_another_order_are_sorted_too():
    there, here = network("ab", others=2), network("ba", others=2, start=50)
    moved, _ = transplant(there, here, AXES, (Charset("ab"), Charset("ba")), "m")
    assert np.array_equal(moved["classes.weight"], there["classes.weight"][:, [1, 0, 2, 3]])


def test_another_network_is_refused_by_tensor():
    other = {**network("ab"), "body": np.zeros(5, np.float32)}
    with pytest.raises(UserError, match=r"m: .*body has the shape \[5\] there and \[4\] here"):
        transplant(other, network("ab"), AXES, (Charset("ab"), Charset("ab")), "m")
    with pytest.raises(UserError, match=r"classes\.weight has 4 classes there, for 2 characters"):
        transplant(network("ab", others=2), network("ab"), AXES, (Charset("ab"), Charset("ab")), "m")


@pytest.mark.parametrize(
    ("here", "message"),
    [
        ("abx", "d.txt holds 3 characters .* model, which has 3: only the model has 'c'; only the file has 'x'"),
        ("acb", "another order: number 2 is 'b' in the model and 'c' in the file"),
    ],
)
def test_a_dictionary_that_differs_from_the_models_is_refused_with_both_shown(here, message):
    with pytest.raises(UserError, match=message):
        require_same(Charset("abc"), Charset(here), "model", "d.txt")
    require_same(Charset("abc"), Charset("abc"), "model", "d.txt")


def test_a_model_is_not_carved_to_characters_that_it_never_learnt():
    require_part(Charset("abc"), Charset("cb"), "model", "d.txt")
    with pytest.raises(UserError, match=r"d\.txt: 1 of 2 characters are not in the 3 of model: 'x'"):
        require_part(Charset("abc"), Charset("xa"), "model", "d.txt")
