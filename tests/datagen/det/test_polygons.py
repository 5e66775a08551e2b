"""Polygons lie where the ink is: measured as the difference between a scene and the same scene without text."""

import cv2
import numpy as np
import pytest

CJK = {
    "texts": [{"kind": "pattern", "pattern": "{han:2-5}"}],
    "fonts": [{"name": "Noto Sans CJK SC", "optional": True}, {"name": "WenQuanYi*", "optional": True}],
}
VARIANTS = {
    "straight": {"scene": {"rotation": [0, 0], "tilt": [0, 0]}},
    "turned": {"scene": {"rotation": [-60, 60], "tilt": [0, 0]}},
    "tilted": {"scene": {"rotation": [-10, 10], "tilt": [20, 45]}},
    "curved": {"scene": {"lines": [1, 1]}, "curve": {"probability": 1, "angle": [60, 120]}},
    "vertical": {"scene": {"vertical": 1}},
    "spaced": {"scene": {"spacing": [0.3, 0.3]}, "ink": {"weight": [0.3, 0.3]}},
}


def ink(scene):
    """(H, W) how much the text changed the picture."""
    return cv2.absdiff(scene.image, scene.bare).max(axis=2).astype(np.int64)


def covered(polygons, shape, grow=0):
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint((p - 0.5) * 16).astype(np.int32) for p in polygons], 1, shift=4)
    return cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)).astype(bool)


@pytest.mark.parametrize("variant", VARIANTS)
def test_ink_lies_inside_of_the_polygons_and_each_character_in_its_own(make_scenes, variant):
    scenes = make_scenes(12, panel={"probability": 0}, **VARIANTS[variant])
    assert sum(len(s.entries) for s in scenes) >= 12
    for scene in scenes:
        change = ink(scene)
        lines = [e.polygon for e in scene.entries]
        assert change[~covered(lines, change.shape)].sum() <= 0.02 * change.sum()
        assert not change[~covered(lines, change.shape, 2)].any()
        for entry in scene.entries:
            assert "".join(entry.letters) == entry.text.replace(" ", "") and len(entry.letters) == len(entry.quads)
            mine = covered([entry.polygon], change.shape)
            assert change[mine].sum() > 0
            outside = change[mine & ~covered(list(entry.quads), change.shape)].sum()
            assert outside <= 0.15 * change[mine].sum()  # edges of strokes, half a pixel wide
            for quad in entry.quads:
                assert change[covered([quad], change.shape)].max() > 20


def test_each_quad_holds_its_own_character(make_scenes):
    """`i` is much narrower than `W`, and a hyphen lies lower than a quote."""
    scenes = make_scenes(6, texts=[{"kind": "pattern", "pattern": "iW-'"}], scene={"rotation": [0, 0], "tilt": [0, 0]})
    for entry in (e for s in scenes for e in s.entries):
        assert entry.letters == list("iW-'")
        sizes = np.ptp(entry.quads, axis=1)
        assert sizes[1, 0] > 3 * sizes[0, 0]
        assert entry.quads[2, 0, 1] > entry.quads[3, 2, 1]


def test_ligatures_are_one_character_and_right_to_left_letters_keep_the_texts_order(make_scenes):
    (scene,) = make_scenes(1, texts=[{"kind": "pattern", "pattern": "سلام"}], scene={"blocks": [1, 1]})
    entry = next(e for e in scene.entries)
    assert "".join(entry.letters) == "سلام" and "لا" in entry.letters
    assert (np.diff(entry.quads.mean(axis=1)[:, 0]) < 0).all()


def test_a_line_runs_clockwise_from_its_first_corner(make_scenes):
    for entry in (e for s in make_scenes(8, scene={"rotation": [-80, 80]}) for e in s.entries):
        x, y = entry.polygon.T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0
        along = entry.polygon[1] - entry.polygon[0]
        letters = entry.quads.mean(axis=1)
        assert ((letters[-1] - letters[0]) @ along > 0) and along[0] > 0


def test_a_columns_first_corner_is_its_upper_left(make_scenes):
    scenes = make_scenes(8, **CJK, scene={"vertical": 1, "rotation": [-5, 5], "tilt": [0, 5]})
    for entry in (e for s in scenes for e in s.entries):
        size = np.ptp(entry.polygon, axis=0)
        assert size[1] > 1.3 * size[0]
        assert entry.polygon[0].sum() == entry.polygon.sum(axis=1).min()
        assert (np.diff(entry.quads.mean(axis=1)[:, 1]) > 0).all()


def test_lines_that_the_edge_cuts_are_not_to_be_learnt_from(make_scenes):
    scenes = make_scenes(20, scene={"cut": 0.6, "blocks": [2, 3], "lines": [1, 1]}, panel={"probability": 0})
    cut = [(s, e) for s in scenes for e in s.entries if e.ignored]
    assert len(cut) >= 3
    for scene, entry in cut:
        size = scene.image.shape[1], scene.image.shape[0]
        assert (entry.polygon >= 0).all() and (entry.polygon <= size).all()
        assert ((entry.quads < 0) | (entry.quads > size)).any() and covered([entry.polygon], size[::-1]).any()
    for scene in scenes:
        change = ink(scene)
        assert not change[~covered([e.polygon for e in scene.entries], change.shape, 2)].any()


def test_small_lines_are_not_to_be_learnt_from(make_scenes):
    scenes = make_scenes(8, scene={"em": [8, 30], "legible": 14, "lines": [1, 1], "blocks": [3, 4]})
    entries = [e for s in scenes for e in s.entries]
    heights = {
        i: [np.linalg.norm(e.polygon[3] - e.polygon[0]) for e in entries if e.ignored == i] for i in (True, False)
    }
    assert heights[True] and max(heights[True]) < 18 and min(heights[False]) > 13


def test_dense_characters_must_be_larger(make_scenes):
    scene = {"em": [12, 12], "rotation": [0, 0], "tilt": [0, 0], "vertical": 0}
    assert not any(e.ignored for s in make_scenes(3, scene=scene) for e in s.entries)
    mixed = {**CJK, "texts": [{"kind": "pattern", "pattern": "{中文字|ABC}"}]}
    entries = [e for s in make_scenes(8, scene={**scene, "dense": 16}, **mixed) for e in s.entries]
    assert {(e.text, e.ignored) for e in entries} == {("中文字", True), ("ABC", False)}


def test_what_the_lens_takes_counts_for_legibility(make_scenes):
    values = {"scene": {"em": [14, 50], "legible": 12, "lines": [1, 1], "blocks": [3, 4]}, "ink": {"contrast": 10}}
    sharp = [e.ignored for s in make_scenes(8, **values) for e in s.entries]
    soft = make_scenes(8, **values, rescale={"probability": 1, "factor": [0.5, 0.5]})
    assert sum(e.ignored for s in soft for e in s.entries) > 2 * sum(sharp)
