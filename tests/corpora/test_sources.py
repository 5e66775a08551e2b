"""Text sources: lines of files, windows over them, random characters; what is wrong is named to the byte."""

from collections import Counter

import pytest
from pydantic import TypeAdapter, ValidationError

from ocrdata.corpora.charset import Charset
from ocrdata.corpora.sources import TextInput, find_file
from ocrdata.errors import UserError


def test_lines_of_a_file_keep_inner_spaces_and_lose_outer_ones(tmp_path, draw):
    (tmp_path / "c.txt").write_bytes("\ufeff一 行\r\n\r\n\n  two  words \n\rcr\nlast".encode())
    drawn, source = draw(kind="file", path="c.txt")
    assert set(drawn) == {"一 行", "two  words", "cr", "last"} and len(source) == 4
    assert list(source) == ["一 行", "two  words", "cr", "last"]


def test_a_long_file_is_indexed_whole(tmp_path, draw):
    """Line ends and characters lie across the pieces in which a file is read."""
    lines = [f"{'中' * (i % 37)}{i}" for i in range(120_000)]
    (tmp_path / "c.txt").write_text("\n".join(lines), encoding="utf-8")
    assert (tmp_path / "c.txt").stat().st_size > 6 << 20
    assert list(draw(kind="file", path="c.txt")[1]) == lines


def test_windows_of_long_lines(tmp_path, draw):
    (tmp_path / "c.txt").write_text("abcdefghij\nxy\n", encoding="utf-8")
    drawn, _ = draw(kind="file", path="c.txt", length=[3, 4])
    assert {len(t) for t in drawn if t != "xy"} == {3, 4}
    assert all(t in "abcdefghij" for t in drawn if t != "xy") and {"abc", "hij", "xy"} <= set(drawn)


def test_a_line_as_long_as_a_book_is_used_up_to_its_end(tmp_path, draw):
    """Without decoding all of it for every window."""
    (tmp_path / "c.txt").write_text("".join(chr(0x4E00 + i % 20000) for i in range(40_000)), encoding="utf-8")
    drawn, source = draw(kind="file", path="c.txt", length=[5, 5])
    places = [ord(t[0]) - 0x4E00 for t in drawn]
    assert {len(t) for t in drawn} == {5} and len(next(iter(source))) == 40_000
    assert min(places) < 1000 and max(places) > 19_000 and len(set(drawn)) > 290


def test_character_windows_run_over_line_ends(tmp_path, draw):
    (tmp_path / "c.txt").write_text("甲乙丙\n丁戊\n\n己庚辛壬\n" * 50, encoding="utf-8")
    drawn, _ = draw(kind="file", path="c.txt", unit="char", length=[6, 7])
    assert {len(t) for t in drawn} == {6, 7}
    assert all(t in "甲乙丙丁戊己庚辛壬" * 3 for t in drawn) and len(set(drawn)) == 18
    (tmp_path / "c.txt").write_text("two words\r\nand some\tmore\n" * 50, encoding="utf-8")
    drawn, _ = draw(kind="file", path="c.txt", unit="char", length=[9, 9])
    assert {"two words", "words and", "some more"} <= set(drawn)


def test_word_windows_hold_whole_words(tmp_path, draw):
    text = "Über den Wolken\nmuss die Freiheit  wohl\ngrenzenlos sein, sagte man uns. " * 40
    (tmp_path / "c.txt").write_text(text, encoding="utf-8")
    drawn, _ = draw(kind="file", path="c.txt", unit="word", length=[2, 4])
    assert Counter(len(t.split(" ")) for t in drawn).keys() == {2, 3, 4}
    assert all(f" {t} " in f" {' '.join(text.split())} " for t in drawn)
    assert len(set(drawn)) == 3 * 12


def test_a_file_shorter_than_a_window_is_the_window(tmp_path, draw):
    (tmp_path / "c.txt").write_text("only three words", encoding="utf-8")
    assert set(draw(kind="file", path="c.txt", unit="word", length=[5, 9])[0]) == {"only three words"}
    assert set(draw(kind="file", path="c.txt", unit="char", length=[50, 90])[0]) == {"only three words"}


