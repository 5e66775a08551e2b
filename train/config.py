"""The section `train` of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ..config import Config
from ..corpora.charset import Charset
from ..errors import UserError
from .augment import Augment
from .decoders import Decoder, make_decoder
from .network_config import Network, Tiny, check_height, decoder_of
from .preprocess import SQUEEZED, InputRule

WIDEST = 4096  # pixels of an input
Share = Annotated[float, Field(ge=0, lt=1)]
Moment = Annotated[
    Annotated[int, Field(ge=0), Tag("steps")] | Annotated[float, Field(ge=0, lt=1), Tag("share")],
    Discriminator(lambda value: "share" if isinstance(value, float) and value < 1 else "steps"),
]


class Group(Config):
    """Parameters that learn at a rate of their own.

    match: a pattern for parameter names, with * and ?, such as `backbone.*`; the first group that matches counts.
    rate: times the learning rate; 0 freezes the parameters, and the statistics of the batch norms among them.
    """

    match: str = Field(min_length=1)
    rate: float = Field(ge=0.0, le=10.0)


class Optimizer(Config):
    """How weights follow from gradients.

    betas: decay of the first and second moment; momentum takes the first of them as its own, and so does rmsprop.
    lr: the highest. schedule: constant; cosine falls to 0; one_cycle rises and falls along cosines, from a 25th to
    a 250,000th; piecewise multiplies by `factor` at each of `milestones`.
    warmup: steps of rising, linear but for one_cycle; below 1 a share of all steps, and so are milestones.
    weight_decay: decoupled for adamw, an L2 term of the gradient for the others; norms and biases are left out.
    clip_norm: gradients are scaled down to this norm over all parameters; 0 leaves them alone.
    accumulate: batches whose gradients are averaged for one step. groups: lower rates and frozen parameters.
    ema: decay of a moving average of the weights, which is then what is evaluated and exported; 0 keeps none.
    """

    name: Literal["adam", "adamw", "momentum", "rmsprop"] = "adamw"
    lr: float = Field(default=0.003, gt=0)
    betas: tuple[Share, Share] = (0.9, 0.999)
    schedule: Literal["constant", "cosine", "one_cycle", "piecewise"] = "cosine"
    warmup: Moment = 100
    milestones: tuple[Moment, ...] = ()
    factor: float = Field(default=0.1, gt=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: float = Field(default=5.0, ge=0)
    accumulate: int = Field(default=1, ge=1, le=1024)
    groups: tuple[Group, ...] = ()
    ema: float = Field(default=0.0, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _milestones_where_used(self) -> Optimizer:
        if (self.schedule == "piecewise") != bool(self.milestones):
            raise ValueError("milestones: needed for the schedule piecewise, and for no other")
        return self


class Source(Config):
    """Training lines from one place.

    path: a pack, any folder of LMDBs, or a label file `picture<TAB>text`. ratio: its weight in what is drawn; an
    epoch is as many lines as all sources hold together. Without ratios each line comes once an epoch.
    """

    path: Path
    ratio: float | None = Field(default=None, gt=0)


class ValSet(Config):
    """Lines to validate on, reported under a name."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    path: Path


def _one_or_several(value: object) -> str:
    return "list" if isinstance(value, list | tuple) else "path"


Data = Annotated[
    Annotated[Path, Tag("path")] | Annotated[tuple[Source, ...], Tag("list")], Discriminator(_one_or_several)
]
Val = Annotated[
    Annotated[Path, Tag("path")] | Annotated[tuple[ValSet, ...], Tag("list")], Discriminator(_one_or_several)
]


class RunConfig(Config):
    """What training runs of all kinds have in common.

    epochs, steps: exactly one of the two. batch_size: for each process.
    start: weights to start from: a bundle, a run's folder or a checkpoint.
    holdout: share of the data that is kept for validation where there is no `val`.
    damaged: what to do with pictures that cannot be read.
    precision: of the network's arithmetic; the 16-bit ones need a device that has them.
    best: the score that decides which checkpoint is the best; patience: evaluations without a better one after which
    training ends; 0 never does.
    eval_every, save_every, log_every: steps; 0 is once an epoch. workers: threads that decode.
    cache_mb: decoded pictures kept in memory, up to this many megabytes. tensorboard, visualdl: write events, too.
    """

    start: Path | None = None
    holdout: float = Field(default=0.02, ge=0.0, le=0.5)
    damaged: Literal["error", "refuse"] = "error"
    batch_size: int = Field(default=32, ge=1, le=4096)
    epochs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)
    optimizer: Optimizer = Optimizer()
    precision: Literal["float32", "float16", "bfloat16"] = "float32"
    best: str
    patience: int = Field(default=0, ge=0)
    eval_every: int = Field(default=0, ge=0)
    save_every: int = Field(default=0, ge=0)
    log_every: int = Field(default=50, ge=1)
    workers: int = Field(default=1, ge=1, le=64)
    cache_mb: int = Field(default=512, ge=0)
    tensorboard: bool = False
    visualdl: bool = False
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _one_length(self) -> RunConfig:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("exactly one of 'epochs' and 'steps' is needed")
        return self


