"""Bundles of networks as they are before training: how large a model will be, and that it exports."""

from __future__ import annotations

from pathlib import Path

from ..config import load, value_of
from .bundle import Spec, new_bundle
from .checkpoint import About
from .cls.config import ClsConfig
from .cls.export import write_direction
from .cls.network import build as build_direction
from .config import TrainConfig
from .det.config import DetConfig
from .det.export import write_detector
from .det.networks import build as build_detector
from .export import write_recogniser
from .networks import build as build_recogniser


def untrained(recipe: str, out: Path, overrides: tuple[str, ...] = ()) -> Spec:
    """Write the bundle `out` of a recipe's network with the weights it starts from. Raises UserError, Trouble."""
    task = value_of(recipe, "train", "task")
    with new_bundle(out) as folder:
        if task == "detection":
            det = load(recipe, "train", DetConfig, overrides)
            return write_detector(folder, out, _about(det), det, build_detector(det.network, det.seed))
        if task == "direction":
            cls = load(recipe, "train", ClsConfig, overrides)
            return write_direction(folder, out, _about(cls), cls, build_direction(cls))
        rec = load(recipe, "train", TrainConfig, overrides)
        characters = "".join(rec.characters().characters)
        return write_recogniser(folder, out, _about(rec, characters), rec, build_recogniser(rec, len(characters)))


def _about(config: DetConfig | ClsConfig | TrainConfig, characters: str = "") -> About:
    return About(0, config.model_dump(mode="json"), characters, {})
