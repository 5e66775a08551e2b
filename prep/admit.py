"""Which samples may enter a pack."""

from __future__ import annotations

import codecs

from pydantic import Field, field_validator

from ..config import Config
from ..datasets.images import BadImage, decode
from ..datasets.records import Item, Refusal, Sample
from .labels import label_problem


class PackConfig(Config):
    """How samples become a pack.

    max_length: characters of the longest label that is kept. encoding: of a foreign LMDB's labels.
    shard_size: samples looked at for one shard.
    """

    max_length: int | None = Field(default=None, ge=1)
    encoding: str = "utf-8"
    shard_size: int = Field(default=10_000, ge=1)

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("there is no such encoding; utf-8, gb18030, big5 and shift_jis are usual ones") from None


def checked(sample: Sample, config: PackConfig) -> Item:
    """The sample, or why its label or its picture is unfit."""
    problem = label_problem(sample.label, config.max_length)
    if problem is not None:
        return Refusal(problem, sample.origin, text=sample.label)
    try:
        decode(sample.image)
    except BadImage as error:
        return Refusal(error.reason, sample.origin, error.detail, sample.label)
    return sample
