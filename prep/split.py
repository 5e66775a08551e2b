"""Training, validation and test: whole groups, chosen by a hash of the group's name, so that they stay."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ..config import Config
from ..datasets.records import Item, Items, Sample
from ..errors import UserError
from .exports.convert import plan_any
from .exports.read import ledger_of
from .jobs import Job, Planned
from .shards import Source
from .sides import draw
from .store import Pack, lmdb_folders

GroupBy = Literal["photo", "folder", "label"]
Part = Literal["train", "val", "test"]
REGION = re.compile(r"#\d+$")
SHARD = 10_000


class SplitConfig(Config):
    """How a set is split.

    val, test: shares of the groups, 0 to 1. by: what stays together: the lines of a photo, of a folder of photos, or
    those with the same label. group_by: instead, a regular expression for where samples come from; those for which it
    finds the same stay together (with parentheses, what they find counts). seed: another one draws another split.
    """

    val: float = Field(default=0.1, ge=0, lt=1)
    test: float = Field(default=0.0, ge=0, lt=1)
    by: GroupBy = "photo"
    group_by: str = ""
    seed: int = 0

    @field_validator("group_by")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _leaves_some(self) -> SplitConfig:
        if self.val + self.test >= 1:
            raise ValueError(f"val {self.val} and test {self.test} leave nothing to train on")
        return self

    def shares(self) -> dict[Part, float]:
        """The parts that are not empty by configuration, with their shares."""
        all_parts: dict[Part, float] = {"train": 1 - self.val - self.test, "val": self.val, "test": self.test}
        return {part: share for part, share in all_parts.items() if share > 0}


def group_of(item: Item, config: SplitConfig) -> str:
    """The name of an item's group; what does not say where it comes from is grouped by its picture's bytes.

    Raises UserError where `group_by` finds nothing.
    """
    if config.group_by:
        return _found(config.group_by, item.origin)
    if config.by == "label":
        return item.label if isinstance(item, Sample) else item.text
    if not item.origin and isinstance(item, Sample):
        return hashlib.sha256(item.image).hexdigest()
    photo = REGION.sub("", item.origin)
    return photo.rpartition("/")[0] if config.by == "folder" else photo


def _found(pattern: str, origin: str) -> str:
    match = re.search(pattern, origin)
    if match is None or not (text := match[1 if match.re.groups else 0]):
        raise UserError(f"group-by: {pattern!r} finds nothing in {origin!r}, where a sample comes from")
    return text


def part_of(item: Item, config: SplitConfig) -> Part:
    """The side of an item. Validation takes from the bottom and test from the top, so neither moves the other."""
    drawn = draw(config.seed, group_of(item, config))
    return "val" if drawn < config.val else "test" if drawn >= 1 - config.test else "train"


@dataclass(frozen=True)
class PackSource:
    """The samples of a pack as they are, not decoded."""

    pack: Pack

    def items(self, start: int, stop: int) -> Items:
        """The samples `start` to `stop`."""
        try:
            for index in range(start, stop):
                yield self.pack[index]
        finally:  # also where nobody wants the rest
            self.pack.close()


@dataclass(frozen=True)
class PartSource:
    """Those items of a source that belong to one part."""

    source: Source
    part: Part
    config: SplitConfig

    def items(self, start: int, stop: int) -> Items:
        """Of the units `start` to `stop`."""
        return (item for item in self.source.items(start, stop) if part_of(item, self.config) == self.part)


def plan_split(source: Path, out: Path, config: SplitConfig | None = None) -> dict[Part, Planned]:
    """The jobs that write the parts of a pack, or of anything that `plan_any` reads, to `out`/PART.

    Each part reads all of the source and keeps what is its own. Raises UserError.
    """
    config = config or SplitConfig()
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{out} is inside {source}: the next run would read it as input; choose another folder")
    parts: dict[Part, Planned] = {}
    for part, share in config.shares().items():
        planned = plan_unchanged(source, out / part)
        what = {**planned.job.config, "split": {**config.model_dump(), "part": part}}
        job = replace(planned.job, kind="split", config=what, shard_size=round(SHARD / share))
        parts[part] = replace(planned, job=job, source=PartSource(planned.source, part, config))
    return parts


def plan_unchanged(source: Path, out: Path) -> Planned:
    """The job that copies a pack to `out` sample by sample; of anything else, what `plan_any` gives."""
    if source.is_dir() and lmdb_folders(source) and (source / "manifest.json").is_file():
        return plan_copy(source, out)
    return plan_any(source, out)


def plan_copy(source: Path, out: Path) -> Planned:
    """The job that copies a pack to `out` sample by sample. Raises UserError for what is none."""
    pack = Pack(source)
    inputs = [
        {"name": f.relative_to(source).as_posix(), "bytes": (f / "data.mdb").stat().st_size, "samples": n}
        for f, n in zip(pack.folders, pack.counts, strict=True)
    ]
    pack.close()
    job = Job("copy", {"input": inputs}, len(pack), SHARD, ledger_of(source))
    return Planned(job, PackSource(pack), out, len(pack))
