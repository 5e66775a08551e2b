"""Texts are as long as asked: whole lines where there are such, windows and joined lines elsewhere."""

import unicodedata
from collections import Counter

import pytest
from pydantic import TypeAdapter, ValidationError

from ocrdata.corpora.lengths import LengthCounts
from ocrdata.corpora.windows import around, near, running, window
from ocrdata.errors import UserError

PROSE = (
    "It was a bright cold day in spring, and the clocks of the town were striking one after the other. Nobody had "
    "asked for rain, yet rain it was that fell on roofs, on carts and on the few who had gone out to buy bread. "
    "A boy with a basket ran along the wall; he did not look up when the old man called his name from a window."
)
HAN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈"
WANTED = {1: 2, 2: 8, 3: 10, 4: 30, 5: 20, 7: 10, 9: 10, 12: 6, 20: 4}


def file(tmp_path, text, **values):
    (tmp_path / "c.txt").write_text(text, encoding="utf-8")
    return {"kind": "file", "path": str(tmp_path / "c.txt"), **values}


def distance(texts, wanted):
    counts, total = Counter(map(len, texts)), sum(wanted.values())
    return sum(abs(counts[k] / len(texts) - wanted.get(k, 0) / total) for k in {*counts, *wanted}) / 2


def chinese():
    return "\n".join(HAN[i % 40 : i % 40 + 1 + i * 7 % 9] for i in range(3000))


def english(width):
    """Prose in lines of about `width` characters, as in a book."""
    lines, line = [], ""
    for word in (PROSE + " ").split() * 20:
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "options", "within"),
    [
        (chinese, {}, 0.03),
        (chinese, {"unit": "char", "length": [1, 2]}, 0.03),
        (lambda: english(60), {}, 0.1),
        (lambda: english(60), {"unit": "word", "length": [1, 2]}, 0.1),
        (lambda: "短\n" * 500, {}, 0.03),
    ],
)
def test_lengths_follow_the_distribution(tmp_path, mix, texts_of, text, options, within):
    texts = texts_of(mix(file(tmp_path, text(), **options), lengths=WANTED), 0, 5000)
    assert distance(texts, WANTED) < within
    free = texts_of(mix(file(tmp_path, text(), **options)), 0, 5000)
    assert distance(free, WANTED) > 0.3


def test_whole_lines_are_preferred(tmp_path, mix, texts_of):
    lines = [f"{i:04d}" for i in range(1200)] + [f"long line {i}" for i in range(1000)]
    texts = texts_of(mix(file(tmp_path, "\n".join(lines)), lengths={4: 1}), 0, 2000)
    assert set(texts) <= set(lines) and len(set(texts)) > 800


def test_english_words_stay_whole(tmp_path, mix, texts_of):
    texts = texts_of(mix(file(tmp_path, english(60)), lengths={14: 1, 19: 1}), 0, 500)
    words = set(PROSE.split())
    assert sum(set(t.split()) <= words for t in texts) > 490


def test_patterns_keep_their_lengths_and_the_others_make_up_for_it(tmp_path, mix, texts_of):
    rows = [{"kind": "pattern", "pattern": "{digit:4}"}, {"kind": "random", "characters": "ab", "weight": 4}]
    opened = mix(*rows, lengths=WANTED)
    texts = texts_of(opened, 0, 5000)
    assert opened.gap < 0.01 and distance(texts, WANTED) < 0.03
    assert {len(t) for t in texts if t.isdigit()} == {4}
    opened = mix({"kind": "pattern", "pattern": "{digit:6}"}, rows[1], lengths={3: 1})
    assert opened.gap == pytest.approx(0.2, abs=0.02), "a fifth of the texts has six characters whatever is asked"
    with pytest.raises(UserError, match="patterns keep their own lengths"):
        mix(rows[0], lengths=WANTED)


def test_lengths_that_would_be_refused_are_left_out(mix, texts_of):
    row = {"kind": "random", "characters": "ab"}
    assert {len(t) for t in texts_of(mix(row, lengths={3: 1, 9: 5}, max_length=4), 0, 200)} == {3}
    with pytest.raises(UserError, match="above max_length 2"):
        mix(row, lengths={3: 1}, max_length=2)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "at least one length"),
        ({3: 0}, "at least one length"),
        ({0: 5}, "0: 5: a number of characters from 1 to 1000"),
        ({3: -1}, "3: -1: a number of characters"),
        ({"x": 1}, "valid integer"),
    ],
)
def test_what_is_no_distribution_is_refused(value, said):
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(LengthCounts).validate_python(value)


def test_windows_cut_between_words_or_anywhere_in_unspaced_text():
    assert {near(HAN, 6, k / 50) for k in range(50)} == {HAN[i : i + 6] for i in range(len(HAN) - 5)}
    assert {near("the quick brown fox", 9, k / 20) for k in range(20)} == {"the quick", "brown fox"}
    hindi = "नमस्ते दुनिया की कहानियाँ"
    assert all(unicodedata.category(near(hindi, 4, k / 30)[0])[0] == "L" for k in range(30))
    assert all(unicodedata.category(window(hindi, 4, k / 30)[0])[0] == "L" for k in range(30))
    assert near("incomprehensible", 5, 0.5) in "incomprehensible"
    assert near("short", 9, 0) == "short"


def test_a_window_around_a_character_holds_it():
    text = "the quick brown fox jumps over"
    shown = {around(text, text.index("f"), 11, k / 40) for k in range(40)}
    assert all("f" in t and len(t) <= 11 and set(t.split()) <= set(text.split()) for t in shown)
    assert all("昃" in around(HAN, HAN.index("昃"), 3, k / 9) for k in range(9))


def test_running_text_has_no_line_ends():
    assert running("天地\n玄黄\r\nabc def\n ghi\t jkl\n宇宙") == "天地玄黄 abc def ghi jkl 宇宙"
