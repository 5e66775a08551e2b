"""The page holds together without the web, shows foreign text as text, and says what the JSON says."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError
from ocrdata.prep.charts import bars
from ocrdata.prep.histogram import Histogram
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.report import write_report
from ocrdata.prep.stats import stats
from ocrdata.prep.store import write_shard
from ocrdata.prep.text import percent, size, visible

VOID = {"meta", "img", "br", "link", "hr", "input"}
SVG_EMPTY = {"rect", "line"}
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=y>',
    "\u202eabc",
    "a\x00b\x1b",
    "مرحبا",
    "&amp;",
    "x\u2028y",
]


class Page(HTMLParser):
    """Checks nesting and collects what a browser would show or load."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.loads, self.ids, self.links, self.texts = [], [], [], set(), [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in {"src", "srcset", "poster", "data", "action"} or (name == "href" and tag != "a"):
                self.loads.append(value)
            if name == "href" and tag == "a":
                self.links.append(value)
            if name == "id":
                self.ids.add(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SVG_EMPTY
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


class Nasty:
    """Samples and refusals that would break a careless page."""

    def items(self, start, stop):
        for i in range(start, stop):
            noise = np.random.default_rng(i % 9).integers(0, 256, (32, 40 + 170 * (i % 3), 3), dtype=np.uint8)
            label = NASTY[i % len(NASTY)] if i % 2 else f"line {i}"
            if i % 10 == 7:
                yield Refusal("<b>odd</b>", NASTY[1], NASTY[0], NASTY[2], encode_jpeg(noise))
            else:
                yield Sample(b"" if i == 4 else encode_jpeg(noise), label, NASTY[i % len(NASTY)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    ledger = [{"name": "<i>font</i>", "licence": "OFL"}]
    run_job(Job("test", {"text": NASTY[0]}, 60, 20, ledger), Nasty(), folder / "pack", 1)
    found = stats(folder / "pack", Charset("line 0123456789\u202e字<"), workers=1)
    write_report(found, folder / "out" / "report.html")
    return folder / "out" / "report.html"


def test_page_is_well_formed_and_loads_nothing(written):
    html = written.read_text(encoding="utf-8")
    page = Page(html)
    assert page.loads and all(value.startswith("data:image/jpeg;base64,") for value in page.loads)
    assert not {"script", "link", "iframe", "object", "i"} & set(page.tags)
    assert "url(" not in html and "@import" not in html and "http" not in html.replace("http-equiv", "")
    assert {link.removeprefix("#") for link in page.links} == page.ids
    assert "prefers-color-scheme: dark" in html and 'name="viewport"' in html


def test_foreign_text_is_shown_as_text(written):
    html = written.read_text(encoding="utf-8")
    page = Page(html)
    assert "<script>alert(1)</script>" in page.text and "<b>odd</b>" in page.text and "<i>font</i>" in page.text
    assert "⟨U+202E⟩abc" in page.text and "a⟨U+0000⟩b⟨U+001B⟩" in page.text and "مرحبا" in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u2028\u202e]", html)


def test_page_and_json_say_the_same(written):
    figures = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
    text = Page(written.read_text(encoding="utf-8")).text
    assert figures["count"] == 54 and "54 samples" in text
    assert figures["refusals"] == {"<b>odd</b>": 6} and "6 refused" in text
    assert figures["decoded"]["unreadable"] == {"empty_file": 1} and "1 unreadable" in text
    squeezed = figures["squeezed"]
    assert f"{squeezed['count']} pictures ({percent(squeezed['share'])}) are wider" in text
    assert f"a width of {figures['recommended']['width']} (" in text
    assert figures["findings"] and all(visible(finding["text"]) in text for finding in figures["findings"])
    assert visible(figures["summary"]) in text
    for name, entry in figures["concerns"].items():
        assert f"{name.replace('_', ' ')}: {entry['count']} (" in text


def test_findings_put_what_hurts_first(written):
    figures = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
    levels = [f["level"] for f in figures["findings"]]
    assert levels[0] == "bad" and levels == sorted(levels, key=("bad", "look", "good").index)
    texts = " ".join(f["text"] for f in figures["findings"])
    assert (
        "<b>odd</b> 6" in texts
        and "cannot be read" in texts
        and "outside the dictionary" in texts
        and "different labels" in texts
    )


def test_a_clean_pack_is_called_clean(tmp_path):
    class Clean:
        def items(self, start, stop):
            for i in range(start, stop):
                noise = np.random.default_rng(i).integers(0, 256, (32, 96, 3), dtype=np.uint8)
                yield Sample(encode_jpeg(noise), f"{i:03d}")

    run_job(Job("test", {}, 20, 20), Clean(), tmp_path / "p", 1)
    found = stats(tmp_path / "p", Charset("0123456789"), rare=1, workers=1).to_json()["findings"]
    assert [f["level"] for f in found] == ["good", "look"] and "Few samples: 20" in found[1]["text"]
    found = stats(tmp_path / "p", Charset("0123456789x"), rare=5, workers=1).to_json()["findings"]
    assert "1 never appear and 8 fewer than 5 times" in found[1]["text"]


def test_bars_add_up_to_all_values():
    histogram = Histogram()
    histogram.add([1, 2, 2, 3, *range(100, 400), 5000])
    svg = bars(histogram.to_json(), "widths", {"model 320": 320})
    numbers = [int(n.replace(",", "")) for n in re.findall(r": ([\d,]+) \(", svg)]
    assert sum(numbers) == 305 and "and more: " in svg and "model 320" in svg


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.00001, "less than 0.01 %"),
        (0.99999, "more than 99.99 %"),
        (0.1234, "12.3 %"),
    ],
)
def test_percent_never_rounds_something_to_nothing(share, text):
    assert percent(share) == text


def test_regions_ignored_by_annotators_are_no_loss(tmp_path):
    class Ignored(Nasty):
        def items(self, start, stop):
            yield from (Refusal("ignored_###", f"region {i}") for i in range(9))
            yield from super().items(start, stop)

    run_job(Job("test", {}, 3, 3), Ignored(), tmp_path / "p", 1)
    figures = stats(tmp_path / "p", workers=1).to_json()
    assert "ignored_### 9" in figures["summary"] and not any("lost" in f["text"] for f in figures["findings"])


def test_a_pack_without_one_readable_picture_still_has_a_page(tmp_path):
    write_shard(tmp_path / "p", 0, iter([Sample(b"broken", "ab")]), "job")
    found = stats(tmp_path / "p", workers=1)
    write_report(found, tmp_path / "report.html")
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert "Pictures are of unknown size" in text and "Pictures that cannot be read: 1." in text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0.0 kB"), (999_999, "1,000.0 kB"), (2_500_000, "2.5 MB"), (3 * 10**9, "3.0 GB")]
)
def test_sizes_choose_their_unit(number, text):
    assert size(number) == text


def test_a_report_that_would_overwrite_its_own_figures_is_refused(tmp_path):
    run_job(Job("test", {}, 3, 3), Nasty(), tmp_path / "p", 1)
    with pytest.raises(UserError, match=r"ends in \.html"):
        write_report(stats(tmp_path / "p", workers=1), tmp_path / "report.json")
