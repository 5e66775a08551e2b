"""Small packs of easy digit lines, and a network that learns them in seconds."""

import importlib.util
import os

import cv2
import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.prep.store import Pack, write_shard

os.environ.setdefault("OMP_NUM_THREADS", "1")
collect_ignore_glob = (
    []
    if importlib.util.find_spec("paddle")
    else [
        "test_fit.py",
        "test_export.py",
        "test_quantise.py",
        "test_start.py",
        "test_training.py",
        "test_team.py",
        "test_launch.py",
        "test_check.py",
        "test_traps.py",
        "test_real_lines.py",
    ]
)

SMALL = {
    "network": {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32, "reach": 3},
    "charset": "0123456789",
    "width": 96,
    "batch_size": 16,
    "optimizer": {"lr": 0.01, "warmup": 5},
    "cache_mb": 8,
    "holdout": 0.0,
    "seed": 3,
}


@pytest.fixture(scope="session")
def small_values():
    """The values of such a configuration, without steps."""
    return SMALL


@pytest.fixture
def small():
    """A configuration for a network that trains in seconds."""
    from ocrdata.train.config import TrainConfig

    def make(**changes):
        return TrainConfig.model_validate({**SMALL, **({} if "epochs" in changes else {"steps": 20}), **changes})

    return make


def _picture(text, seed=0):
    """Dark digits on a light, slightly noisy ground, 32 px high, 18 px a digit."""
    random = np.random.default_rng(seed)
    image = random.integers(200, 256, (32, 18 * len(text) + 8, 3)).astype(np.uint8)
    cv2.putText(image, text, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 20), 2)
    return image


def _samples(count, seed=0):
    random = np.random.default_rng(seed)
    for i in range(count):
        text = "".join(random.choice(list("0123456789"), random.integers(1, 5)))
        yield Sample(encode_jpeg(_picture(text, i)), text, f"line {i}")


def _make_pack(folder, count, seed=0, shards=1):
    folder.mkdir(parents=True, exist_ok=True)
    items = list(_samples(count, seed))
    for shard in range(shards):
        write_shard(folder, shard, iter(items[shard::shards]), "test")
    return Pack(folder)


@pytest.fixture(scope="session")
def picture():
    """picture(text, seed=0): a line with that text."""
    return _picture


@pytest.fixture(scope="session")
def make_pack():
    """make_pack(folder, count, seed=0, shards=1): a pack of such lines."""
    return _make_pack
