"""A small engine of the tests' own: a real program that draws with OpenCV, and misbehaves on demand."""

import sys

import pytest

from ocrdata.datagen.engines import catalogue, options
from ocrdata.datagen.engines.catalogue import WORKERS, Known
from ocrdata.datagen.recipe import Recipe

# Texts are orders: "die", "hang" and so on misbehave until the file beside the program holds enough marks.
PROGRAM = """
import os, random, sys, time
from pathlib import Path
sys.path.insert(0, {workers!r})
import cv2
import numpy as np
from serve import Drawn, Refused, serve
MARKS = Path(__file__).with_suffix(".marks")

def first_time(times):
    count = len(MARKS.read_text()) if MARKS.exists() else 0
    MARKS.write_text("x" * (count + 1))
    return count < times

class Small:
    shapes = False
    def __init__(self, setup):
        self.height, self.options = setup["height"], setup["options"]
    def draw(self, line):
        text = line["text"]
        order, _, times = text.partition(" ")
        if order == "die" and first_time(int(times)):
            print("a crash in compiled code", file=sys.stderr, flush=True)
            os._exit(3)
        if order == "hang" and first_time(int(times)):
            time.sleep(600)
        if order == "print":
            print("chatter of a library")
            os.write(1, b"chatter of compiled code")
        if order == "garbage" and first_time(int(times)):
            os.write(garbage, b"HTTP/1.1 200 OK and so on, nothing like a frame")
        if order == "raise":
            raise ValueError("cannot")
        if order == "refuse":
            raise Refused("blank_picture", "by the engine")
        ink = np.zeros((self.height, 24 * len(text) + 8), np.uint8)
        if order != "blank":
            cv2.putText(ink, text, (4, self.height - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
        paper = random.randint(180, 255)
        level = paper if order == "white" else np.random.randint(0, 60)
        image = np.where(ink[:, :, None] > 127, level, paper).astype(np.uint8).repeat(3, 2)
        return Drawn(image, ink, 0.5 if order == "cut" else 1.0)

if __name__ == "__main__":
    garbage = os.dup(1)
    if len(sys.argv) > 1 and sys.argv[1] == "missing":
        def make(setup):
            import a_module_that_nobody_has
    else:
        def make(setup):
            return Small(setup), {{"small": "1"}}
    serve("small", make)
"""


@pytest.fixture
def program(tmp_path):
    """The command of a fresh small engine."""
    path = tmp_path / "small.py"
    path.write_text(PROGRAM.format(workers=str(WORKERS)), encoding="utf-8")
    return [sys.executable, str(path)]


@pytest.fixture
def small(program, monkeypatch):
    """The small engine under the name `small`, as an engine that can be driven."""
    known = Known("small", "https://example.org/small", "0" * 40, "MIT", program[1], ((3, 10), (3, 13)), ())
    monkeypatch.setitem(catalogue.ENGINES, "small", known)
    monkeypatch.setitem(options.OPTIONS, "small", options.TextRendererOptions)
    return "small"


@pytest.fixture
def digits():
    """A recipe of digits; `changes` replace its top-level keys."""

    def make(**changes):
        values = {
            "seed": 7,
            "texts": [{"kind": "pattern", "pattern": "{digit:2-6}"}],
            "fonts": [{"name": "DejaVu Sans"}],
        }
        return Recipe.model_validate({**values, **changes})

    return make
