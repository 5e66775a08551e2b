"""Depthwise convolutions that train fast on a processor: in C where there is a compiler, else Paddle's."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import Any

import paddle
from paddle import Tensor

from ...errors import Trouble
from ...native import Native
from .blocks import ConvNorm, Pair

LIBRARY = Native(
    Path(__file__).with_name("depthwise.c"),
    ("-O3", "-std=c99", "-fPIC", "-shared"),
    {"ocrdata_depthwise": (3, 7), "ocrdata_depthwise_gradients": (5, 7)},
)


@lru_cache(maxsize=1)
def load() -> ctypes.CDLL | None:
    """The library; None without a compiler, or where the environment turns it off."""
    return LIBRARY.load()


class _Convolution(paddle.autograd.PyLayer):
    """(N, C, H, W) and (C, 1, K, K) to (N, C, H / down, W / right)."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, filters: Tensor, strides: tuple[int, int]) -> Tensor:
        """strides: down and right."""
        features = features.contiguous()
        ctx.save_for_backward(features, filters)
        ctx.strides, ctx.wanted = strides, (not features.stop_gradient, not filters.stop_gradient)
        count, channels, height, width = features.shape
        down, right = strides
        out = paddle.empty([count, channels, (height - 1) // down + 1, (width - 1) // right + 1])
        _call("ocrdata_depthwise", (features, filters, out), features, filters, strides)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of features and filters; None where nobody asks for one."""
        features, filters = ctx.saved_tensor()
        found = paddle.empty_like(features), paddle.empty_like(filters)
        tensors = (features, filters, gradient.contiguous(), *found)
        _call("ocrdata_depthwise_gradients", tensors, features, filters, ctx.strides)
        return tuple(value if wanted else None for value, wanted in zip(found, ctx.wanted, strict=True))


def _call(name: str, tensors: tuple[Tensor, ...], features: Tensor, filters: Tensor, strides: tuple[int, int]) -> None:
    pointers = [tensor.data_ptr() for tensor in tensors]
    if getattr(load(), name)(*pointers, *features.shape, filters.shape[2], *strides):
        raise Trouble("there is no memory left for a convolution")


class DepthwiseNorm(ConvNorm):
    """A ConvNorm in which each channel is convolved for itself, by 3x3 or 5x5.

    In training on a processor the convolution is our own; what is exported is always Paddle's, of the same weights.
    """

    def __init__(self, channels: int, kernel: int, stride: Pair, act: str) -> None:
        super().__init__(channels, channels, (kernel, kernel), stride, channels, act)
        self.stride = stride

    def convolve(self, features: Tensor) -> Tensor:
        """The convolution alone."""
        ours = self.training and features.place.is_cpu_place() and features.dtype == paddle.float32
        if not ours or load() is None:
            return self[0](features)
        return _Convolution.apply(features, self[0].weight, self.stride)

    def forward(self, features: Tensor) -> Tensor:
        features = self.convolve(features)
        for layer in list(self)[1:]:
            features = layer(features)
        return features
