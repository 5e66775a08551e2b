"""Which lines stand upside down: a direction classifier trained on synthetic lines alone, asked about real crops.

    python tests/bench/bench_direction.py -o FOLDER                         # render 20,000 lines, train, export, ask
    python tests/bench/bench_direction.py -o FOLDER --preset cls_mv3        # MobileNetV3 instead of plain convolutions
    python tests/bench/bench_direction.py --bundle BUNDLE                   # ask only

The crops of cable labels lie in ../shared/data beside the repository; which of them stand upside down was told by eye
before any model was scored (wire_tags_orientation.tsv). Each crop that stands upright or upside down is asked about as
it is and turned round. An answer is right where the likelier direction is the true one; `ocrdata ocr --cls` turns a
line only where the model is certain, so what it would turn wrongly, and rightly, is counted as well. Texts that read
as well upside down (such as 8, 1001, 609) cannot be told: they are counted apart.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from real_crops import alnum

from ocrdata.datasets.images import Image
from ocrdata.train.cls.turner import Turner, open_turner
from ocrdata.train.preprocess import fit, stack

RECIPES = {"chinese_lines": 8000, "english_lines": 5000, "digits": 3000, "alnum": 4000}
SYMMETRIC = set("01689HINOSXZ")  # characters that are characters upside down, too
# MobileNetV3 learns English lines, hardly changed, from nothing, but all kinds only from there.
FIRST = {"cls_mv3": ("english_lines", ["epochs=20", "augment={share: 0.3, move: 0.03}"])}
BATCH = 64


def run(*command: object) -> None:
    """A command as a user types it."""
    subprocess.run([sys.executable, "-m", "ocrdata", *map(str, command)], check=True)


def make(preset: str, folder: Path, changes: list[str]) -> Path:
    """From nothing to a bundle."""
    for recipe, count in RECIPES.items():
        run("synth", f"preset:{recipe}", "-n", count, "-o", folder / "lines" / recipe)
    if preset in FIRST and not any(change.startswith("start=") for change in changes):
        recipe, easy = FIRST[preset]
        start = train(preset, folder / "lines" / recipe, folder / "first", easy)
        changes = [*changes, f"start={start}"]
    return train(preset, folder / "lines", folder, changes)


def train(preset: str, lines: Path, folder: Path, changes: list[str]) -> Path:
    """Train on lines, and export; a training that was stopped goes on."""
    settings = [part for change in changes for part in ("--set", change)]
    resume = ["--resume"] if (folder / "run" / "last.npz").is_file() else []
    run("train", f"preset:{preset}", "--data", lines, "-o", folder / "run", *settings, *resume)
    run("export", folder / "run", "-o", folder / "bundle", "--overwrite")
    return folder / "bundle"


def probabilities(turner: Turner, lines: list[Image]) -> list[float]:
    """Of each line, that it stands upside down."""
    found: list[float] = []
    for start in range(0, len(lines), BATCH):
        images = [fit(line, turner.rule) for line in lines[start : start + BATCH]]
        found += np.asarray(turner.engine(stack(images, turner.rule)))[:, 1].tolist()
    return found


def main() -> None:
    """Print how often the direction is told rightly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("direction"))
    parser.add_argument("--preset", choices=("cls_tiny", "cls_mv3"), default="cls_tiny")
    parser.add_argument("--set", dest="changes", action="append", default=[], help="change the preset: KEY=VALUE")
    parser.add_argument("--bundle", type=Path)
    given = parser.parse_args()
    turner = open_turner(given.bundle or make(given.preset, given.out, given.changes), threads=1)
    crops = [crop for crop in alnum() if crop.stands != "sideways"]
    pictures = [crop.line.image for crop in crops]
    asked = probabilities(turner, pictures), probabilities(turner, [p[::-1, ::-1].copy() for p in pictures])
    asks, right, turned, wrongly = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for crop, as_it_is, turned_round in zip(crops, *asked, strict=True):
        kind = "ambiguous" if set(crop.line.label.upper()) <= SYMMETRIC else "others"
        for probability, truth in ((as_it_is, crop.stands != "upright"), (turned_round, crop.stands == "upright")):
            asks[kind] += 1
            right[kind] += (probability > 0.5) == truth
            turned[kind] += probability >= turner.certain and truth
            wrongly[kind] += probability >= turner.certain and not truth
    print(f"{len(crops):,} crops, each as it is and turned round; certain from {turner.certain}")
    for kind in ("others", "ambiguous"):
        half = asks[kind] / 2
        print(
            f"{kind:10} right {right[kind]:5} of {asks[kind]:5}  {right[kind] / asks[kind]:7.2%}   "
            f"turned rightly {turned[kind] / half:7.2%}   turned wrongly {wrongly[kind] / half:7.2%}"
        )


if __name__ == "__main__":
    main()
