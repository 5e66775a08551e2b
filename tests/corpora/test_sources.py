"""Text sources: lines of files, random characters, patterns; what is wrong is named to the byte."""

import re

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from ocrdata.corpora.charset import Charset
from ocrdata.corpora.sources import TextSource, find_file
from ocrdata.errors import UserError


class Numbers:
    """Random numbers that a test can repeat."""

    def __init__(self, n, seed=1):
        self.n, self.seed = n, seed

    def __len__(self):
        return self.n

    def uniform(self, name, k=0):
        return self.uniforms(name, k + 1)[:, k]

    def uniforms(self, name, count):
        seeds = [self.seed, *name.encode()]
        return np.stack([np.random.default_rng([*seeds, k]).random(self.n) for k in range(count)], axis=1)


def texts(tmp_path, n=300, charset=None, **values):
    source = TypeAdapter(TextSource).validate_python(values).open(tmp_path, charset)
    return source.draw(Numbers(n)), source


def test_lines_of_a_file_keep_inner_spaces_and_lose_outer_ones(tmp_path):
    (tmp_path / "c.txt").write_bytes("\ufeff一 行\r\n\r\n  two  words \nlast".encode())
    drawn, source = texts(tmp_path, kind="file", path="c.txt")
    assert set(drawn) == {"一 行", "two  words", "last"} and len(source) == 3


def test_windows_of_long_lines(tmp_path):
    (tmp_path / "c.txt").write_text("abcdefghij\nxy\n", encoding="utf-8")
    drawn, _ = texts(tmp_path, kind="file", path="c.txt", length=[3, 4])
    assert {len(t) for t in drawn if t != "xy"} == {3, 4}
    assert all(t in "abcdefghij" for t in drawn if t != "xy") and {"abc", "hij", "xy"} <= set(drawn)


def test_another_encoding_is_named_by_file_line_and_byte(tmp_path):
    (tmp_path / "gbk.txt").write_bytes(b"good\n" + b"ab" + "中".encode("gb18030") + b"\n")
    with pytest.raises(UserError, match=r"gbk\.txt line 2: byte 3 of the line \(0xd6, byte 7 of the file\) is not"):
        texts(tmp_path, kind="file", path="gbk.txt")


@pytest.mark.parametrize("data", [b"", b"\n\n", "\ufeff".encode()])
def test_a_file_without_text_is_refused(tmp_path, data):
    (tmp_path / "empty.txt").write_bytes(data)
    with pytest.raises(UserError, match=r"empty\.txt: the corpus (is empty|holds no text)"):
        texts(tmp_path, kind="file", path="empty.txt")


def test_random_characters_of_a_string_a_dictionary_or_the_charset(tmp_path):
    drawn, source = texts(tmp_path, kind="random", characters="ab中", length=[2, 5])
    assert set("".join(drawn)) == source.alphabet() == set("ab中")
    assert {len(t) for t in drawn} == {2, 3, 4, 5}
    (tmp_path / "dict.txt").write_text("x\ny\n", encoding="utf-8")
    assert set("".join(texts(tmp_path, kind="random", characters="dict.txt")[0])) == {"x", "y"}
    assert set("".join(texts(tmp_path, kind="random", charset=Charset("pq"))[0])) == {"p", "q"}
    with pytest.raises(UserError, match="needs 'characters'"):
        texts(tmp_path, kind="random")


def test_patterns(tmp_path):
    drawn, _ = texts(tmp_path, kind="pattern", pattern="{digit:4}-{upper:2}")
    assert all(re.fullmatch(r"[0-9]{4}-[A-Z]{2}", t) for t in drawn) and len(set(drawn)) > 290
    drawn, source = texts(tmp_path, kind="pattern", pattern="{{{hex:1-3}}}{km|m|}")
    assert all(re.fullmatch(r"\{[0-9A-F]{1,3}\}(km|m)?", t) for t in drawn)
    assert {"", "m", "km"} == {t.partition("}")[2] for t in drawn} and "k" in source.alphabet()
    assert all("\u4e00" <= c <= "\u9fff" for t in texts(tmp_path, kind="pattern", pattern="{han:9}")[0] for c in t)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("{digits}", "no class of characters; there are: digit"), ("{digit:3-1}", "smaller number"), ("a{", "expected")],
)
def test_a_bad_pattern_says_what_is_allowed(pattern, said):
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(TextSource).validate_python({"kind": "pattern", "pattern": pattern})


def test_a_path_is_looked_for_beside_the_recipe_then_here(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "a.txt").touch()
    assert find_file("a.txt", tmp_path) == tmp_path / "here" / "a.txt"
    (tmp_path / "a.txt").touch()
    assert find_file("a.txt", tmp_path) == tmp_path / "a.txt"
    with pytest.raises(UserError, match=r"b\.txt: no such file or folder in .* or in"):
        find_file("b.txt", tmp_path)
