"""Training speed beside PyTorch on one core: the same network, weights, batch, loss and optimizer in both.

    python -m venv torch && torch/bin/pip install torch
    taskset -c 0 python tests/bench/bench_torch.py --torch-python torch/bin/python [--layers] [--plain]

For each network: parameters and the largest difference between the logits of both (they start from our weights);
images/s of whole training steps, medians of rounds that take turns; the ratio. --layers: where the time goes, each
layer for itself on the input that it gets. --plain: Paddle as it comes, too, without the matrix kernels that
train/backend.py chooses and without the depthwise convolution of train/networks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ocrdata.config import load
from ocrdata.corpora.charset import Charset
from ocrdata.train.config import Optimizer, TrainConfig

PEER = Path(__file__).with_name("torch_peer.py")
# Of one thread the processor's time: other programs on a busy core count less.
CLOCK = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter
SAME = 1e-3  # between logits; float32 through some fifty layers
CRNN: dict[str, Any] = {"name": "crnn_mv3_small"}


@dataclass(frozen=True)
class Case:
    """A network, its classes but the blank, and its batch."""

    title: str
    network: dict[str, Any]
    characters: int
    batch: int
    width: int

    def config(self) -> TrainConfig:
        """As the trainer takes it."""
        charset = "".join(map(chr, range(0x4E00, 0x4E00 + self.characters)))
        optimizer = Optimizer(name="adamw", lr=0.001, schedule="constant", warmup=0, clip_norm=5.0)
        return TrainConfig(network=self.network, charset=charset, width=self.width, steps=1, optimizer=optimizer)


def cases() -> list[Case]:
    """The light recogniser with two dictionaries, and the network of the preset digits."""
    tiny = load("preset:digits", "train", TrainConfig).network.model_dump()
    return [
        Case("rec_chinese_lite_train, 10 characters", CRNN, 10, 32, 100),
        Case("rec_chinese_lite_train, 10 characters", CRNN, 10, 32, 320),
        Case("rec_chinese_lite_train, 6,623 characters", CRNN, 6623, 32, 320),
        Case("tiny as in preset:digits", {**tiny, "dropout": 0.0}, 10, 32, 128),
    ]


class Ours:
    """A network of the package with the trainer's own update."""

    def __init__(self, case: Case) -> None:
        import paddle

        from ocrdata.train.networks import build, tensors
        from ocrdata.train.team import Team
        from ocrdata.train.update import Update

        config = case.config()
        self.paddle, self.network = paddle, build(config, len(Charset(config.charset or "")))
        self.update, self.tensors = Update(config, self.network, Team()), tensors(self.network)
        random = np.random.default_rng(0)
        self.images = random.standard_normal((case.batch, 3, config.height, case.width), np.float32)
        self.labels = random.integers(0, case.characters, (case.batch, 6)).astype(np.int32)
        self.lengths = np.full(case.batch, 6, np.int64)
        self.batch = [paddle.to_tensor(a) for a in (self.images, self.labels, self.lengths)]

    def write(self, path: Path) -> int:
        """Weights, batch and logits for the peer; returns the number of parameters."""
        self.network.eval()
        with self.paddle.no_grad():
            logits = self.network(self.batch[0]).numpy()
        self.network.train()
        arrays = {f"tensor{i}": t.numpy() for i, t in enumerate(self.tensors.values())}
        np.savez(path, logits=logits, images=self.images, labels=self.labels, lengths=self.lengths, **arrays)
        return sum(int(t.size) for t in self.tensors.values())

    def loss(self, logits: Any) -> Any:
        """As Fit has it."""
        return self.network.losses(logits, *self.batch[1:]).mean()

    def steps(self, count: int) -> dict[str, Any]:
        """Seconds of so many training steps."""
        began = CLOCK()
        for _ in range(count):
            self.update.backward(self.loss(self.network(self.batch[0], self.batch[1])))
            self.update.step(0.001)
        return {"seconds": CLOCK() - began}

    def layers(self, count: int) -> dict[str, Any]:
        """Milliseconds by kind of layer: see torch_peer.py."""
        from ocrdata.train.networks.depthwise import DepthwiseNorm

        seen: list[tuple[Any, Any]] = []
        nn, whole = self.paddle.nn, (self.paddle.nn.LSTM, DepthwiseNorm)
        leaves = [m for m in self.network.sublayers() if not m.sublayers() or isinstance(m, whole)]
        inside = {id(part) for m in leaves if isinstance(m, nn.LSTM) for part in m.sublayers()}
        hooks = [
            m.register_forward_post_hook(lambda layer, given, out: seen.append((layer, given[0].detach())))
            for m in leaves
            if id(m) not in inside
        ]
        logits = self.network(self.batch[0]).detach()
        for hook in hooks:
            hook.remove()
        found: Counter[str] = Counter()
        for layer, given in seen:
            if isinstance(layer, DepthwiseNorm):
                found["depthwise convolution"] += self._time(layer.convolve, given, count)
            elif getattr(layer, "_groups", 1) == 1:  # else Paddle's depthwise one, inside of ours
                found[self._kind(layer)] += self._time(layer, given, count)
        found["CTC loss"] += self._time(self.loss, logits, count)
        return dict(found)

    def _kind(self, layer: Any) -> str:
        nn = self.paddle.nn
        if isinstance(layer, nn.Conv2D):
            return "1x1 convolution" if tuple(layer._kernel_size) == (1, 1) else "full convolution"
        kinds = {nn.BatchNorm2D: "batch norm", nn.LSTM: "LSTM", nn.Linear: "classes"}
        return kinds.get(type(layer), "activation, pooling")

    def _time(self, layer: Any, given: Any, count: int) -> float:
        given.stop_gradient = False
        times = []
        for _ in range(count):
            given.clear_gradient()
            began = CLOCK()
            out = layer(given)
            out = out[0] if isinstance(out, tuple) else out
            out.backward(self.paddle.ones_like(out))
            times.append(CLOCK() - began)
        return 1e3 * median(times)


