"""Two packs are told apart by what differs, and by nothing where nothing does."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.compare import compare
from ocrdata.prep.distance import kolmogorov, kolmogorov_chance, variation, variation_chance
from ocrdata.prep.histogram import Histogram
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.kinds import kind_of
from ocrdata.prep.stats import stats
from ocrdata.prep.versus import write_comparison


def picture(rng, ink=(40, 40, 40), paper=(220, 220, 220), blur=0.0, noise=3.0):
    image = np.full((32, int(rng.integers(100, 160)), 3), paper, np.uint8)
    place = (int(rng.integers(2, 20)), int(rng.integers(20, 28)))
    image = cv2.putText(image, "A12 7", place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, 2, cv2.LINE_AA)
    image = cv2.GaussianBlur(image, (0, 0), blur) if blur else image
    grain = rng.normal(0, noise, (*image.shape[:2], 1)) + rng.normal(0, 12)
    return encode_jpeg(np.clip(image + grain, 0, 255).astype(np.uint8), 92)


class Made:
    """Samples drawn by `picture` with fixed options; labels of so many characters."""

    def __init__(self, seed, label="A12 7", **options):
        self.seed, self.label, self.options = seed, label, options

    def items(self, start, stop):
        for i in range(start, stop):
            yield Sample(picture(np.random.default_rng([self.seed, i]), **self.options), self.label)


def measured(folder, kind, seed, count=150, **options):
    run_job(Job(kind, {}, count, 50), Made(seed, **options), folder, 1)
    return stats(folder, workers=1)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("real") / "real", "crop", 1)


def by_name(comparison):
    return {d.name: d for d in comparison.differences}


def test_equal_packs_cannot_be_told_apart(real, tmp_path):
    comparison = compare(real, measured(tmp_path / "made", "synth", 2))
    assert 0.4 < comparison.verdict.auc < 0.62
    assert sum(d.is_certain for d in comparison.differences) <= 1  # one in a hundred is by chance
    assert by_name(comparison)["characters"].distance == 0


@pytest.mark.parametrize(
    ("options", "first", "todo"),
    [
        ({"blur": 1.8}, {"sharpness", "noise", "blocks", "stroke", "contrast"}, "weaken `blur`"),
        ({"noise": 14.0}, {"noise"}, "weaken `noise`"),
        ({"paper": (40, 200, 230)}, {"paper_chroma", "paper_shades", "ink_chroma"}, "greyer paper"),
        ({"ink": (150, 150, 150)}, {"ink_contrast", "contrast", "ink_lightness"}, "darker ink on brighter paper"),
    ],
)
def test_what_was_changed_leads_and_advice_undoes_it(real, tmp_path, options, first, todo):
    comparison = compare(real, measured(tmp_path / "made", "synth", 2, **options))
    assert comparison.differences[0].name in first and comparison.differences[0].distance > 0.7
    assert comparison.verdict.auc > 0.95 and comparison.made == "b"
    assert any(todo in d.todo for d in comparison.differences)


def test_advice_is_for_the_synthetic_pack_wherever_it_stands(real, tmp_path):
    made = measured(tmp_path / "made", "synth", 2, noise=14.0)
    for comparison, where in ((compare(real, made), "b"), (compare(made, real), "a")):
        noise = by_name(comparison)["noise"]
        assert comparison.made == where and noise.todo.startswith("weaken `noise`")
        assert noise.text.startswith("noise is higher in made: median")


def test_two_real_packs_get_no_advice(real, tmp_path):
    comparison = compare(real, measured(tmp_path / "other", "crop", 2, noise=14.0))
    assert comparison.made is None and not any(d.todo for d in comparison.differences)
    assert by_name(comparison)["noise"].is_certain


def test_light_text_on_dark_and_other_characters_are_things_that_differ(real, tmp_path):
    made = measured(tmp_path / "made", "synth", 3, ink=(230, 230, 230), paper=(40, 40, 40), label="字2")
    found = by_name(compare(real, made))
    assert found["polarity"].distance > 0.95 and "dark on light" in found["polarity"].text
    assert found["characters"].distance == pytest.approx(0.8) and "“A” 20 % against 0 %" in found["characters"].text
    assert found["kinds"].b["counts"] == {"Han": 150, "digit": 150}
    assert found["label_length"].distance == 1 and found["label_length"].todo == "give longer texts"


def test_few_samples_prove_little(real, tmp_path):
    comparison = compare(real, measured(tmp_path / "made", "synth", 2, 8))
    assert comparison.verdict.auc is None and comparison.verdict.pictures[1] == 8
    assert "no judge can be trained" in comparison.to_json()["summary"]
    assert by_name(comparison)["noise"].chance > 0.5


def test_packs_measured_for_different_models_are_refused(real):
    with pytest.raises(UserError, match=r"measured for 32 x 320 and .* for 48 x 320"):
        compare(real, stats(real.pack, height=48, workers=1))


def test_the_page_says_what_the_json_says_and_loads_nothing(real, tmp_path):
    comparison = compare(real, measured(tmp_path / "<b>made</b>", "synth", 2, label="<i>&", blur=1.8))
    write_comparison(comparison, tmp_path / "out" / "page.html")
    html = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    figures = json.loads((tmp_path / "out" / "page.json").read_text(encoding="utf-8"))
    assert figures == json.loads(json.dumps(comparison.to_json()))
    assert (
        "<b>made" not in html
        and "<i>&" not in html
        and "<script" not in html
        and "http" not in html.split("</head>")[1]
    )
    for difference in figures["differences"]:
        assert f'id="{difference["name"]}"' in html and f"{difference['distance']:.2f}" in html
    assert "⟨U+0020⟩(" not in html and "<code>blur</code>" in html
    assert 'class="bar other"' in html and html.count("data:image/jpeg") >= 20
    with pytest.raises(UserError, match=r"ends in \.html"):
        write_comparison(comparison, tmp_path / "page.json")


def histogram(*values):
    made = Histogram()
    made.add(values)
    return made


def test_distances_by_hand():
    assert kolmogorov(histogram(1, 2, 3), histogram(1, 2, 3)) == 0
    assert kolmogorov(histogram(1, 2), histogram(3, 4)) == 1
    assert kolmogorov(histogram(1, 2, 3, 4), histogram(3, 4, 5, 6)) == 0.5
    assert variation(Counter(a=1, b=1), Counter(a=2, b=6)) == 0.25
    assert kolmogorov(histogram(), histogram(1)) == variation(Counter(), Counter(a=1)) == 0


def test_chance_shrinks_with_the_number_of_values():
    assert kolmogorov_chance(100, 100) == pytest.approx(0.23, abs=0.01)
    assert kolmogorov_chance(10_000, 10_000) == pytest.approx(0.023, abs=0.001)
    few, many = (dict.fromkeys("abcdefgh", n) for n in (3, 3000))
    assert variation_chance(Counter(few), Counter(few)) > 0.25 > 0.02 > variation_chance(Counter(many), Counter(many))


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("7", "digit"), ("٣", "digit"), ("A", "Latin capital"), ("é", "Latin small"), ("字", "Han"), ("か", "Kana"),
        ("한", "Hangul"), ("。", "punctuation"), ("€", "punctuation"), ("\u3000", "space"), ("م", "Arabic"),
        ("\x07", "other"), ("〇", "Han"),
    ],
)  # fmt: skip
def test_kinds_of_characters(character, kind):
    assert kind_of(character) == kind
