"""Scenes end to end: exactly N, the same bytes by any road, refusals counted, labels that readers understand."""

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from ocrdata.datagen.det.preview import preview
from ocrdata.datagen.det.recipe import load_det_recipe
from ocrdata.datagen.det.synth import prepare_scenes, synth_scenes
from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.datasets.images import decode, read_image
from ocrdata.datasets.records import Refusal
from ocrdata.errors import UserError
from ocrdata.fonts.discover import installed
from ocrdata.prep.crop import crop_photos
from ocrdata.prep.refused import made_scenes, write_refused
from ocrdata.prep.store import EXAMPLES_PER_REASON

RICH = {
    "scene": {"vertical": 0.3, "cut": 0.2, "em": [8, 40]},
    "curve": {"probability": 0.3},
    "erosion": {"probability": 0.3},
    "emboss": {"probability": 0.2},
    "glare": {"probability": 0.2},
    "outline": {"probability": 0.3},
    "shadow": {"probability": 0.3},
    "blur": {"probability": 0.5},
    "motion": {"probability": 0.2},
    "rescale": {"probability": 0.2},
    "noise": {"probability": 0.5},
    "tone": {"brightness": [-20, 20], "contrast": [0.8, 1.2], "gamma": [0.8, 1.2]},
    "ink": {"weight": [-0.5, 0.5]},
    "chroma": "either",
}
EFFECTS = ["bleed", "extrusion", "light", "moire", "defocus", "sharpen", "grey", "salt"]


def pictures(recipe, index):
    return [scene.image for scene, _ in prepare_scenes(recipe).engine.pictures(np.array(index))]


def test_a_folder_that_readers_understand_and_crops_show_the_texts(make_recipe, tmp_path):
    manifest = synth_scenes(make_recipe(**RICH), 40, tmp_path / "scenes", 1, shard_size=16)
    photos = list(open_labels(*find_labels(tmp_path / "scenes")))
    assert manifest["count"] == len(photos) == 40
    regions = [region for photo in photos for region in photo.regions]
    legible = [region for region in regions if region.ignore is None]
    assert (
        manifest["notes"]["lines"] == len(legible) and manifest["notes"]["ignored"] == len(regions) - len(legible) > 0
    )
    assert manifest["notes"]["characters"] > 4 * len(legible)
    assert {row["kind"] for row in manifest["ledger"]} == {"font"}
    assert all(any(r.ignore is None for r in photo.regions) for photo in photos)
    assert read_image(photos[0].path).shape == (256, 320, 3)
    crops = crop_photos(photos, tmp_path / "crops", workers=1)["all"]
    assert crops["count"] == len(legible)


def test_one_and_four_workers_give_the_same_bytes(make_recipe, tmp_path):
    recipe = make_recipe(**RICH)
    one = synth_scenes(recipe, 40, tmp_path / "one", 1, shard_size=10)
    four = synth_scenes(recipe, 40, tmp_path / "four", 4, shard_size=10)
    assert one["digest"] == four["digest"] and one["refusals"] == four["refusals"]
    assert (tmp_path / "one" / "Label.txt").read_bytes() == (tmp_path / "four" / "Label.txt").read_bytes()


KILLED = """
import sys
from pathlib import Path
from ocrdata.datagen.det.recipe import DetRecipe
from ocrdata.datagen.det.synth import synth_scenes
if __name__ == "__main__":
    synth_scenes(DetRecipe.model_validate_json(sys.argv[2]), 300, Path(sys.argv[1]), 1, shard_size=30)
"""


