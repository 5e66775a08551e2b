"""One sample, replayed: the same bytes, every parameter, every stage."""

import json
from itertools import pairwise

import cv2
import numpy as np

from ocrdata.datagen.explain import explain
from ocrdata.datagen.synth import prepare, synth
from ocrdata.prep.store import Pack

RICH = {
    "shadow": {"probability": 1},
    "outline": {"probability": 1},
    "light": {"probability": 1},
    "blur": {"probability": 1},
    "noise": {"probability": 1},
    "tone": {"brightness": [5, 20], "gamma": [0.8, 0.9]},
    "curve": {"probability": 0.5},
    "max_width": 200,
}


def test_the_explained_sample_is_the_one_in_the_pack(make_recipe, tmp_path):
    recipe = make_recipe(**RICH)
    synth(recipe, 40, tmp_path / "pack", 1)
    pack = Pack(tmp_path / "pack")
    for index in (0, 17, 39):
        explained = explain(prepare(recipe), index)
        assert explained.sample == pack[index].image and explained.label == pack[index].label


def test_stages_in_order_and_a_last_one_that_is_the_picture(make_recipe, tmp_path):
    explained = explain(prepare(make_recipe(**RICH)), 3)
    names = [name for name, _ in explained.stages]
    assert names == ["glyphs", "background", "shadow", "outline", "ink", "light", "blur", "tone and noise", "gamma"]
    paths = explained.write(tmp_path / "out")
    last = cv2.imread(str(tmp_path / "out" / "08-gamma.png"))
    sample = cv2.imread(str(tmp_path / "out" / "sample.jpg"))
    assert np.abs(last.astype(int) - sample).mean() < 12 and all(p.exists() for p in paths)
    assert all((a[1].shape != b[1].shape) or (a[1] != b[1]).any() for a, b in pairwise(explained.stages))


def test_parameters_say_what_was_drawn(make_recipe, tmp_path):
    explained = explain(prepare(make_recipe(**RICH)), 5)
    explained.write(tmp_path)
    told = json.loads((tmp_path / "parameters.json").read_text(encoding="utf-8"))
    assert told["label"] == explained.label and told["pieces"][0]["font"].startswith("DejaVu Sans")
    assert [e["name"] for e in told["effects"]] == ["shadow", "outline", "light", "blur", "noise"]
    assert 5 <= told["tone"]["brightness"] <= 20 and told["inks"][0].startswith("#")
    assert len(told["characters"]) == len(explained.label)


def test_earlier_attempts_are_told(make_recipe):
    recipe = make_recipe(texts=[{"kind": "pattern", "pattern": "{1|123456789}"}], max_width=60)
    synthesis = prepare(recipe)
    told = [explain(synthesis, i).to_json()["refused before"] for i in range(20)]
    assert any(told) and {r["reason"] for refused in told for r in refused} == {"too_wide"}
