"""The commands that make samples, as a user types them."""

import json

import cv2
import pytest
from command import failed, ocrdata

from ocrdata.prep.store import Pack

RECIPE = """texts: [{kind: pattern, pattern: '{digit:3-5}'}]
fonts: [{name: 'DejaVu Sans'}]
shadow: {probability: 1}
"""
SCENES = """texts: [{kind: pattern, pattern: '{digit:3-5}'}]
fonts: [{name: 'DejaVu Sans'}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recipe, labels to draw from, and a pack of 60 lines with polygons."""
    folder = tmp_path_factory.mktemp("synth")
    (folder / "recipe.yml").write_text(RECIPE, encoding="utf-8")
    (folder / "scenes.yml").write_text(SCENES, encoding="utf-8")
    (folder / "labels.txt").write_text("a.png\t4711\nb.png\t815\nc.png\t12\n", encoding="utf-8")
    made = ocrdata("synth", folder / "recipe.yml", "-n", 60, "-o", folder / "pack", "--boxes", "--workers", 1)
    assert made.returncode == 0, made.stderr
    return folder


def test_an_explained_sample_is_the_packs(folder, tmp_path):
    told = ocrdata("synth", folder / "recipe.yml", "--boxes", "--explain", 7, "-o", tmp_path)
    sample = Pack(folder / "pack")[7]
    assert told.returncode == 0 and f"label: '{sample.label}'" in told.stdout, told.stderr
    assert "name: shadow" in told.stdout and (tmp_path / "sample.jpg").read_bytes() == sample.image
    assert json.loads(sample.polygons)["words"][0]["text"] == sample.label


def test_preview_is_a_picture_and_dry_run_writes_nothing(folder, tmp_path):
    shown = ocrdata("synth", folder / "recipe.yml", "--preview", "-n", 12, "-o", tmp_path / "sheet")
    assert shown.returncode == 0 and cv2.imread(str(tmp_path / "sheet.png")).shape[1] == 1200
    dry = ocrdata("synth", folder / "recipe.yml", "--dry-run", "-o", tmp_path / "pack")
    assert dry.returncode == 0 and "would be rendered" in dry.stdout and not (tmp_path / "pack").exists()


def test_labels_as_texts_lengths_and_held_out_ones(folder, tmp_path):
    arguments = ("--texts", folder / "labels.txt", "--held-out", folder / "labels.txt", "-n", 30, "-o", tmp_path / "p")
    made = ocrdata("synth", folder / "recipe.yml", *arguments, "--workers", 1)
    assert made.returncode == 0, made.stderr
    assert "2 of 3 held-out texts" in made.stdout and "held_out" in made.stdout
    assert {s.label for s in Pack(tmp_path / "p")} == {"12"}  # two characters occur by chance
    wide = "texts=[{kind: random, characters: '0123456789'}]"
    like = ocrdata(
        "synth", folder / "recipe.yml", "--set", wide, "--like", folder / "labels.txt", "-n", 60, "-o", tmp_path / "l"
    )
    assert like.returncode == 0 and {len(s.label) for s in Pack(tmp_path / "l")} == {2, 3, 4}, like.stderr


def test_a_scene_is_explained(folder, tmp_path):
    made = ocrdata("synth", folder / "scenes.yml", "--task", "det", "--explain", 2, "-o", tmp_path / "two")
    assert made.returncode == 0 and "backdrop" in made.stdout
    assert (tmp_path / "two" / "sample.jpg").is_file() and (tmp_path / "two" / "00-backdrop.png").is_file()


def test_scenes_for_detection_can_be_cropped(folder, tmp_path):
    made = ocrdata("synth", folder / "scenes.yml", "--task", "det", "-n", 4, "-o", tmp_path / "scenes", "--workers", 1)
    assert made.returncode == 0, made.stderr
    rows = (tmp_path / "scenes" / "Label.txt").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 4 and all((tmp_path / "scenes" / row.split("\t")[0]).exists() for row in rows)
    cropped = ocrdata("crop", tmp_path / "scenes" / "Label.txt", "-o", tmp_path / "crops", "--workers", 1)
    assert cropped.returncode == 0 and len(Pack(tmp_path / "crops")) > 4, cropped.stderr
    assert all(s.label.isdigit() for s in Pack(tmp_path / "crops"))


def test_fonts_are_listed_checked_and_shown(tmp_path):
    listed = ocrdata("fonts", "DejaVu Sans", "--json")
    assert "DejaVu Sans" in {f["family"] for f in json.loads(listed.stdout)["fonts"]}
    checked = ocrdata("fonts", "DejaVu Sans", "--dictionary", "a中", "--specimen", tmp_path / "sheet.png")
    assert checked.returncode == 0 and "50.0%" in checked.stdout and "no font shows 1 of them: 中" in checked.stdout
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] == 1200
    assert failed(ocrdata("fonts", "No Such Family"), 2, "No Such Family", "no installed family")


def test_colours_are_learnt_and_used(folder, tmp_path):
    learnt = ocrdata("colours", folder / "pack", "-o", tmp_path / "colours.yml", "--limit", 8)
    assert learnt.returncode == 0 and (tmp_path / "colours.png").exists(), learnt.stderr
    used = ocrdata(
        "synth", folder / "recipe.yml", "--set", f"ink.pairs={tmp_path / 'colours.yml'}", "-n", 5, "-o", tmp_path / "p"
    )
    assert used.returncode == 0 and len(Pack(tmp_path / "p")) == 5, used.stderr


def test_two_packs_side_by_side(folder, tmp_path):
    blurred = ("--set", "blur={probability: 1, sigma: [1.5, 2]}", "-n", 60, "-o", tmp_path / "pack", "--workers", 1)
    assert ocrdata("synth", folder / "recipe.yml", *blurred).returncode == 0
    compared = ocrdata("stats", folder / "pack", "--compare", tmp_path / "pack", "-o", tmp_path, "--workers", 1)
    assert compared.returncode == 0 and "sharp" in compared.stdout, compared.stderr
    assert (tmp_path / "comparison.html").stat().st_size > 5000 and (tmp_path / "comparison.json").exists()


def test_engines_are_listed_and_a_missing_one_is_named(folder, tmp_path):
    assert "text_renderer" in ocrdata("engines", "list").stdout
    missing = ocrdata("synth", folder / "recipe.yml", "--engine", "trdg", "--engine-python", "nowhere", "-o", tmp_path)
    assert failed(missing, 2, "nowhere")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--boxes", "--task", "det"), ("--boxes has no meaning with --task det",)),
        (("--explain", "0", "--engine", "trdg"), ("--engine has no meaning with --explain",)),
        ((), ("--out names the folder",)),
        (("--like", "nowhere", "-o", "x"), ("nowhere",)),
        (("--set", "layout.vertikal=1", "-o", "x"), ("layout", "did you mean 'vertical'")),
        (("--set", "curve.angle=[0, 400]", "-o", "x"), ("curve.angle", "-180 <= low")),
    ],
)
def test_wrong_options_are_named(folder, arguments, words):
    assert failed(ocrdata("synth", folder / "recipe.yml", *arguments), 2, *words)
