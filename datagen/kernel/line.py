"""Lines for the kernel: which it can draw, and their parameters as it reads them."""

from __future__ import annotations

import ctypes
import struct
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import scene
from ..effects.pixels import LEAST_BLUR, SIGMA_STEPS, disc, taps
from ..effects.sensor import GAUSSIAN, POOL, UNIFORM, piece_start, pool, toning
from ..legible import Gaps, Seen, reach
from ..plan import Line

if TYPE_CHECKING:
    from ...datasets.images import Image
    from ...fonts.glyphs import GlyphCache
    from ..backgrounds import Bank

KNOWN = {"shadow", "outline", "blur", "noise"}
MOST_TAPS = 16
MOST_OUTLINE = 8
JOB = struct.Struct("=2Q72s6i3i3i4ii3ii4i4i4i68s68s68s")
NOTHING = b"\0" * 68
NO_PAINT = (0, 0, 0, 0)
NO_PAPER = (0, 0, 0)
NO_SHADOW = (0, 0, 0)


class Kernel:
    """Draws what it can; holds the addresses of the glyphs that it was given."""

    def __init__(self, library: ctypes.CDLL, glyphs: GlyphCache, banks: dict[int, Bank], height: int) -> None:
        self._draw = library.ocrdata_line
        self.glyphs = glyphs
        self.height = height
        self._sums = np.zeros(10, np.int64)
        self._sums_at = self._sums.ctypes.data
        self._photos: list[tuple[int, int, int]] = []
        if scene.PHOTO in banks:
            planes = banks[scene.PHOTO].planes
            self._photos = [(p.ctypes.data, p.strides[1], p.strides[0]) for p in planes]
        self._banks = banks  # keeps the photos where they are

    def draw(self, line: Line) -> tuple[Image, Seen, Gaps] | None:
        """(height, width, 3) BGR and what its ink looks like; None for a line that is not for the kernel."""
        dress = line.dress
        if len(dress.inks) != 1 or dress.weight or line.others or dress.gamma != 1 or line.glyphs.map.bend is not None:
            return None
        steps = {step.name: step.values for step in dress.steps}
        if not steps.keys() <= KNOWN:
            return None
        glyphs, tone, looks = self._glyphs(line), self._tone(line, steps.get("noise")), _looks(steps)
        if glyphs is None or tone is None or looks is None:
            return None
        behind, kept = self._behind(line)
        job = JOB.pack(
            *(behind[0], tone[0], line.glyphs.map.inverse.tobytes()),
            *(len(line.glyphs.rows), len(line.marks), line.glyphs.width, line.glyphs.height, line.width, self.height),
            *(*behind[1:], *tone[1:], reach(self.height), *looks[0]),
            *(*_paint(dress.opacity, dress.inks[0]), *looks[1]),
        )
        image = np.empty((self.height, line.width, 3), np.uint8)
        marks = struct.pack(f"{4 * len(line.marks)}i", *chain.from_iterable(line.marks)) if line.marks else b""
        if self._draw(job, *glyphs, marks, image.ctypes.data, self._sums_at) != 1:
            return None
        del kept  # the background's pixels had to stay until now
        _, *sums = self._sums.tolist()
        return image, Seen(*sums[:3]), Gaps(*sums[3:])

    def _glyphs(self, line: Line) -> tuple[bytes, bytes] | None:
        """Addresses of the glyphs, and their pens."""
        glyphs = line.glyphs
        rows, size, records = glyphs.rows, glyphs.sizes, self.glyphs.records
        sizes = size if isinstance(size, list) else [size] * len(rows)
        try:
            found = [records[key] for key in zip(sizes, rows, strict=True)]
        except KeyError:
            before = self.glyphs.forgotten
            found = [self.glyphs.address(s, r) for s, r in zip(sizes, rows, strict=True)]
            if 0 in found or self.glyphs.forgotten != before:  # or the first is gone already
                return None
        addresses, pens = _formats(len(rows))
        return addresses.pack(*found), pens.pack(*glyphs.xs, *glyphs.ys)

    def _behind(self, line: Line) -> tuple[tuple[int, ...], Any]:
        behind = line.dress.background
        if behind.kind == scene.PHOTO:
            at, row, plane = self._photos[behind.item]
            return (at + behind.y * row + behind.x, 1, row, plane, *NO_PAPER), None
        if behind.kind == scene.PLAIN:
            return (0, 0, 0, 0, *(round(v) for v in behind.first)), None
        planes = np.ascontiguousarray(scene.levels(behind, self._banks, line.width, self.height))
        return (planes.ctypes.data, 2, line.width, line.width * self.height, *NO_PAPER), planes

    def _tone(self, line: Line, noise: dict[str, Any] | None) -> tuple[int, int, int, int, int] | None:
        """The noise's address, whether levels change at all, gain, grain and shift; None for other noise."""
        dress = line.dress
        if noise is None:
            toned = int(bool(dress.brightness or dress.contrast != 1))
            return 0, toned, *toning(dress.contrast, dress.brightness, 0)
        size = 3 * line.width * self.height
        if noise["kind"] not in (GAUSSIAN, UNIFORM) or size >= POOL:
            return None
        at = _pool_at(noise["kind"] == UNIFORM) + piece_start(noise["at"], size)
        return at, 1, *toning(dress.contrast, dress.brightness, noise["sigma"])


def _looks(steps: dict[str, dict[str, Any]]) -> tuple[tuple[int, ...], tuple[Any, ...]] | None:
    """Shadow and outline, their paints, and all blurs; None where a blur reaches too far."""
    shadow, outline = steps.get("shadow"), steps.get("outline")
    lens = _blur(steps["blur"]["sigma"]) if "blur" in steps else NOTHING
    soft: bytes | None = NOTHING
    shade, moved = NO_PAINT, NO_SHADOW
    if shadow:
        soft, shade = _blur(shadow["blur"]), _paint(shadow["opacity"], shadow["colour"])
        moved = (1, shadow["dx"], shadow["dy"])
    width, rim, spans = 0, NO_PAINT, NOTHING
    if outline:
        width, rim, spans = outline["width"], _paint(1.0, outline["colour"]), _spans(outline["width"])
    return None if lens is None or soft is None else ((*moved, width), (*shade, *rim, lens, soft, spans))


@lru_cache(maxsize=1024)
def _formats(glyphs: int) -> tuple[struct.Struct, struct.Struct]:
    return struct.Struct(f"={glyphs}Q"), struct.Struct(f"={2 * glyphs}i")


@lru_cache(maxsize=4)
def _pool_at(uniform: bool) -> int:
    return pool(uniform).ctypes.data


def _paint(opacity: float, colour: list[float]) -> tuple[int, int, int, int]:
    blue, green, red = colour
    return (int(256 * opacity) if opacity < 1 else 256, int(blue), int(green), int(red))


def _blur(sigma: float) -> bytes | None:
    """Radius and weights; None where the blur reaches too far."""
    return NOTHING if sigma < LEAST_BLUR else _weights(round(SIGMA_STEPS * sigma))


@lru_cache(maxsize=4096)
def _weights(steps: int) -> bytes | None:
    weights = taps(steps)
    if len(weights) > MOST_TAPS:
        return None
    return struct.pack("17i", len(weights) - 1, *weights, *[0] * (MOST_TAPS - len(weights)))


@lru_cache(maxsize=MOST_OUTLINE)
def _spans(radius: int) -> bytes:
    """Half widths of a disc's rows."""
    halves = [int(row.sum()) // 2 if row.any() else -1 for row in disc(radius)]
    return struct.pack("17i", *halves, *[-1] * (17 - len(halves)))
