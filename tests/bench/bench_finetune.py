"""Finetuning on real crops: what it brings on other real crops, and what it costs on the lines that were learnt first.

    python tests/bench/bench_finetune.py -o FOLDER [--preset alnum] [--bundle BUNDLE]

A bundle that has seen synthetic lines alone is trained on the upright cable labels of one half of the photos in
../shared/data (the halves of real_crops.py, by photo number), and scored on those of the other half and on synthetic
lines of another seed: as it comes, finetuned on the real crops alone, and with synthetic lines replayed, one for each
real one. What is scored is the end of each training, so nothing is chosen by any score; a tenth of the photos of the
first half is watched beside synthetic lines meanwhile. Without --bundle, one is made by `ocrdata train preset:NAME`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from real_crops import NUMBER, Crop, alnum, digits

from ocrdata.config import load
from ocrdata.prep.store import Pack
from ocrdata.train.config import TrainConfig
from ocrdata.train.evaluate import Scoring, evaluate_sets
from ocrdata.train.lines import open_lines
from ocrdata.train.reader import Reader

SETS = {"digits": digits, "alnum": alnum}
REPLAYED, SCORED, WATCHED = 8000, 2000, 500  # synthetic lines
SEEDS = {"replay": 101, "scored": 102, "watched": 103}


def run(*command: object) -> None:
    """Run a command as a user types it."""
    print("ocrdata", *command, file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "ocrdata", *map(str, command)], check=True, stdout=sys.stderr)


def number(crop: Crop) -> int:
    """Of the photo."""
    found = NUMBER.search(crop.line.origin)
    assert found, crop.line.origin
    return int(found[1])


@dataclass(frozen=True)
class Real:
    """Label files of the upright crops: to train on, to watch, to score; and how many lines."""

    train: Path
    watched: Path
    scored: Path
    counts: tuple[int, int, int]


def real_lines(preset: str, folder: Path) -> Real:
    """Write the label files; the crops stay where they are."""
    crops = [crop for crop in SETS[preset]() if crop.stands == "upright"]
    photos = sorted({number(crop) for crop in crops if crop.seen})
    kept = set(photos[::10])
    parts = {
        "train": [c for c in crops if c.seen and number(c) not in kept],
        "watched": [c for c in crops if c.seen and number(c) in kept],
        "scored": [c for c in crops if not c.seen],
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, those in parts.items():
        paths[name] = folder / f"{name}.txt"
        rows = [f"{crop.line.origin}\t{crop.line.label}\n" for crop in those]
        paths[name].write_text("".join(rows), encoding="utf-8", newline="\n")
    return Real(**paths, counts=(len(parts["train"]), len(parts["watched"]), len(parts["scored"])))


def synthetic(preset: str, folder: Path, name: str, count: int) -> Path:
    """A pack of the recipe's lines that no training has seen."""
    pack = folder / name
    if not (pack / "manifest.json").is_file():
        run("synth", f"preset:{preset}", "-n", count, "--seed", SEEDS[name], "-o", pack)
    return pack


def finetune(arguments: argparse.Namespace, start: Path, real: Real, packs: dict[str, Path], replay: bool) -> Path:
    """Train from `start`, with or without replay; returns the bundle."""
    place = arguments.out / ("replay" if replay else "alone")
    if (place / "bundle" / "bundle.yml").is_file():
        return place / "bundle"
    values: dict[str, Any] = load(f"preset:{arguments.preset}", "train", TrainConfig).model_dump(mode="json")
    sources = [{"path": str(real.train), "ratio": 1.0}]
    sources += [{"path": str(packs["replay"]), "ratio": 1.0}] if replay else []
    values |= {
        "start": str(start),
        "data": sources,
        "val": [{"name": "new", "path": str(real.watched)}, {"name": "old", "path": str(packs["watched"])}],
        "unknown": "refuse",
        "steps": arguments.steps,
        "eval_every": max(1, arguments.steps // 8),
        "log_every": max(1, arguments.steps // 8),
        "optimizer": {**values["optimizer"], "lr": arguments.rate, "warmup": 50},
    }
    values = {key: value for key, value in values.items() if value is not None}
    place.mkdir(parents=True, exist_ok=True)
    config = place / "finetune.yml"
    config.write_text(yaml.safe_dump({"train": values}, allow_unicode=True, sort_keys=False), encoding="utf-8")
    run("train", config, "-o", place / "run")
    (place / "end").mkdir(exist_ok=True)  # a run's folder without the best checkpoint, so that the last one is taken
    shutil.copy(place / "run" / "last.npz", place / "end" / "last.npz")
    run("export", place / "end", "-o", place / "bundle")
    return place / "bundle"


def score(bundle: Path, real: Real, packs: dict[str, Path]) -> list[str]:
    """Cells of the table: real, synthetic."""
    sets = {"real": open_lines(real.scored), "synthetic": open_lines(packs["scored"])}
    report = evaluate_sets(Reader(bundle), sets, Scoring()).report["sets"]
    cells = []
    for one in report.values():
        low, high = one["interval_95"]["accuracy"]
        cells.append(f"{one['accuracy']:7.1%} {low:7.1%}-{high:.1%}")
    return cells


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--preset", choices=SETS, default="digits")
    parser.add_argument("--bundle", type=Path, help="to start from; made by `ocrdata train preset:NAME` where none")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rate", type=float, default=0.0005)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    start = (arguments.bundle or arguments.out / "base" / "bundle").resolve()
    if not arguments.bundle and not start.is_dir():
        run("train", f"preset:{arguments.preset}", "-o", arguments.out / "base")
    real = real_lines(arguments.preset, arguments.out.resolve())
    packs = {
        name: synthetic(arguments.preset, arguments.out.resolve(), name, count)
        for name, count in (("replay", REPLAYED), ("scored", SCORED), ("watched", WATCHED))
    }
    trained, watched, scored = real.counts
    print(
        f"{arguments.preset}: {trained} real crops to train on, {watched} watched, {scored} of other photos and "
        f"{len(Pack(packs['scored']))} synthetic lines scored; {arguments.steps} steps at {arguments.rate}"
    )
    print(f"{'':24} {'real crops':>7}, 95 %          synthetic, 95 %            time")
    for name, replay in (("as it comes", None), ("real alone", False), ("with replay", True)):
        began = time.perf_counter()
        bundle = start if replay is None else finetune(arguments, start, real, packs, replay)
        took = time.perf_counter() - began
        print(f"{name:24} {'     '.join(score(bundle, real, packs))}   {took:6.0f} s", flush=True)


if __name__ == "__main__":
    main()
