"""What the text of a scene is put on: a piece of a photo, or walls, boards and sheets made by the program."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...datasets.images import BadImage, Image, read_image
from ...errors import UserError
from ..backgrounds import STRENGTH, texture_bank
from ..colours import pick
from ..rng import Draws, Floats
from .known import Known, shown
from .labels import Entry
from .recipe import Backdrops, DetRecipe

Mask = NDArray[np.uint8]
MOSAIC, PHOTO = range(2)
PHOTO_BYTES = 128 << 20  # decoded photos kept; more of them are read again when they are needed
LONGEST = 2048  # px; photos are kept no larger
GRAIN, GRAIN_HEIGHT = 640, 320  # px; of the kept textures


@lru_cache(maxsize=1)
def _grain(seed: int) -> list[Mask]:
    return [plane[:GRAIN_HEIGHT, :GRAIN] for plane in texture_bank(seed, GRAIN, GRAIN_HEIGHT).planes]


class PhotoCache:
    """Decoded photos, no larger than needed, the last used ones kept."""

    def __init__(self, paths: Sequence[Path], long_side: int, limit: int = PHOTO_BYTES) -> None:
        self.paths = paths
        self._long_side = min(long_side, LONGEST)
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[int, tuple[Image, float]] = OrderedDict()

    def __getitem__(self, item: int) -> tuple[Image, float]:
        """(H, W, 3) BGR, and how many of its px make one of the file's. Raises UserError for a file gone bad."""
        kept = self._kept.get(item)
        if kept is not None:
            self._kept.move_to_end(item)
            return kept
        kept = self._kept[item] = self._read(self.paths[item])
        self._bytes += kept[0].nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1][0].nbytes
        return kept

    def _read(self, path: Path) -> tuple[Image, float]:
        try:
            image = read_image(path)
        except BadImage as error:
            raise UserError(f"background {path}: {error.detail}") from error
        scale = self._long_side / max(image.shape[:2])
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return image, min(scale, 1.0)


@dataclass(slots=True)
class Backdrop:
    """What text is put on: (H, W, 3) BGR, and the texts that a photo shows already."""

    image: Image
    entries: list[Entry]


