"""The section `train` of a detector's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ...config import Config
from ..config import RunConfig
from .augment import DetAugment
from .network_config import Db, Network
from .preprocess import PhotoRule


class PhotoSource(Config):
    """Photos from one place.

    path: synthetic scenes, a fetched dataset, a label file or a folder of them; split: of a fetched dataset;
    format, images: of labels that do not tell it themselves. ratio: its weight in what is drawn; an epoch is as many
    photos as all sources hold together. Without ratios each photo comes once an epoch.
    """

    path: Path
    split: str | None = None
    format: str | None = None
    images: tuple[Path, ...] = ()
    ratio: float | None = Field(default=None, gt=0)


def _one_or_several(value: object) -> str:
    return "list" if isinstance(value, list | tuple) else "path"


Data = Annotated[
    Annotated[Path, Tag("path")] | Annotated[tuple[PhotoSource, ...], Tag("list")], Discriminator(_one_or_several)
]


class DetConfig(RunConfig):
    """Everything that determines a detector's training run, but the data's contents.

    crop: px; training pictures are squares of it. largest: px; photos with a longer side are shrunk when they are
    read. input: how whole photos become inputs, when the detector is evaluated and when it is used.
    data, val: a path, or a list of sources (the command line may give both).
    best: precision, recall or hmean.
    """

    task: Literal["detection"] = "detection"
    network: Network = Db()
    crop: int = Field(default=640, ge=64, le=2048, multiple_of=32)
    largest: int = Field(default=2048, ge=64)
    input: PhotoRule = PhotoRule()
    augment: DetAugment = DetAugment()
    data: Data | None = None
    val: Data | None = None
    batch_size: int = Field(default=8, ge=1, le=4096)
    best: str = Field(default="hmean", pattern="^(precision|recall|hmean)$")

    @model_validator(mode="after")
    def _all_or_no_ratios(self) -> DetConfig:
        for name, value in (("data", self.data), ("val", self.val)):
            if isinstance(value, tuple) and len({source.ratio is None for source in value}) > 1:
                raise ValueError(f"{name}: either every source has a ratio, or none has")
        return self
