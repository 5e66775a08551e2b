"""The real engines, where they are installed: `ocrdata engines install NAME`, or their folder in $OCRDATA_ENGINES."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.datagen.engines.checks import refused
from ocrdata.datagen.engines.install import list_engines
from ocrdata.datagen.engines.options import OPTIONS
from ocrdata.datagen.engines.source import drive, engine_synth
from ocrdata.datagen.engines.worker import Picture, Request, Worker
from ocrdata.datasets.records import Refusal
from ocrdata.errors import UserError
from ocrdata.fonts.discover import FontChoice, find_fonts
from ocrdata.prep.store import Pack
from ocrdata.prep.verify import verify

INSTALLED = {row.name for row in list_engines() if row.installed}
RICH = {
    "text_renderer": {
        "char_spacing": [0, 0.2],
        "perspective": {"x": 10, "y": 10, "z": 1},
        "curve": {"probability": 0.3},
        "line": {"probability": 0.3},
        "tone": {"probability": 0.5},
        "blur": {"probability": 0.3, "kernel": [3, 3]},
        "motion": {"probability": 0.2, "kernel": [3, 3]},
        "noise": {"probability": 0.5},
    },
    "trdg": {"skew": 3, "blur": 1, "distortion": {"sine": 1}, "quasicrystal": 0.1, "stroke_width": 1},
}
CHANGES = {
    "text_renderer": [
        {"font_size": [50, 50]},
        {"char_spacing": [0.5, 0.5]},
        {"alpha": [80, 81]},
        {"perspective": {"x": 30}},
        {"perspective": {"y": 30}},
        {"perspective": {"z": 10}},
        {"padding": {"width": [0.5, 0.5]}},
        {"padding": {"height": [0.6, 0.6]}},
        {"curve": {"probability": 1}},
        {"curve": {"probability": 1, "period": 60}},
        {"curve": {"probability": 1, "amplitude": [8, 8]}},
        {"line": {"probability": 1}},
        {"line": {"probability": 1, "thickness": [4, 4]}},
        {"tone": {"probability": 1, "brightness": 0.5, "contrast": 0}},
        {"tone": {"probability": 1, "brightness": 0, "contrast": 0.5}},
        {"blur": {"probability": 1}},
        {"blur": {"probability": 1, "kernel": [9, 9]}},
        {"motion": {"probability": 1}},
        {"noise": {"probability": 1}},
        {"noise": {"probability": 1, "sigma": [30, 30]}},
    ],
    "trdg": [
        {"colours": ["#a00000", "#a00000"]},
        {"stroke_width": 2},
        {"stroke_width": 2, "stroke_colours": ["#ff0000", "#ff0000"]},
        {"skew": 20},
        {"blur": 4},
        {"distortion": {"none": 0, "sine": 1}},
        {"distortion": {"none": 0, "cosine": 1}},
        {"distortion": {"none": 0, "random": 1}},
        {"distortion": {"none": 0, "sine": 1}, "distortion_axis": "horizontal"},
        {"distortion": {"none": 0, "sine": 1}, "distortion_axis": "both"},
        {"space_width": 3},
        {"character_spacing": 9},
        {"character_spacing": [4, 9]},
        {"margins": [6, 3, 3, 3]},
        {"margins": [3, 9, 3, 3]},
        {"margins": [3, [6, 9], 3, 3]},
    ],
}


@pytest.fixture(params=["text_renderer", "trdg"])
def engine(request):
    if request.param not in INSTALLED:
        pytest.skip(f"{request.param} is not installed: ocrdata engines install {request.param}")
    return request.param


def only(name):
    """For a test of a fault that one engine has."""
    return pytest.mark.parametrize("engine", [name], indirect=True)


@pytest.fixture
def opened(engine, digits, tmp_path):
    """Makes sources that draw `words`, and ends their programs."""
    made = []

    def make(*words, options=None, **changes):
        path = tmp_path / "words.txt"
        path.write_text("\n".join(words or ("Agy jump", "quick fox", "2026-11-22")), encoding="utf-8")
        recipe = digits(texts=[{"kind": "file", "path": str(path)}], **changes)
        made.append(drive(recipe, engine, None, OPTIONS[engine].model_validate(options or {})))
        return made[-1]

    yield make
    for source in made:
        source.close()


def font(name):
    ref = find_fonts([FontChoice(name=name)], Path.cwd()).faces[0]
    return str(ref.path), ref.number


def asked(text, background="white", face=None):
    path, number = face or font("DejaVu Sans")
    return Request(text, path, number, 5, background, False)


def picture(source, *what, **more):
    return source.worker.render([asked(*what, **more)])[0]


def widths(ink):
    """Where columns with ink begin and end."""
    inked = np.flatnonzero(np.diff(np.concatenate([[0], (ink.max(axis=0) > 60).astype(np.int8), [0]])))
    return inked.reshape(-1, 2)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    ramp = np.tile(np.linspace(150, 220, 400).astype(np.uint8)[None, :, None], (200, 1, 3))
    cv2.imwrite(str(folder / "one.png"), ramp)
    cv2.imwrite(str(folder / "two.jpg"), 255 - ramp // 4)
    return {"photos": {"folder": str(folder)}}


def test_any_batch_and_any_number_of_workers_give_the_same_bytes(engine, opened, photos, tmp_path):
    source = opened(options=RICH[engine], backgrounds=photos)
    one = engine_synth(source, 60, tmp_path / "one", 1, shard_size=20)
    two = engine_synth(source, 60, tmp_path / "two", 2, shard_size=20)
    assert one["digest"] == two["digest"] and one["refusals"] == two["refusals"]
    assert verify(tmp_path / "two", 1).ok and len(Pack(tmp_path / "two")) == 60
    whole = list(opened(options=RICH[engine], backgrounds=photos).items(0, 40))
    start = next(i for i, item in enumerate(whole) if item.origin.split(",")[0].split()[-1] == "30")
    assert whole[start:] == list(opened(options=RICH[engine], backgrounds=photos).items(30, 40))


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_program_changes_no_byte(engine, opened):
    source = opened(options=RICH[engine])
    before = list(source.items(0, 20))
    os.kill(source.worker._process.popen.pid, signal.SIGKILL)
    assert list(source.items(0, 20)) == before and source.worker.restarts == 1


def test_every_option_has_an_effect(engine, opened):
    plain = opened()
    seen = {picture(plain, "ab cd").image.tobytes()}
    for change in CHANGES[engine]:
        options = OPTIONS[engine].model_validate(change).model_dump(mode="json")
        worker = Worker(plain.command, {**plain.worker.setup, "options": options})
        drawn = worker.render([asked("ab cd")])[0].image.tobytes()
        worker.close()
        assert drawn not in seen, change
        seen.add(drawn)


def test_spaces_keep_their_width(engine, opened):
    spread = {"char_spacing": [0, 0]} if engine == "text_renderer" else {}
    for options in ({}, spread):
        source = opened(options=options)
        with_space, without = picture(source, "II II").ink, picture(source, "IIII").ink
        (a, b, c, _) = widths(with_space)[:4]
        assert c[0] - b[1] > 1.5 * (b[0] - a[1]), "the gap of a space is wider than that of two letters"
        assert with_space.shape[1] > without.shape[1]


@only("text_renderer")
def test_nothing_is_cut_off_between_spread_letters(opened, engine):
    drawn = picture(opened(options={"char_spacing": [0, 0.1]}), "Agy jump")
    assert drawn.kept > 0.98


@only("text_renderer")
def test_noise_is_as_strong_as_asked(opened, engine):
    for sigma in (4, 25):
        drawn = picture(opened(options={"noise": {"probability": 1, "sigma": [sigma, sigma]}}), "ab")
        paper = drawn.image[cv2.dilate(drawn.ink, np.ones((9, 9))) == 0].astype(float)
        below = 255 - paper  # white paper shows the lower half of the noise: E|x|/2
        assert 0.6 * sigma < below.mean() / 0.4 < 1.4 * sigma


@only("text_renderer")
def test_text_on_photos_is_not_faded(opened, engine, photos):
    effects = {"blur": {"probability": 1, "kernel": [3, 3]}, "alpha": [254, 255]}
    plain = picture(opened(options={"alpha": [254, 255]}, backgrounds=photos), "HHH", 0)
    blurred = picture(opened(options=effects, backgrounds=photos), "HHH", 0)
    core = cv2.erode(plain.ink, np.ones((3, 3))) > 250
    assert abs(plain.image[core].mean() - blurred.image[core].mean()) < 12


def test_a_lone_dash_is_not_blown_up(opened, engine):
    ink = picture(opened(), "—").ink
    assert (ink > 128).any(axis=1).sum() <= 10


@only("trdg")
def test_white_on_white_is_refused(opened, engine):
    with pytest.raises(UserError, match=r"all 50 attempts were refused \(low_contrast 50 times\)"):
        opened(options={"colours": ["#ffffff", "#ffffff"], "photos": 0, "noise": 0, "white": 1})


@only("trdg")
def test_trdg_would_have_saved_white_on_white(opened, engine):
    source = opened(options={"white": 1})
    source.options = OPTIONS["trdg"](colours=("#ffffff", "#ffffff"))
    source.close()
    source._worker = None
    drawn = picture(source, "abc")
    assert isinstance(drawn, Picture) and refused("abc", drawn, source.options)[0] == "low_contrast"


def test_the_face_of_a_collection_is_the_one_that_was_chosen(opened, engine):
    path, number = font("Noto Sans CJK SC")
    source = opened()
    japanese, chinese = (picture(source, "骨直", face=(path, n)).image for n in (0, number))
    assert number and japanese.tobytes() != chinese.tobytes()


def test_arabic_is_joined_or_refused(opened, engine):
    source = opened("سلام", "abc")
    items = list(source.items(0, 12))
    found = Counter(i.reason for i in items if isinstance(i, Refusal))
    if source.asker.shapes:
        assert "سلام" in {i.label for i in items if not isinstance(i, Refusal)}
    else:
        assert found["needs_shaping"] and {i.label for i in items if not isinstance(i, Refusal)} == {"abc"}


def test_versions_are_those_of_the_environment(opened, engine):
    source = opened()
    said = subprocess.run(
        [source.command[0], "-c", "import numpy, json; print(json.dumps(numpy.__version__))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert source.versions["numpy"] == json.loads(said.stdout) and len(source.versions[f"{engine} sha256"]) == 64
