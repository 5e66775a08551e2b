"""A moving average of the weights: it evaluates better than the last step's, and costs no training time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import paddle
from paddle import Tensor

from .vocabulary import Arrays


class Average:
    """The average over steps of all numbers of a network, the batch norms' statistics included.

    decay: what stays at each step; in the beginning it is smaller, (1 + step) / (10 + step), so that the
    initialisation is soon forgotten.
    """

    def __init__(self, tensors: Mapping[str, Tensor], decay: float) -> None:
        self._tensors, self._decay = dict(tensors), decay
        self._mean = {name: value.detach().clone() for name, value in tensors.items()}

    def update(self, step: int) -> None:
        """Take in the weights after step `step`, from 0."""
        keep = min(self._decay, (1 + step) / (10 + step))
        with paddle.no_grad():
            for name, value in self._tensors.items():
                mean = self._mean[name]
                mean.set_value(mean * keep + value * (1 - keep))

    def state(self) -> Arrays:
        """The averages, as arrays."""
        return {name: value.numpy() for name, value in self._mean.items()}

    def load(self, state: Arrays) -> None:
        """Go on from a state."""
        for name, value in self._mean.items():
            value.set_value(state[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network holds the averages inside the context, and its own weights again behind it."""
        own = {name: value.detach().clone() for name, value in self._tensors.items()}
        try:
            self._fill(self._mean)
            yield
        finally:
            self._fill(own)

    def _fill(self, values: Mapping[str, Tensor]) -> None:
        for name, value in self._tensors.items():
            value.set_value(values[name])
