"""The section `train` of a direction classifier's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..augment import Augment
from ..config import Data, RunConfig
from ..preprocess import InputRule

SCALE = 0.35


class ClsConfig(RunConfig):
    """Everything that determines a direction classifier's training run, but the data's contents.

    scale: of MobileNetV3-small's channels, by default 0.35. channels: of plain convolutions in its place, which learn
    sooner on a processor. height, width: pixels; wider lines are squeezed. data: upright lines: a pack, LMDBs, a label
    file, or a list of sources; half of them are turned. val: likewise, each line is asked about both ways. certain:
    probability from which a line is turned when the model is used.
    """

    task: Literal["direction"] = "direction"
    scale: float | None = Field(default=None, ge=0.25, le=2.0)
    channels: tuple[Annotated[int, Field(ge=4, le=512)], ...] = Field(default=(), max_length=5)
    height: int = Field(default=48, ge=32, le=128, multiple_of=16)
    width: int = Field(default=192, ge=32, le=256, multiple_of=4)
    certain: float = Field(default=0.9, ge=0.5, lt=1)
    data: Data | None = None
    val: Path | None = None
    augment: Augment = Augment()
    best: str = Field(default="accuracy", pattern="^accuracy$")

    @model_validator(mode="after")
    def _one_network(self) -> ClsConfig:
        if self.channels and self.scale is not None:
            raise ValueError("'scale' is of MobileNetV3-small, 'channels' of what is in its place: give one of them")
        return self

    def network(self) -> dict[str, str | float | list[int]]:
        """The network, as a bundle tells it."""
        if self.channels:
            return {"name": "plain", "channels": list(self.channels)}
        return {"name": "mobilenet_v3_small", "scale": self.scale or SCALE}

    def input_rule(self) -> InputRule:
        """How pictures become inputs."""
        return InputRule(height=self.height, max_width=self.width, width_multiple=self.width)
