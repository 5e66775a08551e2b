"""Whether a network can learn: 64 lines by heart. And how fast it trains and reads.

    taskset -c 0 python tests/bench/bench_networks.py rec_mv3_none_bilstm_ctc
    taskset -c 0 python tests/bench/bench_networks.py --list

The lines are those of the recipe `digits`, so that any network with digits in its dictionary can read them; a
configuration of 36 or 6,623 characters keeps as many classes as it has. Ends with 1 where the lines are not learnt.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

from ocrdata.config import load, presets
from ocrdata.corpora.charset import Charset
from ocrdata.datagen.recipe import load_recipe
from ocrdata.datagen.synth import prepare
from ocrdata.datasets.images import decode
from ocrdata.datasets.records import Sample
from ocrdata.train.backend import require_paddle
from ocrdata.train.config import TrainConfig
from ocrdata.train.ctc import encode
from ocrdata.train.preprocess import fit, stack

CHINESE = 6623


@dataclass
class Lines:
    """64 lines as inputs of one width, their class ids, lengths and texts."""

    images: np.ndarray
    labels: np.ndarray
    lengths: np.ndarray
    texts: list[str]


def configured(name: str, overrides: list[str]) -> tuple[TrainConfig, Charset]:
    """A shipped configuration, or a network that needs no numbers, and characters that begin with the digits."""
    if f"rec_{name}" in presets() or name in presets():
        config = load(f"preset:{name if name in presets() else 'rec_' + name}", "train", TrainConfig, overrides)
    else:
        config = TrainConfig(network={"name": name}, charset="0123456789", epochs=1, width=128)
    if config.dictionary is None:
        return config, config.characters()
    return config, Charset([*"0123456789", *map(chr, range(0x4E00, 0x4E00 + CHINESE - 10))])


def lines(config: TrainConfig, charset: Charset, count: int) -> Lines:
    """The first lines of the recipe that the network has room for."""
    rule, decoder = config.input_rule(), config.decoder(charset)
    engine = prepare(load_recipe("preset:digits")).engine
    found = []
    for item in engine.items(0, 4 * count):
        if isinstance(item, Sample) and len(found) < count:
            image = fit(decode(item.image), rule)
            if image.shape[1] <= rule.height * 4 and decoder.needed(item.label) <= decoder.room(image.shape[1]):
                found.append((image, item.label))
    texts = [label for _, label in found]
    labels = np.zeros((count, max(map(len, texts))), np.int32)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = encode(text, charset)
    lengths = np.array([len(text) for text in texts], np.int64)
    return Lines(stack([image for image, _ in found], rule), labels, lengths, texts)


def overfit(name: str, arguments: argparse.Namespace) -> bool:
    """Train on the lines, print as it goes; whether all were read in the end."""
    paddle = require_paddle()
    from ocrdata.train.networks import build, parameter_count
    from ocrdata.train.run import GraphEngine

    config, charset = configured(name, arguments.set)
    known, decoder = lines(config, charset, arguments.lines), config.decoder(charset)
    network = build(config, len(charset))
    engine = GraphEngine(network)
    clip = paddle.nn.ClipGradByGlobalNorm(5.0)
    optimizer = paddle.optimizer.Adam(arguments.rate, parameters=network.parameters(), grad_clip=clip)
    print(
        f"{name}: {parameter_count(network):,} parameters, {len(charset)} characters, {known.images.shape}", flush=True
    )
    random, began, trained = np.random.default_rng(0), time.perf_counter(), 0.0
    for step in range(1, arguments.steps + 1):
        start = time.perf_counter()
        taken = random.permutation(len(known.texts))[: arguments.batch]
        images, labels, lengths = (paddle.to_tensor(a[taken]) for a in (known.images, known.labels, known.lengths))
        loss = network.losses(network(images, labels), labels, lengths).mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        trained += time.perf_counter() - start
        if step % arguments.every and step < arguments.steps:
            continue
        read = [text for text, _ in decoder.decode(engine(known.images))]
        right = sum(a == b for a, b in zip(read, known.texts, strict=True))
        speed = step * arguments.batch / trained
        print(f"step {step:5}  loss {loss.item():8.4f}  {right}/{len(read)} read  {speed:6.1f} images/s", flush=True)
        if right == len(read):
            print(f"learnt after {step} steps, {time.perf_counter() - began:.0f} s")
            return True
        if time.perf_counter() - began > arguments.seconds:
            break
    print(f"not learnt; for example {read[0]!r} in place of {known.texts[0]!r}")
    return False


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of configs/rec, with or without rec_; or tiny")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of a shipped configuration")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--lines", type=int, default=64)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.001)
    parser.add_argument("--every", type=int, default=25)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(["tiny", "crnn_mv3_small", "svtr_lite", *(n for n in presets() if n.startswith("rec_"))]))
        return 0
    learnt = [overfit(name, arguments) for name in arguments.names]  # all of them, whatever fails
    return 0 if all(learnt) else 1


if __name__ == "__main__":
    sys.exit(main())
