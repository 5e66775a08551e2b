"""From losses to new weights: accumulation, clipping, rates by group, 16-bit arithmetic."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn

from ..errors import UserError
from .config import Optimizer, RunConfig
from .team import Team
from .vocabulary import Arrays

# With 16 bits, small gradients would become zero: the loss is multiplied by a power of two, which grows as long as the
# gradients are numbers. (Paddle's own scaler turns itself off on processors, where it could not be tested.)
SCALE, SCALE_STATE = 2.0**15, "loss_scale"
GROW_AFTER = 2000  # steps


def rates(network: nn.Layer, optimizer: Optimizer) -> dict[str, float]:
    """The factor of each parameter's rate, by name. Raises UserError for a pattern that nothing matches."""
    names = [name for name, _ in network.named_parameters()]
    for group in optimizer.groups:
        if not any(fnmatchcase(name, group.match) for name in names):
            parts = sorted({name.split(".")[0] for name in names})
            raise UserError(
                f"optimizer.groups: no parameter matches {group.match!r}; names begin with {', '.join(parts)}, "
                f"for example {names[0]}"
            )
    found = {}
    for name, parameter in network.named_parameters():
        own = parameter.optimize_attr["learning_rate"]  # the network's wish: the points of a spline move slowly
        found[name] = next((g.rate for g in optimizer.groups if fnmatchcase(name, g.match)), own)
    if not any(found.values()):
        raise UserError("optimizer.groups: every parameter is frozen, so there is nothing to train")
    return found


def freeze(network: nn.Layer, factors: dict[str, float]) -> list[nn.Layer]:
    """Stop the gradients of parameters with the factor 0. Returns the layers that are frozen as a whole.

    Such layers stay in evaluation mode, so that the statistics of their batch norms do not move either.
    """
    frozen = set()
    for name, parameter in network.named_parameters():
        if factors[name] == 0:
            parameter.stop_gradient = True
            frozen.add(id(parameter))
    still = []
    for layer in network.sublayers():
        parameters = layer.parameters()
        if parameters and all(id(p) in frozen for p in parameters):
            still.append(layer)
    return still


def make_optimizer(config: Optimizer, network: nn.Layer) -> paddle.optimizer.Optimizer:
    """Adam, AdamW, momentum or RMSProp; weight decay acts on matrices and kernels alone. Clipping is the Update's."""
    factors = rates(network, config)
    groups: dict[tuple[float, bool], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if factors[name] and not parameter.stop_gradient:  # Paddle lists the statistics of batch norms, too
            groups.setdefault((factors[name], parameter.ndim > 1), []).append(parameter)
    parameters = [
        {"params": those, "learning_rate": factor, "weight_decay": config.weight_decay if decays else 0.0}
        for (factor, decays), those in sorted(groups.items(), key=lambda item: (-item[0][0], not item[0][1]))
    ]
    first, second = config.betas
    if config.name == "momentum":
        return paddle.optimizer.Momentum(config.lr, momentum=first, parameters=parameters)
    if config.name == "rmsprop":
        return paddle.optimizer.RMSProp(config.lr, rho=second, momentum=first, parameters=parameters)
    kind = {"adam": paddle.optimizer.Adam, "adamw": paddle.optimizer.AdamW}[config.name]
    return kind(config.lr, beta1=first, beta2=second, parameters=parameters)


def check_precision(precision: str) -> None:
    """Raises UserError where the device has no such arithmetic."""
    if precision == "float32":
        return
    place = paddle.get_device()
    supported = {"float16": paddle.amp.is_float16_supported, "bfloat16": paddle.amp.is_bfloat16_supported}[precision]
    if place.startswith("cpu") or not supported():
        raise UserError(f"precision: {precision} needs a device that has it, and {place} does not; use float32")


class Update:
    """Steps of the optimizer for a network. norm: of the last gradient over all parameters, before clipping.

    scale: what losses are multiplied by, 1 but for float16.
    """

    def __init__(self, config: RunConfig, network: nn.Layer, team: Team) -> None:
        check_precision(config.precision)
        self._config, self._team = config, team
        self._optimizer = make_optimizer(config.optimizer, network)
        self._still = freeze(network, rates(network, config.optimizer))
        self._parameters = [p for p in network.parameters() if not p.stop_gradient]
        self.scaled = config.precision == "float16"
        self.scale = SCALE if self.scaled else 1.0
        self._good = 0  # steps since the scale changed
        self.norm = 0.0

    def arithmetic(self) -> Any:
        """The context in which a network computes."""
        on = self._config.precision != "float32"
        return paddle.amp.auto_cast(on, level="O1", dtype=self._config.precision if on else "float16")

    def training_mode(self, network: nn.Layer) -> None:
        """Training mode, but for what is frozen."""
        network.train()
        for layer in self._still:
            layer.eval()

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of one of the `accumulate` batches of a step."""
        factor = self.scale / self._config.optimizer.accumulate
        (loss * factor if factor != 1 else loss).backward()

    def step(self, rate: float, *flags: bool) -> list[bool]:
        """Change the weights; returns which flags any process of the team has raised.

        Where the norm is no number, the weights stay as they are (16-bit losses are then scaled less).
        """
        self._optimizer.set_lr(rate)
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        raised = self._team.average(gradients, flags)
        with paddle.no_grad():
            total = paddle.add_n([(g.astype("float32") ** 2).sum() for g in gradients])
            self.norm = math.sqrt(float(total)) / self.scale
            most = self._config.optimizer.clip_norm
            factor = (most / self.norm if 0 < most < self.norm else 1.0) / self.scale
            if factor != 1 and math.isfinite(self.norm):
                for gradient in gradients:
                    gradient.set_value(gradient * factor)
        if math.isfinite(self.norm):
            with paddle.utils.unique_name.guard():  # moments get their names in the first step; checkpoints know them
                self._optimizer.step()
        self._rescale()
        self._optimizer.clear_grad()
        return raised

    def _rescale(self) -> None:
        if not self.scaled:
            return
        self._good += 1
        if not math.isfinite(self.norm):
            self.scale, self._good = self.scale / 2, 0
        elif self._good == GROW_AFTER:
            self.scale, self._good = self.scale * 2, 0

    def state(self) -> Arrays:
        """Moments, and the scale of 16-bit losses, by name."""
        found = self._optimizer.state_dict().items()
        arrays = {name: value.numpy() for name, value in found if isinstance(value, Tensor)}
        if self.scaled:
            arrays[SCALE_STATE] = np.array([self.scale, self._good], np.float64)
        return arrays

    def load(self, state: Arrays) -> None:
        """Go on from a state."""
        own = {n: paddle.to_tensor(v) for n, v in state.items() if n != SCALE_STATE}
        self._optimizer.set_state_dict(own)
        if SCALE_STATE in state:
            self.scale, self._good = float(state[SCALE_STATE][0]), int(state[SCALE_STATE][1])
