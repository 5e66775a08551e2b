"""Selection: every rule by its name, quotas that hold, weights that count."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest
from command import failed, ocrdata

from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.rules import SelectConfig, read_rules
from ocrdata.prep.select import plan_select
from ocrdata.prep.select_page import write_selection
from ocrdata.prep.store import Pack


def picture(width=80, height=32, light=200, seed=0, blur=0.0):
    """Dark bars on a light ground."""
    image = np.full((height, width, 3), light, np.uint8)
    for x in range(4 + seed % 3, width - 4, 8):
        image[4:-4, x : x + 3] = 30
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    return cv2.imencode(".png", image)[1].tobytes()


class Lines:
    def __init__(self, rows):
        self.rows = rows

    def items(self, start, stop):
        for i in range(start, stop):
            image, label = self.rows[i]
            yield Sample(image, label, f"line {i}", polygons="[]")


def made(folder, rows):
    run_job(Job("made", {}, len(rows), 50), Lines(rows), folder, 1)
    return folder


def chosen(tmp_path, rows, trust=None, workers=1, out="out", **rules):
    source = tmp_path / "pack"
    if not source.exists():
        made(source, rows)
    plan, choice = plan_select(source, tmp_path / out, SelectConfig(**rules), trust, {}, workers)
    return plan.run(workers), choice


FLAT = cv2.imencode(".png", np.full((32, 80, 3), 128, np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("row", "rules", "reason"),
    [
        ((picture(), "a" * 9), {"length": {"max": 8}}, "length_above"),
        ((picture(), ""), {"length": {"min": 1}}, "length_below"),
        ((picture(height=9), "a"), {"height": {"min": 10}}, "height_below"),
        ((picture(width=300), "a"), {"width": {"max": 200}}, "width_above"),
        ((picture(width=20, height=40), "a"), {"aspect": {"min": 0.8}}, "aspect_below"),
        ((picture(light=70), "a"), {"brightness": {"min": 80}}, "brightness_below"),
        ((FLAT, "a"), {"contrast": {"min": 8}}, "contrast_below"),
        ((picture(blur=6), "a"), {"sharpness": {"min": 4}}, "sharpness_below"),
        ((picture(width=40), "a" * 20), {"width_per_character": {"min": 5}}, "width_per_character_below"),
        ((picture(), "a-b"), {"matches": "[a-z]+"}, "matches_not"),
        ((b"junk", "a"), {"height": {"min": 1}}, "undecodable_image"),
    ],
)
def test_each_rule_has_its_reason(tmp_path, row, rules, reason):
    manifest, _ = chosen(tmp_path, [(picture(), "good"), row], **rules)
    assert manifest["refusals"] == {reason: 1}
    kept = list(Pack(tmp_path / "out"))
    assert [(s.label, s.origin, s.polygons) for s in kept] == [("good", "line 0", "[]")] and kept[0].image == picture()
    example = manifest["examples"][0]
    assert example["origin"] == "line 1" and bool(example["thumb"]) == (row[0] != b"junk")


def test_a_dictionary(tmp_path):
    (tmp_path / "dict.txt").write_text("a\nb\n", encoding="utf-8")
    manifest, _ = chosen(tmp_path, [(picture(), "ab"), (picture(), "abc")], dictionary=tmp_path / "dict.txt")
    assert manifest["refusals"] == {"outside_dictionary": 1}


def texts(count, seed=3):
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, 27)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return ["".join(rng.choice(letters, 4, p=weights / weights.sum())) for _ in range(count)]


def test_quotas_keep_what_is_rare_and_thin_what_is_common(tmp_path):
    labels = texts(2000)
    before = Counter(c for label in labels for c in set(label))
    manifest, _ = chosen(tmp_path, [(b"x", label) for label in labels], quota=60)
    after = Counter(c for s in Pack(tmp_path / "out") for c in set(s.label))
    assert all(after[c] >= min(60, before[c]) for c in before)
    assert manifest["count"] < 1000 and manifest["refusals"] == {"quota": 2000 - manifest["count"]}
    first = [int(s.origin.split()[1]) < 1000 for s in Pack(tmp_path / "out")]
    assert 0.4 < np.mean(first) < 0.6  # not only from the beginning


def test_only_so_many_of_a_label(tmp_path):
    labels = ["often"] * 30 + ["twice"] * 2 + ["once"]
    chosen(tmp_path, [(b"x", label) for label in labels], most_per_label=5)
    assert Counter(Pack(tmp_path / "out").labels()) == {"often": 5, "twice": 2, "once": 1}


def test_weights_thin_and_repeat(tmp_path):
    rows = [(b"%d" % i, "rare!" if i % 10 == 0 else "x" if i % 10 < 4 else "plain") for i in range(1000)]
    weights = [{"weight": 2.5, "contains": "!?"}, {"weight": 0.2, "length": {"max": 1}}]
    manifest, choice = chosen(tmp_path, rows, weights=weights)
    found = Counter(s.label for s in Pack(tmp_path / "out"))
    assert found["plain"] == 600 and 220 <= found["rare!"] <= 280 and 30 <= found["x"] <= 90
    assert manifest["refusals"] == {"thinned": 300 - found["x"]}
    assert choice.items == manifest["count"] + 300 - found["x"]


def test_what_models_trust_too_much_and_too_little_goes(tmp_path):
    rows = [(picture(), str(i)) for i in range(6)]
    trust = {
        "weak": np.array([0.99, 0.5, 0.5, np.nan, 0.951, 0.949], np.float32),
        "strong": np.array([0.99, 0.1, 0.2, np.nan, 0.9, 0.149], np.float32),
    }
    manifest, choice = chosen(tmp_path, rows, trust)
    assert manifest["refusals"] == {"trivial": 2, "impossible": 2} and choice.unjudged == {"weak": 1, "strong": 1}
    assert list(Pack(tmp_path / "out").labels()) == ["2", "3"]
    assert "the weak model trusts the label by 0.990" in manifest["examples"][0]["detail"]
    manifest, _ = chosen(tmp_path, rows, trust, out="all", trivial=None, impossible=None)
    assert manifest["count"] == 6


def test_any_number_of_processes_decides_the_same_and_another_seed_otherwise(tmp_path):
    shown = [picture(seed=seed) for seed in range(3)]
    rows = [(shown[i % 3], label) for i, label in enumerate(texts(2100))]  # more than one process gets at once
    rules = {"weights": [{"weight": 0.5}], "sharpness": {"min": 1}}
    one, two = (chosen(tmp_path, rows, workers=n, out=str(n), **rules)[0] for n in (1, 2))
    other, _ = chosen(tmp_path, rows, out="other", seed=1, **rules)
    assert one["digest"] == two["digest"] != other["digest"]
    again, _ = chosen(tmp_path, rows, out="1", **rules)
    assert again == one


def test_the_page_shows_reasons_with_examples(tmp_path):
    rows = [(picture(), label) for label in texts(200)] + [(picture(height=8), "<b>low")]
    config = SelectConfig(height={"min": 10}, quota=30)
    trust = {"weak": np.full(201, 0.5, np.float32)}
    plan, choice = plan_select(made(tmp_path / "pack", rows), tmp_path / "out", config, trust, {"weak": "w"}, 1)
    figures = write_selection(plan.run(1), choice, trust, config, tmp_path / "out", tmp_path / "out" / "select.html")
    page = (tmp_path / "out" / "select.html").read_text(encoding="utf-8")
    assert figures["reasons"]["height_below"] == 1 and figures["below_quota"]
    assert "height below: 1" in page and "&lt;b&gt;low" in page and "<b>low" not in page and "height 8" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("length: {min: 5, max: 2}", "line 1.*min 5 is above max 2"),
        ("length: {}", "line 1.*min, max or both"),
        ("quota: 5\nsharpnes: {min: 2}", "did you mean 'sharpness'"),
        ("\nmatches: '['", "line 2.*no regular expression"),
        ("weights: [{weight: -1}]", "greater than or equal to 0"),
        ("quota: 0", "quota"),
    ],
)
def test_mistakes_in_rules_are_named(tmp_path, text, words):
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        read_rules(tmp_path / "rules.yml")


def test_the_shipped_rules_are_read_and_changed():
    assert read_rules(None).length.max == 50
    changed = read_rules(None, ["length.max=9", "sharpness=null"])
    assert changed.length.max == 9 and changed.sharpness is None


def test_the_command(tmp_path):
    source = made(tmp_path / "pack", [(picture(), "abc"), (picture(), "a" * 60), (picture(blur=6), "b")])
    result = ocrdata("select", source, "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "out" / "select.json").read_text(encoding="utf-8"))["reasons"] == {
        "length_above": 1,
        "sharpness_below": 1,
    }
    assert list(Pack(tmp_path / "out").labels()) == ["abc"]
    failed(ocrdata("select", source, "-o", tmp_path / "x", "--set", "length.max=0"), 2, "--set length.max")
    failed(ocrdata("select", source, "-o", source / "x"), 2, "is inside")