def test_kill_in_the_middle_and_resume_gives_the_same_bytes(make_recipe, tmp_path):
    recipe = make_recipe(**RICH)
    whole = synth_scenes(recipe, 300, tmp_path / "whole", 1, shard_size=30)
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(out), recipe.model_dump_json()])
    while not (out / "shard-00001.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()
    assert not (out / "manifest.json").exists() and not (out / "Label.txt").exists()
    assert synth_scenes(recipe, 300, out, 1, shard_size=30)["digest"] == whole["digest"]


def test_another_batch_boundary_gives_the_same_pixels(make_recipe):
    recipe = make_recipe(**RICH)
    together = pictures(recipe, range(20))
    for a, b in zip(
        [together[19], *together[5:8]], pictures(recipe, [19]) + pictures(recipe, range(5, 8)), strict=True
    ):
        assert np.array_equal(a, b)


def test_a_seed_changes_everything(make_recipe):
    assert not np.array_equal(pictures(make_recipe(), [0])[0], pictures(make_recipe(seed=8), [0])[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"panel": {"probability": 0}},
        {"panel": {"probability": 1, "margin": [2, 2]}},
        {"panel": {"probability": 1, "border": [0.1, 0.1]}},
        {"panel": {"probability": 1, "shadow": [1, 1]}},
        {"panel": {"probability": 1, "palette": {"colours": ["#ff0000"]}}},
        {"scene": {"gap": [2, 2], "lines": [2, 2]}},
        {"scene": {"lines": [3, 3]}},
        {"scene": {"flat": 0.01}},
        {"scene": {"even": 0.5}},
        {"scene": {"spacing": [0.5, 0.5]}},
        {"scene": {"width": [200, 200]}},
        {"backgrounds": {"mosaic": {"panes": [20, 20]}}},
        {"backgrounds": {"mosaic": {"strength": [60, 60]}}},
        {"backgrounds": {"mosaic": {"palette": {"colours": ["#00ff00"]}}}},
        *({name: value} for name, value in RICH.items() if name not in ("scene", "chroma")),
        *({name: {"probability": 1}} for name in EFFECTS),
        {"chroma": "full"},
    ],
    ids=str,
)
def test_every_section_has_an_effect(make_recipe, changes):
    def made(recipe):
        return [item.image for item in prepare_scenes(recipe).engine.items(0, 6) if hasattr(item, "image")]

    assert made(make_recipe(**changes)) != made(make_recipe())


def test_learnt_colours_are_those_of_panel_and_text(make_recipe, tmp_path):
    (tmp_path / "colours.yml").write_text("pairs:\n  - {ink: '#0000ff', paper: '#ffff00'}\n", encoding="utf-8")
    ink = {"pairs": str(tmp_path / "colours.yml"), "learnt": 1}
    for image in pictures(make_recipe(ink=ink, panel={"probability": 1, "border": [0, 0], "shadow": [0, 0]}), range(4)):
        for colour in ((255, 0, 0), (0, 255, 255)):
            assert (np.abs(image.astype(int) - colour).max(axis=2) < 60).sum() > 100


def test_photos_are_shown_and_zoomed(make_recipe, tmp_path):
    photo = np.zeros((600, 800, 3), np.uint8)
    photo[:, :400] = (200, 30, 30)
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    backgrounds = {"mosaic": {"weight": 0}, "photos": {"folder": str(tmp_path), "zoom": [1, 1]}}
    synthesis = prepare_scenes(make_recipe(backgrounds=backgrounds, panel={"probability": 0}))
    for scene, _ in synthesis.engine.pictures(np.arange(4), bare=True):
        colours = {tuple(c) for c in scene.bare.reshape(-1, 3)[::7].tolist()}
        assert {(200, 30, 30), (0, 0, 0)} <= colours
    assert any(row["kind"] == "skipped" and row["name"] == "broken.jpg" for row in synthesis.job(1).ledger)


def test_texts_that_readers_would_take_for_marks_are_refused(make_recipe, tmp_path):
    recipe = make_recipe(texts=[{"kind": "pattern", "pattern": "{###|*|fine}"}])
    manifest = synth_scenes(recipe, 10, tmp_path, 1)
    assert manifest["refusals"]["reserved_text"] > 0
    texts = {r.text for photo in open_labels(*find_labels(tmp_path)) for r in photo.regions if r.ignore is None}
    assert texts == {"fine"}


