"""The recognisers `crnn_mv3_small` and `tiny` in PyTorch, layer by layer as in train/networks; run by bench_torch.py.

Line 1 on stdin is the setup (JSON); each further line is an order: `compare`, `steps N` or `layers N`; the answer to
each is a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

CLOCK = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter  # as in bench_torch.py
SMALL = (
    (3, 16, 16, True, "relu", 2),
    (3, 72, 24, False, "relu", 2),
    (3, 88, 24, False, "relu", 1),
    (5, 96, 40, True, "hardswish", 2),
    (5, 240, 40, True, "hardswish", 1),
    (5, 240, 40, True, "hardswish", 1),
    (5, 120, 48, True, "hardswish", 1),
    (5, 144, 48, True, "hardswish", 1),
    (5, 288, 96, True, "hardswish", 2),
    (5, 576, 96, True, "hardswish", 1),
    (5, 576, 96, True, "hardswish", 1),
)


def norm(inside: int, out: int, kernel: Any, stride: Any = 1, groups: int = 1, act: str = "") -> nn.Sequential:
    """Convolution that keeps the size, batch norm, activation."""
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (kernel[0] // 2, kernel[1] // 2)
    layers: list[nn.Module] = [nn.Conv2d(inside, out, kernel, stride, padding, groups=groups, bias=False)]
    layers.append(nn.BatchNorm2d(out))
    return nn.Sequential(*layers, *([nn.ReLU() if act == "relu" else nn.Hardswish()] if act else []))


def rounded(channels: float) -> int:
    """MobileNet's rule: a multiple of 8, never more than a tenth lower."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found + 8 if found < 0.9 * channels else found


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        return features * (0.2 * self.up(functional.relu(self.down(self.pool(features)))) + 0.5).clamp(0, 1)


class InvertedResidual(nn.Module):
    def __init__(self, inside: int, middle: int, out: int, block: tuple[Any, ...]) -> None:
        super().__init__()
        kernel, _, _, excite, act, stride = block
        layers = [norm(inside, middle, 1, act=act), norm(middle, middle, kernel, (stride, 1), middle, act)]
        layers += [SqueezeExcite(middle)] if excite else []  # type: ignore[list-item]
        self.layers = nn.Sequential(*layers, norm(middle, out, 1))
        self.shortcut = inside == out and stride == 1

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.layers(features)
        return features + out if self.shortcut else out


