"""A preset from nothing to a bundle, as a user types it: made, gone on with, planned, refused."""

import json
from pathlib import Path

import pytest
from command import failed, ocrdata

from ocrdata.config import presets
from ocrdata.corpora.sources import read_charset
from ocrdata.errors import UserError
from ocrdata.road import is_road, read_road, refuse_making

pytest.importorskip("paddle")

PRESET = """synth:
  seed: 5
  texts: [{kind: pattern, pattern: "{digit:3-5}"}]
  fonts: [{name: "made:segments"}]
train:
  network: {name: tiny, channels: [8, 16, 16, 24], context: 32}
  charset: "0123456789"
  width: 160
  batch_size: 16
  steps: 4
make: {lines: 80}
evaluate: {lines: 20, policy: ignore_space}
"""


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "preset.yml"
    path.write_text(PRESET, encoding="utf-8")
    return path


def test_a_dry_run_says_what_would_be_done_and_makes_nothing(preset, tmp_path):
    result = ocrdata("train", preset, "-o", tmp_path / "all", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "80 lines" in result.stdout and "20 lines" in result.stdout and "4 steps" in result.stdout
    assert not (tmp_path / "all").exists()
    unnamed = ocrdata("train", preset, "--dry-run", cwd=tmp_path)
    assert unnamed.returncode == 0 and f"│ {Path('preset', 'evaluation.html')} " in unnamed.stdout, unnamed.stderr


def test_from_nothing_to_a_bundle_and_on_from_where_it_stopped(preset, tmp_path):
    folder = tmp_path / "all"
    result = ocrdata("train", preset, "-o", folder, "--workers", 1)
    assert result.returncode == 0, result.stderr
    for name in ("lines", "unseen", "run", "bundle", "evaluation.html"):
        assert str(folder / name) in result.stdout.replace("\n", "") and (folder / name).exists()
    assert "ONNX Runtime" in result.stdout or "no ONNX" in result.stdout
    report = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert report["pooled"]["lines"] == 20 and report["policy"]["name"] == "ignore_space"
    digests = [json.loads((folder / n / "manifest.json").read_text())["digest"] for n in ("lines", "unseen")]
    assert digests[0] != digests[1]
    written = (folder / "run" / "last.npz").stat().st_mtime_ns
    for leftover in (folder / "bundle").iterdir():
        leftover.unlink()
    again = ocrdata("train", preset, "-o", folder, "--workers", 1)
    assert again.returncode == 0, again.stderr
    assert (folder / "run" / "last.npz").stat().st_mtime_ns == written and (folder / "bundle" / "bundle.yml").is_file()
    assert failed(ocrdata("train", preset, "-o", folder, "--set", "make.lines=90"), 2, "units was '80'", "'90' now")


@pytest.mark.parametrize("name", presets(("presets",)))
def test_what_each_shipped_preset_renders_its_network_can_spell(name, tmp_path, monkeypatch):
    (tmp_path / "chinese.txt").write_text("0\n1\n \n", encoding="utf-8")  # a dictionary that the user brings
    monkeypatch.chdir(tmp_path)
    assert is_road(f"preset:{name}")
    road = read_road(f"preset:{name}")
    for recipe, _ in road.recipes.values():
        if recipe.charset is not None:  # without one, a label that cannot be spelt stops the training
            drawn = set(read_charset(recipe.charset, tmp_path).characters)
            assert drawn <= set(road.train.characters().characters)
    assert road.evaluate.policy is not None


def test_keys_of_every_section_can_be_set(preset):
    road = read_road(str(preset), ["steps=7", "train.width=96", "synth.seed=9", "make.lines=3", "evaluate.lines=2"])
    assert (road.train.steps, road.train.width, road.evaluate.lines) == (7, 96, 2)
    ((recipe, count),) = road.recipes.values()
    assert (recipe.seed, count) == (9, 3)


def test_several_recipes_make_a_pack_each(preset, tmp_path):
    other = tmp_path / "other.yml"
    other.write_text(PRESET.partition("train:")[0].replace("seed: 5", "seed: 6"), encoding="utf-8")
    preset.write_text(PRESET.replace("lines: 80", f"lines: {{synth: 40, '{other}': 24}}"), encoding="utf-8")
    result = ocrdata("train", preset, "-o", tmp_path / "all", "--workers", 1, "--set", "train.steps=3")
    assert result.returncode == 0, result.stderr
    counted = {
        n: json.loads((tmp_path / "all" / "lines" / n / "manifest.json").read_text()) for n in ("synth", "other")
    }
    assert {name: manifest["count"] for name, manifest in counted.items()} == {"synth": 40, "other": 24}
    report = json.loads((tmp_path / "all" / "evaluation.json").read_text(encoding="utf-8"))
    assert {name: part["lines"] for name, part in report["sets"].items()} == {"synth": 20, str(other): 20}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("evaluate:", "evaluat:", "unknown section 'evaluat'; allowed: synth, train, make, evaluate"),
        ("lines: 80", "line: 80", r"line 11: line: unknown key \(did you mean 'lines'"),
        ("policy: ignore_space", "policy: exakt", "'exakt'; there are: exact, ignore_case"),
        ("lines: 80", 'lines: {"preset:nothing": 5}', "no preset 'nothing'"),
        ("lines: 80", "lines: {synth: 0}", "greater than 0"),
        ("lines: 80", 'lines: {"preset:digits": 1, "x/digits.yml": 1}', "two recipes have the same name"),
    ],
)
def test_mistakes_are_named(preset, old, new, message):
    preset.write_text(PRESET.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_road(str(preset))


@pytest.mark.parametrize(
    ("overrides", "workers", "message"),
    [
        (["synth.seed=3"], 0, r"--set synth\.seed=3: nothing is made"),
        ([], 2, "threads that decode are the key workers"),
    ],
)
def test_options_of_making_are_refused_where_there_are_data(overrides, workers, message):
    with pytest.raises(UserError, match=message):
        refuse_making(overrides, workers)
    refuse_making(["steps=3", "train.width=64"], 0)


def test_without_make_there_must_be_data(preset, tmp_path):
    preset.write_text(PRESET.replace("make: {lines: 80}\n", ""), encoding="utf-8")
    assert failed(ocrdata("train", preset, "-o", tmp_path / "all"), 2, "--data")
    assert not (tmp_path / "all").exists()
