"""LSVT: one JSON file, `{"gt_0": [{"transcription", "points", "illegibility"}, …], …}`, photos gt_N.jpg."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import UserError
from ..records import Photo, Refusal, Region
from .labels import Labels, natural_key, photos_by_stem, unlabelled
from .regions import annotation, ignore_reason, region

# In LSVT a '#' stands for a character that could not be read, except in these texts, which show one.
REAL_HASH = frozenset({"#Find YOUR Fun#", "Story #", "*0#"})


def read(labels: Labels) -> Iterator[Photo | Refusal]:
    """Photos in numeric order. Ignored: `###`, `illegible` (flagged), `partly_unreadable` ('#' inside), `empty`.

    Both the flag and the mark count: some `###` are not flagged. Raises UserError for a file that is not such
    JSON, for a malformed annotation (when strict) and for missing folders.
    """
    path = labels.path
    data = _load(path)
    folders = labels.images or (path.parent,)
    photos = {} if labels.keep_missing and not any(f.is_dir() for f in folders) else photos_by_stem(folders)
    for name in sorted(data, key=natural_key):
        texts = data[name]
        if not isinstance(texts, list):
            raise UserError(f"{path}: {name}: a list of texts is expected, not {type(texts).__name__}")
        regions = [_text(labels, path, f"{name} text {i}", value) for i, value in enumerate(texts, 1)]
        yield from labels.photo(photos.get(name), name, regions)
    yield from unlabelled(photos, set(data))


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such label file") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path} line {error.lineno} column {error.colno}: not valid JSON: {error.msg}") from error
    if not isinstance(data, dict) or not data:
        raise UserError(f'{path}: an object {{"gt_0": [texts], …}} is expected; it is empty or something else')
    return data


def _text(labels: Labels, path: Path, origin: str, value: Any) -> Region | Refusal:
    try:
        points, text = annotation(value)
        flag = value.get("illegibility", False)
        if not isinstance(flag, bool):
            raise ValueError(f"'illegibility' must be true or false, not {flag!r}")
    except ValueError as error:
        if labels.strict:
            raise UserError(f"{path}: {origin}: {error}") from None
        return Refusal("malformed_line", origin, str(error))
    ignore = ignore_reason(text) or ("illegible" if flag else None)
    if ignore is None and "#" in text and text not in REAL_HASH:
        ignore = "partly_unreadable"
    return region(points, text, ignore, origin)
