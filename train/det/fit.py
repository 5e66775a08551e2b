"""Training a detector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from ...datasets.images import BadImage, Image, read_image
from ...errors import UserError
from .. import checkpoint
from ..bundle import SPEC
from ..loop import Loop
from ..run import set_weights
from ..start import fill_from_bundle
from ..team import Team, join_team
from .bundle import open_det_bundle
from .config import DetConfig
from .detector import Detector
from .feed import DetFeed, DetStep
from .losses import losses
from .metrics import DetScore, match
from .networks import build
from .photos import PhotoMixture, Texts, names
from .preprocess import Batch

HELD_OUT_AT_MOST = 500
SCORED = ["precision", "recall", "hmean"]


class MapEngine:
    """The network as it is trained, in evaluation mode while it runs."""

    def __init__(self, network: nn.Layer) -> None:
        self._network = network

    def __call__(self, batch: Batch) -> Any:
        """(N, 1, H, W) probabilities."""
        training = [layer for layer in self._network.sublayers(include_self=True) if layer.training]
        self._network.eval()
        with paddle.no_grad():
            out = self._network.found(self._network(paddle.to_tensor(batch))).numpy()
        for layer in training:  # not all: frozen ones stay as they are
            layer.training = True
        return out


class Detection:
    """Photos, a network that finds their texts, and its scores on other photos: the task of a detector's training.

    val: photos to validate on; None holds some of `data` out.
    """

    characters = ""
    scored = SCORED

    def __init__(self, config: DetConfig, data: PhotoMixture, val: PhotoMixture | None, team: Team) -> None:
        self.config, self.photos = config, data
        indices: list[int] = list(range(len(data)))
        if val is None:
            held = min(HELD_OUT_AT_MOST, int(len(data) * config.holdout))
            order = np.random.default_rng(config.seed).permutation(len(data)).tolist()
            self.val, self.held, indices = data, sorted(order[:held]), sorted(order[held:])
        else:
            self.val, self.held = val, list(range(len(val)))
        self.refused: Counter[str] = sum((source.refused for source in data.sources), Counter())
        self.examples: dict[str, list[str]] = {}
        self.feed = DetFeed(config, data, indices, (team.rank, team.size))
        self.network = build(config.network, config.seed)
        self.data: dict[str, Any] = {"train": data.identity(), "val": val.identity() if val else None}
        self.detector = Detector(MapEngine(self.network), config.input, config.network.post)

    def losses(self, batch: DetStep) -> paddle.Tensor:
        """(N,) losses."""
        outputs = self.network(paddle.to_tensor(batch.images)).astype("float32")
        with paddle.amp.auto_cast(enable=False):
            return losses(outputs, paddle.to_tensor(batch.targets), self.config.network)

    def scores(self) -> dict[str, float]:
        """precision, recall and hmean; {} without photos."""
        if not self.held:
            return {}
        total = DetScore()
        for image, texts in self._validation():
            found = [f.points for f in self.detector.find(image)]
            total += DetScore.of([match(texts.polygons, texts.ignored, found)])
        return {"precision": total.precision, "recall": total.recall, "hmean": total.hmean}

    def _validation(self) -> Iterator[tuple[Image, Texts]]:
        for index in self.held:
            texts = self.val[index]
            try:
                image = read_image(texts.path)
            except BadImage as error:
                if self.config.damaged == "error":
                    raise UserError(f"{texts.path}: {error.reason}: {error.detail}") from error
                continue
            yield image, texts  # whole: a photo goes through the rule alone, as in use

    def better(self, one: dict[str, float], other: dict[str, float]) -> bool:
        """Whether scores are better by `best`."""
        return one.get(self.config.best, -1.0) > other.get(self.config.best, -1.0)

    def places(self, indices: Sequence[int]) -> str:
        """Paths of photos."""
        return ", ".join(names(self.photos, indices))

    def start_from(self, path: Path) -> None:
        """Fill the network with the weights of a bundle, of a run's folder (the best) or a checkpoint.

        A bundle holds what is deployed alone: of DB the branch for borders starts anew.
        """
        if path.is_dir() and (path / SPEC).is_file():
            open_det_bundle(path)
            fill_from_bundle(self.network, self.network.deployed(), path)
            return
        _, weights, state = checkpoint.read(checkpoint.of_run(path) if path.is_dir() else path)
        set_weights(self.network, checkpoint.averaged(state) or weights)

    def same_config(self, there: dict[str, Any]) -> dict[str, Any]:
        """A configuration of an older version with today's keys.

        How texts are cut out of the maps may differ: nothing that is learnt depends on it.
        """
        values = DetConfig.model_validate(there).model_dump(mode="json")
        values["network"]["post"] = self.config.network.post.model_dump(mode="json")
        return values


class DetFit(Loop):
    """A detector's training run in the folder `out`. Raises UserError for data that is of no use, and as Loop does."""

    def __init__(
        self, config: DetConfig, data: PhotoMixture, val: PhotoMixture | None, out: Path, resume: bool = False
    ) -> None:
        team = join_team()
        self.detection = Detection(config, data, val, team)
        super().__init__(self.detection, team, out, resume)
