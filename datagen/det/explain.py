"""How one scene came to be: every drawn parameter, and the picture after each stage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from ...datasets.images import Image, encode_jpeg
from ...datasets.records import Refusal
from ..explain import Explanation, rounded
from .backdrop import MOSAIC
from .blocks import Block
from .camera import Shot
from .labels import Entry, label
from .synth import SceneSynthesis


def explain_scene(synthesis: SceneSynthesis, index: int) -> Explanation:
    """Make scene `index` again, watching. Raises UserError where no attempt held a text."""
    engine = synthesis.engine
    [(scene, refusals)] = engine.pictures(np.array([index], np.int64))
    one = engine.compose(np.array([index], np.int64), scene.attempt)
    backdrop = engine.backdrops.paint(one.numbers, 0, int(one.width[0]), int(one.height[0]))
    stages: list[tuple[str, Image]] = [("backdrop", backdrop.image.copy())]
    blocks = [b for b in one.composed.scenes[0] if isinstance(b, Block)]
    own = one.composed.draws.take(np.array([b.row for b in blocks], np.int64))
    for number, block in enumerate(blocks):  # block by block: a block's place depends on those before it
        again = engine.backdrops.paint(one.numbers, 0, int(one.width[0]), int(one.height[0]))
        engine.stage.play(f"scene {index}", again, blocks[: number + 1], own, one.shots[0])
        stages.append((f"with {block.texts[0][:20]}", again.image))
    stages.append(("as the camera sees it", scene.image))
    parameters = rounded(_parameters(synthesis, one.numbers, blocks, one.shots[0]))
    parameters |= {"attempt": scene.attempt, "texts": [_entry(e) for e in (*scene.known, *scene.entries)]}
    sample = encode_jpeg(scene.image, scene.quality, scene.fine)
    return Explanation(index, label([*scene.known, *scene.entries]), parameters, refusals, stages, sample)


def _parameters(
    synthesis: SceneSynthesis, numbers: dict[str, Any], blocks: list[Block | Refusal] | list[Block], shot: Shot
) -> dict[str, Any]:
    behind = {name: np.asarray(column)[0].tolist() for name, column in numbers.items()}
    photo = None if behind["kind"] == MOSAIC else synthesis.lines.photos[int(behind["item"])].name
    return {
        "seed": synthesis.recipe.seed,
        "backdrop": {"photo": photo, **behind},
        "blocks": [_block(synthesis, b) for b in blocks if isinstance(b, Block)],
        "camera": [{"name": s.name, **{k: _plain(v) for k, v in s.values.items()}} for s in shot.steps],
        "tone": {k: _plain(v) for k, v in asdict(shot.toning).items()},
        "jpeg": {"quality": shot.quality, "chroma": "4:4:4" if shot.fine else "4:2:0"},
    }


def _block(synthesis: SceneSynthesis, block: Block) -> dict[str, Any]:
    return {"texts": block.texts, "font": synthesis.faces[block.face].name, **asdict(block.look)}


def _entry(entry: Entry) -> dict[str, Any]:
    return {"text": entry.text, "ignored": entry.ignored, "polygon": rounded(entry.polygon.tolist())}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
