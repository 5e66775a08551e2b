"""How fast scenes for detection are made on one core, against the floor of encoding their JPEG.

    taskset -c 0 python tests/bench/bench_scenes.py [--scenes 200] [--rounds 5]
    taskset -c 0 python tests/bench/bench_scenes.py --memory 5000

The shipped recipe, 640 x 640 px; once on backgrounds made by the program, and on photos from ../shared/data beside the
repository where that folder exists.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import psutil

from ocrdata.datagen.det.recipe import load_det_recipe
from ocrdata.datagen.det.synth import Engine, prepare_scenes
from ocrdata.datasets.images import decode, encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.prep.photo_shards import PhotoWriter
from ocrdata.prep.store import write_shard

PHOTOS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "backgrounds"
WARM = 64


def made(engine: Engine, start: int, stop: int) -> list[Sample]:
    return [item for item in engine.items(start, stop) if isinstance(item, Sample)]


def speed(name: str, overrides: list[str], scenes: int, rounds: int) -> None:
    """Print scenes and lines a second, everything included but the disk, and the floor's."""
    engine = prepare_scenes(load_det_recipe("preset:scenes", overrides)).engine
    made(engine, 0, WARM)
    each, floor, lines = [], [], []
    for number in range(rounds):
        start = time.process_time()
        samples = made(engine, number * scenes, (number + 1) * scenes)
        each.append((time.process_time() - start) / scenes)
        lines.append(sum(s.notes.count("lines") for s in samples) / scenes)
        pictures = [decode(s.image) for s in samples[:WARM]]
        start = time.process_time()
        for picture in pictures:
            encode_jpeg(picture, 85)
        floor.append((time.process_time() - start) / len(pictures))
    second, per = statistics.median(each), statistics.mean(lines)
    print(
        f"{name:<22} {1 / second:6.0f} scenes/s {per / second:7.0f} lines/s   {1e3 * second:5.1f} ms a scene of "
        f"{per:.1f} lines; its JPEG alone {1e3 * statistics.median(floor):.1f} ms"
    )


def memory(scenes: int) -> None:
    """Print resident memory while shards are written."""
    engine = prepare_scenes(load_det_recipe("preset:scenes", _on_photos() if PHOTOS.is_dir() else [])).engine
    with tempfile.TemporaryDirectory() as folder:
        for shard in range(scenes // 500):
            write_shard(Path(folder), 0, engine.items(shard * 500, (shard + 1) * 500), "bench", PhotoWriter)
            print(f"{(shard + 1) * 500:>8,} scenes  {psutil.Process().memory_info().rss >> 20} MiB", flush=True)


def _on_photos() -> list[str]:
    return [f"backgrounds.photos.folder={PHOTOS}", "backgrounds.mosaic.weight=0"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    np.seterr(all="raise", under="ignore")
    if options.memory:
        memory(options.memory)
    else:
        speed("made backgrounds", [], options.scenes, options.rounds)
        if PHOTOS.is_dir():
            speed("photos", _on_photos(), options.scenes, options.rounds)
