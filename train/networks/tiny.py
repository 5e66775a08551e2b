"""The network that trains on a processor in minutes."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import Tensor, nn

from ..losses import Outputs
from ..network_config import Tiny
from .blocks import ConvNorm, columns
from .recogniser import Recogniser


class Context(nn.Layer):
    """Looks at neighbouring time steps and adds what it finds; without the sum, three of them hardly learn."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.look = ConvNorm(channels, channels, (1, reach))

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.relu(features + self.look(features))


class TinyNetwork(Recogniser):
    """Four strided 3x3 layers, one that takes in the remaining height, horizontal context, classes."""

    # What was tried for speed in training, images/s on one Zen 5 core (32x160, the four layers and CTC):
    # as Paddle comes 346; with the kernels of backend.choose_kernels 812, and with those and two threads 1,032.
    # oneDNN's flag changes nothing outside static graphs (373) and crashes inside them; to_static 290; CINN 298;
    # NHWC and unfold + matrix product cost what a convolution costs; batches of 16 to 128 differ by a tenth.
    # In eight groups the fourth layer takes 8 ms in place of 13, for an eighth of the arithmetic: plain is better.

    def __init__(self, config: Tiny, height: int, classes: int) -> None:
        super().__init__()
        a, b, c, d = config.channels
        self.features = nn.Sequential(
            ConvNorm(3, a, (3, 3), (2, 2), act="relu"),
            ConvNorm(a, b, (3, 3), (2, 2), act="relu"),
            ConvNorm(b, c, (3, 3), (2, 1), act="relu"),
            ConvNorm(c, d, (3, 3), (2, 1), act="relu"),
        )
        # A 1x1 product over whole columns costs what one over single cells costs, and sees the full height.
        self.squeeze = ConvNorm(d * -(-height // 16), config.context, (1, 1), act="relu")
        self.context = nn.Sequential(*(Context(config.context, config.reach) for _ in range(config.layers)))
        self.dropout = nn.Dropout(config.dropout)
        self.classes = nn.Linear(config.context, classes)
        self.negatives, self.count = config.negatives, classes

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Outputs:
        """Logits; in training with `negatives`, those of some classes, and their ids as floats."""
        features = columns(self.features(images)).transpose([0, 2, 1]).unsqueeze(2)
        features = self.context(self.squeeze(features))
        steps = self.dropout(features.squeeze(2).transpose([0, 2, 1]))
        if not (self.training and self.negatives) or labels is None:
            return self.classes(steps)
        return self._some(steps, labels)

    def _some(self, steps: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the classes that the labels name, of others drawn by chance, and of the blank.

        All of 6,624 classes cost the last layer and CTC's softmax three times what the rest of the network takes: one
        Zen 5 core trains on 68 lines/s (24x204, 12 characters), and on 254 with 256 classes drawn.
        Each class drawn stands for as many as were not, so its logit rises by the logarithm of that number: the
        softmax's denominator is then right on average, and all classes learn what they are not.
        """
        present = np.unique(labels.numpy())
        absent = np.setdiff1d(np.arange(self.count - 1), present)
        drawn = absent[paddle.randperm(len(absent))[: self.negatives].numpy()]
        chosen = np.concatenate([present, drawn, [self.count - 1]])
        raised = np.zeros(len(chosen), np.float32)
        raised[len(present) : -1] = np.log(len(absent) / max(1, len(drawn)))
        ids = paddle.to_tensor(chosen)
        weight = paddle.gather(self.classes.weight, ids, axis=1)
        bias = paddle.gather(self.classes.bias, ids) + paddle.to_tensor(raised)
        return steps.matmul(weight) + bias, ids.astype("float32")

    def losses(self, outputs: Outputs, labels: Tensor, lengths: Tensor) -> Tensor:
        """As of any network; the ids that came with some of the classes say which columns the labels are."""
        if isinstance(outputs, Tensor):
            return super().losses(outputs, labels, lengths)
        logits, ids = outputs
        column = np.zeros(self.count, np.int32)
        column[ids.numpy().astype(np.int64)] = np.arange(len(ids))
        return super().losses(logits, paddle.to_tensor(column[labels.numpy()]), lengths)
