"""Lines for the kernel: which it can draw, and their parameters as it reads them."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import scene
from ..effects.pixels import LEAST_BLUR, SIGMA_STEPS, disc, taps
from ..effects.sensor import GAUSSIAN, POOL, UNIFORM, piece_starts, pool, tonings
from ..legible import FAINT, Gaps, Seen, reach

if TYPE_CHECKING:
    from ...datasets.images import Image
    from ...fonts.glyphs import GlyphCache
    from ..backgrounds import Bank
    from ..batch import Planned
    from ..dress import Acting, Looks
    from ..recipe import Recipe
    from ..rng import Floats, Integers

Ints = NDArray[np.int32]

KNOWN = {"shadow", "outline", "blur", "noise"}
MOST_TAPS = 16
SPANS = 17
JOB = np.dtype(
    [
        *(("planes", "u8"), ("noise", "u8"), ("inverse", "f8", (9,)), ("least", "f8")),
        *((name, "i4") for name in ("glyphs", "marks", "mask_width", "mask_height", "width", "height")),
        *(("behind", "i4"), ("row", "i4"), ("plane", "i4"), ("paper", "i4", (3,))),
        *((name, "i4") for name in ("toned", "gain", "grain", "shift", "reach", "shadow", "dx", "dy", "outline")),
        *((name, "i4", (4,)) for name in ("ink", "shade", "rim")),
        *(("lens", "i4", (1 + MOST_TAPS,)), ("soft", "i4", (1 + MOST_TAPS,)), ("spans", "i4", (SPANS,))),
    ]
)
FROM_PAPER, FROM_BYTES, FROM_LEVELS = range(3)
DRAWN, LEGIBLE, FAINT_INK = 1, 2, 3  # what the kernel answers


class Kernel:
    """Draws what it can, into one piece of memory."""

    def __init__(self, library: ctypes.CDLL, glyphs: GlyphCache, banks: dict[int, Bank], recipe: Recipe) -> None:
        self.line = library.ocrdata_line
        self.glyphs = glyphs
        self.banks = banks  # keeps the photos where they are
        self.height, self.contrast = recipe.height, recipe.ink.contrast
        self.sums = np.zeros(10, np.int64)
        self.sums_at = self.sums.ctypes.data
        planes = banks[scene.PHOTO].planes if scene.PHOTO in banks else []
        self.photos = np.array([(p.ctypes.data, p.strides[1], p.strides[0]) for p in planes], np.uint64).reshape(-1, 3)
        self.space = np.empty(0, np.uint8)
        self.space_at = 0

    def jobs(self, planned: Planned) -> Jobs:
        """The lines of a batch, ready to be drawn; they can be until the next batch is."""
        size = 3 * self.height * int(planned.shaped.frames.width.max())
        if size > len(self.space):
            self.space = np.empty(size, np.uint8)
            self.space_at = self.space.ctypes.data
        return Jobs(self, planned)


class Jobs:
    """A batch of lines, as the kernel reads them. able: for each line whether it is for the kernel."""

    def __init__(self, kernel: Kernel, planned: Planned) -> None:
        self._kernel = kernel
        self._scene = planned.looks.scene
        drawing, laid, width = planned.drawing, planned.drawing.laid, planned.shaped.frames.width
        masks = drawing.masks
        sizes = masks.sizes if masks.sizes is not None else masks.size[laid.owner]
        addresses = kernel.glyphs.addresses(sizes, laid.rows)
        self._glyphs = addresses, masks.xs.astype(np.int32), masks.ys.astype(np.int32), planned.marks.boxes
        able = _plain(planned) & (np.minimum.reduceat(addresses, laid.starts[:-1]) > kernel.glyphs.NOTHING)
        self._jobs = jobs = np.zeros(len(width), JOB)
        jobs["inverse"] = drawing.inverses.reshape(-1, 9)
        jobs["glyphs"], jobs["marks"] = np.diff(laid.starts), np.diff(planned.marks.starts)
        jobs["mask_width"], jobs["mask_height"] = masks.width, masks.height
        jobs["width"], jobs["height"], jobs["reach"] = width, kernel.height, reach(kernel.height)
        _behind(jobs, self._scene, kernel.photos)
        _ink(jobs, planned.looks)
        jobs["least"] = 255 * FAINT * kernel.contrast / np.maximum(planned.looks.shown, 1)
        self.able: list[bool] = (able & _tone(jobs, planned.looks) & _effects(jobs, planned.looks.steps)).tolist()
        self._width: list[int] = width.tolist()
        self._kind: list[int] = self._scene.kind.tolist()
        first, mark = laid.starts[:-1], planned.marks.starts[:-1]
        at, xs, ys, marks = (part.ctypes.data for part in self._glyphs)
        places = (np.arange(len(width)) * JOB.itemsize + jobs.ctypes.data, at + 8 * first)
        self._places = list(
            zip(*(p.tolist() for p in (*places, xs + 4 * first, ys + 4 * first, marks + 16 * mark)), strict=True)
        )

    def draw(self, k: int) -> tuple[Image, tuple[Seen, Gaps] | None] | None:
        """(height, width, 3) BGR and what its ink looks like, None where that is legible; None where the kernel finds
        that it cannot draw the line. Of ink that is too faint there is no picture.

        The picture stays until the next one is drawn.
        """
        kernel, width = self._kernel, self._width[k]
        if self._kind[k] not in (scene.PHOTO, scene.PLAIN):
            levels = scene.levels(self._scene.row(k), kernel.banks, width, kernel.height)
            planes = np.ascontiguousarray(levels)
            self._jobs["planes"][k] = planes.ctypes.data
        answer = kernel.line(*self._places[k], kernel.space_at, kernel.sums_at)
        if answer not in (DRAWN, LEGIBLE, FAINT_INK):
            return None
        image = kernel.space[: 3 * width * kernel.height].reshape(kernel.height, width, 3)
        if answer == LEGIBLE:
            return image, None
        _, *sums = kernel.sums.tolist()
        return image, (Seen(*sums[:3]), Gaps(*sums[3:]))


def _plain(planned: Planned) -> NDArray[np.bool_]:
    """Whether lines are straight, whole, of one colour, by themselves and under no effect that the kernel lacks."""
    looks = planned.looks
    plain = ~planned.cut & ~looks.faint & (looks.weight == 0) & (looks.toning.gamma == 1)
    plain &= np.array([bend is None for bend in planned.drawing.bends])
    plain[[*planned.others, *looks.parts]] = False
    for name, step in looks.steps.items():
        if name not in KNOWN:
            plain[step.where] = False
    return plain


def _behind(jobs: NDArray[Any], behind: scene.Scene, photos: NDArray[np.uint64]) -> None:
    jobs["behind"] = np.where(behind.kind == scene.PLAIN, FROM_PAPER, FROM_LEVELS)
    jobs["paper"] = np.rint(behind.first)
    jobs["row"], jobs["plane"] = jobs["width"], jobs["width"] * jobs["height"]
    where = np.flatnonzero(behind.kind == scene.PHOTO)
    if len(where):
        at, row, plane = photos[behind.item[where]].T
        jobs["behind"][where], jobs["row"][where], jobs["plane"][where] = FROM_BYTES, row, plane
        jobs["planes"][where] = at + behind.y[where].astype(np.uint64) * row + behind.x[where].astype(np.uint64)


def _ink(jobs: NDArray[Any], looks: Looks) -> None:
    jobs["ink"] = _paint(looks.opacity, looks.inks)


def _tone(jobs: NDArray[Any], looks: Looks) -> NDArray[np.bool_]:
    """Gain, noise and shift; whether the kernel knows the kind of noise."""
    toning, able = looks.toning, np.ones(len(jobs), np.bool_)
    sigma = np.zeros(len(jobs))
    jobs["toned"] = (toning.brightness != 0) | (toning.contrast != 1)
    if "noise" in looks.steps:
        where, columns = looks.steps["noise"].where, looks.steps["noise"].columns
        size = 3 * jobs["width"][where].astype(np.int64) * jobs["height"][where]
        able[where] = np.isin(columns["kind"], (GAUSSIAN, UNIFORM)) & (size < POOL)
        kept = np.minimum(size, POOL)
        pools = np.where(columns["kind"] == UNIFORM, _pool_at(True), _pool_at(False))
        jobs["noise"][where], jobs["toned"][where] = pools + piece_starts(columns["at"], kept), 1
        sigma[where] = columns["sigma"]
    jobs["gain"], jobs["grain"], jobs["shift"] = tonings(toning.contrast, toning.brightness, sigma)
    return able


def _effects(jobs: NDArray[Any], steps: dict[str, Acting]) -> NDArray[np.bool_]:
    """Shadow, outline and blurs; whether no blur reaches too far."""
    able = np.ones(len(jobs), np.bool_)
    if "shadow" in steps:
        where, columns = steps["shadow"].where, steps["shadow"].columns
        jobs["shadow"][where], jobs["dx"][where], jobs["dy"][where] = 1, columns["dx"], columns["dy"]
        jobs["shade"][where] = _paint(columns["opacity"], columns["colour"])
        jobs["soft"][where] = soft = _blurs(columns["blur"])
        able[where] &= soft[:, 0] >= 0
    if "outline" in steps:
        where, columns = steps["outline"].where, steps["outline"].columns
        jobs["outline"][where] = columns["width"]
        jobs["rim"][where] = _paint(np.ones(len(where)), columns["colour"])
        jobs["spans"][where] = np.stack([_spans(radius) for radius in columns["width"].tolist()])
    if "blur" in steps:
        where = steps["blur"].where
        jobs["lens"][where] = lens = _blurs(steps["blur"].columns["sigma"])
        able[where] &= lens[:, 0] >= 0
    return able


@lru_cache(maxsize=4)
def _pool_at(uniform: bool) -> int:
    return pool(uniform).ctypes.data


def _paint(opacity: Floats, colour: Floats) -> Integers:
    """(n, 4) opacity of 256, blue, green, red."""
    share = np.where(opacity < 1, 256 * opacity, 256)
    return np.concatenate([share[:, None], colour], axis=1).astype(np.int64)


def _blurs(sigma: Floats) -> Ints:
    """(n, 17) radius and weights; radius -1 where the blur reaches too far."""
    steps = np.where(sigma < LEAST_BLUR, 0, np.rint(SIGMA_STEPS * sigma)).astype(np.int64)
    kinds, which = np.unique(steps, return_inverse=True)
    return np.stack([_weights(kind) for kind in kinds.tolist()])[which]


@lru_cache(maxsize=4096)
def _weights(steps: int) -> Ints:
    row = np.zeros(1 + MOST_TAPS, np.int32)
    weights = taps(steps) if steps else [0]
    row[0] = len(weights) - 1 if len(weights) <= MOST_TAPS else -1
    row[1 : 1 + len(weights)] = weights[:MOST_TAPS] if steps else 0
    return row


@lru_cache(maxsize=32)
def _spans(radius: int) -> Ints:
    """Half widths of a disc's rows."""
    row = np.full(SPANS, -1, np.int32)
    shape = disc(radius)
    row[: len(shape)] = np.where(shape.any(axis=1), shape.sum(axis=1) // 2, -1)
    return row
