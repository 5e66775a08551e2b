"""A dictionary file is read strictly: the order is the class id, so nothing may be guessed."""

from pathlib import Path

import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.errors import UserError


def read(tmp_path, data):
    (tmp_path / "d.txt").write_bytes(data)
    return Charset.read(tmp_path / "d.txt")


@pytest.mark.parametrize(
    ("data", "characters"),
    [
        (b"a\nb\n", "ab"),
        (b"a\nb", "ab"),
        ("\ufeffa\r\nb\r\n".encode(), "ab"),
        ("中\n \n\u3000\n".encode(), "中 \u3000"),
        ("\u2028\n\x85\n".encode(), "\u2028\x85"),
    ],
)
def test_one_character_a_line(tmp_path, data, characters):
    assert "".join(read(tmp_path, data).characters) == characters


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\nb\na\n", r"d\.txt line 3: 'a' stands already on line 1"),
        (b"a\n\nb\n", r"line 2 is empty"),
        (b"a\nbc\n", r"line 2 holds 2 characters \('bc'\)"),
        (b"a\n\xff\n", r"not UTF-8 at byte 2"),
        (b"", r"the dictionary is empty"),
    ],
)
def test_what_is_no_dictionary_is_named_with_its_line(tmp_path, data, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, data)


def test_what_is_written_is_read_back(tmp_path):
    Charset("b a中").write(tmp_path / "d.txt")
    assert Charset.read(tmp_path / "d.txt") == Charset("b a中")
    assert Charset("ab").unknown("abcac") == "c"


def test_a_missing_dictionary_is_told_with_the_place_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        Charset.read(Path("keys.txt"))
    assert str(caught.value) == f"keys.txt: no such dictionary file in {tmp_path}"
    with pytest.raises(UserError) as caught:
        Charset.read(tmp_path / "keys.txt")
    assert str(caught.value) == f"{tmp_path / 'keys.txt'}: no such dictionary file"
