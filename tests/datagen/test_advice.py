"""What a comparison advises to change is in every recipe."""

import re

import pytest

from ocrdata.config import Config
from ocrdata.datagen.recipe import Recipe
from ocrdata.prep.advice import ADVICE
from ocrdata.prep.properties import THINGS

KEYS = sorted(
    {
        key
        for texts in (*ADVICE.values(), *((t.todo,) for t in THINGS))
        for t in texts
        for key in re.findall("`(.+?)`", t)
    }
)


@pytest.mark.parametrize("key", KEYS)
def test_advised_keys_are_keys_of_the_recipe(key):
    model = Recipe
    for part in key.split("."):
        assert part in model.model_fields, key
        inner = model.model_fields[part].annotation
        model = inner if isinstance(inner, type) and issubclass(inner, Config) else Config
