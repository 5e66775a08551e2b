"""One door to all texts: each is a function of the sample's number, whatever the batch."""

from collections import Counter

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.corpora.leaks import HeldOut
from ocrdata.corpora.mix import TRIAL, Mix
from ocrdata.corpora.quota import Quota
from ocrdata.corpora.sources import RandomText
from ocrdata.corpora.texts import Text
from ocrdata.datagen.rng import Draws
from ocrdata.errors import UserError

ROWS = (
    {"kind": "pattern", "pattern": "{date} {one:{price}|{plate_cn}}"},
    {"kind": "random", "characters": "abcdefgh", "length": [1, 9], "weight": 3},
)


def corpus(tmp_path, text="first line\nsecond longer line\n三\n四五六七八九十\n" * 20):
    (tmp_path / "c.txt").write_text(text, encoding="utf-8")
    return str(tmp_path / "c.txt")


def every_source(tmp_path):
    path = corpus(tmp_path)
    more = [
        {"kind": "file", "path": path},
        {"kind": "file", "path": path, "unit": "char", "length": [2, 9]},
        {"kind": "file", "path": path, "unit": "word", "length": [1, 3]},
    ]
    return [*ROWS, *more]


OPTIONS = [
    {},
    {"lengths": {2: 1, 5: 3, 12: 2}},
    {"quota": Quota(samples=2, within=200, characters="xyz")},
    {"quota": Quota(samples=2, within=200, characters="xyz九"), "lengths": {2: 1, 5: 3, 12: 2}, "max_length": 9},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_text_depends_on_its_number_and_attempt_alone(tmp_path, mix, texts_of, options):
    opened = mix(*every_source(tmp_path), **options)
    whole = texts_of(opened, 0, 300)
    assert texts_of(opened, 0, 300, batch=1) == whole == texts_of(opened, 0, 300, batch=77)
    assert texts_of(opened, 150, 300, batch=64) == whole[150:]
    assert texts_of(mix(*every_source(tmp_path), **options), 0, 300) == whole
    assert sum(a != b for a, b in zip(whole, texts_of(opened, 0, 300, attempt=1), strict=True)) > 200


def test_sources_come_as_often_as_their_weights(mix, texts_of):
    texts = texts_of(mix(*ROWS), 0, 4000)
    assert sum(t[0].isdigit() for t in texts) / 4000 == pytest.approx(0.25, abs=0.03)
    assert all(t and t == t.strip() for t in texts)


def test_the_alphabet_is_of_patterns_random_texts_and_quota(tmp_path, mix):
    assert mix(*ROWS).alphabet() >= set("abcdefgh0123456789-.,京沪")
    opened = mix(*every_source(tmp_path), quota=Quota(samples=1, within=50, characters="鑫a"))
    assert "鑫" in opened.alphabet()


def test_held_out_texts_are_named_as_such(mix):
    held = HeldOut([Text("Café 12", "v", 1), Text("abc", "v", 2, ignored=True), Text("ab", "v", 3)])
    opened = mix(*ROWS, held_out=held)
    assert opened.problem("Cafe\u0301 12") == opened.problem("Café 12") == "held_out"
    assert opened.problem("abc") is None, "an illegible text cannot leak"
    assert opened.problem("ab") is None, "two characters occur by chance"
    assert mix(*ROWS).problem("Café 12") is None


# --- quotas


def counted(texts):
    counts = Counter()
    for text in texts:
        counts.update(set(text))
    return counts


def test_every_character_reaches_its_quota_while_natural_text_is_the_bulk(tmp_path, mix, texts_of):
    rare = "鑫森淼焱垚①Ω"
    path = corpus(tmp_path, "\n".join(["今天天气很好", "明天也很好"] * 500 + ["森淼之间"]))
    charset = Charset("今天气很好明也森淼之间鑫焱垚①Ω")
    opened = mix({"kind": "file", "path": path}, charset=charset, quota=Quota(samples=7, within=3000))
    texts = texts_of(opened, 0, 3000)
    counts = counted(texts)
    assert min(counts[c] for c in charset.characters) >= 7
    natural = sum(t in ("今天天气很好", "明天也很好") for t in texts)
    assert natural > 0.9 * 3000
    assert set(rare) <= set(opened.schedule.targets) and not set("天很好") & set(opened.schedule.targets)
    assert counted(texts_of(opened, 3000, 6000))["鑫"] >= 7, "further samples go on in the same way"


def test_without_a_quota_they_would_be_missing(tmp_path, mix, texts_of):
    path = corpus(tmp_path, "今天天气很好\n明天也很好\n")
    row = {"kind": "file", "path": path}
    assert "鑫" not in counted(texts_of(mix(row), 0, 1000))
    opened = mix(row, quota=Quota(samples=3, within=1000, characters="鑫好"))
    assert counted(texts_of(opened, 0, 1000))["鑫"] >= 3


def test_the_quota_prefers_lines_that_hold_the_character(tmp_path, mix, texts_of):
    path = corpus(tmp_path, "\n".join(["常常见到的字句"] * 20000 + ["罕见的鑫字一行", "又一行鑫字"]))
    opened = mix({"kind": "file", "path": path}, quota=Quota(samples=50, within=1000, characters="鑫"))
    shown = {t for t in texts_of(opened, 0, 1000) if "鑫" in t}
    assert shown == {"罕见的鑫字一行", "又一行鑫字"}


def test_else_it_is_put_into_natural_text_and_alone_at_last(tmp_path, mix, texts_of):
    path = corpus(tmp_path, "甲乙丙丁\n")
    opened = mix({"kind": "file", "path": path}, quota=Quota(samples=50, within=1000, characters="鑫"), max_length=4)
    shown = {t for t in texts_of(opened, 0, 1000) if "鑫" in t}
    assert {t.replace("鑫", "") for t in shown} == {"甲乙丙"} and len(shown) == 4
    assert {t for t in texts_of(opened, 0, 1000, attempt=8) if "鑫" in t} == {"鑫"}


@pytest.mark.parametrize(
    ("character", "allowed"),
    [(" ", {"甲 乙", "甲乙 丙"}), ("\u0301", {"甲\u0301乙", "甲乙\u0301丙"}), ("ש", {"ש"})],
)
def test_spaces_marks_and_other_directions_are_put_where_they_can_be_seen(tmp_path, mix, texts_of, character, allowed):
    opened = mix(
        {"kind": "file", "path": corpus(tmp_path, "甲乙丙\n")},
        quota=Quota(samples=30, within=1000, characters=character),
    )
    shown = {t for t in texts_of(opened, 0, 1000) if character in t}
    assert shown and all(any(t.startswith(a) or t.endswith(a) for a in allowed) for t in shown)
    assert all(t.strip() == t for t in shown)


def test_quota_texts_keep_to_charset_and_length(tmp_path, mix, texts_of):
    lines = ["短句"] * 2000 + ["很长的一行里面才有鑫字出现而且后面还有很多别的字", "外☃鑫"]
    path = corpus(tmp_path, "\n".join(lines))
    charset = Charset("".join(sorted(set("".join(lines)) - {"☃"})))
    opened = mix(
        {"kind": "file", "path": path}, charset=charset, quota=Quota(samples=200, within=2000, characters="鑫"),
        max_length=6,
    )  # fmt: skip
    texts = texts_of(opened, 0, 2000)
    shown = [texts[i] for i, _ in opened.schedule.due(np.arange(2000))]
    assert len(shown) >= 200 and all("鑫" in t and len(t) <= 6 and "☃" not in t for t in shown)


def test_characters_that_no_font_shows_or_nobody_sees_get_no_samples(tmp_path, mix):
    row = {"kind": "file", "path": corpus(tmp_path)}
    opened = mix(row, quota=Quota(samples=1, within=900, characters="鑫森\u200d\x07"), without={"森"})
    assert opened.schedule.targets == ("鑫",)
    assert mix(row, quota=Quota(samples=1, within=9000, characters="九")).schedule.share == 0


@pytest.mark.parametrize(
    ("characters", "charset", "said"),
    [
        (
            "鑫森淼焱垚",
            None,
            r"20 samples of each of 5 characters, .* are 100 of 150, more than half: raise 'within' to 200",
        ),
        (None, None, "give its 'characters', or a 'charset'"),
        ("鑫", "abc", r"1 of its characters \('鑫'\) are not in the recipe's charset"),
        (None, "鑫", "none of 50000 texts keeps to the recipe's charset"),
    ],
)
def test_an_impossible_quota_is_explained(tmp_path, mix, characters, charset, said):
    row = {"kind": "file", "path": corpus(tmp_path, "abc\n")}
    options = {"charset": Charset(charset)} if charset else {}
    with pytest.raises(UserError, match=said):
        mix(row, quota=Quota(samples=20, within=150, characters=characters), **options)


def test_contradicting_numbers_are_refused_on_reading():
    with pytest.raises(ValueError, match="samples: 20 of every character do not fit into half of within: 30"):
        Quota(samples=20, within=30)


def test_the_trial_decides_alone():
    """The same seed gives the same quota samples; another seed other ones."""
    source = RandomText(kind="random", characters="ab")
    quota = Quota(samples=1, within=5000, characters="鑫森淼焱垚")
    opened = [Mix([source], None, Draws(seed, np.arange(TRIAL)), quota=quota) for seed in (1, 1, 2)]
    assert opened[0].schedule == opened[1].schedule != opened[2].schedule
