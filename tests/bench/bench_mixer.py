"""Does the small mixer read better than the light recogniser of 2020, which is as large?

    python tests/bench/bench_mixer.py -o FOLDER [-n 60000] [--steps 3000]

Both learn the same lines of preset:alnum with the same optimiser, batches and augmentation; scored on the upright cable
labels of ../shared/data. What is made stays in FOLDER, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml
from bench_whose import run
from real_crops import alnum

from ocrdata.config import config_path
from ocrdata.train.evaluate import read_lines
from ocrdata.train.reader import Reader

NETWORKS = ("rec_chinese_lite_train", "rec_svtr_lite_ctc")
BATCH = 32


def section_train(name: str) -> Any:
    """As the preset's file has it."""
    return yaml.safe_load(config_path(f"preset:{name}").read_text(encoding="utf-8"))["train"]


def config_of(name: str, steps: int, place: Path) -> Path:
    """The network of a preset, everything else as in the others."""
    network = section_train(name)["network"]
    base = section_train("alnum")
    path = place.with_suffix(".yml")
    optimizer = {"name": "adamw", "lr": 0.002, "schedule": "cosine", "warmup": 200, "weight_decay": 0.01, "ema": 0.999}
    train = {
        **{key: base[key] for key in ("charset", "width", "augment")},
        **{"network": network, "height": 32, "batch_size": BATCH, "steps": steps, "eval_every": steps // 3},
        **{"optimizer": optimizer, "holdout": 0.02, "log_every": 250},
    }
    path.write_text(yaml.safe_dump({"train": train}, allow_unicode=True), encoding="utf-8")
    return path


def main() -> None:
    """Prints line accuracy on both halves, and images/s."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("-n", type=int, default=60_000, help="lines")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--only", choices=NETWORKS, nargs="+", default=NETWORKS)
    arguments = parser.parse_args()
    lines = arguments.out / "lines"
    if not (lines / "manifest.json").is_file():
        run("synth", "preset:alnum", "-n", arguments.n, "-o", lines)
    crops = [crop for crop in alnum() if crop.stands == "upright"]
    print(f"{'network':24} {'looked at':>10} {'kept back':>10} {'images/s':>9}")
    for name in arguments.only:
        place = arguments.out / name
        rate = ""
        if not (place / "bundle" / "bundle.yml").is_file():
            config = config_of(name, arguments.steps, place)
            resume = ["--resume"] if (place / "run" / "last.npz").is_file() else []
            seconds = run("train", config, "--data", lines, "-o", place / "run", *resume)
            rate = "" if resume else f"{arguments.steps * BATCH / seconds:.0f}"
            run("export", place / "run", "-o", place / "bundle")
        right = [read.text == read.label for read in read_lines(Reader(place / "bundle"), [c.line for c in crops])]
        halves = [[r for r, c in zip(right, crops, strict=True) if c.seen is seen] for seen in (True, False)]
        shares = [sum(half) / len(half) for half in halves]
        print(f"{name:24} {shares[0]:10.2%} {shares[1]:10.2%} {rate:>9}", flush=True)


if __name__ == "__main__":
    main()