def test_refusals_name_character_and_font(make_recipe, tmp_path):
    (tmp_path / "texts.txt").write_text("A中\nfine\n", encoding="utf-8")
    recipe = make_recipe(texts=[{"kind": "file", "path": str(tmp_path / "texts.txt")}])
    refused = [
        item for item in prepare_scenes(recipe).engine.items(0, 10) if getattr(item, "reason", "") == "missing_glyph"
    ]
    assert refused and {(r.character, r.origin.split()[0]) for r in refused} == {("中", "scene")}
    assert all(r.font.startswith("DejaVu Sans") for r in refused)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scene": {"em": [300, 300]}}, r"found a place in 3 attempts \(no_room"),
        ({"scene": {"flat": 0.001}, "panel": {"probability": 0}}, "no flat place"),
        ({"ink": {"contrast": 250}}, "low_contrast"),
        ({"scene": {"legible": 60, "lines": [1, 1]}}, "empty_scene, every text is too small"),
        ({"texts": [{"kind": "pattern", "pattern": "中{digit}"}]}, "no font"),
        ({"backgrounds": {"photos": {"folder": "nowhere"}}}, "nowhere"),
    ],
)
def test_impossible_recipes_fail_before_the_first_scene(make_recipe, tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        synth_scenes(make_recipe(attempts=3, **changes), 5, tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_the_first_refusals_of_each_reason_have_a_picture(make_recipe, tmp_path):
    (tmp_path / "t.txt").write_text("Road\nHouse 12\n中abc\n", encoding="utf-8")
    texts = [{"kind": "file", "path": str(tmp_path / "t.txt")}]
    ink = {"palette": {"colours": ["#808080"]}, "contrast": 100}
    crowded = {"blocks": [6, 9], "em": [40, 90]}
    recipe = make_recipe(texts=texts, ink=ink, scene=crowded)
    engine = prepare_scenes(recipe).engine
    shown: dict[str, list[bytes]] = {}
    for refusal in (item for item in engine.items(0, 30) if isinstance(item, Refusal)):
        shown.setdefault(refusal.reason, []).append(refusal.thumb)
    assert {"missing_glyph", "no_room", "low_contrast"} <= set(shown)
    for thumbs in shown.values():
        assert all(thumbs[:EXAMPLES_PER_REASON]) and not any(thumbs[EXAMPLES_PER_REASON:])
        picture = decode(thumbs[0])
        assert picture.std() > 3 and min(picture.shape[:2]) > 8
    again = [item.thumb for item in engine.items(0, 30) if isinstance(item, Refusal) and item.reason == "no_room"]
    assert again == shown["no_room"]


def test_a_page_shows_what_was_refused(make_recipe, tmp_path):
    crowded = {"blocks": [6, 9], "em": [40, 90]}
    manifest = synth_scenes(make_recipe(scene=crowded), 20, tmp_path / "scenes", 1)
    write_refused(made_scenes(tmp_path / "scenes"), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert manifest["refusals"]["no_room"] > 5 and "no_room" in page
    assert page.count("data:image/jpeg") == len(manifest["examples"])
    assert made_scenes(tmp_path) is None


def test_zero_scenes_are_refused(make_recipe, tmp_path):
    with pytest.raises(UserError, match="1 or more"):
        synth_scenes(make_recipe(), 0, tmp_path / "out", 1)


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("scene: {blocks: [5, 2]}", r"recipe.yml line 3: scene.blocks: .*low <= high"),
        ("scene: {widht: [640, 640]}", "did you mean 'width'"),
        ("backgrounds: {mosaic: {weight: 0}}", "the weights of all kinds are 0"),
        ("backgrounds: {photos: {folder: missing}}", "missing"),
        ("height: 32", "recipe for lines; one for scenes has a section 'scene'"),
        ("scenes: 3", "unknown key"),
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path, yaml, message):
    path = tmp_path / "recipe.yml"
    path.write_text(
        f"texts: [{{kind: pattern, pattern: '{{digit:3}}'}}]\nfonts: [{{name: DejaVu Sans}}]\n{yaml}\n", "utf-8"
    )
    with pytest.raises(UserError, match=message):
        load_det_recipe(str(path))


def test_relative_paths_start_at_the_recipe(tmp_path):
    (tmp_path / "texts.txt").write_text("one\ntwo\n", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    path = tmp_path / "recipe.yml"
    lines = [
        "texts: [{kind: file, path: texts.txt}]",
        "fonts: [{name: DejaVu Sans}]",
        "backgrounds: {photos: {folder: photos}}",
    ]
    path.write_text("\n".join(lines), "utf-8")
    recipe = load_det_recipe(str(path))
    assert recipe.texts[0].path == str(tmp_path / "texts.txt") and recipe.backgrounds.photos.folder == str(
        tmp_path / "photos"
    )
    with pytest.raises(UserError, match="no readable photo"):
        prepare_scenes(recipe)


def test_a_preview_shows_so_many_scenes_with_their_polygons(make_recipe):
    sheet = preview(make_recipe(), 5)
    assert sheet.shape[1] > 4 * 480 and sheet.shape[0] > 2 * 380
    assert (np.abs(sheet.astype(int) - (0, 160, 0)).max(axis=2) < 60).any()


CHINESE = {"Noto Sans CJK SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei"}


@pytest.mark.skipif(not CHINESE & {f.family for f in installed().faces}, reason="no Chinese font is installed")
def test_the_shipped_recipe_works_out_of_the_box():
    scenes = [scene for scene, _ in prepare_scenes(load_det_recipe("preset:scenes")).engine.pictures(np.arange(12))]
    texts = [entry.text for scene in scenes for entry in scene.entries if not entry.ignored]
    assert len(set(texts)) > 60 and any("\u4e00" <= c <= "\u9fff" for text in texts for c in text)
    assert {scene.image.shape for scene in scenes} == {(640, 640, 3)}
