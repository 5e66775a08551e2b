"""Small recipes over fonts that the tests choose."""

import pytest

from ocrdata.datagen.recipe import Recipe


def recipe(**changes):
    """A quick recipe for digits; `changes` replace its top-level keys."""
    values = {
        "seed": 7,
        "texts": [{"kind": "pattern", "pattern": "{digit:1-6}"}],
        "fonts": [{"name": "DejaVu Sans"}],
    }
    return Recipe.model_validate({**values, **changes})


@pytest.fixture
def make_recipe():
    return recipe
