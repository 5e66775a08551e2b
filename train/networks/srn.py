"""SRN (2020): all characters at once from the picture, then each again from the others, then both weighed."""

from __future__ import annotations

import math

import paddle
from paddle import ParamAttr, Tensor, nn

from ..decoders import DecoderName
from ..network_config import Srn
from .blocks import Transformer, full_precision
from .recogniser import Recogniser
from .resnet import Resnet50Fpn

GREY = (0.114, 0.587, 0.299)  # of blue, green, red
FAR = -1e9  # added to a logit, it closes the way


def waves(positions: Tensor, channels: int) -> Tensor:
    """(T,) positions to (T, channels): sines and cosines of falling frequency, which tell them apart."""
    half = channels // 2
    speed = paddle.exp(paddle.arange(half).astype("float32") * (-math.log(10000.0) / (half - 1)))
    angles = positions.astype("float32").unsqueeze(1) * speed.unsqueeze(0)
    return paddle.concat([paddle.sin(angles), paddle.cos(angles)], 1)


class Pvam(nn.Layer):
    """Parallel visual attention: what position 0, 1, … of the text looks like. (N, S, C) to (N, positions, C)."""

    def __init__(self, channels: int, positions: int) -> None:
        super().__init__()
        self.place = nn.Linear(channels, channels)
        self.order = nn.Embedding(positions, channels)
        self.turn = nn.Linear(channels, channels)
        self.score = nn.Linear(channels, 1, bias_attr=False)

    def forward(self, features: Tensor) -> Tensor:
        asked = self.turn(self.order.weight).unsqueeze(0).unsqueeze(2)
        look = self.score(paddle.tanh(self.place(features).unsqueeze(1) + asked)).squeeze(3)
        return nn.functional.softmax(look, axis=2).matmul(features)


class Gsrm(nn.Layer):
    """Global semantic reasoning: each character from those before it and those behind it.

    (N, T) class ids to what is expected there, (N, T, C), and its logits.
    """

    def __init__(self, config: Srn, classes: int) -> None:
        super().__init__()
        self.channels, self.start = config.hidden, classes - 2
        narrow = ParamAttr(initializer=nn.initializer.Normal(0.0, config.hidden**-0.5))
        self.embedding = nn.Embedding(classes, config.hidden, weight_attr=narrow)
        size = (config.hidden, config.heads, 2 * config.hidden)
        self.before = Transformer(config.decoder_layers, *size)
        self.behind = Transformer(config.decoder_layers, *size)

    def forward(self, classes: Tensor) -> tuple[Tensor, Tensor]:
        """(N, T, C) and (N, T, classes) of (N, T) ids."""
        positions = classes.shape[1]
        order = paddle.arange(positions)
        later = (order.unsqueeze(0) > order.unsqueeze(1)).astype("float32") * FAR
        earlier = (order.unsqueeze(0) < order.unsqueeze(1)).astype("float32") * FAR
        begin = paddle.full_like(classes[:, :1], self.start)
        left = self._run(self.before, paddle.concat([begin, classes[:, :-1]], 1), later)
        right = self._run(self.behind, classes, earlier)
        right = paddle.concat([right[:, 1:], paddle.zeros_like(right[:, :1])], 1)
        expected = left + right
        return expected, expected.matmul(self.embedding.weight, transpose_y=True)

    def _run(self, transformer: Transformer, classes: Tensor, mask: Tensor) -> Tensor:
        steps = self.embedding(classes) * math.sqrt(self.channels)
        return transformer(steps + waves(paddle.arange(classes.shape[1]), self.channels), mask)


class SrnNetwork(Recogniser):
    """(N, 3, H, W) to (N, positions, classes) logits; in training three of them: seen, expected, both weighed."""

    decoder: DecoderName = "srn"

    def __init__(self, config: Srn, classes: int) -> None:
        super().__init__()
        channels = config.hidden
        self.backbone = Resnet50Fpn()
        self.encoder = Transformer(config.encoder_layers, channels, config.heads, 2 * channels)
        self.pvam = Pvam(channels, config.max_length + 1)
        self.seen = nn.Linear(channels, classes)
        self.gsrm = Gsrm(config, classes)
        self.gate = nn.Linear(2 * channels, channels)
        self.classes = nn.Linear(channels, classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor | tuple[Tensor, ...]:
        grey = sum(images[:, i : i + 1] * share for i, share in enumerate(GREY))
        features = self.backbone(grey)
        with full_precision():  # masks and place codes are out of reach of 16 bits
            outputs = self._read(features.astype("float32"))
        return outputs

    def _read(self, features: Tensor) -> Tensor | tuple[Tensor, ...]:
        """From the map of features to the logits."""
        visual = self.pvam(self._encode(features))
        seen = self.seen(visual)
        expected, semantic = self.gsrm(seen.argmax(-1))
        gate = nn.functional.sigmoid(self.gate(paddle.concat([visual, expected], 2)))
        fused = self.classes(gate * visual + (1 - gate) * expected)
        return (seen, semantic, fused) if self.training else fused

    def _encode(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to (N, H * W, C), each place told where it is."""
        channels, half = features.shape[1], features.shape[1] // 2
        height, width = paddle.shape(features)[2], paddle.shape(features)[3]
        y = waves(paddle.arange(height), half).unsqueeze(1).expand([height, width, half])
        x = waves(paddle.arange(width), half).unsqueeze(0).expand([height, width, half])
        place = paddle.concat([y, x], 2).reshape([-1, channels])
        return self.encoder(features.flatten(2).transpose([0, 2, 1]) * math.sqrt(channels) + place)

    def class_tensors(self) -> dict[str, int]:
        """See Recogniser."""
        heads = {f"{name}.{kind}": axis for name in ("seen", "classes") for kind, axis in (("weight", 1), ("bias", 0))}
        return {"gsrm.embedding.weight": 0, **heads}
