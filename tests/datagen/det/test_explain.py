"""A scene made again, with everything that was drawn for it."""

import json

import numpy as np

from ocrdata.datagen.det.explain import explain_scene
from ocrdata.datagen.det.synth import prepare_scenes
from ocrdata.datasets.records import Sample


def test_a_scene_shows_how_it_came_to_be(make_recipe, tmp_path):
    synthesis = prepare_scenes(make_recipe(blur={"probability": 1}, scene={"blocks": [2, 3]}))
    explained = explain_scene(synthesis, 3)
    samples = [item for item in synthesis.items(0, 4) if isinstance(item, Sample)]
    assert explained.sample == samples[3].image and explained.label == samples[3].label
    names = [name for name, _ in explained.stages]
    assert names[0] == "backdrop" and names[-1] == "as the camera sees it"
    blocks = explained.parameters["blocks"]
    assert len(names) == 2 + len(blocks) and blocks[0]["font"].startswith("DejaVu Sans")
    pictures = [picture for _, picture in explained.stages]
    assert not np.array_equal(pictures[0], pictures[-2])
    assert [step["name"] for step in explained.parameters["camera"]] == ["blur"]
    written = {t["text"] for t in explained.parameters["texts"]}
    assert written <= {text for block in blocks for text in block["texts"]}
    paths = explained.write(tmp_path)
    assert (
        json.loads(paths[0].read_text(encoding="utf-8"))["backdrop"]["photo"] is None and len(paths) == len(names) + 2
    )
