"""Every figure of the statistics on samples small enough to count by hand."""

import json
from collections import Counter

import cv2
import lmdb
import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.measured import Measured, Measurer
from ocrdata.prep.report import write_report
from ocrdata.prep.stats import stats
from ocrdata.prep.store import Pack, label_key, write_shard


class Given:
    """A source of given items."""

    def __init__(self, items):
        self.given = items

    def items(self, start, stop):
        yield from self.given[start:stop]


def picture(width=64, height=32, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return encode_jpeg(noise, 80)


def pack_of(folder, items, shard_size=3):
    run_job(Job("test", {}, len(items), shard_size), Given(items), folder, 1)
    return folder


def concerns(folder, sample, charset=None):
    found = stats(pack_of(folder, [sample]), charset, workers=1).to_json()
    return {name: entry["count"] for name, entry in found["concerns"].items()}


def test_figures_are_those_counted_by_hand(tmp_path):
    thumb = picture(20, 10)
    items = [
        Sample(picture(64, 32, 1), "ab", "one.jpg"),
        Sample(picture(640, 32, 2), "abc"),
        Refusal("too_small", "photo 7", "3 x 2 pixels", "zz", thumb),
        Sample(picture(100, 64, 3), "a"),
        Sample(picture(64, 64, 4), "ab"),
    ]
    found = stats(pack_of(tmp_path / "p", items), Charset("abx"), rare=3, workers=1)
    figures = found.to_json()
    assert figures["count"] == 4 and figures["decoded"] == {"pictures": 4, "every": 1, "unreadable": {}}
    assert figures["image_bytes"] == sum(len(i.image) for i in items if isinstance(i, Sample))
    assert figures["refusals"] == {"too_small": 1}
    assert figures["refusal_examples"] == [
        {"reason": "too_small", "origin": "photo 7", "detail": "3 x 2 pixels", "text": "zz"}
    ]
    assert bytes.fromhex(found.refused.examples[0]["thumb"]) == thumb
    assert figures["characters"] == {"distinct": 3, "total": 8, "counts": {"a": 4, "b": 3, "c": 1}}
    assert figures["dictionary"] == {
        "size": 3,
        "missing": "x",
        "rare_below": 3,
        "rare": {},
        "outside": {"c": 1},
        "labels_with_outside": 1,
    }
    assert figures["histograms"]["label_length"]["counts"] == {"1": 1, "2": 2, "3": 1}
    assert figures["histograms"]["scaled_width"]["counts"] == {"32": 1, "50": 1, "64": 1, "640": 1}
    assert figures["histograms"]["aspect_ratio"]["counts"] == {"1": 1, "1.6": 1, "2": 1, "20": 1}
    assert figures["squeezed"] == {"count": 1, "share": 0.25}
    assert figures["labels"]["distinct"] == 3 and figures["labels"]["in_groups"] == 2
    assert [e.index for e in found.measured.gallery] == [0, 1, 2, 3]
    json.dumps(figures)


def test_recommended_width_leaves_four_fifths_unsqueezed(tmp_path):
    widths = [40, 50, 60, 70, 80, 90, 100, 110, 300, 400]
    items = [Sample(picture(w, 32), "x" * (w // 20)) for w in widths]
    advice = stats(pack_of(tmp_path / "p", items), workers=1).to_json()["recommended"]
    assert advice == {"width": 128, "squeezed_at_that_width": 0.2, "max_text_length": 20, "labels_longer": 0}


def test_widths_are_rounded_up_as_trainers_do(tmp_path):
    folder = pack_of(tmp_path / "p", [Sample(picture(321, 32), "abc"), Sample(picture(641, 64), "abc")])
    assert stats(folder, workers=1).to_json()["squeezed"]["count"] == 2
    assert stats(folder, width=321, workers=1).to_json()["squeezed"]["count"] == 0
    assert stats(folder, height=16, workers=1).to_json()["histograms"]["scaled_width"]["max"] == 161


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("empty_label", Sample(picture(), "")),
        ("control_character", Sample(picture(), "a\tb")),
        ("edge_space", Sample(picture(), "ab ")),
        ("edge_space", Sample(picture(), "\u3000ab")),
        ("outside_dictionary", Sample(picture(), "a§")),
        ("too_long", Sample(picture(320), "ab" * 40 + "c")),
        ("too_long", Sample(picture(320), "aa" * 21)),  # 42 characters, 41 blanks between equal neighbours
        ("squeezed", Sample(picture(330), "ab")),
        ("crowded", Sample(picture(32), "ab" * 5)),
        ("tall", Sample(picture(40, 60), "ab")),
        ("small", Sample(picture(40, 15), "ab")),
        ("flat", Sample(encode_jpeg(np.full((32, 64, 3), 200, np.uint8)), "ab")),
        ("empty_file", Sample(b"", "ab")),
        ("undecodable_image", Sample(b"no picture", "ab")),
        ("truncated_image", Sample(picture()[:-200], "ab")),
    ],
)
def test_every_concern_is_counted_with_an_example(tmp_path, name, sample):
    charset = Charset("abc \t\u3000") if name != "edge_space" else Charset("ab \u3000")
    found = stats(pack_of(tmp_path / "p", [Sample(picture(), "abc"), sample]), charset, workers=1)
    assert found.measured.concerns[name] == 1
    assert [e.label for e in found.measured.examples[name]] == [sample.label]
    figures = found.to_json()
    unreadable = figures["decoded"]["unreadable"]
    assert unreadable == ({name: 1} if name in {"empty_file", "undecodable_image", "truncated_image"} else {})


@pytest.mark.parametrize(
    "sample",
    [
        Sample(picture(320), "ab" * 40),  # exactly as many steps as there are
        Sample(picture(320), "ab"),
        Sample(picture(32), "ab" * 4),
        Sample(picture(40, 60), "a"),  # one tall character is no vertical line
        Sample(picture(40, 16), "ab"),
        Sample(picture(), "a b"),
    ],
)
def test_what_is_just_right_raises_no_concern(tmp_path, sample):
    assert concerns(tmp_path / "p", sample, Charset("ab ")) == {}


def test_twins_and_contradictions_are_found(tmp_path):
    one, two, three = picture(seed=1), picture(seed=2), picture(seed=3)
    items = [
        Sample(one, "x"),
        Sample(two, "y"),
        Sample(one, "x"),
        Sample(three, "x"),
        Sample(two, "z"),
        Sample(one, "x"),
    ]
    found = stats(pack_of(tmp_path / "p", items), workers=1)
    figures = found.to_json()
    twins, wrong = figures["duplicate_pictures"], figures["contradictions"]
    assert (twins["distinct"], twins["groups"], twins["in_groups"], twins["surplus"]) == (3, 2, 5, 3)
    assert [[s["index"] for s in g["samples"]] for g in twins["largest"]] == [[0, 2, 5], [1, 4]]
    assert (wrong["groups"], wrong["in_groups"]) == (1, 2)
    assert [s["label"] for s in wrong["largest"][0]["samples"]] == ["y", "z"]
    assert figures["labels"]["largest"][0]["size"] == 4
    assert figures["labels"]["largest"][0]["samples"][0]["label"] == "x"


def test_parts_add_up_to_the_whole(tmp_path):
    items = [Sample(picture(20 + 5 * i, 20 + i, i % 7), "字" * (i % 5)) for i in range(24)] + [Sample(b"?", "?")]
    pack = Pack(pack_of(tmp_path / "p", items))
    measure = Measurer(pack, Charset("?"), 32, 100, 1, frozenset({0, 20}))
    whole, parts = measure(0, 25), Measured(32, 100) + measure(0, 3) + measure(3, 20) + measure(20, 25)
    for name in Measured.__dataclass_fields__:
        if name != "prints":
            assert getattr(parts, name) == getattr(whole, name), name
    assert parts.prints.picture_groups(9).members == whole.prints.picture_groups(9).members
    with pytest.raises(ValueError, match="cannot add"):
        whole + Measured(48, 100)


def test_any_number_of_workers_gives_the_same_figures(tmp_path):
    pictures = [picture(24, 8, i) for i in range(50)]
    write_shard(tmp_path, 0, (Sample(pictures[i % 50], f"{i % 99}") for i in range(4100)), "job")
    done = Counter()
    one = stats(tmp_path, workers=1, progress=lambda n: done.update(one=n))
    two = stats(tmp_path, workers=2, progress=lambda n: done.update(two=n))
    assert one.to_json() == two.to_json() and one.measured.gallery == two.measured.gallery
    assert done == {"one": 4100, "two": 4100}


def test_a_sample_decodes_some_and_says_so(tmp_path):
    items = [Sample(picture(64, 32, i), "ab") for i in range(9)] + [Sample(b"broken", "")]
    found = stats(pack_of(tmp_path / "p", items), sample=5, workers=1)
    figures = found.to_json()
    assert figures["decoded"] == {"pictures": 5, "every": 2, "unreadable": {}}
    assert figures["histograms"]["scaled_width"]["values"] == 5
    assert figures["count"] == figures["histograms"]["label_length"]["values"] == 10
    assert figures["concerns"]["empty_label"] == {
        "count": 1,
        "of": 10,
        "meaning": "the label is empty: there is nothing to learn",
        "examples": [{"index": 9, "label": "", "origin": "", "detail": ""}],
    }


def test_a_foreign_lmdb_and_a_single_shard_can_be_measured(tmp_path):
    write_shard(tmp_path / "foreign", 0, iter([Sample(picture(), "ab")]), "job")
    (tmp_path / "foreign" / "shard-00000.json").unlink()
    assert stats(tmp_path / "foreign", workers=1).to_json()["made"] is None
    folder = pack_of(tmp_path / "p", [Sample(picture(), "ab"), Refusal("unlucky", "x")])
    assert stats(folder / "shard-00000", workers=1).to_json()["refusals"] == {"unlucky": 1}


def test_what_is_no_whole_pack_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        stats(tmp_path / "nothing")
    folder = pack_of(tmp_path / "p", [Sample(picture(), "ab")])
    with pytest.raises(UserError, match="height is 0: at least 1"):
        stats(folder, height=0)
    with pytest.raises(UserError, match="sample is 0"):
        stats(folder, sample=0)
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="not finished"):
        stats(folder)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="not a manifest"):
        stats(folder)
    write_shard(tmp_path / "empty", 0, iter([]), "job")
    with pytest.raises(UserError, match="no sample"):
        stats(tmp_path / "empty")


