"""The recipes that come with the program work as they are."""

from pathlib import Path

import numpy as np
import pytest

from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare
from ocrdata.fonts.discover import installed

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CHINESE = {"Noto Sans CJK SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei"}


@pytest.mark.skipif(not CHINESE & {f.family for f in installed().faces}, reason="no Chinese font is installed")
def test_chinese_lines():
    recipe = load_recipe(str(CONFIGS / "synth" / "chinese_lines.yml"))
    lines = [(line.text, picture) for line, picture, _ in prepare(recipe).engine.pictures(np.arange(64))]
    assert len({text for text, _ in lines}) > 60
    assert any("\u4e00" <= c <= "\u9fff" for text, _ in lines for c in text)
    assert {picture.shape[0] for _, picture in lines} == {32}


def test_digits():
    recipe = load_recipe("preset:digits")
    lines = [line.text for line, _, _ in prepare(recipe).engine.pictures(np.arange(64))]
    assert all(set(text) <= set("0123456789") for text in lines)
