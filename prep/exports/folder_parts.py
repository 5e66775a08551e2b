"""Reading the folders that `convert` wrote, as records of a spool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import UserError
from .folders import ANNOTATIONS, LINES, MORE

Records = Iterator[tuple[dict[str, Any], str]]


def read_lines(root: Path, shard: Path) -> Records:
    """The samples of a shard of PaddleOCR lines. Raises UserError where its two files disagree."""
    labels, more = shard / LINES, shard / MORE
    with labels.open(encoding="utf-8", newline="\n") as lines, more.open(encoding="utf-8", newline="\n") as others:
        number = 0
        for number, line in enumerate(lines, 1):
            picture, tab, label = line.removesuffix("\n").partition("\t")
            about = _object(more, number, next(others, ""))
            if not tab or about.get("picture") != picture:
                raise UserError(f"{labels} line {number}: not the picture of {MORE}; was one of the files changed?")
            yield _record(label, about), str((root / picture).absolute())
        if next(others, ""):
            raise UserError(f"{labels}: ends at line {number}, and {MORE} goes on; was one of the files changed?")


def read_annotations(root: Path, shard: Path) -> Records:
    """The samples of a shard of MMOCR annotations, an entry a line."""
    path = shard / ANNOTATIONS
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removesuffix("\n").removesuffix(",")
            if number == 1 or not text.startswith("{"):
                continue
            entry = _object(path, number, text)
            try:
                label, picture = entry["instances"][0]["text"], entry["img_path"]
            except (LookupError, TypeError):
                raise UserError(f"{path} line {number}: an entry with img_path and one text is expected") from None
            yield _record(label, entry), str((root / picture).absolute())


def _record(label: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "origin": about.get("origin", ""), "polygons": about.get("polygons", "")}


def _object(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{path} line {number}: not valid JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} line {number}: a JSON object is expected")
    return value
