"""Growing memory is told from flat memory."""

import numpy as np
import pytest

pytest.importorskip("psutil")

from ocrdata.corpora.charset import Charset
from ocrdata.train.det.detector import Detector
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.preprocess import PhotoRule
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader
from ocrdata.train.reading.photo_reader import PhotoReader
from ocrdata.train.soak import Soak, soak, soak_photos


def reader(keep):
    """A reader whose engine keeps so many bytes of each batch."""
    kept = []

    def engine(batch):
        kept.append(np.ones(keep, np.uint8))
        return np.full((len(batch), batch.shape[3] // 4, 3), 1 / 3, np.float32)

    return LineReader(engine, InputRule(height=32, max_width=96), Charset("ab"))


def test_an_engine_that_keeps_memory_is_found_and_one_that_does_not_is_flat():
    done = []
    flat = soak(reader(0), 2000, progress=done.append)
    assert flat.flat and sum(done) == 2000 and len(flat.peaks) == 10 and min(flat.peaks) > 1e6
    assert not soak(reader(500_000), 2000).flat
    assert min(soak(reader(0), 100).peaks) > 1e6  # few pictures: each tenth is looked at all the same


def test_photos_of_random_sizes_are_watched_likewise():
    def photo_reader(keep):
        kept = []

        def find(batch):
            kept.append(np.ones(keep, np.uint8))
            return (batch.mean(1, keepdims=True) < 0).astype(np.float32)

        return PhotoReader(Detector(find, PhotoRule(side=96), DbPost()), reader(0), least=0.0)

    done = []
    flat, texts = soak_photos(photo_reader(0), 120, progress=done.append)
    assert flat.flat and sum(done) == 120 and texts > 100
    assert not soak_photos(photo_reader(2_000_000), 120)[0].flat


def test_flat_allows_one_hundredth_or_four_megabytes():
    assert Soak((100_000_000,) * 3 + (104_000_000,) * 7).flat
    assert not Soak((100_000_000,) * 3 + (105_000_000,) * 7).flat
    assert Soak((1_000_000_000,) * 3 + (1_009_000_000,) * 7).flat
    assert not Soak((1_000_000_000,) * 3 + (1_009_000_000,) * 6 + (1_011_000_000,)).flat
