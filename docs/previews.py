"""Draws the contact sheets in docs/previews anew, one for each recipe that comes with the program.

    python docs/previews.py [NAME ...]

The fonts decide what the sheets look like: those in the repository were made with the packages that the Makefile names.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ocrdata.config import PRESET
from ocrdata.datagen import preview
from ocrdata.datagen.det import preview as scene_preview
from ocrdata.datagen.det.recipe import load_det_recipe
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datasets.images import Image, encode_jpeg
from ocrdata.files import whole_file

FOLDER = Path(__file__).resolve().parent / "previews"
RECIPES = Path(__file__).resolve().parents[1] / "configs" / "synth"
PRESETS = ("alnum", "digits", "plates")  # their section `synth` is a recipe
SCENES = ("scenes", "documents", "tags")
SAMPLES, SCENES_SHOWN = 40, 4
QUALITY = 82


def main(names: list[str]) -> None:
    """Write the sheets of these recipes, or of all of them."""
    for name in names or sorted([*(p.stem for p in RECIPES.glob("*.yml")), *PRESETS]):
        path = FOLDER / f"{name}.jpg"
        with whole_file(path, binary=True) as file:
            file.write(encode_jpeg(sheet(name), QUALITY))
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


def sheet(name: str) -> Image:
    """The contact sheet of one recipe."""
    if name in SCENES:
        return scene_preview.preview(load_det_recipe(PRESET + name), SCENES_SHOWN)
    return preview.preview(load_recipe(PRESET + name), SAMPLES)


if __name__ == "__main__":
    main(sys.argv[1:])
