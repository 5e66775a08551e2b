"""A few photos by heart: training in small, before it is done at length."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import paddle

from ...datasets.images import BadImage, read_image
from ..config import Optimizer
from ..team import Team
from ..update import Update
from .augment import DetAugment
from .config import DetConfig
from .detector import Detector
from .feed import DetFeed
from .fit import MapEngine
from .losses import losses
from .metrics import DetScore, match
from .networks import build
from .photos import PhotoMixture

PHOTOS, LOOK_EVERY = 4, 20
ENOUGH = 0.9  # hmean
STILL = DetAugment(flip=0, rotation=0, scale=(1, 1), smallest=1, brightness=0, contrast=0)


@dataclass(frozen=True)
class Rehearsal:
    """How learning a few photos by heart went. first, last: losses; hmean: on these very photos."""

    photos: int
    steps: int
    seconds: float
    first: float
    last: float
    hmean: float


def overfit(config: DetConfig, data: PhotoMixture, seconds: float, photos: int = PHOTOS) -> Rehearsal:
    """Train the configured network on a few whole photos until it finds their texts, or until the time is over.

    Augmentation, schedule and averaging are off: they would only slow this down. Photos become as small as a training
    picture. Raises UserError for bad pictures.
    """
    optimizer = Optimizer(name=config.optimizer.name, lr=config.optimizer.lr, schedule="constant", warmup=0)
    changes = {"augment": STILL, "optimizer": optimizer, "batch_size": min(photos, config.batch_size)}
    plain = DetConfig.model_validate({**config.model_dump(exclude=set(changes)), **changes})
    chosen = _with_texts(data, photos, config.seed)
    feed, network = DetFeed(plain, data, chosen), build(plain.network, plain.seed)
    update = Update(plain, network, Team())
    rule = plain.input.model_copy(update={"side": plain.crop, "limit": "longest"})
    detector = Detector(MapEngine(network), rule, plain.network.post)
    began, values, hmean = time.perf_counter(), [], 0.0
    update.training_mode(network)
    with closing(feed.steps(0, 1_000_000)) as batches:
        for batch in batches:
            outputs = network(paddle.to_tensor(batch.images)).astype("float32")
            loss = losses(outputs, paddle.to_tensor(batch.targets), plain.network).mean()
            values.append(float(loss))
            update.backward(loss)
            update.step(optimizer.lr * min(1.0, (batch.number + 1) / 10))
            over = time.perf_counter() - began > seconds or not np.isfinite(values[-1])
            if over or (batch.number + 1) % LOOK_EVERY == 0:
                hmean = _hmean(detector, data, chosen) if np.isfinite(values[-1]) else 0.0
                if over or hmean >= ENOUGH:
                    break
    spent = time.perf_counter() - began
    return Rehearsal(len(chosen), len(values), spent, values[0], float(np.mean(values[-5:])), hmean)


def _with_texts(data: PhotoMixture, photos: int, seed: int) -> list[int]:
    """Some photos, the same at every call, of which at least one text counts."""
    order = np.random.default_rng(seed).permutation(len(data)).tolist()
    good = (index for index in order if not all(data[index].ignored))
    return sorted(index for index, _ in zip(good, range(photos), strict=False))


def _hmean(detector: Detector, data: PhotoMixture, chosen: list[int]) -> float:
    total = DetScore()
    for index in chosen:
        texts = data[index]
        try:
            found = [f.points for f in detector.find(read_image(texts.path))]
        except BadImage:
            continue  # the feed took another one
        total += DetScore.of([match(texts.polygons, texts.ignored, found)])
    return total.hmean
