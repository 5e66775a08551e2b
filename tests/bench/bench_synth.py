"""How fast lines are rendered on one core, stage by stage, against the floor of encoding and storing them.

    taskset -c 0 python tests/bench/bench_synth.py [--lines 5000] [--rounds 5]
    taskset -c 0 python tests/bench/bench_synth.py --memory 1000000

Photos and corpora come from ../shared/data beside the repository where that folder exists; else backgrounds are made
by the program and characters are drawn at random.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import lmdb
import numpy as np
import psutil

from ocrdata.corpora.patterns import COMMON_HAN
from ocrdata.datagen.batch import Planned
from ocrdata.datagen.paint import Painter
from ocrdata.datagen.recipe import Recipe
from ocrdata.datagen.synth import BATCH, Engine, prepare
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.prep.store import ShardWriter, image_key, label_key, make_shard, shard_name

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CHINESE = ["Noto Sans CJK SC", "Noto Serif CJK SC", "WenQuanYi*", "AR PL UKai CN", "AR PL UMing CN"]
LATIN = ["DejaVu Sans", "DejaVu Serif", "Liberation Sans", "Liberation Serif"]
TYPICAL: dict[str, Any] = {
    "seed": 1,
    "max_width": 640,
    "layout": {"spacing": [0, 0.05]},
    "geometry": {"rotation": [-1, 1], "shear": [-5, 8], "perspective": [0.02, 0.1]},
    "outline": {"probability": 0.25},
    "shadow": {"probability": 0.25},
    "blur": {"probability": 1, "sigma": [0.4, 0.9]},
    "noise": {"probability": 1, "sigma": [2, 8]},
    "tone": {"brightness": [-25, 25], "contrast": [0.8, 1.2]},
    "jpeg": [90, 95],
}


def recipe(kind: str, folder: Path) -> Recipe:
    """The typical effects, with ten Chinese characters or one English word a line."""
    corpus = folder / f"{kind}.txt"
    corpus.write_text("\n".join(chinese() if kind == "chinese" else english()), encoding="utf-8")
    fonts = [{"name": n, "optional": True} for n in (CHINESE if kind == "chinese" else LATIN)]
    photos = {"folder": str(DATA / "backgrounds")} if (DATA / "backgrounds").is_dir() else None
    off = {"weight": 0} if photos else {"weight": 1}
    backgrounds = {"plain": off, "gradient": off, "texture": off, "photos": photos}
    texts = [{"kind": "file", "path": str(corpus)}]
    return Recipe.model_validate({**TYPICAL, "texts": texts, "fonts": fonts, "backgrounds": backgrounds})


def chinese(length: int = 10) -> list[str]:
    """Lines of exactly `length` Han characters."""
    files = sorted((DATA / "corpora").glob("*zh*")) if DATA.is_dir() else []
    text = "".join(f.read_text(encoding="utf-8") for f in files) or COMMON_HAN * 20
    han = "".join(c for c in text if "\u4e00" <= c <= "\u9fff")
    order = np.random.default_rng(1).permutation(len(han) // length)[:30_000]
    return [han[i * length : (i + 1) * length] for i in order.tolist()]


def english() -> list[str]:
    """Words."""
    path = DATA / "corpora" / "en_mjsynth_synthtiger.txt"
    words = path.read_text(encoding="utf-8").split() if path.is_file() else ["reading", "Words", "of", "text"] * 100
    return [w for w in words if w.isalpha()][:30_000]


def best(action: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU of the quickest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def stages(engine: Engine, index: np.ndarray[Any, Any], rounds: int) -> dict[str, float]:
    """Seconds by stage for the samples `index`, each stage run alone over all of them, as the engine draws them."""
    batches = np.array_split(index, max(len(index) // BATCH, 1))
    planned = [p for b in batches if (p := engine.planner.batch(b, 0).planned)]
    plan = best(lambda: [engine.planner.batch(b, 0) for b in batches], rounds)
    painter = engine.painter
    drawn = by_kernel(painter, planned, rounds) if painter.kernel else by_python(painter, planned, rounds)
    pictures = [(image, line.dress.quality) for line, image, _ in engine.pictures(index)]
    return {"plan": plan, **drawn, "JPEG": best(lambda: [encode_jpeg(*picture) for picture in pictures], rounds)}


def by_kernel(painter: Painter, planned: list[Planned], rounds: int) -> dict[str, float]:
    """What the kernel draws, from glyphs to noise, and the lines that it leaves to Python."""
    kernel = painter.kernel
    assert kernel is not None
    columns = best(lambda: [kernel.jobs(p) for p in planned], rounds)
    seconds, left = 0.0, []
    for batch in planned:
        jobs = kernel.jobs(batch)
        able = [k for k, able in enumerate(jobs.able) if able]
        seconds += best(lambda jobs=jobs, able=able: [jobs.draw(k) for k in able], rounds)  # type: ignore[misc]
        faint = batch.looks.faint.tolist()
        left += [batch.line(k) for k, able in enumerate(jobs.able) if not (able or faint[k])]
    return {
        "parameters for the kernel": columns,
        "kernel": seconds,
        f"Python, for {len(left)} lines": best(lambda: [painter.paint(line) for line in left], rounds),
    }


def by_python(painter: Painter, planned: list[Planned], rounds: int) -> dict[str, float]:
    """The stages of painting where there is no kernel."""
    lines = [p.line(k) for p in planned for k in range(len(p.index))]
    masks = [painter.mask(line.glyphs) for line in lines]
    pairs = [(line, mask) for line, mask in zip(lines, masks, strict=True) if not isinstance(mask, int)]
    inks = [(line, painter.warp(line, mask)) for line, mask in pairs]
    return {
        "mask (glyph blits)": best(lambda: [painter.mask(line.glyphs) for line in lines], rounds),
        "warp": best(lambda: [painter.warp(line, mask) for line, mask in pairs], rounds),
        "legibility check": best(lambda: [painter.faint(line, ink) for line, ink in inks], rounds),
        "background, ink, effects": best(lambda: [painter.develop(line, ink) for line, ink in inks], rounds),
    }


def make(engine: Engine, first: int, count: int, folder: Path) -> float:
    """Seconds of CPU for a shard as a pack holds it: so many samples from number `first` on, and their refusals."""
    start = time.process_time()
    made, _ = make_shard(folder, 0, engine.items(first, first + count), "", ShardWriter, "")
    seconds = time.process_time() - start
    shutil.rmtree(made)
    return seconds


def store(samples: list[Sample], folder: Path) -> None:
    """A shard of samples that are there."""
    make_shard(folder, 0, iter(samples), "", ShardWriter, "")
    shutil.rmtree(folder / shard_name(0))


def floor(images: list[tuple[np.ndarray[Any, Any], int, str]], folder: Path) -> None:
    """Nothing but encoding and putting into LMDB, synced once."""
    environment = lmdb.open(str(folder / "floor"), map_size=1 << 30, sync=False, metasync=False, lock=False)
    with environment.begin(write=True) as transaction:
        for number, (image, quality, label) in enumerate(images, 1):
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            transaction.put(image_key(number), data)
            transaction.put(label_key(number), label.encode())
    environment.sync(True)
    environment.close()
    shutil.rmtree(folder / "floor")


def measure(kind: str, lines: int, rounds: int, folder: Path) -> None:
    """Print the table of one kind of line."""
    engine = prepare(recipe(kind, folder)).engine
    index = np.arange(lines, dtype=np.int64)

    cold = make(engine, 0, lines, folder)
    warm = min(make(engine, 0, lines, folder) for _ in range(rounds))
    by_stage = stages(engine, index, rounds)
    samples = [i for i in engine.items(0, lines) if isinstance(i, Sample)]
    by_stage["LMDB, digest, sync"] = best(lambda: store(samples, folder), rounds)
    pictures = [(image, line.dress.quality, line.text) for line, image, _ in engine.pictures(index)]
    least = best(lambda: floor(pictures, folder), rounds)
    width = np.mean([image.shape[1] for image, _, _ in pictures])
    size = np.mean([len(s.image) for s in samples])
    print(f"\n{kind}: {lines} lines, mean width {width:.0f} px, {size:.0f} bytes, {len(engine.faces.refs)} fonts")
    print(
        f"  end to end  {lines / warm:8.0f} images/s   {1e6 * warm / lines:6.1f} us   (first time {lines / cold:.0f})"
    )
    print(f"  floor       {lines / least:8.0f} images/s   {1e6 * least / lines:6.1f} us   ratio {warm / least:.2f}")
    for name, seconds in by_stage.items():
        print(f"    {name:24} {1e6 * seconds / lines:6.1f} us")


def memory(lines: int, folder: Path) -> None:
    """Print the resident size of one process while it makes `lines` samples of Chinese text."""
    engine, process = prepare(recipe("chinese", folder)).engine, psutil.Process()
    step = max(lines // 20, 1)
    for start in range(0, lines, step):
        make(engine, start, min(step, lines - start), folder)
        resident = process.memory_info().rss >> 20
        print(
            f"{min(start + step, lines):9} samples  {resident:5} MiB resident  {len(engine.glyphs)} glyphs", flush=True
        )


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="N")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1:
        print("not bound to one core: figures are CPU time all the same", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        if options.memory:
            memory(options.memory, Path(name))
            return
        for kind in ("chinese", "english"):
            measure(kind, options.lines, options.rounds, Path(name))


if __name__ == "__main__":
    main()
