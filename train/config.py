"""The section `train` of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from ..config import Config
from ..corpora.charset import Charset
from .augment import Augment
from .decoders import Decoder, make_decoder
from .network_config import Network, Tiny, check_height, decoder_of
from .preprocess import InputRule


class Optimizer(Config):
    """lr: the highest; it rises linearly over `warmup` steps, then stays (constant) or falls to 0 (cosine).

    weight_decay: decoupled for adamw, an L2 term of the gradient for adam; norms and biases are left out.
    clip_norm: gradients are scaled down to this global norm; 0 leaves them alone.
    """

    name: Literal["adam", "adamw"] = "adamw"
    lr: float = Field(default=0.003, gt=0)
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: int = Field(default=100, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: float = Field(default=5.0, ge=0)


class TrainConfig(Config):
    """Everything that determines a training run, but the data's contents.

    charset: the characters themselves; dictionary: a file with one a line; exactly one of the two.
    height, width: pixels; wider lines are squeezed. epochs, steps: exactly one of the two.
    data, val: packs (the command line may give them); without `val`, the share `holdout` of the data is kept for
    validation (at most 2,000 lines). unknown: what to do with labels that hold other characters.
    eval_every, save_every, log_every: steps; 0 is once an epoch. workers: threads that decode.
    cache_mb: decoded lines kept in memory, up to this many megabytes.
    """

    network: Network = Tiny()
    charset: str | None = None
    dictionary: Path | None = None
    height: int = Field(default=32, ge=8, le=256)
    width: int = Field(default=320, ge=16, le=4096)
    data: Path | None = None
    val: Path | None = None
    holdout: float = Field(default=0.02, ge=0.0, le=0.5)
    unknown: Literal["error", "refuse"] = "error"
    batch_size: int = Field(default=32, ge=1, le=4096)
    epochs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)
    optimizer: Optimizer = Optimizer()
    augment: Augment = Augment()
    eval_every: int = Field(default=0, ge=0)
    save_every: int = Field(default=0, ge=0)
    log_every: int = Field(default=50, ge=1)
    workers: int = Field(default=1, ge=1, le=64)
    cache_mb: int = Field(default=512, ge=0)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _one_of_each(self) -> TrainConfig:
        if (self.charset is None) == (self.dictionary is None):
            raise ValueError("exactly one of 'charset' and 'dictionary' is needed")
        if self.charset is not None and len(set(self.charset)) != len(self.charset):
            raise ValueError(f"charset: {[c for c in dict.fromkeys(self.charset) if self.charset.count(c) > 1]} twice")
        if self.charset == "":
            raise ValueError("charset: at least one character is needed")
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("exactly one of 'epochs' and 'steps' is needed")
        check_height(self.network, self.height)
        return self

    def characters(self) -> Charset:
        """The characters, in the order of their class ids."""
        if self.dictionary is not None:
            return Charset.read(self.dictionary)
        return Charset(self.charset or "")

    def decoder(self, charset: Charset) -> Decoder:
        """What turns this network's output into text."""
        name, max_length = decoder_of(self.network)
        return make_decoder(name, charset, max_length)

    def input_rule(self) -> InputRule:
        """How pictures become inputs of this network."""
        return InputRule(height=self.height, max_width=self.width, width_multiple=32)
