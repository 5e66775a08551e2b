"""What runs a bundle fastest on this processor: lines/s and memory of every engine, each in a process of its own.

    taskset -c 0 python tests/bench/bench_inference.py BUNDLE            # made-up lines of many widths
    taskset -c 0 python tests/bench/bench_inference.py BUNDLE --data PACK_OR_LABELS

Lines/s are of the whole road: resize, normalise, network, text. Memory is the resident size after reading, less what
Python with NumPy and OpenCV take before an engine is opened. An engine that differs by more than 1e-4 from Paddle's
plain inference library is no candidate for the default.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import get_args

import numpy as np
import psutil

from ocrdata.datasets.images import Image
from ocrdata.train.bundle import has_package, open_bundle
from ocrdata.train.lines import Line, open_lines
from ocrdata.train.preprocess import InputRule, fit, stack
from ocrdata.train.reader import Reader
from ocrdata.train.runtimes import PACKAGES, EngineName, choices

LINES = 512
SECONDS = 3.0
BATCHES = (1, 6, 32)
USUAL = 6  # what people set rec_batch_num to
TOLERANCE = 1e-4


def pictures(rule: InputRule, count: int, seed: int = 0) -> list[Image]:
    """Noise with strokes; widths as of text lines: most short, some as wide as the input takes."""
    random = np.random.default_rng(seed)
    made = []
    for width in np.clip(random.lognormal(np.log(rule.max_width / 3), 0.6, count), 12, rule.max_width).astype(int):
        small = random.integers(0, 256, (rule.height // 4, max(3, width // 4), 3)).astype(np.uint8)
        made.append(np.repeat(np.repeat(small, 4, 0), 4, 1))
    return made


def lines_of(bundle: Path, data: Path | None) -> list[Image]:
    """The pictures that every engine reads."""
    if data is None:
        return pictures(open_bundle(bundle).input, LINES)
    return [line.image for line in islice((x for x in open_lines(data) if isinstance(x, Line)), LINES)]


def measure(bundle: Path, engine: EngineName, images: list[Image], threads: int, out: Path) -> dict[str, float]:
    """Figures of one engine; its probabilities go to the file `out`."""
    memory = psutil.Process().memory_info
    # Of one thread the processor's time, so that other programs on a busy core count less.
    clock = time.process_time if threads == 1 else time.perf_counter
    before, began = memory().rss, time.perf_counter()
    reader = Reader(bundle, engine, threads)
    row = {"start_s": time.perf_counter() - began}
    for size in BATCHES:
        reader.batch_size = size
        reader.read(images[:64])
        chosen = images if size > 1 else images[:128]
        began, read = clock(), 0
        while (spent := clock() - began) < SECONDS:
            if size == 1:  # as they come: what one line costs without others to wait for
                for image in chosen:
                    reader.read([image])
            else:
                reader.read(chosen)
            read += len(chosen)
        row[f"batch_{size}"] = read / spent
    row["memory_mb"] = (memory().rss - before) / 1e6
    rule = reader.rule
    np.savez(out, *(reader.engine(stack([fit(image, rule)], rule)) for image in images[:32]))
    return row


def main() -> None:
    """Prints a row for each engine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engine", choices=get_args(EngineName), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        images = lines_of(arguments.bundle, arguments.data)
        print(json.dumps(measure(arguments.bundle, arguments.engine, images, arguments.threads, arguments.out)))
        return
    compare(arguments.bundle, arguments.data, arguments.threads)


def compare(bundle: Path, data: Path | None, threads: int) -> None:
    """One process for each engine, the plain Paddle library first: the others are held against it."""
    names = sorted(choices(open_bundle(bundle)), key=lambda name: name != "paddle")
    print(f"{'engine':14} {'start':>7} " + " ".join(f"{f'batch {n}':>9}" for n in BATCHES) + "   memory  difference")
    with tempfile.TemporaryDirectory() as folder:
        reference: list[np.ndarray] | None = None
        agreeing: dict[str, float] = {}
        for name in names:
            if not has_package(PACKAGES[name]):
                print(f"{name:14} {PACKAGES[name]} is not installed")
                continue
            out = Path(folder) / f"{name}.npz"
            command = [
                sys.executable,
                __file__,
                str(bundle),
                "--engine",
                name,
                "--out",
                str(out),
                "--threads",
                str(threads),
            ]
            environment = {**os.environ, "OMP_NUM_THREADS": str(threads or os.cpu_count())}
            command += ["--data", str(data)] if data else []
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
            row = json.loads(done.stdout.splitlines()[-1])
            with np.load(out) as file:
                arrays = [file[key] for key in file.files]
            reference = reference or arrays
            gap = max(float(np.abs(a - b).max()) for a, b in zip(arrays, reference, strict=True))
            speeds = " ".join(f"{row[f'batch_{n}']:7.0f}/s" for n in BATCHES)
            verdict = "" if gap <= TOLERANCE else "  DIFFERS"
            if gap <= TOLERANCE:
                agreeing[name] = row[f"batch_{USUAL}"]
            print(f"{name:14} {row['start_s']:6.2f}s {speeds} {row['memory_mb']:6.0f} MB  {gap:.1e}{verdict}")
    fastest, default = max(agreeing, key=lambda name: agreeing[name]), choices(open_bundle(bundle))[0]
    print(f"fastest in batches of {USUAL} of those that agree: {fastest}; by default the bundle is read with {default}")


if __name__ == "__main__":
    main()
