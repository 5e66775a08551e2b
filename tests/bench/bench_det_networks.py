"""Does every network of configs/det learn ten real photos by heart, and deploy? On a processor.

    taskset -c 0 python tests/bench/bench_det_networks.py det_tiny_db det_mv3_db
    taskset -c 0 python tests/bench/bench_det_networks.py det_r50_vd_db --batch 1 --rate 0.001

The photos are the ten training photos in ../shared/data/icdar2015 beside the repository, each cut to the window that
holds most of its legible texts, in its true pixels; texts that the window cuts are ignored, as illegible ones are.
A row for each network, from a process of its own:
- parameters; texts that count; a step's median time; steps and time until hmean is 0.95 or more;
- hmean, by ICDAR2015's protocol, of what was exported, once by Paddle's inference and once by ONNX Runtime;
- the largest difference between two outputs of the training graph and of what was exported, on these photos.

What ships is meant for GPUs: here batches are small, the rate is constant, photos come as they are, and EAST's score
counts a hundred times as much: with its own weight it has not learnt after 600 steps where texts are. Ends with 1
where a network fails.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rows import Row, layout

from ocrdata.config import load, presets
from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.images import read_image, write_image
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Photo
from ocrdata.errors import Stopped, Trouble
from ocrdata.train.backend import require_paddle
from ocrdata.train.det.config import DetConfig
from ocrdata.train.det.network_config import East

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "icdar2015"
TRUTH = "ch4_training_localization_transcription_gt"
ENOUGH = 0.95
EVERY, STEPS = 30, 100_000
GRID = 8  # px; windows begin at multiples of it
COLUMNS = ("network", "parameters", "texts", "window", "s/step", "learnt", "time", "Paddle", "ONNX", "apart")
WIDTHS = (26, 12, 6, 8, 8, 12, 8, 8, 8, 9)
Points = NDArray[np.float32]


def ten_photos() -> list[Photo]:
    """In the order of their names."""
    labels = Labels(DATA / TRUTH, (DATA / "ch4_training_images",))
    found = open_labels("icdar2015", labels)  # of all photos, most of which are not there
    return [photo for photo in found if isinstance(photo, Photo) and Path(str(photo.path)).is_file()]


def window(texts: list[Points], size: tuple[int, int], side: int) -> tuple[int, int]:
    """The left and upper edge of the window that holds most texts whole, nearest to the middle of what it holds."""
    best, chosen = (-1, 0.0), (0, 0)
    for top in range(0, max(size[0] - side, 0) + 1, GRID):
        for left in range(0, max(size[1] - side, 0) + 1, GRID):
            inside = [t for t in texts if (t >= [left, top]).all() and (t <= [left + side, top + side]).all()]
            off = [np.abs(t.mean(0) - [left + side / 2, top + side / 2]).sum() for t in inside]
            if (len(inside), -float(np.sum(off))) > best:
                best, chosen = (len(inside), -float(np.sum(off))), (left, top)
    return chosen


def make_photos(folder: Path, side: int) -> Path:
    """The ten windows and their labels."""
    lines = []
    for photo in ten_photos():
        image = read_image(photo.path)
        regions = [(np.asarray(r.polygon), r.text, r.ignore) for r in photo.regions]
        legible = [p for p, _, ignore in regions if ignore is None] or [p for p, _, _ in regions]
        left, top = window(legible, image.shape[:2], side)
        cut = image[top : top + side, left : left + side]
        write_image(folder / f"{photo.name}.png", cut)
        texts = []
        for polygon, text, ignore in regions:
            moved = polygon - np.array([left, top])
            kept = np.clip(moved, 0, [cut.shape[1], cut.shape[0]])
            if np.ptp(kept, axis=0).min() > 0:
                whole = ignore is None and np.abs(kept - moved).max() < 1
                texts.append({"transcription": text if whole else "###", "points": np.rint(kept).astype(int).tolist()})
        lines.append(f"{photo.name}.png\t{json.dumps(texts, ensure_ascii=False)}\n")
    (folder / "Label.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    return folder


def small(name: str, side: int, batch: int, rate: float) -> DetConfig:
    """The configuration with small batches, a constant rate and photos as they are; the network stays."""
    config = load(f"preset:{name}", "train", DetConfig)
    values = config.model_dump(exclude={"optimizer", "augment", "epochs", "crop", "input"})
    if isinstance(config.network, East):
        values["network"]["loss"]["score"] = 1
    optimizer = {"name": "adam", "lr": rate, "schedule": "constant", "warmup": 20, "weight_decay": 0, "ema": 0.9}
    augment = {"flip": 0, "rotation": 0, "scale": (1, 1), "smallest": 1, "tries": 1, "brightness": 0, "contrast": 0}
    times = {"steps": STEPS, "eval_every": EVERY, "save_every": 10**9, "log_every": EVERY, "batch_size": batch}
    look = {"side": side, "limit": "longest", "colour": config.input.colour}
    return DetConfig.model_validate(
        {**values, **times, "crop": side, "input": look, "optimizer": optimizer, "augment": augment}
    )


def by_heart(config: DetConfig, folder: Path, run: Path, seconds: float, row: Row) -> None:
    """Train until the photos' texts are found; stop as SIGTERM does."""
    from ocrdata.train.det.fit import DetFit
    from ocrdata.train.det.photos import open_photos
    from ocrdata.train.log import Row as Logged
    from ocrdata.train.networks.build import parameter_count

    photos = open_photos(folder)
    fit = DetFit(config, photos, photos, run)
    row.add(f"{sum(parameter_count(layer) for layer in fit.detection.network.deployed()):,}")
    row.add(f"{sum(source.counts()[1] for source in photos.sources)}")
    row.add(f"{config.crop} px")
    best, done = [0.0], []
    began = time.perf_counter()
    moments = [began]

    def step(steps: int) -> None:
        moments.append(time.perf_counter())
        if moments[-1] - began > seconds and not done:
            done.append("")
            signal.raise_signal(signal.SIGTERM)

    def look(logged: Logged) -> None:
        print(logged.line(), file=sys.stderr, flush=True)
        best.append(max(best[-1], logged.scores.get("hmean", 0.0)))
        if best[-1] >= ENOUGH and not done:
            done.append(f"{logged.step} steps")
            signal.raise_signal(signal.SIGTERM)

    with suppress(Stopped):
        fit.run(step, look)
    row.add(f"{statistics.median(np.diff(moments[2:])):.2f}")
    learnt = bool(done and done[0])
    row.add(done[0] if learnt else f"{best[-1]:.2f} only", learnt)
    row.add(f"{time.perf_counter() - began:.0f} s")