def test_a_missing_key_is_named_also_from_a_worker(tmp_path):
    write_shard(tmp_path, 0, (Sample(b"x", str(i)) for i in range(4100)), "job")
    with lmdb.open(str(tmp_path / "shard-00000"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        transaction.delete(label_key(4000))
        transaction.put(label_key(3), b"\xff")
    with pytest.raises(UserError, match="label-000000003' is not UTF-8"):
        stats(tmp_path, workers=1)
    with lmdb.open(str(tmp_path / "shard-00000"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        transaction.put(label_key(3), b"3")
    with pytest.raises(UserError, match="label-000004000"):
        stats(tmp_path, workers=2)


def test_light_is_measured_on_the_picture(tmp_path):
    bars = np.zeros((32, 64, 3), np.uint8)
    bars[:, ::2] = 200
    blurred = cv2.GaussianBlur(bars, (9, 9), 4)

    def figures(name, image):
        png = cv2.imencode(".png", image)[1].tobytes()
        found = stats(pack_of(tmp_path / name, [Sample(png, "ab")]), workers=1).to_json()["histograms"]
        return [found[kind]["max"] for kind in ("brightness", "contrast", "sharpness")]

    assert figures("bars", bars) == [100, 100, 400]
    brightness, contrast, sharpness = figures("blurred", blurred)
    assert abs(brightness - 100) <= 1 and contrast < 20 and sharpness < 40


def test_ink_and_paper_are_measured_on_some_pictures_and_reported(tmp_path, monkeypatch):
    def line(ink, paper):
        image = np.full((32, 130, 3), paper, np.uint8)
        return cv2.putText(image, "A12 7x", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (ink,) * 3, 2, cv2.LINE_AA)

    dark, light, flat = (encode_jpeg(image) for image in (line(20, 220), line(240, 40), np.full_like(line(0, 0), 99)))
    items = [Sample((dark, light, flat, dark)[i % 4], "ab") for i in range(40)]
    details = stats(pack_of(tmp_path / "p", items), workers=1).to_json()["details"]
    assert (details["pictures"], details["unclear_ink"]) == (40, 10)
    assert details["dark_on_light"] == pytest.approx(2 / 3, abs=1e-5)
    assert abs(details["histograms"]["ink_contrast"]["p50"] - 200) < 12
    assert abs(details["histograms"]["paper_lightness"]["max"] - 224) < 6
    monkeypatch.setattr("ocrdata.prep.stats.DETAILED", 10)
    found = stats(tmp_path / "p", workers=1)
    assert found.to_json()["details"]["pictures"] == 10
    write_report(found, tmp_path / "report.html")
    assert "Contrast of ink and paper" in (tmp_path / "report.html").read_text(encoding="utf-8")
