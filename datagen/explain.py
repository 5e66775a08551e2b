"""How one sample came to be: every drawn parameter, and the picture after each stage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.images import Image, encode_jpeg, write_image
from ..datasets.records import Refusal
from ..files import write_json
from ..fonts.discover import FaceRef
from .boxes import boxes
from .effects.base import Step
from .line import Glyphs, Line
from .scene import GRADIENT, PHOTO, PLAIN, TEXTURE
from .synth import Synthesis

KINDS = {PLAIN: "plain", GRADIENT: "gradient", TEXTURE: "texture", PHOTO: "photo"}
DIGITS = 4


@dataclass(frozen=True)
class Explanation:
    """One sample. parameters: as JSON values; refusals: of its earlier attempts; stages: name and picture, in order;
    sample: the bytes that a pack holds."""

    index: int
    label: str
    parameters: dict[str, Any]
    refusals: list[Refusal]
    stages: list[tuple[str, Image]]
    sample: bytes

    def write(self, folder: Path) -> list[Path]:
        """Write `parameters.json`, `sample.jpg` and a numbered PNG for each stage; returns the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "parameters.json", self.to_json())
        (folder / "sample.jpg").write_bytes(self.sample)
        pictures = []
        for number, (name, image) in enumerate(self.stages):
            pictures.append(folder / f"{number:02d}-{name.replace(' ', '-')}.png")
            write_image(pictures[-1], image)
        return [folder / "parameters.json", *pictures, folder / "sample.jpg"]

    def to_json(self) -> dict[str, Any]:
        """All but the pictures."""
        refused = [{"reason": r.reason, "detail": r.detail, "text": r.text} for r in self.refusals]
        return {"index": self.index, "label": self.label, "refused before": refused, **self.parameters}


def explain(synthesis: Synthesis, index: int) -> Explanation:
    """Make sample `index` again, watching. Raises UserError where no attempt gave a picture."""
    engine = synthesis.engine
    [(line, image, refusals)] = engine.pictures(np.array([index], np.int64))
    stages: list[tuple[str, Image]] = []
    engine.painter.look(line, lambda name, picture: stages.append((name, picture)))
    if line.upright:
        stages.append(("turned upright", image))
    parameters = rounded(_parameters(line, synthesis))
    parameters |= boxes(line, engine.planner.table, synthesis.recipe.height)
    sample = encode_jpeg(image, line.dress.quality, line.dress.fine)
    return Explanation(index, line.text, parameters, refusals, stages, sample)


def _parameters(line: Line, synthesis: Synthesis) -> dict[str, Any]:
    dress = line.dress
    return {
        "seed": synthesis.recipe.seed,
        "attempt": line.attempt,
        "pieces": [_piece(line, k, synthesis.faces) for k in range(len(line.pieces))],
        "vertical": line.vertical,
        "picture": {"width": line.width, "height": synthesis.recipe.height, "turned upright": line.upright},
        "letters": _glyphs(line.glyphs),
        "other lines": [_glyphs(other) for other in line.others],
        "background": _background(line, synthesis.photos),
        "inks": [_hex(colour) for colour in dress.inks],
        "opacity": dress.opacity,
        "stroke weight px": dress.weight,
        "contrast": dress.shown,
        "effects": [{"name": s.name, **{k: _named(s, k) for k in s.values}} for s in dress.steps],
        "tone": {"brightness": dress.brightness, "contrast": dress.contrast, "gamma": dress.gamma},
        "jpeg": {"quality": dress.quality, "chroma": "4:4:4" if dress.fine else "4:2:0"},
    }


def _piece(line: Line, number: int, faces: list[FaceRef]) -> dict[str, Any]:
    piece = line.pieces[number]
    stop = line.pieces[number + 1].start if number + 1 < len(line.pieces) else len(line.text)
    face = faces[piece.face]
    return {
        "text": line.text[piece.start : stop],
        "font": face.name,
        "file": face.path.name,
        "face": face.number,
        "scale": piece.scale,
        "glyphs": piece.run.glyphs,
        "clusters": piece.run.clusters,
    }


def _glyphs(glyphs: Glyphs) -> dict[str, Any]:
    x, y, width, height = glyphs.map.box
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    return {
        "px per em": glyphs.sizes,
        "mask": {"width": glyphs.width, "height": glyphs.height},
        "text box in the mask": glyphs.map.box,
        "text box in the picture": glyphs.map.points(corners).tolist(),
        "homography": glyphs.map.matrix.tolist(),
        "bend": asdict(glyphs.map.bend) if glyphs.map.bend else None,
    }


def _background(line: Line, photos: list[Path]) -> dict[str, Any]:
    behind = line.dress.background
    found: dict[str, Any] = {"kind": KINDS[behind.kind]}
    if behind.kind == PHOTO:
        found |= {"photo": photos[behind.item].name, "x": behind.x, "y": behind.y}
    else:
        found |= {"colour": _hex(behind.first)}
    if behind.kind == GRADIENT:
        found |= {"second colour": _hex(behind.second), "slope": behind.slope}
    if behind.kind == TEXTURE:
        found |= {"texture": behind.item, "x": behind.x, "y": behind.y, "strength": behind.strength}
    return found


def _named(step: Step, key: str) -> Any:
    value = step.values[key]
    if key in step.effect.names:
        return step.effect.names[key][value]
    return _hex(value) if key == "colour" else value


def _hex(bgr: list[float]) -> str:
    blue, green, red = (round(v) for v in bgr)
    return f"#{red:02x}{green:02x}{blue:02x}"


def rounded(value: Any) -> Any:
    """A JSON value with floats of four decimals."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return round(value, DIGITS) if isinstance(value, float) else value
