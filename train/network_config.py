"""The section `train.network`: which network, and its numbers. Needs no Paddle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..config import Config
from .decoders import DecoderName


class Tiny(Config):
    """Strided 3x3 convolutions and CTC, no recurrent layer: trains on a processor in minutes.

    channels: of the four 3x3 layers; context: channels of the horizontal layers; reach: their kernel width in
    time steps; layers: how many of them. Two short layers learn faster than one long one: after 38,000 lines of
    digits, 0.975 of the lines right with two of reach 3, against 0.919 with one of reach 5 and 0.40 with three
    (without the sums that networks.Context makes). Small batches learn faster too: 0.92 with 32, 0.06 with 64.
    negatives: with a large dictionary, each step learns the classes of its labels and so many others, drawn anew;
    0 takes all of them.
    """

    name: Literal["tiny"] = "tiny"
    channels: tuple[int, int, int, int] = (24, 48, 64, 96)
    context: int = Field(default=128, ge=8, le=1024)
    reach: Literal[1, 3, 5, 7, 9] = 3
    layers: int = Field(default=2, ge=1, le=4)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    negatives: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _positive(self) -> Tiny:
        if min(self.channels) < 4 or max(self.channels) > 1024:
            raise ValueError("each of the four channel numbers is between 4 and 1024")
        return self


class Crnn(Config):
    """MobileNetV3-small at half width, two stacked recurrent layers per direction, CTC. hidden: per direction."""

    name: Literal["crnn_mv3_small"]
    hidden: int = Field(default=48, ge=8, le=1024)


class SvtrLite(Config):
    """Residual 3x3 convolutions, then layers in which all time steps see each other, and CTC.

    channels: at a quarter, an eighth and a sixteenth of the height; hidden: channels of the mixing layers; heads,
    layers: of them. As it comes it has fewer parameters than crnn_mv3_small.
    """

    name: Literal["svtr_lite"]
    channels: tuple[int, int, int] = (48, 72, 96)
    hidden: int = Field(default=96, ge=16, le=1024)
    heads: int = Field(default=6, ge=1, le=32)
    layers: int = Field(default=2, ge=1, le=12)
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _divisible(self) -> SvtrLite:
        if min(self.channels) < 8 or max(self.channels) > 1024 or self.channels[0] % 2:
            raise ValueError("each of the three channel numbers is between 8 and 1024, and the first is even")
        if self.hidden % 8 or self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} must be a multiple of 8 and of the {self.heads} heads")
        return self


class Tps(Config):
    """A thin-plate spline that straightens lines of any width. points: half of them on each edge."""

    points: int = Field(default=20, ge=4, le=64, multiple_of=2)
    size: Literal["small", "large"] = "small"


class MobileNetV3(Config):
    """scale: of the channels."""

    name: Literal["mobilenet_v3"]
    size: Literal["small", "large"] = "large"
    scale: float = Field(default=0.5, ge=0.25, le=2.0)


class ResNet34(Config):
    """ResNet34 of kind "vd", with strides in y alone after the first pooling."""

    name: Literal["resnet34_vd"]


class Lstm(Config):
    """Two stacked recurrent layers per direction. hidden: per direction."""

    hidden: int = Field(ge=8, le=1024)


class CtcHead(Config):
    """One class per time step of four pixels."""

    name: Literal["ctc"] = "ctc"


class Attention(Config):
    """One character after the other. hidden: of its cell; embedding: numbers for the character before."""

    name: Literal["attention"]
    hidden: int = Field(ge=8, le=1024)
    embedding: int = Field(ge=8, le=1024)
    max_length: int = Field(default=25, ge=1, le=200)


class FourStage(Config):
    """Straighten (or not), look, put into context (or not), spell: Rosetta, CRNN, STAR-Net and RARE."""

    name: Literal["four_stage"]
    transform: Tps | None = None
    backbone: Annotated[MobileNetV3 | ResNet34, Field(discriminator="name")]
    sequence: Lstm | None = None
    prediction: Annotated[CtcHead | Attention, Field(discriminator="name")] = CtcHead()

    @model_validator(mode="after")
    def _attention_reads_steps(self) -> FourStage:
        if self.prediction.name == "attention" and self.sequence is None:
            raise ValueError("prediction 'attention' starts from recurrent layers: add sequence: {hidden: 256}")
        return self


class Srn(Config):
    """ResNet50 with a feature pyramid, parallel attention, semantic reasoning. Pictures become grey inside of it.

    heads: of all attention; encoder_layers: over the picture;
    decoder_layers: over the text, per direction.
    """

    name: Literal["srn"]
    heads: Literal[4, 8, 16] = 8
    encoder_layers: int = Field(default=2, ge=1, le=12)
    decoder_layers: int = Field(default=4, ge=1, le=12)
    max_length: int = Field(default=25, ge=1, le=200)

    @property
    def hidden(self) -> int:
        """Channels everywhere behind the pyramid."""
        return 512


Network = Annotated[Tiny | Crnn | SvtrLite | FourStage | Srn, Field(discriminator="name")]


def decoder_of(network: Tiny | Crnn | SvtrLite | FourStage | Srn) -> tuple[DecoderName, int | None]:
    """The decoder's name and, where it counts characters, how many at most: the arguments of `make_decoder`."""
    if isinstance(network, Srn):
        return "srn", network.max_length
    if isinstance(network, FourStage) and isinstance(network.prediction, Attention):
        return "attention", network.prediction.max_length
    return "ctc", None


def check_height(network: Tiny | Crnn | SvtrLite | FourStage | Srn, height: int) -> None:
    """Raises ValueError for a height in pixels that a network cannot take."""
    multiple = 8 if isinstance(network, Tiny) else 16
    if height % multiple:
        raise ValueError(f"height: a multiple of {multiple} is needed")
    if isinstance(network, Crnn | FourStage) and height != 32:
        raise ValueError(f"height: {network.name} takes 32 only")
