"""Refusals are added up by reason, font and character, and the table stays small."""

import json

import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.prep.blame import KEPT, Blame
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.report import write_report
from ocrdata.prep.stats import stats
from ocrdata.prep.store import Tally, tally_of

PICTURE = encode_jpeg(np.random.default_rng(1).integers(0, 256, (32, 64, 3), dtype=np.uint8))
THUMB = encode_jpeg(np.full((20, 30, 3), 90, np.uint8))


class Given:
    """A source of given items."""

    def __init__(self, items):
        self.given = items

    def items(self, start, stop):
        yield from self.given[start:stop]


def refusal(reason, font="", character="", thumb=None):
    return Refusal(reason, "sample 1", "", "text", thumb, font, character)


def blame_of(*refusals):
    blame = Blame()
    for one in refusals:
        blame.add(one)
    return blame


def test_counts_are_by_reason_font_and_character():
    blame = blame_of(
        *[refusal("missing_glyph", "Hack", "龍")] * 2,
        refusal("missing_glyph", "Hack", "鬱"),
        refusal("low_contrast", "Hack"),
        refusal("not_in_dict", character="龍"),
        refusal("empty_text"),
    )
    assert blame.fonts() == [("Hack", {"missing_glyph": 3, "low_contrast": 1})]
    assert blame.characters() == [("龍", {"missing_glyph": 2, "not_in_dict": 1}), ("鬱", {"missing_glyph": 1})]


def test_parts_add_up_to_the_whole_and_survive_json():
    refusals = [refusal(f"r{i % 2}", f"font {i % 3}", chr(0x4E00 + i % 5)) for i in range(40)]
    whole, parts = blame_of(*refusals), blame_of(*refusals[:7]) + blame_of(*refusals[7:])
    assert parts == whole and parts.to_json() == whole.to_json()
    assert Blame.of(json.loads(json.dumps(whole.to_json()))) == whole


def test_only_the_most_frequent_are_written_and_the_rest_is_a_number():
    often = [refusal("missing_glyph", "Hack", "often")] * 2
    blame = blame_of(*(refusal("missing_glyph", "Hack", f"{i:04d}") for i in range(KEPT + 4)), *often)
    written = blame.to_json()["missing_glyph"]
    assert written["rows"][0] == ["Hack", "often", 2] and len(written["rows"]) == KEPT
    assert written["rest"] == 5
    twice = Blame.of(blame.to_json()) + Blame.of(blame.to_json())
    assert twice.to_json()["missing_glyph"]["rest"] == 10 and twice.rest.total() == 10


def test_the_table_does_not_depend_on_the_order_of_counting():
    refusals = [refusal("missing_glyph", "Hack", f"{i:04d}") for i in range(KEPT + 9)]
    assert blame_of(*refusals).to_json() == blame_of(*reversed(refusals)).to_json()


def test_half_a_surrogate_pair_can_be_written():
    assert "\\ud800" in json.dumps(blame_of(refusal("x", "f", "\ud800")).to_json(), ensure_ascii=False)


def test_a_marker_without_the_table_is_readable():
    old = {k: v for k, v in Tally().to_json().items() if k not in ("blame", "fonts")}
    assert tally_of({**old, "refusals": {"clipped": 3}}).refusals["clipped"] == 3


@pytest.mark.parametrize("workers", [1, 2])
def test_manifest_and_report_name_fonts_and_characters_with_pictures(tmp_path, workers):
    items = []
    for i in range(12):
        items.append(Sample(PICTURE, f"龍{i}", font="Good" if i % 2 else "Bad"))
        if i % 2 == 0:
            items.append(refusal("missing_glyph", "Bad", "龍", THUMB))
    manifest = run_job(Job("synth", {}, len(items), 5, retries=True), Given(items), tmp_path / "p", workers)
    assert manifest["blame"] == {"missing_glyph": {"rows": [["Bad", "龍", 6]], "rest": 0}}
    assert manifest["fonts"] == {"Bad": 6, "Good": 6}
    found = stats(tmp_path / "p", workers=1)
    by = found.to_json()["refusals_by"]
    assert by["fonts"] == [{"font": "Bad", "refused": 6, "made": 6, "reasons": {"missing_glyph": 6}}]
    assert by["characters"][0]["in_labels"] == 12
    assert any("drawn anew" in f["text"] for f in found.to_json()["findings"])
    write_report(found, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    section = html.split('id="refusals"')[1].split("</section>")[0]
    assert "By font" in section and "By character" in section and "50 %" in section
    assert section.count("data:image/jpeg") == 5  # the first few of each reason


def test_fonts_and_characters_that_fail_are_findings(tmp_path):
    thin = [refusal("low_contrast", "Thin")] * 15 + [Sample(PICTURE, "ab", font="Thin")] * 10
    bold = [refusal("low_contrast", "Bold")] * 5 + [Sample(PICTURE, "ab", font="Bold")] * 20
    rare = [refusal("missing_glyph", "Rare", "龘")] * 3 + [Sample(PICTURE, "ab", font="Rare")]
    items = thin + bold + rare
    run_job(Job("synth", {}, len(items), 99, retries=True), Given(items), tmp_path / "p", 1)
    texts = [f["text"] for f in stats(tmp_path / "p", workers=1).to_json()["findings"]]
    assert "Fonts whose lines were refused more often than drawn: 1: Thin (60 %)." in texts
    assert "Characters that were refused and are in no label: 1: “龘”." in texts
