"""The presets digits, alnum and plates on real crops: trained on synthetic lines alone.

    python tests/bench/bench_vertical.py digits -o FOLDER            # render, train, export, score
    python tests/bench/bench_vertical.py digits --bundle BUNDLE      # score only

The crops lie in ../shared/data beside the repository. Which cable labels stand upside down or sideways was told by
eye before any model was scored: wire_tags_orientation.tsv.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from real_crops import Crop, alnum, digits, plates

from ocrdata.datasets.images import read_image
from ocrdata.train.evaluate import Read, read_lines
from ocrdata.train.reader import Reader

SETS = {"digits": digits, "alnum": alnum, "plates": plates}
Rule = Callable[[str], str]


def make(preset: str, folder: Path, changes: list[str]) -> Path:
    """From nothing to a bundle, with the command that a user types."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "ocrdata", "train", f"preset:{preset}", "-o", str(folder)]
    subprocess.run([*command, *(part for change in changes for part in ("--set", change))], check=True)
    print(f"from nothing to a bundle: {time.perf_counter() - began:.0f} s")
    return folder / "bundle"


def rules(preset: str) -> dict[str, Rule]:
    """What counts as equal, by name."""
    if preset == "plates":
        # The dot stands on every plate and so in the recipe's labels, but not in these.
        return {
            "the last six": lambda text: text.replace("·", "")[-6:],
            "without the dot": lambda text: text.replace("·", ""),
        }
    if preset == "alnum":
        # The same print is labelled E0 here and EO there, 100G01 and I00G01.
        return {"exact": str, "O as 0, I as 1": lambda text: text.upper().replace("O", "0").replace("I", "1")}
    return {"exact": str}


def show(crops: list[Crop], reads: list[Read], name: str, rule: Rule) -> None:
    """Print line accuracy by half and orientation."""
    count, right = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for crop, read in zip(crops, reads, strict=True):
        for half in ("looked at" if crop.seen else "kept back", "both"):
            count[crop.stands, half] += 1
            right[crop.stands, half] += rule(read.text) == rule(read.label)
    print(name)
    for key in sorted(count, key=lambda key: (-count[key[0], "both"], key[1] == "both", key[1])):
        print(f"  {key[0]:12} {key[1]:10} {right[key]:4} of {count[key]:4}  {right[key] / count[key]:7.2%}")


def sheet(reads: list[Read], path: Path) -> None:
    """A picture of the wrongly read crops, each with label and reading."""
    cells = []
    for read in reads:
        image = read_image(Path(read.origin))
        scale = min(150 / image.shape[1], 48 / image.shape[0])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = np.full((66, 156, 3), 255, np.uint8)
        cell[: small.shape[0], : small.shape[1]] = small
        label = f"{read.label} > {read.text}".encode("ascii", "replace").decode()
        cv2.putText(cell, label, (0, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 200), 1)
        cells.append(cell)
    cells += [np.full((66, 156, 3), 255, np.uint8)] * (-len(cells) % 10)
    cv2.imwrite(str(path), np.vstack([np.hstack(cells[i : i + 10]) for i in range(0, len(cells), 10)]))


def main() -> None:
    """Prints line accuracy by half and orientation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("preset", choices=SETS)
    parser.add_argument("-o", "--out", type=Path, help="folder of lines, run and bundle; by default the preset's name")
    parser.add_argument("--set", dest="changes", action="append", default=[], help="change the preset: KEY=VALUE")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--wrong", type=Path, help="a picture of the wrongly read upright crops that were looked at")
    arguments = parser.parse_args()
    bundle = arguments.bundle or make(arguments.preset, arguments.out or Path(arguments.preset), arguments.changes)
    crops = list(SETS[arguments.preset]())
    reads = list(read_lines(Reader(bundle), [crop.line for crop in crops]))
    compared = rules(arguments.preset)
    for name, rule in compared.items():
        show(crops, reads, name, rule)
    last = list(compared.values())[-1]
    wrong = [
        read
        for crop, read in zip(crops, reads, strict=True)
        if crop.stands == "upright" and crop.seen and last(read.text) != last(read.label)
    ]
    if arguments.wrong and wrong:
        sheet(wrong, arguments.wrong)
        print(arguments.wrong)


if __name__ == "__main__":
    main()
