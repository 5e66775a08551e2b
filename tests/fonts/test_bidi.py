"""Mixed directions: the order on the line, and what nobody can order."""

import pytest

from ocrdata.fonts.bidi import mixed_direction, right_to_left, unclear_order, visual_spans


def seen(text):
    """The characters as they stand from left to right."""
    return "".join(text[s.start : s.stop][:: 1 if s.rightwards else -1] for s in visual_spans(text))


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
    ],
)
def test_the_order_on_paper(text, on_paper):
    assert mixed_direction(text) and not unclear_order(text) and seen(text) == on_paper


def test_a_joiner_stays_with_its_word():
    text = "می\u200cخواهم 12"
    assert seen(text) == "12 مهاوخ\u200cیم"


@pytest.mark.parametrize("text", ["abc (سلام 1) 2", "שלום \u202eabc\u202c 1", "שלום\n12"])
def test_what_has_no_clear_order(text):
    assert unclear_order(text)


def test_one_direction_needs_no_order():
    assert not mixed_direction("שלום") and not unclear_order("שלום, שלום") and not mixed_direction("abc 12")
    assert right_to_left("abc שלום") and not right_to_left("中文 12")
