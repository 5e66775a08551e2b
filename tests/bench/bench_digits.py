"""The digits preset on real cable labels: trained on synthetic lines alone, scored on 598 real crops.

    python tests/bench/bench_digits.py -o FOLDER            # render, train, export, score
    python tests/bench/bench_digits.py --bundle BUNDLE      # score only

The crops lie in ../shared/data/wire_tags beside the repository. Which of them stand upside down or sideways was told
by eye: wire_tags_orientation.tsv.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from ocrdata.datasets.images import read_image
from ocrdata.train.evaluate import Line, Read, read_lines
from ocrdata.train.reader import Reader

CROPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "wire_tags"
TURNED = Path(__file__).with_name("wire_tags_orientation.tsv")


def make(folder: Path, lines: int, steps: int | None) -> Path:
    """Render, train and export with the commands that a user types; returns the bundle."""
    pack, run, bundle = folder / "lines", folder / "run", folder / "bundle"
    longer = ["--set", f"steps={steps}"] if steps else []
    for command in (
        ["synth", "preset:digits", "-n", str(lines), "-o", str(pack)],
        ["train", "preset:digits", "--data", str(pack), "-o", str(run), *longer],
        ["export", str(run), "-o", str(bundle)],
    ):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ocrdata", *command], check=True)
        print(f"{command[0]}: {time.perf_counter() - began:.0f} s")
    return bundle


def crops() -> list[tuple[str, Line]]:
    """(orientation, line) of each digits-only crop."""
    turned = dict(
        line.split("\t") for line in TURNED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    found = []
    for row in (CROPS / "rec_gt.txt").read_text(encoding="utf-8").splitlines():
        name, _, label = row.partition("\t")
        if label.isascii() and label.isdigit():
            found.append((turned.get(name, "upright"), Line(name, read_image(CROPS / name), label)))
    return found


def sheet(reads: list[Read], path: Path) -> None:
    """A picture of the wrongly read crops, each with label and reading."""
    cells = []
    for read in reads:
        image = read_image(CROPS / read.origin)
        scale = min(150 / image.shape[1], 48 / image.shape[0])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = np.full((66, 156, 3), 255, np.uint8)
        cell[: small.shape[0], : small.shape[1]] = small
        cv2.putText(cell, f"{read.label} > {read.text}", (0, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 200), 1)
        cells.append(cell)
    cells += [np.full((66, 156, 3), 255, np.uint8)] * (-len(cells) % 8)
    cv2.imwrite(str(path), np.vstack([np.hstack(cells[i : i + 8]) for i in range(0, len(cells), 8)]))


def main() -> None:
    """Prints line accuracy by orientation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("digits"))
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--steps", type=int, help="instead of the preset's")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--wrong", type=Path, help="write a picture of the wrongly read upright crops")
    arguments = parser.parse_args()
    bundle = arguments.bundle or make(arguments.out, arguments.lines, arguments.steps)
    lines = crops()
    lines_of, right = Counter[str](), Counter[str]()
    wrong = []
    for (orientation, _), read in zip(lines, read_lines(Reader(bundle), [line for _, line in lines]), strict=True):
        lines_of[orientation] += 1
        right[orientation] += read.text == read.label
        if orientation == "upright" and read.text != read.label:
            wrong.append(read)
    for orientation, count in lines_of.most_common():
        print(f"{orientation:12} {right[orientation]:4} of {count:4} lines  {right[orientation] / count:7.2%}")
    if arguments.wrong and wrong:
        sheet(wrong, arguments.wrong)
        print(arguments.wrong)


if __name__ == "__main__":
    main()
