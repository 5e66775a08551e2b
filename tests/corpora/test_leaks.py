"""Validation texts in the corpus are counted and shown; what is there by chance is told apart."""

import pytest

from ocrdata.corpora.leaks import leaks
from ocrdata.corpora.texts import Text


def given(*texts, source="corpus"):
    return [Text(text, source, i) for i, text in enumerate(texts, 1)]


def test_leaks_are_counted_with_their_places_in_the_corpus():
    corpus = given("上海市", "other", " Main Street ", "5", "other", "上海市")
    held = given("Main Street", "Main Street", "上海市", "5", "unseen", source="val")
    held.append(Text("other", "val", 9, ignored=True))
    done = []
    found = leaks(corpus, held, done.append)
    assert sum(done) == 6
    assert (found.held_out, found.leaked, found.chance) == (5, 3, 1)
    assert found.share == pytest.approx(0.6)
    assert [(t.text, t.line) for t in found.examples] == [("上海市", 1), (" Main Street ", 3)]
    assert str(found) == (
        "3 of 5 held-out texts (60.0%) stand in the corpus too; besides, 1 of one or two characters, "
        "which happens by chance: '上海市' (corpus line 1), ' Main Street ' (corpus line 3)"
    )
    assert found.to_json()["share"] == found.share


def test_nothing_leaks_from_another_corpus():
    found = leaks(given("a", "abc"), given("abcd", "bc", source="val"))
    assert (found.leaked, found.chance, found.share, str(found)) == (
        0, 0, 0.0, "0 of 2 held-out texts (0.0%) stand in the corpus too",
    )  # fmt: skip
    assert leaks([], []).share == 0.0
