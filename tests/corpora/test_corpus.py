"""Texts come out as they went in, but for the declared steps, and every step is counted."""

import json
from collections import Counter

import pytest
from pydantic import ValidationError

from ocrdata.corpora.charset import Charset
from ocrdata.corpora.corpus import CorpusConfig, write_corpus
from ocrdata.corpora.coverage import build_charset, coverage
from ocrdata.corpora.seen import Seen
from ocrdata.corpora.texts import Text, read_texts
from ocrdata.errors import UserError


def texts_of(path, form="auto"):
    return [t.text for t in read_texts(path, form)]


def given(*texts):
    return [Text(text, "given", i) for i, text in enumerate(texts, 1)]


def cleaned(tmp_path, texts, charset=None, **config):
    report = write_corpus(texts, tmp_path / "out.txt", CorpusConfig(**config), charset)
    written = (tmp_path / "out.txt").read_bytes().decode()
    assert written.endswith("\n") and report.written == written.count("\n")
    return written[:-1].split("\n"), dict(report.steps)


def test_only_line_ends_are_taken_off(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff 一 \r\n\tb\u2028c\u0085d\n\n“e”\r\r\n末".encode())
    assert texts_of(path) == [" 一 ", "\tb\u2028c\u0085d", "", "“e”\r", "末"]
    assert [t.line for t in read_texts(path)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_holds_no_text_or_an_empty_one(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    assert "".join(texts_of(tmp_path / "a.txt")) == ""


def test_label_files_are_recognised_and_keep_their_labels(tmp_path):
    path = tmp_path / "gt.txt"
    path.write_text('a/b c.JPG\t say "a, b"\nx.png\t###\n\ny.png\tz\tw\n', encoding="utf-8")
    assert texts_of(path) == [' say "a, b"', "###", "z\tw"]
    assert [t.ignored for t in read_texts(path)] == [False, True, False]
    path.write_text('["a.jpg", "b.jpg"]\tab\n', encoding="utf-8")
    assert texts_of(path) == ["ab"]


def test_detection_lines_give_every_region(tmp_path):
    regions = [
        {"transcription": "上海", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]},
        {"transcription": "###", "points": []},
        {"transcription": "faint", "points": [], "difficult": True},
    ]
    path = tmp_path / "Label.txt"
    path.write_text(f"a.jpg\t{json.dumps(regions)}\nb.jpg\t[]\n", encoding="utf-8")
    assert [(t.text, t.ignored) for t in read_texts(path)] == [("上海", False), ("###", True), ("faint", True)]


def test_the_form_can_be_stated(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a.jpg\tb\n", encoding="utf-8")
    assert texts_of(path, "labels") == ["b"] and texts_of(path, "text") == ["a.jpg\tb"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ok\n\xe4\xb8\xad\xb0\n", r"a\.txt line 2: not UTF-8 at byte 6 of the file \(0xb0\)"),
        ("中文".encode("gb18030"), r"line 1: not UTF-8 at byte 0"),
        ("中文".encode("utf-16"), r"looks like UTF-16"),
        (b"a.jpg\tb\nc.jpg d\n", r"line 2: no tab between picture and label: 'c\.jpg d'"),
        (b'a.jpg\t[{"transcription": "b"}]\nc.jpg\t[{"x"\n', r"line 2: not valid JSON after the tab"),
        (b'a.jpg\t[{"text": "b"}]\n', r"line 1: a list of \{\"transcription\""),
        (b"x" * (5 << 20), r"line 1: longer than 4 MiB"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, content, message):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(UserError, match=message):
        texts_of(tmp_path / "a.txt")
    with pytest.raises(UserError, match=r"b\.txt: no such file"):
        texts_of(tmp_path / "b.txt")


@pytest.mark.parametrize(
    ("step", "config", "before", "after"),
    [
        ("controls_removed", {}, ["a\tb\x1b\r", "\ufeffc\u2028"], ["ab", "c"]),
        ("empty", {}, ["", "a", "\x00"], ["a"]),
        ("normalized", {"nfc": True}, ["e\u0301"], ["\u00e9"]),
        ("trimmed", {"trim": True}, ["\u3000a b ", "c"], ["a b", "c"]),
        ("too_short", {"min_length": 2}, ["a", "bc"], ["bc"]),
        ("too_long", {"max_length": 2}, ["abc", "bc"], ["bc"]),
        ("duplicate", {"unique": True}, ["a", "b", "a", "a"], ["a", "b"]),
        ("outside_dictionary", {"outside": "drop"}, ["ab", "ax"], ["ab"]),
        ("outside_dictionary", {"outside": "report"}, ["ab", "ax"], ["ab", "ax"]),
    ],
)
def test_every_step_is_counted_and_does_what_it_says(tmp_path, step, config, before, after):
    charset = Charset("ab") if step == "outside_dictionary" else None
    written, steps = cleaned(tmp_path, given(*before), charset, **config)
    touched = {"controls_removed": 2, "empty": 2, "duplicate": 2}.get(step, 1)
    assert written == after and steps[step] == touched


def test_without_a_step_nothing_is_changed(tmp_path):
    texts = [" a  b ", "e\u0301", "\u3000x", "a\u200db", "a", "a", "\u00a0"]
    assert cleaned(tmp_path, given(*texts)) == (texts, {})


def test_texts_not_to_be_learnt_are_left_out(tmp_path):
    texts = [Text("a", "x", 1), Text("###", "x", 2, ignored=True)]
    assert cleaned(tmp_path, texts) == (["a"], {"ignored": 1})
    found = coverage(texts, Charset("ab"))
    assert found.texts == 1 and found.outside == {}


def test_the_report_names_places_and_counts(tmp_path):
    (tmp_path / "a.txt").write_text("ab\nab\nb\n", encoding="utf-8")
    done = Counter()
    out = tmp_path / "new" / "out.txt"
    texts = read_texts(tmp_path / "a.txt")
    report = write_corpus(texts, out, CorpusConfig(unique=True), progress=lambda n: done.update(n=n))
    source = str(tmp_path / "a.txt")
    assert report.to_json() == {
        "read": 3,
        "written": 2,
        "sources": {source: 3},
        "steps": {
            "duplicate": {
                "count": 1,
                "meaning": "left out: was there before",
                "examples": [{"text": "ab", "source": source, "line": 2}],
            }
        },
        "characters": {"b": 2, "a": 1},
    }
    assert done["n"] == 3


def test_where_nothing_remains_an_older_file_stays(tmp_path):
    (tmp_path / "out.txt").write_text("older\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"no text remains of 2 \(too_short 2\)"):
        write_corpus(given("a", "b"), tmp_path / "out.txt", CorpusConfig(min_length=2))
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "older\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_file_can_be_cleaned_in_place(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a\n\nb\n", encoding="utf-8")
    with pytest.raises(UserError, match="is a folder"):
        write_corpus(read_texts(path), tmp_path)
    write_corpus(read_texts(path), path)
    assert path.read_text(encoding="utf-8") == "a\nb\n"


def test_contradicting_lengths_and_unknown_keys_are_refused():
    with pytest.raises(ValidationError, match="max_length 2 is below min_length 3"):
        CorpusConfig(min_length=3, max_length=2)
    with pytest.raises(ValidationError, match="uniqe"):
        CorpusConfig(uniqe=True)


def test_a_dictionary_is_ordered_as_asked(tmp_path):
    texts = ["bba", "b字", "字字字字", "z"]
    assert build_charset(texts).characters == ("a", "b", "z", "字")
    assert build_charset(texts, order="count").characters == ("字", "b", "a", "z")
    kept = build_charset(texts, min_count=2)
    assert kept.characters == ("b", "字")
    kept.write(tmp_path / "dict.txt")
    assert Charset.read(tmp_path / "dict.txt") == kept
    with pytest.raises(UserError, match="appears 9 times or more"):
        build_charset(texts, min_count=9)
    with pytest.raises(UserError, match="no dictionary file can hold"):
        build_charset(["a\rb"])


def test_coverage_names_what_is_outside_missing_and_rare():
    found = coverage(given("aab", "xa", "ax yx"), Charset("abc"), rare=2).to_json()
    assert found == {
        "dictionary": 3,
        "texts": 3,
        "texts_outside": 2,
        "characters": 10,
        "characters_outside": 5,
        "outside": {
            "x": {
                "count": 3,
                "examples": [
                    {"text": "xa", "source": "given", "line": 2},
                    {"text": "ax yx", "source": "given", "line": 3},
                ],
            },
            " ": {"count": 1, "examples": [{"text": "ax yx", "source": "given", "line": 3}]},
            "y": {"count": 1, "examples": [{"text": "ax yx", "source": "given", "line": 3}]},
        },
        "missing": "c",
        "rare_below": 2,
        "rare": {"b": 1},
    }


def test_seen_agrees_with_a_set():
    seen, known = Seen(), set()
    for start in range(0, 3000, 70):
        texts = [str(i * i % 1013) for i in range(start, start + 70)]
        expected = []
        for text in texts:
            expected.append(text not in known)
            known.add(text)
        assert seen.first_times(texts) == expected
    assert len(seen) == len(known) and seen.first_times([]) == []
    assert len(seen._runs) < 12
