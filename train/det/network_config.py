"""The section `train.network` of a detector: which network, and its numbers. Needs no Paddle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...config import Config
from .numbers import DbLoss, DbPost, DbTargets, EastLoss, EastPost, EastTargets, SastLoss, SastPost, SastTargets


class MobileNetV3(Config):
    """MobileNetV3-large with strides in both axes. scale: of the channels; excite: with squeeze-and-excite."""

    name: Literal["mobilenet_v3"]
    scale: float = Field(default=0.5, ge=0.25, le=2.0)
    excite: bool = True


class ResNet50(Config):
    """ResNet50 of kind "vd"."""

    name: Literal["resnet50_vd"]


class Plain(Config):
    """Residual 3x3 convolutions: of all kinds the one that trains on a processor.

    channels: at a half, a quarter, an eighth, a 16th and a 32nd of the size; blocks: at each of the last four.
    """

    name: Literal["plain"] = "plain"
    channels: tuple[int, int, int, int, int] = (16, 24, 48, 64, 96)
    blocks: int = Field(default=1, ge=1, le=4)

    @model_validator(mode="after")
    def _sensible(self) -> Plain:
        if min(self.channels) < 8 or max(self.channels) > 1024:
            raise ValueError("each of the five channel numbers is between 8 and 1024")
        return self


Backbone = Annotated[MobileNetV3 | ResNet50 | Plain, Field(discriminator="name")]


class Db(Config):
    """Differentiable binarisation: a map of shrunk texts, in training a map of their borders, too.

    inner: channels of the feature pyramid; steepness: of the step between the two maps; targets, loss, post: what is
    learnt, how it is weighed, and how texts are cut out of the map.
    """

    name: Literal["db"] = "db"
    backbone: Backbone = Plain()
    inner: int = Field(default=64, ge=16, le=512, multiple_of=4)
    steepness: float = Field(default=50.0, gt=0)
    targets: DbTargets = DbTargets()
    loss: DbLoss = DbLoss()
    post: DbPost = DbPost()


class East(Config):
    """A map of texts and, at each of their pixels, the way to the four corners.

    channels: of the merged maps; targets, loss, post: as for db.
    """

    name: Literal["east"]
    backbone: Backbone = Plain()
    channels: int = Field(default=64, ge=16, le=512, multiple_of=4)
    targets: EastTargets = EastTargets()
    loss: EastLoss = EastLoss()
    post: EastPost = EastPost()


class Sast(Config):
    """A map of strips along the middle of texts and, at each of their pixels, the way to the edges above and below, to
    the corners of the box around the text and to its centre: for curved texts.

    backbone: resnet50_vd or plain, with one more stage, a 64th of the size. channels: of the merged maps; targets,
    loss, post: as for db.
    """

    name: Literal["sast"]
    backbone: Annotated[ResNet50 | Plain, Field(discriminator="name")] = Plain()
    channels: int = Field(default=64, ge=16, le=512, multiple_of=8)
    targets: SastTargets = SastTargets()
    loss: SastLoss = SastLoss()
    post: SastPost = SastPost()


Network = Annotated[Db | East | Sast, Field(discriminator="name")]
Post = Annotated[DbPost | EastPost | SastPost, Field(discriminator="method")]