def deploys(run: Path, folder: Path, row: Row) -> None:
    """Export, and find the texts with what was exported."""
    from ocrdata.train.det.bundle import open_detector
    from ocrdata.train.det.evaluate import evaluate_detector
    from ocrdata.train.det.export import export_detector, verify_detector
    from ocrdata.train.det.photos import open_photos

    bundle, photos = run.with_name("bundle"), open_photos(folder)
    export_detector(run, bundle)
    for engine in ("paddle", "onnx"):
        hmean = evaluate_detector(open_detector(bundle, engine), {"": photos})[""].score.hmean  # type: ignore[arg-type]
        row.add(f"{hmean:.3f}", hmean >= ENOUGH)
    try:
        found = verify_detector(run, bundle, [read_image(photos[i].path) for i in range(len(photos))])
        row.add(f"{max(agreement.difference for agreement in found):.1e}")
    except Trouble as trouble:
        row.add("DIFFERS", good=False)
        print(trouble, file=sys.stderr)


def examine(name: str, arguments: argparse.Namespace) -> bool:
    """Print the row of one network."""
    require_paddle()
    row = Row([name])
    with tempfile.TemporaryDirectory() as place:
        photos = Path(place) / "photos"
        photos.mkdir()
        make_photos(photos, arguments.window)
        config = small(name, arguments.window, arguments.batch, arguments.rate)
        by_heart(config, photos, Path(place) / "run", arguments.seconds, row)
        deploys(Path(place) / "run", photos, row)
    print(layout(row.cells, WIDTHS), flush=True)
    return row.good


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of configs/det; all where none is named")
    parser.add_argument("--window", type=int, default=256, help="px, a multiple of 32")
    parser.add_argument("--batch", type=int, default=2, help="photos in a step")
    parser.add_argument("--rate", type=float, default=0.005, help="of learning, constant")
    parser.add_argument("--seconds", type=float, default=900, help="for learning, at most")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        print(f"{DATA} is not there", file=sys.stderr)
        return 1
    if arguments.one:
        return 0 if examine(arguments.names[0], arguments) else 1
    print(layout(COLUMNS, WIDTHS), flush=True)
    options = [f"--{key}={getattr(arguments, key)}" for key in ("window", "batch", "rate", "seconds")]
    names = arguments.names or [name for name in presets() if name.startswith("det_")]
    return max(subprocess.run([sys.executable, __file__, name, "--one", *options]).returncode for name in names)


if __name__ == "__main__":
    sys.exit(main())
