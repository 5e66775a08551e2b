"""Options of engines: wrong ones are named with file, line and key."""

import pytest

from ocrdata.datagen.engines.options import engine_options
from ocrdata.errors import UserError


def written(tmp_path, text):
    path = tmp_path / "options.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_section_of_a_shared_file(tmp_path):
    path = written(tmp_path, "trdg: {skew: 3}\ntext_renderer: {font_size: [20, 24]}\n")
    assert engine_options("trdg", path).skew == 3
    assert engine_options("text_renderer", path).font_size == (20, 24)
    assert engine_options("trdg").skew == 0


@pytest.mark.parametrize(
    ("engine", "text", "complaint"),
    [
        ("trdg", "trdg:\n  skw: 3\n", r"line 2: skw: unknown key \(did you mean 'skew'"),
        ("trdg", "skew: 90\n", r"line 1: skew: .*less than or equal to 30"),
        ("trdg", "{noise: 0, white: 0, photos: 0}\n", "the weights of all backgrounds are 0"),
        ("trdg", "colours: ['#fff', '#000000']\n", "'#f2d22e' is expected"),
        ("trdg", "distortion: {none: 0}\n", "above 0"),
        ("text_renderer", "blur: {kernel: [4, 6]}\n", "odd numbers"),
        ("text_renderer", "font_size: [40, 20]\n", "low <= high"),
    ],
)
def test_mistakes(tmp_path, engine, text, complaint):
    with pytest.raises(UserError, match=complaint):
        engine_options(engine, written(tmp_path, text))
