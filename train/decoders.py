"""The ways from a network's output to text, by name, and which labels each can spell. Needs no Paddle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..corpora.charset import Charset
from . import attention, ctc
from .ctc import TIME_STRIDE, Reading, needed_steps

DecoderName = Literal["ctc", "attention", "srn"]


class Decoder(Protocol):
    """Reads probabilities. extra: classes after those of the characters.

    A label fits where `needed(label)` is at most `room(width)`, with the padded width of the input in pixels.
    """

    @property
    def name(self) -> DecoderName: ...

    @property
    def extra(self) -> int: ...

    def needed(self, label: str) -> int: ...

    def room(self, width: int) -> int: ...

    def decode(self, probabilities: NDArray[np.float32]) -> list[Reading]: ...


@dataclass(frozen=True)
class CtcDecoder:
    """One class per time step; the blank is the last class, and repeats need a blank between them."""

    charset: Charset
    name: DecoderName = "ctc"
    extra: int = 1

    def needed(self, label: str) -> int:
        """Time steps that a label takes."""
        return needed_steps(label)

    def room(self, width: int) -> int:
        """Time steps of an input `width` pixels wide."""
        return width // TIME_STRIDE

    def decode(self, probabilities: NDArray[np.float32]) -> list[Reading]:
        """(N, T, classes) to (text, confidence)."""
        return ctc.decode(probabilities, self.charset)


@dataclass(frozen=True)
class PositionDecoder:
    """One class per character and then the end sign, whatever the width; at most `max_length` characters."""

    charset: Charset
    max_length: int
    name: DecoderName
    extra: int = attention.EXTRA

    def needed(self, label: str) -> int:
        """Positions that a label takes."""
        return len(label)

    def room(self, width: int) -> int:
        """Positions of an input, the same for all widths."""
        return self.max_length

    def decode(self, probabilities: NDArray[np.float32]) -> list[Reading]:
        """(N, T, classes) to (text, confidence)."""
        return attention.decode(probabilities[:, : self.max_length], self.charset)


def make_decoder(name: DecoderName, charset: Charset, max_length: int | None = None) -> Decoder:
    """The decoder of that name. max_length: characters; for attention and srn alone."""
    if name == "ctc":
        return CtcDecoder(charset)
    if max_length is None:
        raise ValueError(f"the decoder {name} needs a max_length")
    return PositionDecoder(charset, max_length, name)