class TrainConfig(RunConfig):
    """Everything that determines a recogniser's training run, but the data's contents.

    charset: the characters themselves; dictionary: a file with one a line; exactly one of the two.
    height, width: pixels; wider lines are squeezed, and left out where they would shrink by more than `squeeze`.
    start: a bundle, a run's folder or a checkpoint to take the weights from; its characters may be others.
    data: a pack, folder of LMDBs or label file, or a list of sources; val: one, or a list of named sets (the command
    line may give both); without `val`, the share `holdout` of the data is kept for validation (at most 2,000 lines).
    case: lower makes labels lower case before anything else, as is usual with 36 characters; a bundle knows it, and
    `eval` then compares without case by itself. unknown: what to do with labels that hold other characters.
    batch_by: lines gives every batch `batch_size` of them; area gives narrow batches more and wide ones fewer, as many
    on the whole, so that the largest takes the least memory.
    best: accuracy, similarity, or that of one set, as in `old.accuracy`.
    """

    network: Network = Tiny()
    charset: str | None = None
    dictionary: Path | None = None
    height: int = Field(default=32, ge=8, le=256)
    width: int = Field(default=320, ge=16, le=WIDEST)
    squeeze: float = Field(default=2.0, ge=1.0, le=100.0)
    data: Data | None = None
    val: Val | None = None
    case: Literal["keep", "lower"] = "keep"
    unknown: Literal["error", "refuse"] = "error"
    batch_by: Literal["lines", "area"] = "lines"
    augment: Augment = Augment()
    best: str = "accuracy"

    @model_validator(mode="after")
    def _one_of_each(self) -> TrainConfig:
        if (self.charset is None) == (self.dictionary is None):
            raise ValueError("exactly one of 'charset' and 'dictionary' is needed")
        if self.charset is not None and len(set(self.charset)) != len(self.charset):
            raise ValueError(f"charset: {[c for c in dict.fromkeys(self.charset) if self.charset.count(c) > 1]} twice")
        if self.charset == "":
            raise ValueError("charset: at least one character is needed")
        check_height(self.network, self.height)
        return self

    @model_validator(mode="after")
    def _sets_agree(self) -> TrainConfig:
        if isinstance(self.data, tuple) and len({source.ratio is None for source in self.data}) > 1:
            raise ValueError("data: either every source has a ratio, or none has")
        names = [s.name for s in self.val] if isinstance(self.val, tuple) else []
        if len(set(names)) != len(names):
            raise ValueError("val: two sets have the same name")
        chosen, _, score = self.best.rpartition(".")
        if score not in ("accuracy", "similarity"):
            raise ValueError("best: accuracy or similarity is expected, or that of a set, as in old.accuracy")
        if chosen and chosen not in names:
            raise ValueError(f"best: there is no validation set {chosen!r}; there are: {', '.join(names) or 'none'}")
        return self

    def characters(self) -> Charset:
        """The characters, in the order of their class ids. Raises UserError for what no label can hold."""
        found = Charset.read(self.dictionary) if self.dictionary is not None else Charset(self.charset or "")
        upper = [c for c in found.characters if self.label(c) != c]
        if upper:
            raise UserError(f"case: lower leaves no {', '.join(map(repr, upper[:10]))} in any label; leave it out")
        return found

    def label(self, text: str) -> str:
        """A label as it is learnt."""
        return text.lower() if self.case == "lower" else text

    def decoder(self, charset: Charset) -> Decoder:
        """What turns this network's output into text."""
        name, max_length = decoder_of(self.network)
        return make_decoder(name, charset, max_length)

    def input_rule(self) -> InputRule:
        """How pictures become inputs of this network."""
        squeeze = max(SQUEEZED, self.squeeze)
        return InputRule(height=self.height, max_width=self.width, width_multiple=32, squeeze=squeeze)
