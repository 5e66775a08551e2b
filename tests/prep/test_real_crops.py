"""Real crops: ink and paper are told apart, and two halves of one collection are no different."""

from pathlib import Path

import pytest

from ocrdata.datasets.records import Sample
from ocrdata.prep.colours import bgr, learn_colours, lightness
from ocrdata.prep.compare import compare
from ocrdata.prep.stats import stats
from ocrdata.prep.store import write_shard

LABELS = Path(__file__).parents[3] / "shared" / "data" / "wire_tags" / "rec_gt.txt"
pytestmark = pytest.mark.skipif(not LABELS.is_file(), reason=f"no photos of cable labels at {LABELS}")


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halves")
    lines = [line.split("\t") for line in LABELS.read_text(encoding="utf-8-sig").splitlines()[:1200]]
    samples = [Sample((LABELS.parent / path).read_bytes(), text) for path, text in lines]
    for name, start in (("one", 0), ("two", 1)):
        write_shard(folder / name, 0, iter(samples[start::2]), "job")
    return [stats(folder / name, workers=1) for name in ("one", "two")]


def test_labels_are_dark_on_light_and_nearly_always_clear(halves):
    for half in halves:
        details = half.measured.details
        assert details.unclear < 0.05 * len(details.rows) and details.dark_share > 0.97


def test_halves_of_one_collection_are_no_different(halves):
    comparison = compare(*halves)
    assert 0.4 < comparison.verdict.auc < 0.6
    assert sum(d.is_certain for d in comparison.differences) <= 1


def test_learnt_pairs_are_grey_and_yellow_labels_with_dark_print():
    found = learn_colours(LABELS, crops=600)
    assert sum(found.unclear.values()) < 0.05 * found.crops
    ink, paper = (bgr([getattr(p, part) for p in found.pairs]) for part in ("ink", "paper"))
    weights = [p.weight for p in found.pairs]
    total = sum(weights)
    assert sum(w for w, dark in zip(weights, lightness(ink) < lightness(paper), strict=True) if dark) > 0.97 * total
    yellow = paper[:, 2] - paper[:, 0] > 70  # far more red than blue
    assert 0.08 < sum(w for w, y in zip(weights, yellow, strict=True) if y) / total < 0.35
