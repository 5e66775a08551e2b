"""The language of patterns: each field gives what it says, and a mistake is named with its place."""

import re
from datetime import datetime

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from ocrdata.corpora.patterns import NAMED, parse_pattern
from ocrdata.corpora.sources import TextSource
from ocrdata.datagen.rng import Draws


def drawn(pattern, n=400, **define):
    piece = parse_pattern(pattern, define)
    texts = piece.draw(Draws(1, np.arange(n)), "text")
    assert set("".join(texts)) <= piece.alphabet()
    return texts


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("{digit:4}-{upper:2}", r"\d{4}-[A-Z]{2}"),
        ("{{{hex:1-3}}}{km|m|}", r"\{[0-9A-F]{1,3}\}(km|m)?"),
        ("{No. {digit:3}|无}|", r"(No\. \d{3}|无)\|"),
        ("{one:{digit}|{upper}}", r"\d|[A-Z]"),
        ("{repeat:2-3:{hex:2}:}x", r"([0-9A-F]{2}:){2,3}x"),
        ("{chars:A}-{chars:}}{chars:|:}", r"A-\}[|:]"),
        ("{number:0001-9999}", r"\d{4}"),
        ("{number:5-12}", r"[5-9]|1[012]"),
        ("{number:-1.5--1.4}", r"-1\.[45]"),
        ("{grouped:1000-9999999}", r"\d{1,3}(,\d{3}){1,2}"),
        ("¥{price}", r"¥(\d|\d\d|\d\d\d|\d,\d{3})\.\d\d"),
        ("{price:100-2000}", r"[1-9]\d\d|[12],\d{3}"),
        ("{plate_cn}", r"[\u4e00-\u9fff][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}"),
        ("{plate_cn_energy}", r"[\u4e00-\u9fff][A-HJ-NP-Z][DF][A-HJ-NP-Z0-9]\d{4}"),
        ("{phone_cn}", r"1[3-9]\d{9}"),
        ("{phone_us}", r"\([2-9]\d\d\) [2-9]\d\d-\d{4}"),
        ("{ip}", r"\d{1,3}(\.\d{1,3}){3}"),
        ("{mac}", r"[0-9A-F]{2}(:[0-9A-F]{2}){5}"),
        ("{meter}", r"\d{5,6}(\.\d{1,3})?"),
        ("{time}", r"([01]\d|2[0-3]):[0-5]\d"),
        ("{time:%-H点%M分%S秒}", r"\d{1,2}点[0-5]\d分[0-5]\d秒"),
        ("{han:9}", r"[\u4e00-\u9fff]{9}"),
    ],
)
def test_what_is_drawn_has_the_form(pattern, form):
    texts = drawn(pattern)
    assert all(re.fullmatch(form, t) for t in texts), next(t for t in texts if not re.fullmatch(form, t))


def test_all_that_can_be_drawn_is():
    assert {t.partition("}")[2] for t in drawn("{{{hex:1-3}}}{km|m|}")} == {"", "m", "km"}
    assert set(drawn("{number:8-12}")) == {"8", "9", "10", "11", "12"}
    assert {len(t) for t in drawn("{repeat:0-3:ab}")} == {0, 2, 4, 6}
    assert len(set(drawn("{digit:6}"))) == 400
    assert set(drawn("{one:{chars:ab}{chars:cd}|x}")) == {"ac", "ad", "bc", "bd", "x"}


def test_days_are_of_the_calendar_and_of_the_years_asked():
    days = [datetime.strptime(t, "%d %b %Y (%A)") for t in drawn("{date:1996-2004:%d %b %Y (%A)}", 3000)]
    assert {d.year for d in days} == set(range(1996, 2005))
    assert any((d.month, d.day) == (2, 29) for d in days)
    shown = drawn("{date:1996-2004:%d %b %Y (%A)}", 3000)
    assert [d.strftime("%d %b %Y (%A)") for d in days] == shown


def test_prices_are_small_as_often_as_large():
    values = [float(t.replace(",", "")) for t in drawn("{price:1.00-10000.00}", 2000)]
    assert 0.4 < sum(v < 100 for v in values) / 2000 < 0.6


def test_patterns_can_be_named():
    texts = drawn("{code}/{code}", code="{area}{digit:2}", area="{上海|北京}")
    assert all(re.fullmatch(r"(上海|北京)\d\d/(上海|北京)\d\d", t) for t in texts)
    assert any(t[:4] != t[5:] for t in texts), "each use is drawn anew"


def test_every_named_pattern_draws():
    for name in NAMED:
        assert all(drawn(f"{{{name}}}"))


def test_a_text_is_the_same_in_any_batch():
    piece = parse_pattern("{one:{date}|{repeat:1-3:{digit:1-4}{-|}}|{price}}{km|}")
    whole = piece.draw(Draws(1, np.arange(50)), "text")
    assert [piece.draw(Draws(1, np.arange(i, i + 1)), "text")[0] for i in range(50)] == whole


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "the pattern is empty"),
        (
            "ab{digits}",
            r"character 3 of 'ab\{digits\}': '\{digits\}' is no field \(did you mean 'digit'\?\); there are",
        ),
        ("{digit:3-1}", "the smaller first"),
        ("{digit:x}", "a count such as 4"),
        ("{digit:999}", "at most 200"),
        ("a{", r"character 2 of 'a\{': its '\}' is expected"),
        ("{digit:3", "'}' is expected"),
        ("a}b", "character 2 .*lone '}'"),
        ("{{digit:3}|}", "a group that begins with a field"),
        ("{repeat:x}", r"\{repeat:3:PATTERN\}"),
        ("{date:%Q}", "'%Q' is not known; there are %Y"),
        ("{date:soon}", "a form such as %Y-%m-%d"),
        ("{date:2030-2001:%Y}", "the smaller first"),
        ("{number:9-1}", "the smaller number comes first"),
        ("{number:many}", "two numbers such as 1-9999"),
        ("{price:0-9}", "above 0"),
        ("{chars}", "the characters to choose from"),
        ("{ip:4}", "takes nothing after ':'"),
        ("{x|{nonsense}}", r"character 4 .*'\{nonsense\}' is no field"),
        ("{one}", "is no field"),
        ("{repeat:20:{repeat:11:x}}", "character 12 .*repeated 220 times; at most 200"),
    ],
)
def test_a_bad_pattern_says_where_and_what_is_allowed(pattern, said):
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(TextSource).validate_python({"kind": "pattern", "pattern": pattern})


@pytest.mark.parametrize(
    ("define", "said"),
    [
        ({"digit": "x"}, "'digit' has a meaning already"),
        ({"Big": "x"}, "'Big' is no name"),
        ({"empty": ""}, "the pattern 'empty' is empty"),
        ({"a": "{b}", "b": "1{a}"}, "'a' is made of itself: a > b > a"),
        ({"a": "{repeat:20:{b}}", "b": "{repeat:20:x}"}, "in 'b', .*repeated 400 times"),
        ({"a": "1{c}"}, r"in 'a', character 2 of '1\{c\}': '\{c\}' is no field"),
    ],
)
def test_bad_definitions_are_named(define, said):
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(TextSource).validate_python({"kind": "pattern", "pattern": "x", "define": define})
