"""Weights to start from: of a checkpoint, a run or a bundle, with these characters or others; and carving."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle
from paddle import nn

from ..corpora.charset import Charset
from ..errors import Trouble, UserError
from . import checkpoint
from .bundle import PADDLE_MODEL, PADDLE_WEIGHTS, SPEC, Bundle, open_bundle
from .checkpoint import About
from .config import TrainConfig
from .export import export
from .networks import Recogniser, build, tensors
from .run import set_weights
from .vocabulary import Arrays, Change, require_part, transplant


@dataclass(frozen=True)
class Origin:
    """Weights with what they belong to. network: its section of the configuration; height: of its input."""

    name: str
    characters: str
    network: dict[str, Any]
    height: int
    weights: Arrays


def open_origin(path: Path) -> Origin:
    """The weights of a bundle, of a run's folder (the best), or of a checkpoint. Raises UserError."""
    if path.is_dir() and (path / SPEC).is_file():
        bundle = open_bundle(path)
        return Origin(str(path), bundle.characters, bundle.network, bundle.input.height, bundle_weights(path, bundle))
    if path.is_dir():
        path = checkpoint.of_run(path)
    about, weights, state = checkpoint.read(path)
    config = checkpoint.understood(TrainConfig.model_validate, about.config, path)
    weights = checkpoint.averaged(state) or weights
    return Origin(str(path), about.characters, about.config["network"], config.height, weights)


def start_from(network: Recogniser, config: TrainConfig, path: Path) -> Change:
    """Fill a network of `config` with the weights at `path`; rows of shared characters are copied.

    Raises UserError where the weights are of another network.
    """
    origin = open_origin(path)
    there, here = Charset(origin.characters), config.characters()
    own = {name: value.numpy() for name, value in tensors(network).items()}
    weights, change = transplant(origin.weights, own, network.class_tensors(), (there, here), origin.name)
    set_weights(network, weights)
    return change


def carve(bundle: Path, charset: Charset, out: Path, overwrite: bool = False, name: str = "the dictionary") -> Bundle:
    """A bundle that knows the characters of `charset` alone, cut out of a larger one, without training.

    name: of the dictionary, in messages. Raises UserError for characters that `bundle` has not.
    """
    spec = open_bundle(bundle)
    require_part(spec.charset, charset, str(bundle), name)
    config = _config_of(spec, "".join(charset.characters))
    network = build(config, len(charset))
    change = start_from(network, config, bundle)
    origin = {"path": bundle.name, "characters": len(spec.charset), "dropped": len(change.dropped)}
    origin["sha256"] = spec.files[PADDLE_WEIGHTS].sha256
    about = About(
        step=int(spec.data.get("steps", 0)),
        config=config.model_dump(mode="json"),
        characters=config.charset or "",
        data={**spec.data, "carved_from": origin},
    )
    with tempfile.TemporaryDirectory(prefix="carve-") as folder:
        weights = {key: value.numpy() for key, value in tensors(network).items()}
        checkpoint.save(Path(folder) / checkpoint.LAST, about, weights, {})
        return export(Path(folder), out, overwrite)


def _config_of(spec: Bundle, characters: str) -> TrainConfig:
    values = {"network": spec.network, "charset": characters, "height": spec.input.height, "steps": 1}
    return TrainConfig.model_validate({**values, "width": spec.input.max_width, "case": spec.case})


def bundle_weights(folder: Path, spec: Bundle) -> Arrays:
    """The tensors of a bundle under the names that the network has in training. Raises UserError."""
    config = _config_of(spec, spec.characters)
    network = build(config, len(spec.charset))
    by_name = saved_tensors(folder)
    weights = {name: by_name.get(value.name) for name, value in tensors(network).items()}
    missing = [name for name, value in weights.items() if value is None]
    if missing:
        raise Trouble(f"{folder}: {len(missing)} tensors are not found in its model, first {missing[0]}")
    return {name: value for name, value in weights.items() if value is not None}


def saved_tensors(folder: Path) -> Arrays:
    """The tensors of a bundle's Paddle model by the names that Paddle gave them in training. Raises UserError."""
    try:
        # Loading appends a number to each name, which counts the loads in this process.
        found = paddle.jit.load(str((folder / PADDLE_MODEL).with_suffix(""))).state_dict().values()
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(f"{folder}: its Paddle model cannot be read: {' '.join(str(error).split())[:200]}") from error
    return {value.name.rpartition("_")[0]: value.numpy() for value in found}


def fill_from_bundle(network: nn.Layer, deployed: Sequence[nn.Layer], folder: Path) -> list[str]:
    """Fill the layers that are deployed; returns the names of what a bundle does not hold and stays as it is.

    Raises UserError where the bundle is of another network.
    """
    there, own = saved_tensors(folder), tensors(network)
    wanted = {id(value) for layer in deployed for value in tensors(layer).values()}
    filled = {name: value for name, value in own.items() if id(value) in wanted}
    for name, value in filled.items():
        shape = list(there[value.name].shape) if value.name in there else None
        if shape != list(value.shape):
            said = f"{name} has the shape {shape} there and {list(value.shape)} here"
            raise UserError(f"{folder}: a bundle of another network: {said}")
    for value in filled.values():
        value.set_value(there[value.name])
    return sorted(own.keys() - filled.keys())
