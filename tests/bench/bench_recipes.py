"""How fast each shipped recipe renders on one core, sampling to JPEG and LMDB; what two processes add.

taskset -c 0 python tests/bench/bench_recipes.py [--lines 3000] [--rounds 3] [NAME ...]
python tests/bench/bench_recipes.py --workers [--lines 60000]    (start-up included, and without it)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
from bench_synth import make

from ocrdata.config import config_path
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare, synth
from ocrdata.datasets.records import Sample

SCENES = ("scenes", "documents", "tags")
RECIPES = sorted(p.stem for p in config_path("preset:chinese_lines").parent.glob("*.yml") if p.stem not in SCENES)


def measure(name: str, lines: int, rounds: int, folder: Path) -> None:
    """Print one recipe's speed, and how many attempts were refused."""
    engine = prepare(load_recipe(f"preset:{name}")).engine
    made = list(engine.items(0, lines))
    seconds = min(make(engine, 0, lines, folder) for _ in range(rounds))
    refused = sum(not isinstance(i, Sample) for i in made) / len(made)
    size = sum(len(i.image) for i in made if isinstance(i, Sample)) / lines
    print(
        f"{name:20} {lines / seconds:7.0f} images/s  {1e6 * seconds / lines:6.0f} us  {size:6.0f} bytes  "
        f"refused {refused:5.1%} of attempts",
        flush=True,
    )


def timed(lines: int, count: int, folder: Path) -> tuple[float, float]:
    """Images per second of so many processes by the clock: start-up included, and from a fifth of the lines on."""
    marks: list[tuple[float, int]] = []

    def progress(samples: int) -> None:
        marks.append((time.monotonic(), samples + (marks[-1][1] if marks else 0)))

    begun = time.monotonic()
    synth(load_recipe("preset:chinese_lines"), lines, folder / str(count), count, progress, shard_size=2500)
    ended = time.monotonic()
    warm, made = next(mark for mark in marks if mark[1] >= lines / 5)
    return lines / (ended - begun), (lines - made) / (ended - warm)


def workers(lines: int, folder: Path) -> None:
    """Print what two processes add to one."""
    one, two = (timed(lines, count, folder) for count in (1, 2))
    for name, single, double in zip(("start-up included", "once they run"), one, two, strict=True):
        print(f"{name:18} 1 process {single:6.0f}, 2 processes {double:6.0f} images/s: {double / single:.2f} times")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--lines", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        if options.workers:
            workers(options.lines or 60_000, Path(folder))
            return
        for name in options.names or RECIPES:
            measure(name, options.lines or 3000, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
