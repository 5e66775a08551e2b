"""Changing a network's dictionary: what it knows of shared characters stays. Needs no Paddle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from ..errors import UserError

Arrays = dict[str, NDArray[Any]]
LISTED = 20


@dataclass(frozen=True)
class Change:
    """What became of the classes. kept: characters whose rows were copied; new: initialised; dropped: left behind."""

    kept: str
    new: str
    dropped: str


def require_same(there: Charset, here: Charset, there_name: str, here_name: str) -> None:
    """Raises UserError with both dictionaries where they differ in characters or order."""
    if there == here:
        return
    missing = [c for c in there.characters if c not in here]
    more = [c for c in here.characters if c not in there]
    if missing or more:
        what = f"only the model has {_listed(missing)}; only the file has {_listed(more)}"
    else:
        first = next(i for i, (a, b) in enumerate(zip(there.characters, here.characters, strict=True)) if a != b)
        what = (
            "the same characters in another order: "
            f"number {first + 1} is {there.characters[first]!r} in the model and {here.characters[first]!r} in the file"
        )
    raise UserError(
        f"{here_name} holds {len(here)} characters and is not the dictionary of {there_name}, which has {len(there)}: "
        f"{what}; the model brings its own, so leave the file out, or change the model with `ocrdata carve`"
    )


def _listed(characters: list[str]) -> str:
    shown = " ".join(map(repr, characters[:LISTED]))
    more = f" and {len(characters) - LISTED} more" if len(characters) > LISTED else ""
    return (shown or "nothing") + more


def require_part(there: Charset, wanted: Charset, there_name: str, wanted_name: str) -> None:
    """Raises UserError where `wanted` holds characters that the model has never learnt."""
    unknown = [c for c in wanted.characters if c not in there]
    if unknown:
        raise UserError(
            f"{wanted_name}: {len(unknown)} of {len(wanted)} characters are not in the {len(there)} of {there_name}: "
            f"{_listed(unknown)}; what was never learnt must be trained: `ocrdata train` with `start: {there_name}`"
        )


def transplant(
    weights: Arrays, own: Arrays, axes: Mapping[str, int], charsets: tuple[Charset, Charset], name: str
) -> tuple[Arrays, Change]:
    """The weights of a network with other characters, for a network that is initialised as `own`.

    axes: by tensor that has something for each class, the axis of the classes: first the characters, then the same
    number of others (blank, start, end) in both networks. charsets: of `weights`, of `own`. What is shared is
    copied, the rows of new characters stay as they were initialised. Raises UserError, naming `name`, where the
    networks differ in anything else.
    """
    there, here = charsets
    _require_same_network(weights, own, axes, name)
    shared = [c for c in here.characters if c in there]
    source = np.array([there.index[c] for c in shared], np.int64)
    target = np.array([here.index[c] for c in shared], np.int64)
    moved = {key: value for key, value in weights.items() if key in own}
    for key, axis in axes.items():
        theirs, value = np.moveaxis(weights[key], axis, 0), own[key].copy()
        ours = np.moveaxis(value, axis, 0)  # a view
        others = len(theirs) - len(there)
        if others < 0 or others != len(ours) - len(here):
            raise UserError(f"{name}: {key} has {len(theirs)} classes there, for {len(there)} characters")
        ours[target] = theirs[source]
        if others:
            ours[-others:] = theirs[-others:]
        moved[key] = value
    dropped = "".join(c for c in there.characters if c not in here)
    return moved, Change("".join(shared), "".join(c for c in here.characters if c not in there), dropped)


def _require_same_network(weights: Arrays, own: Arrays, axes: Mapping[str, int], name: str) -> None:
    for key in sorted({*weights, *own}):
        there, here = (list(a[key].shape) if key in a else None for a in (weights, own))
        if there is not None and here is not None and key in axes:
            there[axes[key]] = here[axes[key]] = -1
        if there != here:
            raise UserError(
                f"{name}: the weights are of another network, or another version of ocrdata wrote them: "
                f"{key} has the shape {there} there and {here} here"
            )
