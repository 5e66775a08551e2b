"""The kernel draws what Python draws, byte for byte, with every instruction set that this processor has."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.datagen.kernel import build
from ocrdata.datagen.kernel.jobs import Kernel
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import Engine, prepare
from ocrdata.datasets.records import Refusal
from ocrdata.errors import UserError
from ocrdata.fonts.discover import find_fonts

LEVELS = build.available()
COUNT = 600
KINDS = {
    "everything": {
        "geometry": {"rotation": [-4, 4], "shear": [-8, 8], "perspective": [0, 0.2]},
        "shadow": {"probability": 0.5, "offset": [-12, 12], "blur": [0, 3], "opacity": [0.2, 1]},
        "outline": {"probability": 0.5, "width": [1, 4]},
        "blur": {"probability": 0.8, "sigma": [0, 3]},
        "noise": {"probability": 0.8, "sigma": [0, 40], "kinds": {"gaussian": 1, "uniform": 1}},
        "tone": {"brightness": [-60, 60], "contrast": [0.5, 2]},
        "ink": {"opacity": [0.6, 1], "contrast": 30},
        "height": 40,
    },
    "bare": {"noise": {"probability": 0}, "blur": {"probability": 0}},
    "far too blurred": {"blur": {"probability": 1, "sigma": [1, 12]}, "height": 24},
}


@pytest.fixture(params=LEVELS)
def library(request, tmp_path_factory):
    if build.compiler() is None:
        pytest.skip("no C compiler")
    found = build.load_level(request.param, tmp_path_factory.getbasetemp() / "kernels")
    assert found is not None, "the compiler could not build the kernel"
    return found


def photo(folder):
    noise = np.random.default_rng(1).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    cv2.imwrite(str(folder / "a.png"), cv2.resize(noise, (700, 500), interpolation=cv2.INTER_CUBIC))
    return {"folder": str(folder), "weight": 2}


def both(engine: Engine, library, count: int):
    """Of each line that is planned what Python makes of it and what the kernel makes of it, and who drew it."""
    painter, planned = engine.painter, engine.planner.batch(np.arange(count), 0).planned
    expected = [painter.paint(planned.line(k)) for k in range(len(planned.index))]
    painter.kernel = Kernel(library, engine.glyphs, painter.banks, engine.recipe)
    jobs = painter.kernel.jobs(planned)
    drawn = [able and jobs.draw(k) is not None for k, able in enumerate(jobs.able)]
    found = [painted if isinstance(painted, Refusal) else painted.copy() for painted in painter.paint_all(planned)]
    return list(zip(expected, found, drawn, strict=True))


def same(expected, found):
    if isinstance(expected, Refusal):
        return expected == found
    return not isinstance(found, Refusal) and np.array_equal(expected, found)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_it_draws(kind, library, make_recipe, tmp_path):
    recipe = make_recipe(
        texts=[{"kind": "pattern", "pattern": "{digit:1-12}.{upper:3}-1"}],
        **{"backgrounds": {"photos": photo(tmp_path)}, **KINDS[kind]},
    )
    pairs = both(prepare(recipe).engine, library, COUNT)
    assert all(same(expected, found) for expected, found, _ in pairs)
    drawn = sum(drawn for _, _, drawn in pairs)
    assert drawn > (0.05 if kind == "far too blurred" else 0.4) * len(pairs)
    if kind == "far too blurred":
        reasons = {expected.detail.split(":")[0] for expected, _, _ in pairs if isinstance(expected, Refusal)}
        assert {"strokes run together", "a small mark is wiped out"} & reasons


@pytest.mark.parametrize("name", ["chinese_lines", "english_words", "plates"])
def test_recipes_that_come_with_the_program(name, library):
    recipe = load_recipe(f"preset:{name}")
    try:
        find_fonts(recipe.fonts, Path.cwd())
    except UserError as error:
        pytest.skip(f"no font of this recipe is installed: {error}")
    pairs = both(prepare(recipe).engine, library, COUNT)
    assert all(same(expected, found) for expected, found, _ in pairs)