def columns(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, W, C * H)."""
    return features.permute(0, 3, 1, 2).flatten(2)


class Crnn(nn.Module):
    """MobileNetV3-small at half width, two stacked LSTM layers per direction, CTC."""

    def __init__(self, classes: int, hidden: int = 48) -> None:
        super().__init__()
        inside = rounded(8)
        layers: list[nn.Module] = [norm(3, inside, 3, 2, act="hardswish")]
        for block in SMALL:
            middle, out = rounded(block[1] / 2), rounded(block[2] / 2)
            layers.append(InvertedResidual(inside, middle, out, block))
            inside = out
        layers += [norm(inside, rounded(288), 1, act="hardswish"), nn.MaxPool2d((1, 2), (1, 2))]
        self.backbone = nn.Sequential(*layers)
        self.forwards = nn.LSTM(rounded(288), hidden, 2, batch_first=True)
        self.backwards = nn.LSTM(rounded(288), hidden, 2, batch_first=True)
        self.classes = nn.Linear(2 * hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        steps = columns(self.backbone(images))
        one, _ = self.forwards(steps)
        two, _ = self.backwards(steps.flip(1))
        found: Tensor = self.classes(torch.cat([one, two.flip(1)], 2))
        return found


class Context(nn.Module):
    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.look = norm(channels, channels, (1, reach))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.look(features))


class Tiny(nn.Module):
    """Four strided 3x3 layers, one over the remaining height, horizontal context, CTC."""

    def __init__(self, classes: int, numbers: dict[str, Any]) -> None:
        super().__init__()
        a, b, c, d = numbers["channels"]
        self.features = nn.Sequential(
            norm(3, a, 3, 2, act="relu"),
            norm(a, b, 3, 2, act="relu"),
            norm(b, c, 3, (2, 1), act="relu"),
            norm(c, d, 3, (2, 1), act="relu"),
        )
        context = numbers["context"]
        self.squeeze = norm(2 * d, context, 1, act="relu")
        self.context = nn.Sequential(*(Context(context, numbers["reach"]) for _ in range(numbers["layers"])))
        self.classes = nn.Linear(context, classes)

    def forward(self, images: Tensor) -> Tensor:
        steps = columns(self.features(images)).transpose(1, 2).unsqueeze(2)
        found: Tensor = self.classes(self.context(self.squeeze(steps)).squeeze(2).transpose(1, 2))
        return found


class Peer:
    """A network with our weights, and the batch to train on."""

    def __init__(self, setup: dict[str, Any]) -> None:
        torch.set_num_threads(setup["threads"])
        self.setup = setup
        tiny = setup["network"]["name"] == "tiny"
        self.network = Tiny(setup["classes"], setup["network"]) if tiny else Crnn(setup["classes"])
        with np.load(setup["file"]) as file:
            self.arrays = dict(file)
        self._fill()
        self.images, self.labels, self.lengths = (
            torch.from_numpy(self.arrays[name]) for name in ("images", "labels", "lengths")
        )
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 0.001, weight_decay=0.01)

    def _fill(self) -> None:
        """Take our tensors one after the other; a shape that differs is another network."""
        own = [(n, t) for n, t in self.network.state_dict().items() if not n.endswith("num_batches_tracked")]
        theirs = [self.arrays[f"tensor{i}"] for i in range(len(self.arrays) - 4)]
        assert len(own) == len(theirs), (len(own), len(theirs))
        linear = {f"{n}.weight" for n, m in self.network.named_modules() if isinstance(m, nn.Linear)}
        for (name, tensor), array in zip(own, theirs, strict=True):
            array = array.T if name in linear else array
            assert tensor.shape == array.shape, (name, tuple(tensor.shape), array.shape)
            tensor.copy_(torch.from_numpy(array.copy()))

    def compare(self) -> dict[str, Any]:
        """Parameters, and how far the logits are from ours; dropout is 0 in both."""
        self.network.eval()
        with torch.no_grad():
            logits = self.network(self.images).numpy()
        self.network.train()
        state = self.network.state_dict()
        count = sum(t.numel() for n, t in state.items() if not n.endswith("num_batches_tracked"))
        return {"parameters": count, "difference": float(np.abs(logits - self.arrays["logits"]).max())}

    def loss(self, logits: Tensor) -> Tensor:
        """CTC per character, the blank last."""
        chances = logits.permute(1, 0, 2).log_softmax(2)
        steps = torch.full([logits.shape[0]], logits.shape[1], dtype=torch.int64)
        found = functional.ctc_loss(
            chances, self.labels, steps, self.lengths, blank=logits.shape[2] - 1, reduction="none"
        )
        return (found / self.lengths).mean()

    def steps(self, count: int) -> dict[str, Any]:
        """Seconds of so many training steps."""
        began = CLOCK()
        for _ in range(count):
            self.loss(self.network(self.images)).backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
        return {"seconds": CLOCK() - began}

    def layers(self, count: int) -> dict[str, Any]:
        """Milliseconds of forward and backward by kind of layer, each layer for itself on the input that it gets."""
        seen: list[tuple[nn.Module, Tensor]] = []
        hooks = [
            m.register_forward_hook(lambda layer, given, out: seen.append((layer, given[0].detach())))
            for m in self.network.modules()
            if not list(m.children())
        ]
        logits = self.network(self.images).detach()
        for hook in hooks:
            hook.remove()
        found: Counter[str] = Counter()
        for layer, given in seen:
            found[kind_of(layer)] += self._time(layer, given, count)
        found["CTC loss"] += self._time(self.loss, logits, count)
        return dict(found)

    def _time(self, layer: Any, given: Tensor, count: int) -> float:
        given = given.clone().requires_grad_(True)
        times = []
        for _ in range(count):
            given.grad = None
            began = CLOCK()
            out = layer(given)
            out = out[0] if isinstance(out, tuple) else out
            out.backward(torch.ones_like(out))
            times.append(CLOCK() - began)
        return 1e3 * median(times)


def kind_of(layer: nn.Module) -> str:
    """The row of the table that a layer belongs to."""
    if isinstance(layer, nn.Conv2d):
        if layer.groups > 1:
            return "depthwise convolution"
        return "1x1 convolution" if layer.kernel_size == (1, 1) else "full convolution"
    kinds = {nn.BatchNorm2d: "batch norm", nn.LSTM: "LSTM", nn.Linear: "classes"}
    return kinds.get(type(layer), "activation, pooling")


def main() -> None:
    """Answer orders until stdin ends."""
    peer = Peer(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        order, *numbers = line.split()
        print(json.dumps(getattr(peer, order)(*map(int, numbers))), flush=True)


if __name__ == "__main__":
    main()
