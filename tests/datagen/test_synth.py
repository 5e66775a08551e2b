"""Synthesis end to end: exactly N samples, the same bytes by any road, every refusal named."""

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from ocrdata.datagen.rng import Draws
from ocrdata.datagen.synth import prepare, synth
from ocrdata.errors import UserError
from ocrdata.prep.store import Pack

RICH = {
    "geometry": {"rotation": [-4, 4], "shear": [-8, 8], "perspective": [0, 0.1]},
    "outline": {"probability": 0.3},
    "shadow": {"probability": 0.3},
    "light": {"probability": 0.5, "cylinder": [0, 0.4]},
    "blur": {"probability": 0.5},
    "motion": {"probability": 0.2},
    "rescale": {"probability": 0.2},
    "noise": {"probability": 0.5},
    "tone": {"brightness": [-20, 20], "contrast": [0.8, 1.2], "gamma": [0.8, 1.2]},
    "ink": {"weight": [-0.5, 0.5]},
}


def images(recipe, index):
    return [image for _, image, _ in prepare(recipe).engine.pictures(np.array(index))]


def test_a_pack_of_exactly_so_many_readable_samples(make_recipe, tmp_path):
    manifest = synth(make_recipe(charset="0123456789", **RICH), 300, tmp_path / "pack", 1)
    pack = Pack(tmp_path / "pack")
    assert manifest["count"] == len(pack) == 300
    for sample in pack:
        assert sample.label.isdigit() and 1 <= len(sample.label) <= 6
        image = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape[0] == 32 and image.shape[1] >= 8
    assert {row["kind"] for row in manifest["ledger"]} == {"font"} and manifest["ledger"][0]["licence"]


def test_one_and_four_workers_give_the_same_bytes(make_recipe, tmp_path):
    recipe = make_recipe(**RICH)
    one = synth(recipe, 400, tmp_path / "one", 1, shard_size=100)
    four = synth(recipe, 400, tmp_path / "four", 4, shard_size=100)
    assert one["digest"] == four["digest"] and one["refusals"] == four["refusals"]


KILLED = """
import sys
from pathlib import Path
from ocrdata.datagen.recipe import Recipe
from ocrdata.datagen.rng import Draws
from ocrdata.datagen.synth import synth
if __name__ == "__main__":
    recipe = Recipe.model_validate_json(sys.argv[2])
    synth(recipe, 6000, Path(sys.argv[1]), 1, shard_size=500)
"""


def test_kill_in_the_middle_and_resume_gives_the_same_bytes(make_recipe, tmp_path):
    recipe = make_recipe(**RICH)
    whole = synth(recipe, 6000, tmp_path / "whole", 1, shard_size=500)
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(out), recipe.model_dump_json()])
    while not (out / "shard-00001.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()
    assert not (out / "manifest.json").exists()
    assert synth(recipe, 6000, out, 1, shard_size=500)["digest"] == whole["digest"]


def test_another_batch_boundary_gives_the_same_pixels(make_recipe):
    recipe = make_recipe(**RICH)
    together = images(recipe, range(300))
    apart = images(recipe, [299]) + images(recipe, range(250, 270))
    for a, b in zip([together[299], *together[250:270]], apart, strict=True):
        assert np.array_equal(a, b)


def test_lines_placed_by_tables_look_like_shaped_ones(make_recipe):
    texts = [
        {"kind": "pattern", "pattern": "{one:{digit:1-8}|{han:1-5}{digit:0-3}|{upper:2} {lower:1-4}|北京 {digit:2}}"}
    ]
    fonts = [
        {"name": "DejaVu Sans"},
        {"name": "Noto Sans CJK SC", "optional": True},
        {"name": "WenQuanYi*", "optional": True},
    ]
    mixed = {"probability": 0.2, "size": [0.6, 0.9]}
    layout = {"spacing": [0, 0.2], "vertical": 0.2}
    engine = prepare(make_recipe(texts=texts, fonts=fonts, mixed=mixed, layout=layout, **RICH)).engine
    by_tables = [image for _, image, _ in engine.pictures(np.arange(300))]
    written, _ = engine.planner.writer.write(Draws(7, np.arange(300)), np.arange(300), plain=engine.planner.plain)
    assert 50 < sum(pieces is None for pieces in written.pieces) < len(written.pieces) - 50
    engine.planner.plain = None
    shaped = [image for _, image, _ in engine.pictures(np.arange(300))]
    assert all(np.array_equal(a, b) for a, b in zip(by_tables, shaped, strict=True))


def test_a_seed_changes_everything(make_recipe):
    assert not np.array_equal(images(make_recipe(), [0])[0], images(make_recipe(seed=8), [0])[0])


def test_zero_samples_are_refused(make_recipe, tmp_path):
    with pytest.raises(UserError, match="1 or more"):
        synth(make_recipe(), 0, tmp_path / "out", 1)