class Painter:
    """Paints the backdrops of one process. Row i of the numbers that `draw` gives is all that picture i depends on."""

    def __init__(self, recipe: DetRecipe, photos: Sequence[Path], known: Mapping[Path, list[Known]]) -> None:
        self.recipe = recipe
        self.known = known
        self.config: Backdrops = recipe.backgrounds
        longest = max(recipe.scene.width[1], recipe.scene.height[1])
        least = self.config.photos.zoom[0] if self.config.photos else 1.0
        self.photos = PhotoCache(photos, int(longest / least))
        self.grain = _grain(recipe.seed) if self.config.mosaic.weight else []

    def draw(self, draws: Draws) -> dict[str, Floats]:
        """The numbers of n backdrops by name, (n,) or (n, k) each."""
        mosaic, photos = self.config.mosaic, self.config.photos
        most = mosaic.panes[1] + 1
        panes = mosaic.panes[0] + draws.integer("pane.count", mosaic.panes[1] - mosaic.panes[0] + 1)
        colours = [pick(mosaic.palette, draws, f"pane.{k}") for k in range(most)]
        low, high = mosaic.strength
        return {
            "kind": draws.choose("backdrop.kind", self.config.weights()).astype(np.float64),
            "item": draws.integer("backdrop.item", max(len(self.photos.paths), 1)).astype(np.float64),
            "zoom": draws.between("backdrop.zoom", photos.zoom if photos else (1, 1)),
            "at": draws.uniforms("backdrop.at", 2),
            "mirror": draws.uniform("backdrop.mirror"),
            "panes": panes.astype(np.float64),
            "box": draws.uniforms("pane.box", 5 * most).reshape(-1, most, 5),
            "colours": np.stack(colours, axis=1),
            "grain": draws.uniforms("pane.grain", 3 * most).reshape(-1, most, 3),
            "strength": low + (high - low) * draws.uniforms("pane.strength", most),
            "light": draws.uniforms("backdrop.light", 4),
        }

    def paint(self, numbers: dict[str, Floats], row: int, width: int, height: int) -> Backdrop:
        """The backdrop of this row of the numbers, `width` x `height` px."""
        mine = {name: column[row] for name, column in numbers.items()}
        if mine["kind"] == PHOTO:
            return self._photo(mine, width, height)
        return Backdrop(self._mosaic(mine, width, height), [])

    def _photo(self, numbers: dict[str, Floats], width: int, height: int) -> Backdrop:
        item = int(numbers["item"])
        photo, factor = self.photos[item]
        known = self.known.get(self.photos.paths[item], [])
        share = float(numbers["zoom"]) * min(photo.shape[1] / width, photo.shape[0] / height)
        w, h = max(int(width * share), 1), max(int(height * share), 1)
        x = int(numbers["at"][0] * (photo.shape[1] - w + 1))
        y = int(numbers["at"][1] * (photo.shape[0] - h + 1))
        way = cv2.INTER_AREA if share > 1 else cv2.INTER_LINEAR
        piece = cv2.resize(photo[y : y + h, x : x + w], (width, height), interpolation=way)
        if not known and numbers["mirror"] < 0.5:
            piece = cv2.flip(piece, 1)
        place = np.array(
            [[factor * width / w, 0, -x * width / w], [0, factor * height / h, -y * height / h], [0, 0, 1]]
        )
        return Backdrop(piece, shown(self.recipe, known, place, width, height))  # type: ignore[arg-type]

    def _mosaic(self, numbers: dict[str, Floats], width: int, height: int) -> Image:
        image = self._surface(numbers, 0, width, height)
        for k in range(1, int(numbers["panes"]) + 1):
            self._pane(image, numbers, k)
        image = cv2.blur(image, (3, 3))  # type: ignore[assignment]  # panes have hard edges
        corners = np.rint(255 * (0.6 + 0.4 * numbers["light"])).astype(np.uint8).reshape(2, 2)
        light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
        return cv2.multiply(image, cv2.merge((light, light, light)), scale=1 / 255)  # type: ignore[return-value]

    def _surface(self, numbers: dict[str, Floats], k: int, width: int, height: int) -> Image:
        """A colour with grain."""
        item, x, y = numbers["grain"][k]
        grain = self.grain[int(item * len(self.grain))]
        size = min(width, GRAIN), min(height, GRAIN_HEIGHT)
        left, top = int(x * (GRAIN - size[0] + 1)), int(y * (GRAIN_HEIGHT - size[1] + 1))
        piece = grain[top : top + size[1], left : left + size[0]]
        if size != (width, height):
            piece = cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        factor = float(numbers["strength"][k]) / STRENGTH
        planes = [cv2.addWeighted(piece, factor, piece, 0, c - 128 * factor) for c in numbers["colours"][k].tolist()]
        return cv2.merge(planes)  # type: ignore[return-value]

    def _pane(self, image: Image, numbers: dict[str, Floats], k: int) -> None:
        height, width = image.shape[:2]
        u = numbers["box"][k]
        centre = (float(u[0]) * width, float(u[1]) * height)
        size = (width * 0.15 * 5 ** float(u[2]), height * 0.1 * 6 ** float(u[3]))
        corners = np.rint(cv2.boxPoints((centre, size, 12 * (float(u[4]) - 0.5)))).astype(np.int32)
        (x0, y0), (x1, y1) = np.maximum(corners.min(axis=0), 0), corners.max(axis=0) + 1
        x1, y1 = min(int(x1), width), min(int(y1), height)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillConvexPoly(mask, corners - (x0, y0), 255)
        surface = self._surface(numbers, k, int(x1 - x0), int(y1 - y0))
        window = image[y0:y1, x0:x1]
        window[:] = cv2.copyTo(surface, mask, window.copy())