def test_windows_over_running_text_need_a_length():
    with pytest.raises(ValidationError, match=r"unit 'word' needs 'length': \[fewest, most\] words"):
        TypeAdapter(TextInput).validate_python({"kind": "file", "path": "c.txt", "unit": "word"})
    with pytest.raises(ValidationError, match=r"two whole numbers \[shortest, longest\]"):
        TypeAdapter(TextInput).validate_python({"kind": "file", "path": "c.txt", "length": [4, 3]})


@pytest.mark.parametrize("unit", ["line", "char", "word"])
def test_another_encoding_is_named_by_file_line_and_byte(tmp_path, draw, unit):
    (tmp_path / "gbk.txt").write_bytes(b"good\n" + b"ab" + "中".encode("gb18030") + b"\n")
    with pytest.raises(UserError, match=r"gbk\.txt line 2: byte 3 of the line \(0xd6, byte 7 of the file\) is not"):
        draw(kind="file", path="gbk.txt", unit=unit, length=[1, 2])
    (tmp_path / "16.txt").write_bytes("中文".encode("utf-16"))
    with pytest.raises(UserError, match=r"looks like UTF-16; convert the file to UTF-8 first"):
        draw(kind="file", path="16.txt", unit=unit, length=[1, 2])


@pytest.mark.parametrize(("line", "form"), [("a/b.jpg\t文字", "labels"), ('a.jpg\t[{"points": []}]', "detection")])
def test_a_label_file_is_not_taken_for_lines(tmp_path, draw, line, form):
    (tmp_path / "gt.txt").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"gt\.txt: its first line is of a file of {form}: use 'kind: labels'"):
        draw(kind="file", path="gt.txt")


@pytest.mark.parametrize("unit", ["line", "char", "word"])
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\r\n\r\n", "\ufeff".encode()])
def test_a_file_without_text_is_refused(tmp_path, draw, data, unit):
    (tmp_path / "empty.txt").write_bytes(data)
    with pytest.raises(UserError, match=r"empty\.txt: the corpus (is empty|holds no text)"):
        draw(kind="file", path="empty.txt", unit=unit, length=[1, 2])


def test_random_characters_of_a_string_a_dictionary_or_the_charset(tmp_path, draw):
    drawn, source = draw(kind="random", characters="ab中", length=[2, 5])
    assert set("".join(drawn)) == source.alphabet() == set("ab中")
    assert {len(t) for t in drawn} == {2, 3, 4, 5}
    (tmp_path / "dict.txt").write_text("x\ny\n", encoding="utf-8")
    assert set("".join(draw(kind="random", characters="dict.txt")[0])) == {"x", "y"}
    assert set("".join(draw(kind="random", charset=Charset("pq"))[0])) == {"p", "q"}
    with pytest.raises(UserError, match="needs 'characters'"):
        draw(kind="random")


def test_random_characters_as_often_as_asked(draw):
    drawn, source = draw(3000, kind="random", characters="abcd", frequency={"a": 6, "d": 0}, length=[3, 3])
    counts = Counter("".join(drawn))
    assert source.alphabet() == set("abc") == counts.keys()
    assert counts["a"] / counts["b"] == pytest.approx(6, rel=0.15)
    with pytest.raises(UserError, match="frequency: 'x' is not one of the 4 characters"):
        draw(kind="random", characters="abcd", frequency={"x": 1})
    with pytest.raises(UserError, match="leaves nothing"):
        draw(kind="random", characters="a", frequency={"a": 0})


def test_a_path_is_looked_for_beside_the_recipe_then_here(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "a.txt").touch()
    assert find_file("a.txt", tmp_path) == tmp_path / "here" / "a.txt"
    (tmp_path / "a.txt").touch()
    assert find_file("a.txt", tmp_path) == tmp_path / "a.txt"
    with pytest.raises(UserError, match=r"b\.txt: no such file or folder in .* or in"):
        find_file("b.txt", tmp_path)