def serve() -> None:
    """Be the process that trains with Paddle: the setup on the first line, then orders, as torch_peer.py has them."""
    from ocrdata.train.backend import require_paddle

    require_paddle()
    setup = json.loads(sys.stdin.readline())
    ours = Ours(Case(**setup["case"]))
    print(json.dumps({"parameters": ours.write(Path(setup["file"]))}), flush=True)
    for line in sys.stdin:
        order, *numbers = line.split()
        print(json.dumps(getattr(ours, order)(*map(int, numbers))), flush=True)


class Process:
    """One of the two sides."""

    def __init__(self, command: list[str], setup: dict[str, Any], threads: int, plain: bool = False) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        if plain:
            environment["MKL_DEBUG_CPU_TYPE"] = ""  # set by the user, so it stays: nothing is chosen
            environment["OCRDATA_KERNEL"] = "off"
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.say(json.dumps(setup))

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended with {self.process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def order(self, line: str) -> dict[str, Any]:
        self.say(line)
        return self.hear()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compare(case: Case, arguments: argparse.Namespace) -> None:
    """Print the rows of one network."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "weights.npz")
        setup = {"case": case.__dict__, "file": file}
        sides = {"Paddle": Process([sys.executable, __file__, "--serve"], setup, arguments.threads)}
        ours = sides["Paddle"].hear()
        peer = {"network": case.network, "classes": case.characters + 1, "file": file, "threads": arguments.threads}
        sides["PyTorch"] = Process([str(arguments.torch_python), str(PEER)], peer, arguments.threads)
        theirs = sides["PyTorch"].order("compare")
        same = ours["parameters"] == theirs["parameters"] and theirs["difference"] < SAME
        print(
            f"\n{case.title}, {case.batch} x 3x32x{case.width}: {ours['parameters']:,} parameters in both, logits "
            f"differ by {theirs['difference']:.0e}"
        )
        if not same:
            raise SystemExit(f"not the same network: {ours}, {theirs}")
        if arguments.plain:
            sides["Paddle as it comes"] = Process(
                [sys.executable, __file__, "--serve"], {**setup, "file": file + ".npz"}, arguments.threads, plain=True
            )
            sides["Paddle as it comes"].hear()
        rounds(case, sides, arguments)
        if arguments.layers:
            parts({name: side.order(f"layers {arguments.rounds}") for name, side in sides.items()})
        for side in sides.values():
            side.close()


def rounds(case: Case, sides: dict[str, Process], arguments: argparse.Namespace) -> None:
    """Whole steps, in turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side.order("steps 1")
    for _ in range(arguments.rounds):
        for name, side in sides.items():
            times[name].append(side.order(f"steps {arguments.steps}")["seconds"] / arguments.steps)
    peer = median(times["PyTorch"])
    for name, seconds in times.items():
        step = median(seconds)
        ratio = "" if name == "PyTorch" else f"   {step / peer:.2f} times as long"
        print(f"  {name:20} {step * 1e3:7.0f} ms/step {case.batch / step:7.1f} images/s{ratio}")


def parts(found: dict[str, dict[str, float]]) -> None:
    """Where the time goes, the largest difference first."""
    names = list(found)
    print(f"  {'ms, forward and backward':26}" + "".join(f"{name:>20}" for name in names))
    kinds = sorted({k for f in found.values() for k in f}, key=lambda k: -found["Paddle"].get(k, 0))
    for kind in kinds:
        print(f"  {kind:26}" + "".join(f"{found[name].get(kind, 0):20.1f}" for name in names))
    print(f"  {'together':26}" + "".join(f"{sum(found[name].values()):20.1f}" for name in names))


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch-python", type=Path, help="an interpreter that has PyTorch")
    parser.add_argument("--case", type=int, action="append", help="0 is the first; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2, help="in a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return
    if arguments.torch_python is None:
        parser.error("--torch-python names an interpreter that has PyTorch")
    for number, case in enumerate(cases()):
        if arguments.case is None or number in arguments.case:
            compare(case, arguments)


if __name__ == "__main__":
    main()
