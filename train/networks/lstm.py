"""Recurrent layers over time steps."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn


class StackedLstm(nn.Layer):
    """Two layers forwards beside two layers backwards; the directions meet only in the output."""

    def __init__(self, inside: int, hidden: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(inside, hidden, num_layers=2)
        self.backwards = nn.LSTM(inside, hidden, num_layers=2)

    def forward(self, steps: Tensor) -> Tensor:
        one, _ = self.forwards(steps)
        two, _ = self.backwards(steps[:, ::-1])
        return paddle.concat([one, two[:, ::-1]], 2)
