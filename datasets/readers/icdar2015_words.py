"""ICDAR2015 words: pictures of single words and a gt.txt of `word_1.png, "text"` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import UserError
from ..records import Photo, Refusal, Region
from .labels import Labels, label_lines
from .regions import ignore_reason

# Greedy: exactly one pair of outer quotes goes, whatever commas and quotes the text holds.
LINE = re.compile(r'(?P<name>[^,"]+?)\s*,\s*"(?P<text>.*)"\s*')
ESCAPED = re.compile(r'\\(["\\])')


def read(labels: Labels) -> Iterator[Photo | Refusal]:
    """Words in the file's order, each a photo with one region that is the whole picture.

    labels.path: the file, or a folder that holds gt.txt. `\\"` and `\\\\` in a text are unescaped.
    Raises UserError for a missing or empty file and for a malformed line (when strict).
    """
    path = labels.path / "gt.txt" if labels.path.is_dir() else labels.path
    folders = labels.images or (path.parent,)
    first_line: dict[str, int] = {}
    number = 0
    for number, line in label_lines(path):
        match = LINE.fullmatch(line)
        if not match:
            yield labels.malformed(path, number, f'NAME.png, "text" is expected, not {line[:60]!r}')
            continue
        name, text = match["name"], ESCAPED.sub(r"\1", match["text"])
        if name in first_line:
            yield Refusal(
                "duplicate_photo", f"{path.name} line {number}", f"as on line {first_line[name]}: {name}", text
            )
            continue
        first_line[name] = number
        file = next((f / name for f in folders if (f / name).is_file()), None)
        yield from labels.photo(file, name, [Region(None, text, ignore_reason(text))])
    if not number:
        raise UserError(f"{path}: the label file is empty")
