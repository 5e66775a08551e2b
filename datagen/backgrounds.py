"""What lies behind the text: photos and textures, with their brightness and variance anywhere in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.images import BadImage, Image, read_image
from ..errors import UserError
from .rng import Draws, Floats, Integers

CELL = 8  # px; sums are kept per cell, 1/64 of the memory of sums per pixel
SEGMENTS = 4  # parts of a line, side by side, in which contrast is checked
LONG_SIDE = 640
TEXTURES = 16
TEXTURE_HEIGHT = 160
STRENGTH = 24  # levels: standard deviation of the kept textures
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class Bank:
    """Pictures at least (height, width) in size, and sums by cell of their lightness (of 255) and its square."""

    def __init__(self, planes: list[NDArray[np.uint8]]) -> None:
        self.planes = planes
        self.heights = np.array([p.shape[-2] for p in planes], np.int64)
        self.widths = np.array([p.shape[-1] for p in planes], np.int64)
        sums = [_sums(p) for p in planes]
        self._strides = np.array([s.shape[2] for s in sums], np.int64)
        self._offsets = np.cumsum([0] + [s.shape[1] * s.shape[2] for s in sums])[:-1]
        self._sums = np.concatenate([s.reshape(2, -1) for s in sums], axis=1)

    def __len__(self) -> int:
        return len(self.planes)

    def statistics(
        self, which: Integers, x: Integers, y: Integers, width: Integers, height: int
    ) -> tuple[Floats, Floats]:
        """Mean and standard deviation of lightness, (n, SEGMENTS) each, in pieces at (x, y), to a cell's accuracy."""
        edges = np.arange(SEGMENTS + 1)
        x0 = (x[:, None] + width[:, None] * edges[:-1] // SEGMENTS) // CELL
        x1 = np.maximum(-(-(x[:, None] + width[:, None] * edges[1:] // SEGMENTS) // CELL), x0 + 1)
        y0, y1 = (y // CELL)[:, None], -(-(y + height) // CELL)[:, None]
        stride, offset = self._strides[which][:, None], self._offsets[which][:, None]
        x1 = np.minimum(x1, stride - 1)
        x0 = np.minimum(x0, x1 - 1)
        top, bottom = offset + y0 * stride, offset + np.minimum(y1, -(-self.heights[which][:, None] // CELL)) * stride
        s = self._sums
        total = s[:, bottom + x1] - s[:, bottom + x0] - s[:, top + x1] + s[:, top + x0]
        cells = (x1 - x0) * ((bottom - top) // stride)
        mean = total[0] / cells
        return mean, np.sqrt(np.maximum(total[1] / cells - mean**2, 0))


def _sums(planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(2, rows + 1, columns + 1) running sums over cells of mean lightness and mean square."""
    grey = (
        planes
        if planes.ndim == 2
        else cv2.cvtColor(np.ascontiguousarray(planes.transpose(1, 2, 0)), cv2.COLOR_BGR2LAB)[:, :, 0]
    )
    value = grey.astype(np.float32)
    size = (-(-value.shape[1] // CELL), -(-value.shape[0] // CELL))
    cells = [cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in (value, value * value)]
    table = np.zeros((2, size[1] + 1, size[0] + 1), np.int64)
    table[:, 1:, 1:] = np.rint(np.stack(cells)).astype(np.int64).cumsum(axis=1).cumsum(axis=2)
    return table


def find_photos(folder: Path, limit: int) -> tuple[list[Path], dict[str, str]]:
    """At most `limit` readable photos below `folder`, evenly spread over the names, and what was passed over and why.

    Raises UserError where there is none.
    """
    if not folder.is_dir():
        raise UserError(f"backgrounds.photos.folder: {folder} is not a folder")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    chosen = [files[i * len(files) // limit] for i in range(limit)] if len(files) > limit else files
    good: list[Path] = []
    skipped: dict[str, str] = {}
    for path in chosen:
        try:
            read_image(path)
            good.append(path)
        except BadImage as error:
            skipped[str(path)] = f"{error.reason}: {error.detail}"
    if not good:
        raise UserError(f"backgrounds.photos.folder: no readable photo ({', '.join(PICTURES)}) below {folder}")
    return good, skipped


def photo_bank(paths: Sequence[Path], width: int, height: int) -> Bank:
    """Photos scaled down to a long side of 640 px and mirrored outwards where they are smaller than (height, width)."""
    return Bank([_planes(_read(p), width, height) for p in paths])


def _read(path: Path) -> Image:
    try:
        return read_image(path)
    except BadImage as error:
        raise UserError(f"background {path}: {error.detail}") from error


def _planes(image: Image, width: int, height: int) -> NDArray[np.uint8]:
    scale = LONG_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    below, beside = max(height - image.shape[0], 0), max(width - image.shape[1], 0)
    if below or beside:
        image = cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REFLECT)  # type: ignore[assignment]
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def texture_bank(seed: int, width: int, height: int) -> Bank:
    """Grey textures around 128: grain, fibres, blotches and stripes in turn."""
    size = (max(height, TEXTURE_HEIGHT), max(width, LONG_SIDE))
    return Bank([_texture(seed, k, size) for k in range(TEXTURES)])


def _texture(seed: int, number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    draws = Draws(seed, np.array([number], np.int64))
    field: NDArray[Any] = noise(seed, f"texture.{number}", size[0] * size[1]).reshape(size)
    fine, coarse = float(draws.uniform("fine")[0]), float(draws.uniform("coarse")[0])
    if number % 4 == 0:  # grain
        field = cv2.GaussianBlur(field, (0, 0), 0.6 + 1.2 * fine)
    elif number % 4 == 1:  # fibres
        field = cv2.GaussianBlur(field, (0, 0), sigmaX=2 + 10 * coarse, sigmaY=0.5 + fine)
    elif number % 4 == 2:  # blotches of several sizes
        layers = [_unit(cv2.GaussianBlur(field, (0, 0), (2 + 4 * fine) * 2.0**k)) * 1.5**k for k in range(4)]
        field = np.sum(layers, axis=0)
    else:  # stripes with grain
        angle, pitch = np.pi * coarse, 3 + 12 * fine
        y, x = np.mgrid[: size[0], : size[1]]
        field = 0.5 * field + np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / pitch)
    return np.clip(np.rint(128 + STRENGTH * _unit(field)), 0, 255).astype(np.uint8)


def _unit(field: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6))


def noise(seed: int, name: str, count: int) -> NDArray[np.float32]:
    """(count,) standard normal numbers, a function of seed and name."""
    draws = Draws(seed, np.arange((count + 1) // 2, dtype=np.int64))
    radius = np.sqrt(-2 * np.log(1 - draws.uniform(name)))
    angle = 2 * np.pi * draws.uniform(name, 1)
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return both[:count].astype(np.float32)
