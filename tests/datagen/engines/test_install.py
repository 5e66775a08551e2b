"""Environments are made from a tiny wheel of the tests' own, by the real venv and pip, without a network."""

import sys
import zipfile
from pathlib import Path

import pytest

from ocrdata.datagen.engines import catalogue, options
from ocrdata.datagen.engines.catalogue import WORKERS, Known
from ocrdata.datagen.engines.install import HOME, engines_folder, install, interpreter, list_engines
from ocrdata.errors import Trouble, UserError

# Draws by the standard library alone: a black bar.
PROGRAM = """
import sys
sys.path.insert(0, {workers!r})
from frames import read_frame, write_frame
import tiny_engine
source, sink = sys.stdin.buffer, sys.stdout.buffer
read_frame(source)
write_frame(sink, {{"engine": "tiny_engine", "versions": {{"tiny": tiny_engine.VERSION}}, "shapes": False}})
while (frame := read_frame(source)) is not None:
    if tiny_engine.BROKEN:
        answer = {{"refused": "engine_error", "detail": "broken on purpose"}}, b""
    else:
        answer = {{"height": 4, "width": 4, "kept": 1.0}}, bytes(64)
    write_frame(sink, {{"lines": [answer[0]]}}, answer[1])
"""


def wheel(folder, version="1.0", broken=False, name="tiny_engine"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", f"VERSION = {version!r}\nBROKEN = {broken}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return str(path)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    script = tmp_path / "run_tiny.py"
    script.write_text(PROGRAM.format(workers=str(WORKERS)), encoding="utf-8")
    needs = (wheel(tmp_path / "needs", name="tiny_needs"),)
    known = Known("tiny_engine", "https://example.org/tiny", "0" * 40, "MIT", str(script), ((3, 10), (3, 99)), needs)
    monkeypatch.setitem(catalogue.ENGINES, "tiny_engine", known)
    monkeypatch.setitem(options.OPTIONS, "tiny_engine", options.TrdgOptions)
    monkeypatch.setenv(HOME, str(tmp_path / "engines"))
    return tmp_path


def row():
    return next(r for r in list_engines() if r.name == "tiny_engine")


def test_an_environment_is_whole_or_not_there_and_a_failure_keeps_the_old_one(tiny):
    assert not row().installed
    with pytest.raises(Trouble, match=r"was installed but draws nothing: engine_error, broken on purpose"):
        install("tiny_engine", wheel(tiny / "broken", "1.5", broken=True))
    assert not row().installed and list(engines_folder().iterdir()) == []

    steps = []
    python = install("tiny_engine", wheel(tiny / "good", "2.0"), steps.append)
    assert python == interpreter("tiny_engine") and python.exists() and steps[-1] == "drawing a line"
    assert row().installed and row().version == "2.0" and row().source.endswith("tiny_engine-2.0-py3-none-any.whl")

    nowhere = f"git+file://{tiny.as_posix()}/nowhere.git"
    with pytest.raises(Trouble, match=r"pip cannot install tiny_engine from git\+file:.*fatal: "):
        install("tiny_engine", nowhere)
    assert row().version == "2.0" and [p.name for p in engines_folder().iterdir()] == ["tiny_engine"]


def test_a_half_made_environment_does_not_count(tiny):
    (engines_folder() / "tiny_engine" / "bin").mkdir(parents=True)
    assert not row().installed
    with pytest.raises(UserError, match=r"'tiny_engine' is not installed in .*ocrdata engines install tiny_engine"):
        interpreter("tiny_engine")


def test_unknown_engine(tiny):
    with pytest.raises(UserError, match=r"there is no engine 'synth'; there are: text_renderer, trdg"):
        install("synth")


def test_a_source_that_is_nowhere(tiny):
    with pytest.raises(UserError, match="no such folder or archive"):
        install("tiny_engine", str(tiny / "nowhere"))


def test_no_git(tiny, monkeypatch):
    monkeypatch.setenv("PATH", str(tiny))
    with pytest.raises(UserError, match="git is not installed"):
        install("tiny_engine")


def test_a_python_that_is_too_new_or_none(tiny, monkeypatch):
    old = Known("tiny_engine", "", "", "", "run.py", ((2, 6), (2, 7)), ())
    monkeypatch.setitem(catalogue.ENGINES, "tiny_engine", old)
    with pytest.raises(UserError, match=rf"run on Python 2.6 to 2.7; .* is 3.{sys.version_info[1]}: name another"):
        install("tiny_engine", str(tiny))
    with pytest.raises(UserError, match="is not a Python that can be run"):
        install("tiny_engine", str(tiny), python=Path("/nowhere/python"))


def test_the_data_folder_of_the_user(monkeypatch):
    monkeypatch.delenv(HOME, raising=False)
    assert engines_folder().parts[-2:] == ("ocrdata", "engines") and engines_folder().is_absolute()
