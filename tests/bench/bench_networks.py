"""Does every network of configs/rec learn, stop, go on and deploy? On a processor, with 64 short lines by heart.

    OMP_NUM_THREADS=1 python tests/bench/bench_networks.py                 # all of them: three hours on one core
    OMP_NUM_THREADS=1 python tests/bench/bench_networks.py rec_mv3_none_bilstm_ctc tiny

A row for each network, from a process of its own:
- parameters, batch norms' statistics included; a step's median time; steps until all 64 lines are read;
- resume: whether four steps end with the same bytes when training is stopped after the second and taken up;
- the largest difference between two probabilities of the training graph and of what was exported, on these lines.

The lines are two or three digits of the recipe `digits`, squeezed to squares; each network keeps the classes that it
has, 36 or 6,623 characters. Batches are small and rates constant, for what ships is meant for GPUs. Ends with 1 where a
network fails.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from rows import Row, layout

from ocrdata.config import load, presets
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare
from ocrdata.datasets.images import Image, decode, write_image
from ocrdata.datasets.records import Sample
from ocrdata.errors import Stopped, Trouble
from ocrdata.train.backend import require_paddle
from ocrdata.train.config import TrainConfig

CHINESE = 6623
# Of one thread the processor's time: other programs on a busy core count less.
CLOCK = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter
LINES, TIMES = 64, 16  # and how often in an epoch
WIDEST = 2.0  # times as wide as high; they are squeezed to squares, for these take half the time
EVERY, STEPS, RESUMED = 20, 3000, 4
SLOW = ("resnet34_vd", "srn")  # last in the table, for they take longest
GENTLE = {"srn": (0.0002, 8), "resnet34_vd": (0.0005, 8)}  # rate and batch
USUAL = (0.002, 16)
COLUMNS = ("network", "parameters", "input", "s/step", "learnt", "time", "resume", "Paddle", "ONNX")
WIDTHS = (28, 12, 12, 8, 12, 8, 8, 9, 9)


def names() -> list[str]:
    """All shipped networks, quick ones first."""
    rec = [name for name in presets() if name.startswith("rec_")]
    return ["tiny", *sorted(rec, key=lambda name: ([s in str(plain(name).network) for s in SLOW], name))]


def plain(name: str) -> TrainConfig:
    """The configuration as it ships; `tiny` is that of the digits."""
    return load(f"preset:{'digits' if name == 'tiny' else name}", "train", TrainConfig)


def make_lines(folder: Path) -> tuple[Path, Path]:
    """Label files to train on and to score on: the first lines of the recipe that are short enough.

    They are made square, and the first file holds each of them many times: so no batch comes twice. From
    fixed batches a network learns its lines by their neighbours, which batch norms show it in training alone.
    """
    recipe = load_recipe("preset:digits", ["texts=[{kind: pattern, pattern: '{digit:2-3}'}]"])
    lines: list[tuple[Image, str]] = []
    for item in prepare(recipe).engine.items(0, 20 * LINES):
        if isinstance(item, Sample) and len(lines) < LINES:
            picture = decode(item.image)
            height, width = picture.shape[:2]
            if width <= WIDEST * height:
                lines.append((cv2.resize(picture, (height, height)), item.label))  # type: ignore[arg-type]
    for name, times in (("train", TIMES), ("score", 1)):
        rows = [(f"{name}{turn}_{i}.png", *line) for turn in range(times) for i, line in enumerate(lines)]
        for file, image, _ in rows:
            write_image(folder / file, image)
        text = "".join(f"{file}\t{label}\n" for file, _, label in rows)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")
    return folder / "train.txt", folder / "score.txt"


def small(name: str, folder: Path, steps: int, rate: float | None = None) -> TrainConfig:
    """The configuration with small batches and a constant rate; the network and its classes stay."""
    config = plain(name)
    values = config.model_dump(exclude={"optimizer", "augment", "epochs", "squeeze"})
    if config.dictionary is not None:
        dictionary = folder / "dictionary.txt"
        characters = [*"0123456789", *map(chr, range(0x4E00, 0x4E00 + CHINESE - 10))]
        dictionary.write_text("\n".join(characters), encoding="utf-8", newline="\n")
        values["dictionary"] = dictionary
    kind = config.network.name if config.network.name != "four_stage" else config.network.backbone.name
    usual, batch = GENTLE.get(kind, USUAL)
    optimizer = {"name": "adam", "lr": rate or usual, "schedule": "constant", "weight_decay": 0}
    times = {"steps": steps, "eval_every": EVERY, "save_every": 10**9, "log_every": EVERY}
    return TrainConfig.model_validate(
        {**values, **times, "batch_size": batch, "optimizer": {**optimizer, "warmup": 20}}
    )


def by_heart(config: TrainConfig, labels: tuple[Path, Path], run: Path, seconds: float, row: Row) -> None:
    """Train until all lines are read; stop as SIGTERM does."""
    from ocrdata.train.fit import Fit
    from ocrdata.train.log import Row as Logged
    from ocrdata.train.networks import parameter_count
    from ocrdata.train.sources import open_source

    fit = Fit(config, *map(open_source, labels), run)
    done: list[int] = []
    read = [0.0]
    began = CLOCK()
    moments = [began]

    def look(logged: Logged) -> None:
        print(logged.line(), file=sys.stderr, flush=True)
        read.append(logged.scores.get("accuracy", 0.0))
        if read[-1] == 1:
            done.append(logged.step)
        if read[-1] == 1 or CLOCK() - began > seconds:
            signal.raise_signal(signal.SIGTERM)

    with suppress(Stopped):
        fit.run(lambda steps: moments.append(CLOCK()), look)
    step = statistics.median(np.diff(moments[2:]))
    row.add(f"{parameter_count(fit.network):,}")
    row.add(f"{config.height}x{config.height}")
    row.add(f"{step:.2f}")
    row.add(f"{done[0]} steps" if done else f"{max(read):.0%} only", bool(done))
    row.add(f"{CLOCK() - began:.0f} s")


def goes_on(config: TrainConfig, labels: Path, folder: Path) -> bool:
    """Whether a run that is stopped in the middle and taken up ends with the bytes of an unbroken one."""
    from ocrdata.train import checkpoint
    from ocrdata.train.fit import Fit
    from ocrdata.train.sources import open_source

    lines, ends = open_source(labels), []
    for name, stop in (("whole", 0), ("broken", RESUMED // 2)):
        count = 0

        def step(steps: int, stop: int = stop) -> None:
            nonlocal count
            count += steps
            if stop and count == stop - 1:  # noted now, heeded after the next step
                signal.raise_signal(signal.SIGTERM)

        with suppress(Stopped):
            Fit(config, lines, None, folder / name).run(step)
        if stop:
            taken_up = Fit(config, lines, None, folder / name, resume=True)
            assert taken_up.start == stop, taken_up.start
            taken_up.run()
        ends.append(checkpoint.read(folder / name / checkpoint.LAST)[1:])
    return all(
        one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)
        for one, other in zip(*ends, strict=True)
    )


def deploys(run: Path, labels: Path, folder: Path, row: Row) -> None:
    """Export, and read the lines with what was exported."""
    from ocrdata.train.export import export, verify
    from ocrdata.train.lines import Line, open_lines

    export(run, folder / "bundle")
    found = [line for line in open_lines(labels) if isinstance(line, Line)]
    images, texts = [line.image for line in found], [line.label for line in found]
    for engine in ("paddle", "onnx"):
        try:
            (agreement,) = verify(run, folder / "bundle", images, texts, [engine])
            row.add(f"{agreement.difference:.1e}", agreement.changed == 0)
        except Trouble as trouble:
            row.add("DIFFERS", good=False)
            print(trouble, file=sys.stderr)


def examine(name: str, seconds: float, rate: float | None) -> bool:
    """Print the row of one network."""
    require_paddle()
    row = Row([name])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        train, score = make_lines(folder)
        by_heart(small(name, folder, STEPS, rate), (train, score), folder / "run", seconds, row)
        same = goes_on(small(name, folder, RESUMED, rate), train, folder)
        row.add("equal" if same else "DIFFERS", same)
        deploys(folder / "run", score, folder, row)
    print(layout(row.cells, WIDTHS), flush=True)
    return row.good


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of configs/rec, or tiny; all where none is named")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--seconds", type=float, default=2400, help="for learning, at most")
    parser.add_argument("--rate", type=float, help="of learning, constant; by default one for each kind of network")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(names()))
        return 0
    if arguments.one:
        return 0 if examine(arguments.names[0], arguments.seconds, arguments.rate) else 1
    print(layout(COLUMNS, WIDTHS), flush=True)
    options = ["--one", "--seconds", str(arguments.seconds)]
    options += ["--rate", str(arguments.rate)] if arguments.rate else []
    codes = [
        subprocess.run([sys.executable, __file__, name, *options]).returncode for name in arguments.names or names()
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
