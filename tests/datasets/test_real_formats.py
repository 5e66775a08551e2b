"""Readers on real files, where they lie beside the repository."""

from pathlib import Path

import pytest

from ocrdata.datasets.dataset import count_labels, find_labels, open_labels
from ocrdata.datasets.images import read_image
from ocrdata.datasets.records import Photo

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="there is no ../shared/data beside the repository")


def test_receipts():
    labels = find_labels(DATA / "sroie" / "box", format="sroie", images=(DATA / "sroie" / "img",))
    items = list(open_labels(*labels))
    counts = count_labels(items)
    assert (counts.photos, counts.refusals) == (124, {})
    assert counts.regions > 5_000 and counts.ignored["masked"] > 0
    assert any("," in r.text for i in items if isinstance(i, Photo) for r in i.regions)


def test_words_of_mmocr():
    folder = DATA / "mmocr_toy" / "rec_toy_dataset"
    items = list(open_labels(*find_labels(folder / "labels.json")))
    photos = [i for i in items if isinstance(i, Photo)]
    assert len(photos) == len(items) > 5
    assert all(read_image(p.path).size for p in photos)
