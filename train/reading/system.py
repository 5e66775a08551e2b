"""Models that read photos together, named in one file: their bundles, how they are made, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from ...config import Config, load
from ...errors import UserError
from ..bundle import ONNX, PADDLE_MODEL, PADDLE_WEIGHTS, SPEC, task_of

TASKS = {"det": "detection", "rec": "recognition", "cls": "direction"}
DATA = {"det": "PHOTOS", "rec": "LINES", "cls": "LINES"}


class Part(Config):
    """One model. recipe: the preset or file that it is trained by; bundle: its folder."""

    recipe: str
    bundle: Path


class PostChanges(Config):
    """Numbers of a DB detector's post-processing in place of its bundle's."""

    threshold: float | None = Field(default=None, gt=0, lt=1)
    box_threshold: float | None = Field(default=None, ge=0, lt=1)
    unclip: float | None = Field(default=None, ge=0, le=5)
    polygons: bool | None = None


class System(Config):
    """Two models, or three, as one. cls: turns lines upside down; drop_score: less sure readings are left out."""

    det: Part
    rec: Part
    cls: Part | None = None
    post: PostChanges = PostChanges()
    drop_score: float = Field(default=0.5, ge=0, le=1)

    @property
    def parts(self) -> dict[str, Part]:
        """The models by name."""
        return {name: part for name in TASKS if (part := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Size:
    """Bytes of a bundle as it is deployed, in one format or the other; None for a format that it has not."""

    paddle: int | None
    onnx: int | None


def load_system(name: str) -> System:
    """The section `system` of a preset or a file. Raises UserError."""
    return load(name, "system", System)


def size_of(bundle: Path) -> Size:
    """Weights, graph and bundle.yml. Raises UserError for what is no bundle."""
    if not (bundle / SPEC).is_file():
        raise UserError(f"{bundle}: no {SPEC} there: not a bundle (`ocrdata export RUN -o BUNDLE` makes one)")

    def together(*names: str) -> int | None:
        files = [bundle / name for name in (*names, SPEC)]
        return sum(file.stat().st_size for file in files) if all(file.is_file() for file in files) else None

    return Size(together(PADDLE_MODEL, PADDLE_WEIGHTS), together(ONNX))


def sizes(system: System) -> dict[str, Size]:
    """Of the parts whose bundles are there. Raises UserError where one does something else."""
    found = {}
    for name, part in system.parts.items():
        task = task_of(part.bundle)
        if task and task != TASKS[name]:
            raise UserError(f"{part.bundle}: a bundle for {task}, and '{name}' is for {TASKS[name]}")
        if task:
            found[name] = size_of(part.bundle)
    return found


def summed(found: list[Size]) -> Size:
    """All bundles together, in each format that all of them have."""
    paddle, onnx = [s.paddle for s in found], [s.onnx for s in found]
    return Size(
        None if None in paddle else sum(s for s in paddle if s is not None),
        None if None in onnx else sum(s for s in onnx if s is not None),
    )


def how_to_make(name: str, part: Part) -> list[str]:
    """The commands that make a bundle from labelled data."""
    run = f"{part.bundle}_run"
    return [
        f"ocrdata train {part.recipe} --data {DATA[name]} -o {run}",
        f"ocrdata export {run} -o {part.bundle}",
    ]
