"""Reading lines with a trained network: the same few steps for a run, a bundle, validation and deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from ..corpora.charset import Charset
from ..datasets.images import BadImage, Image, read_image
from ..errors import UserError
from .bundle import Bundle, open_bundle
from .ctc import Reading
from .decoders import CtcDecoder, Decoder
from .preprocess import InputRule, fit, padded_width, stack, unreadable
from .runtimes import Engine, EngineName, OnnxEngine, PaddleEngine, Probabilities, open_engine

__all__ = ["Engine", "EngineName", "LineReader", "OnnxEngine", "PaddleEngine", "Probabilities", "Reader"]

WINDOW = 512  # pictures that are sorted by width together
# Of a batch's input, padding included: memory follows the area, not the number. With ONNX Runtime larger batches are
# no faster; with 6,623 characters they take 200 MB where this takes half.
BATCH_PIXELS = 8 * 32 * 320


def width_batches(images: Sequence[Image], rule: InputRule, size: int) -> Iterator[list[int]]:
    """Indices in batches of equal padded width, so that what is read from a line never depends on the others.

    size: pictures at most; wide ones are fewer, so that a batch stays below `BATCH_PIXELS` (but one always goes).
    """
    by_width: dict[int, list[int]] = {}
    for index, image in enumerate(images):
        by_width.setdefault(padded_width(image.shape[1], rule), []).append(index)
    for width in sorted(by_width):
        indices = by_width[width]
        step = max(1, min(size, BATCH_PIXELS // (width * rule.height)))
        for start in range(0, len(indices), step):
            yield indices[start : start + step]


class LineReader:
    """An engine with its input rule, its characters and its way to text (by default CTC).

    batch_size: pictures in a batch at most. case: lower where it never learnt upper case.
    """

    case: Literal["keep", "lower"] = "keep"

    def __init__(
        self,
        engine: Engine,
        rule: InputRule,
        charset: Charset,
        batch_size: int = 32,
        decoder: Decoder | None = None,
    ) -> None:
        self.engine, self.rule, self.charset, self.batch_size = engine, rule, charset, batch_size
        self.decoder = decoder or CtcDecoder(charset)

    def read(self, images: Iterable[Image]) -> list[Reading]:
        """(H, W, 3) uint8 BGR line pictures to (text, confidence), in order."""
        readings: list[Reading] = []
        remaining = iter(images)
        while window := [fit(image, self.rule) for image in islice(remaining, WINDOW)]:
            read: dict[int, Reading] = {}
            for indices in width_batches(window, self.rule, self.batch_size):
                batch = stack([window[i] for i in indices], self.rule)
                read.update(zip(indices, self.decoder.decode(self.engine(batch)), strict=True))
            readings += [read[i] for i in range(len(window))]
        return readings

    def read_files(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Reading | BadImage]]:
        """Each path with what is read there, or with why it cannot be; the rest goes on."""
        remaining = iter(paths)
        while window := list(islice(remaining, WINDOW)):
            results: dict[Path, Reading | BadImage] = {}
            good: dict[Path, Image] = {}
            for path in window:
                try:
                    image = read_image(path)
                except BadImage as error:
                    results[path] = error
                    continue
                refusal = unreadable(image, self.rule)
                if refusal:
                    results[path] = refusal
                else:
                    good[path] = fit(image, self.rule)
            results.update(zip(good, self.read(good.values()), strict=True))
            yield from ((path, results[path]) for path in window)


class Reader(LineReader):
    """A bundle, ready to read. It needs nothing but the bundle, and one of the engines of `runtimes`.

    engine: auto takes the fastest that is installed (`runtimes.choices` tells the order). batch_size: also known as
    rec_batch_num. Raises UserError for what is no whole bundle of this task, MissingPackage without an engine.
    """

    def __init__(self, folder: Path, engine: EngineName = "auto", threads: int = 0, batch_size: int = 32) -> None:
        if batch_size < 1:
            raise UserError(f"rec_batch_num: {batch_size}, and at least 1 is needed")
        self.bundle: Bundle = open_bundle(folder)
        running = open_engine(folder, self.bundle, engine, threads)
        super().__init__(running, self.bundle.input, self.bundle.charset, batch_size, self.bundle.decoder)
        self.case = self.bundle.case


def check_image_shape(shape: str, rule: InputRule) -> None:
    """Accept `rec_image_shape`, "channels, height, width", where it says what the model was trained with.

    Raises UserError with both values where it does not: another height or width is another model.
    """
    numbers = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*", shape)
    if not numbers:
        raise UserError(f"rec_image_shape: {shape!r}; three numbers are expected, for example '3, 32, 320'")
    wanted = tuple(int(n) for n in numbers.groups())
    own = (3, rule.height, rule.max_width)
    if wanted != own:
        raise UserError(
            f"rec_image_shape: {', '.join(map(str, wanted))}, and the model was trained with "
            f"{', '.join(map(str, own))}; leave it out: the bundle brings its own"
        )
