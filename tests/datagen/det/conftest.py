"""Small quick scenes over a font that the tests choose."""

import numpy as np
import pytest

from ocrdata.datagen.det.recipe import DetRecipe
from ocrdata.datagen.det.synth import prepare_scenes

QUIET = {"width": [320, 320], "height": [256, 256], "blocks": [1, 3], "em": [16, 32], "cut": 0}


def recipe(**changes):
    """A recipe for small scenes of short texts; `changes` replace keys of the top level, and single keys of `scene`."""
    values = {
        "seed": 7,
        "texts": [{"kind": "pattern", "pattern": "{upper}{lower:1-4} {digit:1-3}"}],
        "fonts": [{"name": "DejaVu Sans"}],
        "backgrounds": {"mosaic": {"panes": [0, 2], "strength": [0, 3]}},
        "jpeg": [95, 95],
        **changes,
    }
    return DetRecipe.model_validate({**values, "scene": {**QUIET, **changes.get("scene", {})}})


@pytest.fixture
def make_recipe():
    return recipe


@pytest.fixture
def make_scenes():
    """Scenes of a recipe: `make(count, **changes)`, with the pictures without text."""

    def make(count, **changes):
        engine = prepare_scenes(recipe(**changes)).engine
        return [scene for scene, _ in engine.pictures(np.arange(count), bare=True)]

    return make
