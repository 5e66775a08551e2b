"""Mixed directions: the order on the line, and what nobody can order."""

import random

import pytest

from ocrdata.fonts.bidi import mixed_direction, right_to_left, unclear_order, visual_spans

MIRROR = str.maketrans("()[]", ")(][")


def seen(text):
    """The characters as they stand from left to right; brackets of leftward spans are drawn mirrored."""
    spans = visual_spans(text)
    parts = [(text[s.start : s.stop], s.rightwards) for s in spans]
    return "".join(part if rightwards else part[::-1].translate(MIRROR) for part, rightwards in parts)


@pytest.mark.parametrize(
    ("text", "on_paper"),
    [
        ("שלום 12", "12 םולש"),
        ("abc שלום def", "abc םולש def"),
        ("שלום abc 12.5%", "abc 12.5% םולש"),
        ("INV-2024/05 שלום 77", "INV-2024/05 77 םולש"),
        ("(abc) שלום [x]", "(abc) םולש [x]"),
        ("מחיר: 1,200 ₪", "₪ 1,200 :ריחמ"),
        ("سعر ١٢٣", "١٢٣ رعس"),
        ("abc (שלום 1) 2", "abc (1 םולש) 2"),
        ("שלום ABC (x)", "ABC (x) םולש"),
        ("שלום (ABC) 12", "12 (ABC) םולש"),
    ],
)
def test_the_order_on_paper(text, on_paper):
    assert mixed_direction(text) and not unclear_order(text) and seen(text) == on_paper


def test_a_joiner_stays_with_its_word():
    text = "می\u200cخواهم 12"
    assert seen(text) == "12 مهاوخ\u200cیم"


@pytest.mark.parametrize("text", ["שלום \u202eabc\u202c 1", "\u2067שלום\u2069 1", "שלום\n12"])
def test_what_has_no_clear_order(text):
    assert unclear_order(text)


def test_both_implementations_agree_on_any_text():
    letters = "abcאבגسلم0123٣٤()[]{} .,:/-+%$«»\u0301"
    lots = random.Random(3)
    texts = ["".join(lots.choices(letters, k=lots.randrange(2, 14))) for _ in range(2000)]
    mixed = [t for t in texts if mixed_direction(t)]
    assert len(mixed) > 1000 and [t for t in mixed if unclear_order(t)] == []


def test_one_direction_needs_no_order():
    assert not mixed_direction("שלום") and not unclear_order("שלום, שלום") and not mixed_direction("abc 12")
    assert right_to_left("abc שלום") and not right_to_left("中文 12")
