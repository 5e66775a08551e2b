"""What several networks are made of."""

from __future__ import annotations

import paddle
from paddle import ParamAttr, Tensor, nn

Pair = tuple[int, int]


class ConvNorm(nn.Sequential):
    """Convolution without bias that keeps the size for stride 1, batch norm, activation."""

    def __init__(
        self, inside: int, out: int, kernel: Pair, stride: Pair = (1, 1), groups: int = 1, act: str = ""
    ) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2)
        layers = [
            nn.Conv2D(inside, out, kernel, stride, padding, groups=groups, bias_attr=False),
            nn.BatchNorm2D(out),
        ]
        if act:
            layers.append({"relu": nn.ReLU, "hardswish": nn.Hardswish}[act]())
        super().__init__(*layers)


def columns(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, W, C * H): each column of the map is one time step."""
    return features.transpose([0, 3, 1, 2]).flatten(2)


def _quiet(inside: int, out: int) -> nn.Linear:
    """The last layer of a branch, small at first: what goes around the branch is learnt from before it has a say.

    Learning 64 lines by heart, svtr_lite reads 48 of them after 100 steps, and 11 where all layers begin alike.
    """
    return nn.Linear(inside, out, ParamAttr(initializer=nn.initializer.XavierUniform(gain=0.1)))


def full_precision() -> paddle.amp.auto_cast:
    """The context for what needs 32 bits where the rest of a network computes in 16."""
    return paddle.amp.auto_cast(enable=False)


class SelfAttention(nn.Layer):
    """Every step looks at every step, or at those that `mask` leaves it."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.out = _quiet(channels, channels)

    def forward(self, steps: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, T, C) to the same; mask: (T, T), added to the logits of who looks (row) at whom (column)."""
        parts = self.query_key_value(steps).reshape([0, 0, 3 * self.heads, -1]).transpose([0, 2, 1, 3])
        query, key, value = parts.split(3, axis=1)
        look = (query * self.scale).matmul(key, transpose_y=True)
        if mask is not None:
            look = look + mask
        found = nn.functional.softmax(look, axis=-1).matmul(value)
        return self.out(found.transpose([0, 2, 1, 3]).flatten(2))


class TransformerBlock(nn.Layer):
    """Self-attention, then two layers for each step alone; both are added to what came in, which is normed first."""

    def __init__(self, channels: int, heads: int, inner: int) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(channels)
        self.attention = SelfAttention(channels, heads)
        self.norm_mlp = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, inner), nn.GELU(), _quiet(inner, channels))

    def forward(self, steps: Tensor, mask: Tensor | None = None) -> Tensor:
        steps = steps + self.attention(self.norm_attention(steps), mask)
        return steps + self.mlp(self.norm_mlp(steps))


class Transformer(nn.Layer):
    """Blocks in a row and a norm at the end."""

    def __init__(self, blocks: int, channels: int, heads: int, inner: int) -> None:
        super().__init__()
        self.blocks = nn.LayerList(TransformerBlock(channels, heads, inner) for _ in range(blocks))
        self.norm = nn.LayerNorm(channels)

    def forward(self, steps: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.blocks:
            steps = block(steps, mask)
        return self.norm(steps)
