"""Lines in which right-to-left letters stand beside digits or left-to-right letters: what stands where.

Two implementations of the Unicode bidirectional algorithm must agree, else the text is not drawn: one says what stands
where, but knows no bracket pairs, which are added here; the other only says what the line looks like.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from bidi import algorithm, get_display
from bidi.mirror import MIRRORED

RIGHT_TO_LEFT = {"R", "AL"}
# Letters of which each stands by itself, whatever is beside it.
SEPARATE = re.compile(
    "[ -~\u00a0-\u02ff\u0370-\u0482\u048a-\u04ff\u2010-\u20cf\u2100-\u2e7f\u3000-\u3029\u3030-\u3098\u309b-\u9fff"
    "\uac00-\ud7a3\uff00-\uffef]*"
)
# Marks that embed, override and isolate, and ends of paragraphs: invisible, and no part of a line's label.
EXPLICIT = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B"}


class Span(NamedTuple):
    """text[start:stop], which runs in one direction."""

    start: int
    stop: int
    rightwards: bool


def right_to_left(text: str) -> bool:
    """Whether the text has right-to-left letters; they may join, so no space may be put between its letters."""
    return not text.isascii() and any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in text)


def letters_join(text: str) -> bool:
    """Whether letters join, reorder or carry marks, so that drawing them one by one would be wrong."""
    if SEPARATE.fullmatch(text):
        return False
    return any(
        unicodedata.bidirectional(c) in ("R", "AL", "NSM")
        or unicodedata.category(c) in ("Mn", "Mc", "Me", "Cf")
        or "\u0900" <= c <= "\u109f"
        or "\u1100" <= c <= "\u11ff"
        or "\u1780" <= c <= "\u18af"
        for c in text
    )


def mixed_direction(text: str) -> bool:
    """Whether right-to-left letters stand beside left-to-right ones or digits."""
    classes = {unicodedata.bidirectional(c) for c in text}
    return bool(classes & RIGHT_TO_LEFT) and bool(classes & {"L", "EN", "AN"})


def unclear_order(text: str) -> bool:
    """Whether nobody can say for sure in which order the characters of this mixed text stand on the line."""
    return mixed_direction(text) and visual_spans(text) is None


@lru_cache(maxsize=1024)
def visual_spans(text: str) -> tuple[Span, ...] | None:
    """The spans of a logical text from left to right as they are seen, or None where the order is unclear.

    The direction of the whole line is that of its first letter.
    """
    if any(unicodedata.bidirectional(c) in EXPLICIT for c in text):
        return None
    order = _order(text)
    seen = [c for c in get_display(text) if unicodedata.bidirectional(c) != "BN"]
    if [text[at] for at, _ in order] != seen:
        return None
    levels = dict(order)
    # Joiners, which the algorithm leaves out, belong to what they follow.
    level = 0
    filled = [level := levels.get(at, level) for at in range(len(text))]
    spans = {}
    for level, group in groupby(range(len(text)), filled.__getitem__):
        places = list(group)
        spans[places[0]] = Span(places[0], places[-1] + 1, level % 2 == 0)
    starts = {at: span.start for span in spans.values() for at in range(span.start, span.stop)}
    return tuple(spans[start] for start in dict.fromkeys(starts[at] for at, _ in order))


def _order(text: str) -> list[tuple[int, int]]:
    """(position in the text, embedding level) of each character from left to right."""
    storage = algorithm.get_empty_storage()
    storage["base_level"] = algorithm.get_base_level(text)
    storage["base_dir"] = "LR"[storage["base_level"]]
    algorithm.get_embedding_levels(text, storage)
    for at, char in enumerate(storage["chars"]):
        char["at"] = at
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        _resolve_brackets(storage["chars"][run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    algorithm.reorder_resolved_levels(storage, False)
    return [(char["at"], char["level"]) for char in storage["chars"]]


def _resolve_brackets(chars: list[dict[str, Any]], before: str) -> None:
    """Rule N0: both brackets of a pair go the way of what they hold. before: the direction in front of the run."""
    for opening, closing in _pairs(chars):
        along = "LR"[chars[opening]["level"] % 2]
        held = {d for char in chars[opening + 1 : closing] if (d := _strong(char))}
        if along in held:
            direction = along
        elif held:
            outside = next((d for char in reversed(chars[:opening]) if (d := _strong(char))), before)
            direction = outside if outside in held else along
        else:
            continue
        chars[opening]["type"] = chars[closing]["type"] = direction


def _pairs(chars: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """The positions of matching brackets, in order of the opening ones."""
    pairs, waiting = [], []
    for at, char in enumerate(chars):
        if char["type"] != "ON" or char["ch"] not in MIRRORED:
            continue
        category = unicodedata.category(char["ch"])
        if category == "Ps":
            waiting.append(at)
        elif category == "Pe":
            partner = next((w for w in reversed(waiting) if MIRRORED[char["ch"]] == chars[w]["ch"]), None)
            if partner is not None:
                pairs.append((partner, at))
                del waiting[waiting.index(partner) :]
    return sorted(pairs)


def _strong(char: dict[str, Any]) -> str:
    """L or R (numbers count as R); empty for neutral characters."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(char["type"], "")
