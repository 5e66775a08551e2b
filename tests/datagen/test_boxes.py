"""Characters and words are where their polygons say, whatever the line's shape."""

import json

import cv2
import numpy as np
import pytest

from ocrdata.datagen.boxes import boxes
from ocrdata.datagen.synth import prepare, synth
from ocrdata.prep.store import Pack
from ocrdata.prep.verify import verify

BLACK_ON_WHITE = {
    "backgrounds": {
        "plain": {"palette": {"colours": ["#ffffff"]}},
        "gradient": {"weight": 0},
        "texture": {"weight": 0},
    },
    "ink": {"palette": {"colours": ["#000000"]}},
    "height": 64,
}
SHAPES = {
    "straight": {"geometry": {"rotation": [-6, 6], "shear": [-10, 10], "perspective": [0, 0.15]}},
    "arc": {"curve": {"probability": 1, "wave": 0, "angle": [-120, 120]}},
    "wave": {"curve": {"probability": 1, "arc": 0}},
    "elastic": {"elastic": {"probability": 1}},
    "mixed": {"mixed": {"probability": 1, "colours": 0}},
    "column": {"layout": {"vertical": 1}},
    "upright column": {"layout": {"vertical": 1, "turned": False}},
}


def filled(shape, polygons, grow=0):
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 255)
    return cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)) if grow else mask


@pytest.mark.parametrize("shape", SHAPES)
def test_the_ink_lies_in_the_polygons_and_every_polygon_has_ink(make_recipe, shape):
    texts = [{"kind": "pattern", "pattern": "{digit:3} {upper:2}"}]
    engine = prepare(make_recipe(**{**BLACK_ON_WHITE, **SHAPES[shape], "texts": texts})).engine
    for line, picture, _ in engine.pictures(np.arange(12)):
        found = boxes(line, engine.planner.table, 64)
        ink = picture[:, :, 0] < 128
        for kind in ("characters", "words"):
            points = [np.array(entry["points"]) for entry in found[kind]]
            assert (filled(ink.shape, points, 1)[ink] == 255).all()
            assert all(ink[filled(ink.shape, [p]) == 255].mean() > 0.1 for p in points)
        assert "".join(entry["text"] for entry in found["characters"]) == line.text.replace(" ", "")
        assert [entry["text"] for entry in found["words"]] == line.text.split()


def test_the_first_point_is_where_the_text_begins(make_recipe):
    for layout, where in (({}, (0, 0)), ({"vertical": 1}, (0, 0)), ({"vertical": 1, "turned": False}, (1, 0))):
        engine = prepare(make_recipe(texts=[{"kind": "pattern", "pattern": "{digit:4}"}], layout=layout)).engine
        for line, picture, _ in engine.pictures(np.arange(4)):
            x, y = boxes(line, engine.planner.table, 32)["characters"][0]["points"][0]
            height, width = picture.shape[:2]
            assert abs(x / width - where[0]) < 0.45 and abs(y / height - where[1]) < 0.45


def test_shared_glyphs_and_marks_share_a_polygon(make_recipe, tmp_path):
    (tmp_path / "t.txt").write_text("سلام\n", encoding="utf-8")
    recipe = make_recipe(
        texts=[{"kind": "file", "path": str(tmp_path / "t.txt")}], fonts=[{"name": "DejaVu Sans Book"}]
    )
    engine = prepare(recipe).engine
    [(line, _, _)] = engine.pictures(np.arange(1))
    characters = boxes(line, engine.planner.table, 32)["characters"]
    assert "".join(c["text"] for c in characters) == "سلام"
    lefts = [c["points"][0][0] for c in characters]
    assert lefts == sorted(lefts, reverse=True)  # the label is in reading order, from right to left


def test_a_pack_carries_them_and_other_readers_do_not_mind(make_recipe, tmp_path):
    plain = synth(make_recipe(), 20, tmp_path / "plain", 1)
    manifest = synth(make_recipe(boxes=True), 20, tmp_path / "boxes", 1)
    assert manifest["digest"] != plain["digest"] and verify(tmp_path / "boxes", 1).ok
    for a, b in zip(Pack(tmp_path / "plain"), Pack(tmp_path / "boxes"), strict=True):
        assert (a.image, a.label, a.polygons) == (b.image, b.label, "")
        found = json.loads(b.polygons)
        assert [c["text"] for c in found["characters"]] == list(b.label)
