"""Growing memory is told from flat memory."""

import subprocess
import sys

import pytest

pytest.importorskip("psutil")

from ocrdata.train.soak import Soak

SCRIPT = """
import sys
import numpy as np
from ocrdata.corpora.charset import Charset
from ocrdata.train.preprocess import InputRule
from ocrdata.train.reader import LineReader
from ocrdata.train.soak import soak

kept, done = [], []

def engine(batch):
    kept.append(np.ones(int(sys.argv[1]), np.uint8))
    return np.full((len(batch), batch.shape[3] // 4, 3), 1 / 3, np.float32)

found = soak(LineReader(engine, InputRule(height=32, max_width=96), Charset("ab")), 2000, progress=done.append)
print(found.flat, sum(done), len(found.peaks), min(found.peaks) > 1e6)
"""


def soaked(keep):
    """What is told of an engine that keeps so many bytes of each batch: in a process of its own, since in one that
    has freed much before, what is kept takes no new memory."""
    run = subprocess.run([sys.executable, "-c", SCRIPT, str(keep)], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_an_engine_that_keeps_memory_is_found_and_one_that_does_not_is_flat():
    assert soaked(0) == ["True", "2000", "10", "True"]
    assert soaked(500_000)[0] == "False"


def test_flat_allows_one_hundredth_or_four_megabytes():
    assert Soak((100_000_000,) * 3 + (104_000_000,) * 7).flat
    assert not Soak((100_000_000,) * 3 + (105_000_000,) * 7).flat
    assert Soak((1_000_000_000,) * 3 + (1_009_000_000,) * 7).flat
    assert not Soak((1_000_000_000,) * 3 + (1_009_000_000,) * 6 + (1_011_000_000,)).flat
