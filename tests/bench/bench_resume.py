"""A training that is killed at random steps and resumed each time, against one unbroken run: equal weights?

    taskset -c 0 python tests/bench/bench_resume.py [--steps 200] [--kills 5] [--seed 1] [--network svtr_lite]

Everything that has a state is on: two sources with ratios, joined and changed lines, dropout where the network has it,
accumulated gradients, averaged weights, a one-cycle schedule. Each kill is a SIGKILL once the log shows a step that was
drawn before; most fall between two checkpoints and in the middle of an epoch. Ends with 1 where a number differs.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

SAVE_EVERY, EVAL_EVERY, LINES = 15, 40, 600
POLL_SECONDS = 0.005


def ocrdata(*arguments: object) -> subprocess.Popen[bytes]:
    """The program, as a user starts it."""
    command = [sys.executable, "-m", "ocrdata", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare(folder: Path, options: argparse.Namespace) -> Path:
    """Two packs, and the configuration."""
    for name, seed in (("a", 1), ("b", 2)):
        done = ocrdata(
            "synth", "preset:digits", "-n", LINES, "--seed", seed, "-o", folder / name, "--workers", 1
        ).wait()
        if done:
            sys.exit("the lines could not be rendered")
    train = {
        "network": {"name": options.network, **({} if options.network == "crnn_mv3_small" else {"dropout": 0.1})},
        "charset": "0123456789",
        "width": 160,
        "batch_size": 8,
        "steps": options.steps,
        "save_every": SAVE_EVERY,
        "eval_every": EVAL_EVERY,
        "log_every": 1,
        "holdout": 0.1,
        "data": [{"path": str(folder / "a"), "ratio": 2}, {"path": str(folder / "b"), "ratio": 1}],
        "augment": {"move": 0.05, "bend": 0.1, "noise": 0.1, "join": 0.2},
        "optimizer": {"lr": 0.002, "schedule": "one_cycle", "warmup": 0.3, "ema": 0.99, "accumulate": 2},
    }
    path = folder / "train.yml"
    path.write_text(yaml.safe_dump({"train": train}), encoding="utf-8")
    return path


def rows(run: Path) -> list[dict[str, str]]:
    """The log so far; a row that is being written is left out."""
    path = run / "log.csv"
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    return list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))


def killed(config: Path, run: Path, step: int) -> None:
    """Train until the log shows `step`, then kill."""
    running = ocrdata("train", config, "-o", run, "--resume")
    while running.poll() is None:
        if (log := rows(run)) and int(log[-1]["step"]) >= step:
            running.kill()
        time.sleep(POLL_SECONDS)
    log = rows(run)
    reached, saved = (int(log[-1]["step"]) if log else 0), run / "last.npz"
    print(f"killed after step {reached} (drawn: {step}); a checkpoint is {'there' if saved.is_file() else 'not there'}")


def differences(one: Path, other: Path) -> list[str]:
    """Names of what differs in two runs: tensors of the last and the best checkpoint, losses, scores."""
    found = []
    for name in ("last.npz", "best.npz"):
        with np.load(one / name) as a, np.load(other / name) as b:
            found += [f"{name}: {key}" for key in sorted({*a.files, *b.files}) if not same(a, b, key)]
            print(f"{name}: {len(a.files)} tensors compared")
    kept = [[{k: v for k, v in row.items() if k not in ("images_per_s", "waiting", "seconds")} for row in rows(run)]
            for run in (one, other)]  # fmt: skip
    return found + ([] if kept[0] == kept[1] else ["log.csv"])


def same(one: np.lib.npyio.NpzFile, other: np.lib.npyio.NpzFile, key: str) -> bool:
    """Whether both hold the same bytes under `key`."""
    return key in one.files and key in other.files and np.array_equal(one[key], other[key])


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--network", choices=["tiny", "svtr_lite", "crnn_mv3_small"], default="tiny")
    options = parser.parse_args()
    drawn = sorted(random.Random(options.seed).sample(range(2, options.steps), options.kills))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = prepare(folder, options)
        if ocrdata("train", config, "-o", folder / "whole").wait():
            sys.exit("the unbroken run failed")
        for step in drawn:
            killed(config, folder / "cut", step)
        ocrdata("train", config, "-o", folder / "cut", "--resume").wait()
        found = differences(folder / "whole", folder / "cut")
    print("equal" if not found else f"DIFFERENT: {', '.join(found[:10])}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
