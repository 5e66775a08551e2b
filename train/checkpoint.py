"""Checkpoints: one file with weights, optimizer state and everything that says what they are; no pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ..errors import UserError
from ..files import whole_file

LAST, BEST = "last.npz", "best.npz"
WEIGHTS, OPTIMIZER, ABOUT = "weights/", "optimizer/", "about"
AVERAGE = "average/"  # in the optimizer's state: the moving average of the weights

Arrays = dict[str, NDArray[Any]]
T = TypeVar("T")


@dataclass
class About:
    """What a checkpoint holds.

    step: steps done; scores: of the weights beside it; best: the run's highest; stale: evaluations since then.
    """

    step: int
    config: dict[str, Any]
    characters: str
    data: dict[str, Any]
    scores: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    stale: int = 0


def save(path: Path, about: About, weights: Arrays, optimizer: Arrays) -> None:
    """Write a checkpoint under a temporary name, flush, rename."""
    arrays = {WEIGHTS + name: value for name, value in weights.items()}
    arrays |= {OPTIMIZER + name: value for name, value in optimizer.items()}
    arrays[ABOUT] = np.frombuffer(json.dumps(about.__dict__).encode(), np.uint8)
    with whole_file(path, binary=True) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read(path: Path) -> tuple[About, Arrays, Arrays]:
    """What `save` wrote: about, weights, optimizer state. Raises UserError for another or a broken file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = About(**json.loads(file[ABOUT].tobytes()))
            names = [name for name in file.files if name != ABOUT]
            arrays = {name: file[name] for name in names}
    except FileNotFoundError:
        raise UserError(f"{path}: no such checkpoint") from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise UserError(f"{path}: not a whole checkpoint of ocrdata ({error})") from error
    weights = {n.removeprefix(WEIGHTS): v for n, v in arrays.items() if n.startswith(WEIGHTS)}
    optimizer = {n.removeprefix(OPTIMIZER): v for n, v in arrays.items() if n.startswith(OPTIMIZER)}
    return about, weights, optimizer


def understood(read: Callable[[dict[str, Any]], T], config: dict[str, Any], place: Path) -> T:
    """`read` of a run's configuration. Raises UserError where another version of ocrdata wrote other keys."""
    try:
        return read(config)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{place}: another version of ocrdata made this run, or it is one of another task: in its configuration "
            f"{key}: {first['msg']}; train anew, or take that version to export it"
        ) from error


def averaged(state: Arrays) -> Arrays:
    """The moving average of the weights that an optimizer's state holds, or nothing."""
    return {n.removeprefix(AVERAGE): v for n, v in state.items() if n.startswith(AVERAGE)}


def of_run(run: Path) -> Path:
    """The best checkpoint of a run's folder, else the last. Raises UserError where there is none."""
    for name in (BEST, LAST):
        if (run / name).is_file():
            return run / name
    raise UserError(f"{run}: neither {BEST} nor {LAST} is there: not the folder of a training run, or it saved nothing")


def task_of_run(run: Path) -> str:
    """What a run trains: recognition, detection or direction. Raises UserError for what is no run."""
    return str(read(of_run(run))[0].config.get("task", "recognition"))
