"""Opened sources and the numbers of a job's first samples."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from ocrdata.corpora.mix import TRIAL, Mix
from ocrdata.corpora.sources import TextSource
from ocrdata.datagen.rng import Draws


def sources(*rows):
    return [TypeAdapter(TextSource).validate_python(row) for row in rows]


@pytest.fixture
def draw(tmp_path):
    """draw(n, charset=…, **values): n texts of one source, and the opened source."""

    def drawn(n=300, charset=None, **values):
        source = sources(values)[0].open(tmp_path, charset)
        return source.draw(Draws(1, np.arange(n))), source

    return drawn


@pytest.fixture
def mix():
    """mix(rows, charset, **options): the mix of these sources; seed 3."""

    def opened(*rows, charset=None, **options):
        return Mix(sources(*rows), charset, Draws(3, np.arange(TRIAL)), **options)

    return opened


@pytest.fixture
def texts_of():
    """texts_of(mix, start, stop): the texts of these samples; seed 3."""

    def texts(mix, start, stop, attempt=0, batch=4096):
        found = []
        for first in range(start, stop, batch):
            index = np.arange(first, min(first + batch, stop))
            found += mix.draw(Draws(3, index, attempt), index, attempt)
        return found

    return texts
