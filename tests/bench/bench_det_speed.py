"""What finding text costs beside the network: label maps and post-processing on 736 x 1280 px, on one core.

    taskset -c 0 python tests/bench/bench_det_speed.py [det_mv3_db det_tiny_db det_mv3_east det_r50_vd_sast_totaltext]

The texts are the ground truth of ICDAR2015's 500 test photos in ../shared/data beside the repository, of 720 x 1280 px:
the 20 photos with the most texts, illegible ones learnt like the others; and a page of 1,000 small texts, as the worst.
Their label maps, once they are made, stand for what a network would give for them: what is cut out of them are the
texts. The network is the preset's before training, exported and run by ONNX Runtime on one thread. Times are of the
processor: of the photos the median, and of the page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from bench_det_metric import Truth, read_truth
from numpy.typing import NDArray

from ocrdata.config import load
from ocrdata.train.backend import choose_kernels
from ocrdata.train.det.bundle import open_det_bundle
from ocrdata.train.det.config import DetConfig
from ocrdata.train.det.methods import cut, label_maps
from ocrdata.train.det.network_config import Network
from ocrdata.train.runtimes import open_engine

PRESETS = ("det_mv3_db", "det_tiny_db", "det_mv3_east", "det_r50_vd_sast_totaltext")
SIZE = (736, 1280)
PHOTOS, TIMES = 20, 5
MOST = 2.0  # of the network's own time
CHANNELS = {"db": 1, "east": 9, "sast": 15}  # of the label maps, those that the network gives, too
Maps = NDArray[np.float32]


def seconds(work: Callable[[], object]) -> float:
    """The median of a few runs."""
    spent = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return median(spent)


def network_seconds(preset: str) -> float:
    """One photo through the exported network, on one thread."""
    from ocrdata.train.untrained import untrained

    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        untrained(f"preset:{preset}", bundle)
        engine = open_engine(bundle, open_det_bundle(bundle), "onnx", 1)
        batch = np.random.default_rng(0).standard_normal((1, 3, *SIZE)).astype(np.float32)
        engine(batch)
        return seconds(lambda: engine(batch))


def page() -> Truth:
    """1,000 texts of 28 x 20 px."""
    places = [(x, y) for y in range(2, 2 + 25 * 29, 29) for x in range(2, 2 + 40 * 32, 32)]
    quads = [np.array([[x, y], [x + 28, y], [x + 28, y + 20], [x, y + 20]], np.float32) for x, y in places]
    return Truth(list(quads), [False] * len(quads))


def one_photo(network: Network, truth: Truth) -> tuple[float, float, int]:
    """Seconds of label maps and of post-processing, and how many texts were cut out."""
    learnt = [False] * len(truth.polygons)
    maps = label_maps(network, truth.polygons, learnt, SIZE)
    given = np.ascontiguousarray(maps[: CHANNELS[network.name]])
    labels = seconds(lambda: label_maps(network, truth.polygons, learnt, SIZE))
    post = seconds(lambda: cut(given, SIZE, network.post))
    return labels, post, len(cut(given, SIZE, network.post))


def main() -> int:
    """Print a row for each preset; 1 where something takes more than twice the network's time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("presets", nargs="*", default=PRESETS)
    choose_kernels()
    truth = sorted(read_truth().values(), key=lambda one: len(one.polygons))[-PHOTOS:]
    texts = sum(len(one.polygons) for one in truth)
    heads = ("network", "label maps", "of a page", "post", "of a page")
    print(
        f"{len(truth)} photos with {texts} texts\n{'ms':25} " + " ".join(f"{head:>10}" for head in heads) + "   found"
    )
    slow = 0
    for preset in parser.parse_args().presets:
        network = load(f"preset:{preset}", "train", DetConfig).network
        own = network_seconds(preset)
        rows, worst = [one_photo(network, one) for one in truth], one_photo(network, page())
        figures = (own, median(r[0] for r in rows), worst[0], median(r[1] for r in rows), worst[1])
        within = max(figures) <= MOST * own
        slow += not within
        said = f"{sum(r[2] for r in rows)}, {worst[2]}"
        row = " ".join(f"{1000 * v:10.1f}" for v in figures)
        print(f"{preset:25} {row}   {said}{'' if within else f'  MORE THAN {MOST:g} TIMES THE NETWORK'}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
