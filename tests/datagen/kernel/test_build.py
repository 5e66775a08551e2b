"""Nobody needs the kernel: without a compiler lines are drawn as ever, and what is broken is built anew."""

import numpy as np
import pytest

from ocrdata.datagen.kernel import build
from ocrdata.datagen.synth import prepare


def test_without_a_compiler_lines_are_drawn_all_the_same(monkeypatch, make_recipe, tmp_path):
    pictures = [image for _, image, _ in prepare(make_recipe()).engine.pictures(np.arange(50))]
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    build.load.cache_clear()
    engine = prepare(make_recipe()).engine
    build.load.cache_clear()
    assert engine.painter.kernel is None
    assert all(np.array_equal(a, b[1]) for a, b in zip(pictures, engine.pictures(np.arange(50)), strict=True))


def test_the_environment_turns_it_off(monkeypatch):
    monkeypatch.setenv(build.OFF, "off")
    build.load.cache_clear()
    assert build.load() is None
    build.load.cache_clear()


@pytest.mark.skipif(build.compiler() is None, reason="no C compiler")
def test_a_broken_file_is_built_anew(tmp_path):
    assert build.load_level("baseline", tmp_path) is not None
    (built,) = tmp_path.glob("*.so")
    whole = built.read_bytes()
    broken = tmp_path / "again"
    broken.mkdir()
    (broken / built.name).write_bytes(whole[: len(whole) // 2])
    assert build.load_level("baseline", broken) is not None
    assert len((broken / built.name).read_bytes()) == len(whole)


@pytest.mark.skipif(build.compiler() is None, reason="no C compiler")
def test_a_compiler_that_fails_is_as_none(monkeypatch, tmp_path):
    failing = tmp_path / "cc"
    failing.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    monkeypatch.setenv("CC", str(failing))
    assert build.load_level("baseline", tmp_path / "cache") is None
    assert not list((tmp_path / "cache").iterdir())
