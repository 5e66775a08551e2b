"""From photos with text regions to packs of upright line pictures: each photo decoded once, split by photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from ..config import Config
from ..datasets.images import BadImage, Image, encode_jpeg, read_image
from ..datasets.records import Item, Items, Photo, Refusal, Region, Sample
from ..errors import UserError
from .geometry import BadRegion
from .jobs import Job, Planned, check_out
from .labels import label_problem
from .look import thumbnail
from .photos import InputTotals, from_record, to_record
from .rectify import MAX_SIDE, Crop, Interpolation, Vertical, apply_policy, rectify
from .sides import draw
from .spool import Spool, SpoolWriter
from .store import EXAMPLES_PER_REASON, scratch

# A shard costs some milliseconds whatever it holds, and what a kill loses is a shard.
SHARD_BOXES = 2000
IGNORED = "ignored_"
PHOTO = "photo_"


class CropConfig(Config):
    """How regions become pictures.

    vertical: what happens to lines at least 1.5 times as high as wide. padding: added around a region, as a share of
    the line's thickness. interpolation: cubic is a little sharper, and warps half as fast. min_side: pixels.
    max_length: characters of the longest label that is kept.
    """

    vertical: Vertical = "rotate90"
    quality: int = Field(default=95, ge=1, le=100)
    min_side: float = Field(default=3.0, ge=1)
    padding: float = Field(default=0.0, ge=0, le=1)
    interpolation: Interpolation = "linear"
    max_length: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class PhotoSource:
    """Crops by photo, from a spool."""

    spool: Spool
    config: CropConfig

    def items(self, start: int, stop: int) -> Items:
        """Crops and refusals of the photos `start` to `stop`."""
        shown = Counter[str]()
        for record, place in self.spool.read(start, stop):
            item = from_record(record, place)
            if isinstance(item, Refusal):
                yield item
            else:
                yield from crop_photo(item, self.config, shown)


def crop_photo(photo: Photo, config: CropConfig, shown: Counter[str]) -> Items:
    """One item for each region, in order; before them a refusal of the photo itself where it cannot be read.

    shown: refusals so far, by reason; the first few of each get a picture.
    """
    image: Image | None = None
    try:
        image = read_image(photo.path)
    except BadImage as error:
        yield Refusal(PHOTO + error.reason, photo.name, error.detail)
    for index, region in enumerate(photo.regions):
        origin = f"{photo.name}#{index}"
        item: Item
        if region.ignore is not None:
            item = Refusal(IGNORED + region.ignore, origin, text=region.text)
        elif image is None:
            item = Refusal("unreadable_photo", origin, text=region.text)
        else:
            item = _crop_region(image, region, origin, config)
        if isinstance(item, Refusal) and image is not None:
            shown[item.reason] += 1
            if shown[item.reason] <= EXAMPLES_PER_REASON:
                item = replace(item, thumb=_picture(image, region))
        yield item


def _picture(image: Image, region: Region) -> bytes | None:
    """What of a refused region is on the photo, as it stands there."""
    if region.polygon is None or not np.isfinite(region.polygon).all():
        return None
    height, width = image.shape[:2]
    low, high = region.polygon.min(0), region.polygon.max(0)
    x0, x1 = (int(np.clip(x, 0, width)) for x in (low[0], high[0] + 1))
    y0, y1 = (int(np.clip(y, 0, height)) for y in (low[1], high[1] + 1))
    return thumbnail(image[y0:y1, x0:x1]) if x0 < x1 and y0 < y1 else None


def _crop_region(image: Image, region: Region, origin: str, config: CropConfig) -> Item:
    problem = label_problem(region.text, config.max_length)
    if problem is not None:
        return Refusal(problem, origin, text=region.text)
    try:
        if region.polygon is not None:
            crop = rectify(image, region.polygon, config.padding, config.min_side, config.interpolation)
        elif max(image.shape) > MAX_SIDE:
            raise BadRegion("too_large", f"{image.shape[1]}x{image.shape[0]} pixels")
        else:
            crop = Crop(image)
        crop = apply_policy(crop, region.text, config.vertical)
    except BadRegion as error:
        return Refusal(error.reason, origin, error.detail, region.text)
    return Sample(encode_jpeg(crop.image, config.quality), region.text, origin, crop.notes)


def crop_photos(
    photos: Iterable[Photo | Refusal],
    out: Path,
    config: CropConfig | None = None,
    val: float = 0.0,
    seed: int = 0,
    workers: int = 0,
    progress: Callable[[int], None] = lambda items: None,
) -> dict[str, dict[str, Any]]:
    """Crops all regions into a pack at `out`, or with val > 0 into `out`/train and `out`/val.

    val: share of the photos, chosen by (seed, name), so that a photo keeps its side when others are added.
    Returns the manifests by part: "all", or "train" and "val". Raises UserError.
    """
    parts = plan_crop(photos, out, config, val, seed)
    return {name: part.run(workers, progress) for name, part in parts.items()}


def plan_crop(
    photos: Iterable[Photo | Refusal], out: Path, config: CropConfig | None = None, val: float = 0.0, seed: int = 0
) -> dict[str, Planned]:
    """Reads all annotations, no pixels; gives the jobs that `crop_photos` runs, by part. Raises UserError."""
    config = config or CropConfig()
    folders = _folders(out, val)
    totals = {name: InputTotals() for name in folders}
    with ExitStack() as stack:
        spools = {n: stack.enter_context(SpoolWriter(scratch(f) / "photos.jsonl")) for n, f in folders.items()}
        for photo in photos:
            part = _part(photo, val, seed)
            totals[part].add(photo)
            spools[part].add(*to_record(photo))
        if not any(s.count for s in spools.values()):
            raise UserError("there is no photo to crop: the reader of the ground truth gave none")
        written = {name: spool.spool() for name, spool in spools.items()}
    parts = {}
    for name, spool in written.items():
        what = {**config.model_dump(mode="json"), "input": {**totals[name].to_json(), "digest": spool.digest}}
        if val:
            what["split"] = {"part": name, "val": val, "seed": seed}
        shard_size = max(1, round(SHARD_BOXES * spool.count / max(spool.count, totals[name].items)))
        job = Job("crop", what, spool.count, shard_size, totals[name].ledger())
        parts[name] = Planned(job, PhotoSource(spool, config), folders[name], totals[name].items)
    return parts


def _folders(out: Path, val: float) -> dict[str, Path]:
    if not 0 <= val < 1:
        raise UserError(f"the share of validation photos is {val}: 0 to below 1 is allowed")
    folders = {"train": out / "train", "val": out / "val"} if val else {"all": out}
    if val and (out / "job.json").exists():
        raise UserError(f"{out} holds a pack that was not split; choose another folder or delete it")
    for folder in folders.values():
        check_out(folder)
    return folders


def _part(photo: Photo | Refusal, val: float, seed: int) -> str:
    if not val:
        return "all"
    if isinstance(photo, Refusal):
        return "train"
    return "val" if draw(seed, photo.name) < val else "train"


@dataclass(frozen=True)
class CropTotals:
    """What became of the ground truth. boxes = cropped + ignored + refused, where the reader refused nothing."""

    photos: int
    boxes: int
    cropped: int
    ignored: dict[str, int]
    refused: dict[str, int]
    unreadable_photos: dict[str, int]
    notes: dict[str, int]


def crop_totals(manifests: Iterable[dict[str, Any]]) -> CropTotals:
    """The sum over the parts that `crop_photos` returned."""
    all_of = list(manifests)
    refusals = sum((Counter(m["refusals"]) for m in all_of), Counter())
    groups: dict[str, dict[str, int]] = {IGNORED: {}, PHOTO: {}, "": {}}
    for reason, count in refusals.most_common():
        prefix = next(p for p in groups if reason.startswith(p))
        groups[prefix][reason.removeprefix(prefix)] = count
    return CropTotals(
        sum(m["config"]["input"]["photos"] for m in all_of),
        sum(m["config"]["input"]["boxes"] for m in all_of),
        sum(m["count"] for m in all_of),
        groups[IGNORED],
        groups[""],
        groups[PHOTO],
        dict(sum((Counter(m["notes"]) for m in all_of), Counter())),
    )
