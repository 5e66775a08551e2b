"""Each trap of the ICDAR2015 word lists, in one small file."""

import pytest

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError


def read(tmp_path, text, **options):
    (tmp_path / "gt.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    for n in (1, 2, 136):
        (tmp_path / f"word_{n}.png").touch()
    return list(open_labels("icdar2015-words", Labels(tmp_path / "gt.txt", **options)))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('word_1.png, "PAIN"', "PAIN"),
        ('word_136.png, "(412\\")"', '(412")'),
        ('word_2.png, "a, b"', "a, b"),
        ('word_2.png, "a", "b"', 'a", "b'),
        ('word_2.png, ""quoted""', '"quoted"'),
        ('word_2.png, "C:\\\\dir"', "C:\\dir"),
        ('word_2.png, "C:\\dir"', "C:\\dir"),
        ('word_2.png,"no space"', "no space"),
    ],
)
def test_one_pair_of_outer_quotes_goes_and_the_rest_stays(tmp_path, line, text):
    (photo,) = read(tmp_path, line)
    assert photo.regions[0].text == text and photo.regions[0].polygon is None and photo.regions[0].ignore is None


def test_bom_windows_ends_and_dont_care(tmp_path):
    photos = read(tmp_path, 'word_1.png, "PAIN"\r\nword_2.png, "###"\r\nword_136.png, ""\r\n'.encode("utf-8-sig"))
    assert [(p.name, p.regions[0].text, p.regions[0].ignore) for p in photos] == [
        ("word_1.png", "PAIN", None),
        ("word_2.png", "###", "###"),
        ("word_136.png", "", "empty"),
    ]


def test_missing_and_repeated_pictures_are_counted(tmp_path):
    items = read(tmp_path, 'word_1.png, "a"\nword_1.png, "b"\nword_9.png, "c"')
    assert [i.reason for i in items[1:]] == ["duplicate_photo", "missing_photo"]


@pytest.mark.parametrize("line", ["word_1.png, PAIN", "word_1.png\tPAIN", '"PAIN"', 'word_1.png, "PAIN'])
def test_a_malformed_line_names_file_and_line(tmp_path, line):
    with pytest.raises(UserError, match=r'gt.txt line 2: NAME.png, "text" is expected'):
        read(tmp_path, f'word_2.png, "a"\n{line}\n')


def test_an_empty_list_is_an_error(tmp_path):
    with pytest.raises(UserError, match="label file is empty"):
        read(tmp_path, "\ufeff\r\n")
