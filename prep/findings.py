"""What the figures of a pack mean for training, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .text import count, percent, quoted, size

FEW_LINES = 5000
MUCH_SQUEEZED = 0.2
MUCH_OF_ONE = 0.2
MANY_TWINS = 0.05
MUCH_LOST = 0.05
SOME = 0.01
ENOUGH = 20
IGNORED = "ignored_"
"""Refusals that the annotators wanted begin so."""


@dataclass(frozen=True)
class Finding:
    """One thing to know. level: "bad" hurts training, "look" deserves a look, "good" needs nothing."""

    level: str
    text: str


def describe(figures: dict[str, Any]) -> str:
    """One paragraph: what this data is. figures: what `Stats.to_json` gives."""
    lengths, sizes = figures["histograms"]["label_length"], figures["histograms"]["picture_height"]
    made = figures["made"]
    where = f", made by the step “{made['kind']}”" if made else ""
    refused = sum(figures["refusals"].values())
    reasons = ", ".join(f"{reason} {count(n)}" for reason, n in figures["refusals"].items())
    return (
        f"{count(figures['count'])} pictures of text ({size(figures['image_bytes'])}){where}. "
        f"The labels hold {count(figures['characters']['distinct'])} different characters and are "
        f"{_span(lengths, 'characters long')}. Pictures are {_span(sizes, 'pixels high')}. "
        + (f"{count(refused)} candidates were refused when it was made: {reasons}." if refused else "")
    ).strip()


def _span(histogram: dict[str, Any], unit: str) -> str:
    low, middle, high = histogram["min"], histogram["p50"], histogram["max"]
    if not histogram["values"]:
        return "of unknown size, since none could be read"
    return f"all {low} {unit}" if low == high else f"{low} to {high} {unit}, half of them at most {middle}"


def findings(figures: dict[str, Any]) -> list[Finding]:
    """What would hurt training, worst first; one "good" finding where nothing would."""
    found = [*_broken(figures), *_labels(figures), *_twins(figures), *_shape(figures), *_pictures(figures)]
    found += [*_refused(figures), *_amount(figures)]
    found.sort(key=lambda f: ("bad", "look", "good").index(f.level))
    if not any(f.level == "bad" for f in found):
        found.insert(0, Finding("good", "Nothing was found that would clearly hurt training."))
    return found


def _concern(figures: dict[str, Any], name: str) -> tuple[int, float]:
    entry = figures["concerns"].get(name, {"count": 0, "of": 1})
    return entry["count"], entry["count"] / max(1, entry["of"])


def _number(figures: dict[str, Any], name: str) -> str:
    number, share = _concern(figures, name)
    return f"{count(number)} ({percent(share)})"


def _broken(figures: dict[str, Any]) -> Iterator[Finding]:
    broken, every = sum(figures["decoded"]["unreadable"].values()), figures["decoded"]["every"]
    if broken:
        yield Finding("bad", f"Pictures that cannot be read: {count(broken)}. A trainer stops at them or skips them.")
    refused = {reason: n for reason, n in figures["refusals"].items() if not reason.startswith(IGNORED)}
    lost, total = sum(refused.values()), figures["count"] + sum(figures["refusals"].values())
    if lost > MUCH_LOST * total:
        reasons = ", ".join(f"{reason} {count(n)}" for reason, n in refused.items())
        made = figures["made"] or {}
        what = "Attempts refused and drawn anew" if made.get("kind") == "synth" else "Candidates lost"
        yield Finding("look", f"{what} when the pack was made: {count(lost)} ({percent(lost / total)}): {reasons}.")
    if every > 1:
        yield Finding(
            "look",
            f"Only one picture in {every} was decoded: sizes, light and readability are those of these pictures. "
            "Labels, bytes and duplicates are of all.",
        )


def _labels(figures: dict[str, Any]) -> Iterator[Finding]:
    for name, level, what in (
        ("empty_label", "bad", "Empty labels"),
        ("control_character", "look", "Labels with invisible control characters"),
        ("edge_space", "look", "Labels that begin or end with white space, which no picture shows"),
        ("too_long", "bad", f"Labels longer than a model {figures['model']['width']} pixels wide can learn"),
    ):
        if _concern(figures, name)[0]:
            yield Finding(level, f"{what}: {_number(figures, name)}.")
    dictionary = figures["dictionary"]
    if dictionary is None:
        return
    outside = sorted(dictionary["outside"].items(), key=lambda cn: (-cn[1], cn[0]))
    if outside:
        worst = ", ".join(quoted(c) for c, _ in outside[:5])
        yield Finding(
            "bad",
            f"Labels with characters outside the dictionary: {_number(figures, 'outside_dictionary')}. Most frequent: "
            f"{worst}. Add them to the dictionary or drop these samples.",
        )
    missing, rare = len(dictionary["missing"]), len(dictionary["rare"])
    if missing or rare:
        yield Finding(
            "look",
            f"Of the dictionary's {count(dictionary['size'])} characters {count(missing)} never appear and "
            f"{count(rare)} fewer than {dictionary['rare_below']} times: a model will not learn to read them from "
            "this pack alone.",
        )


def _twins(figures: dict[str, Any]) -> Iterator[Finding]:
    wrong, surplus = figures["contradictions"], figures["duplicate_pictures"]["surplus"]
    if wrong["groups"]:
        yield Finding(
            "bad",
            f"Pictures that appear several times with different labels: {count(wrong['groups'])} "
            f"({count(wrong['in_groups'])} samples). At most one label of each can be right.",
        )
    if surplus:
        share = surplus / figures["count"]
        yield Finding(
            "bad" if share > MANY_TWINS else "look",
            f"Samples that repeat another picture exactly: {count(surplus)} ({percent(share)}). "
            "Split so that twins do not sit in training and test at once.",
        )
    largest = figures["labels"]["largest"][:1]
    if largest and largest[0]["size"] > MUCH_OF_ONE * figures["count"]:
        share, label = largest[0]["size"] / figures["count"], largest[0]["samples"][0]["label"]
        yield Finding("look", f"{percent(share)} of all labels are {quoted(label)}: a model learns to guess it.")


def _shape(figures: dict[str, Any]) -> Iterator[Finding]:
    model, advice, squeezed = figures["model"], figures["recommended"], figures["squeezed"]
    if squeezed["share"] > MUCH_SQUEEZED:
        yield Finding(
            "bad",
            f"{percent(squeezed['share'])} of the pictures are wider than {model['width']} pixels at height "
            f"{model['height']} and would be squeezed; a width of {advice['width']} leaves 80 % as they are.",
        )
    for name, what in (
        ("crowded", "Pictures too narrow for their label (a wrong label, or a line read along the wrong side)"),
        ("tall", "Pictures that stand upright with several characters (vertical lines, or turned pictures)"),
    ):
        if _concern(figures, name)[0]:
            level = "bad" if _concern(figures, name)[1] > SOME else "look"
            yield Finding(level, f"{what}: {_number(figures, name)}.")


def _pictures(figures: dict[str, Any]) -> Iterator[Finding]:
    for name, what in (
        ("flat", "Pictures of almost one colour, on which perhaps nothing can be read"),
        ("small", f"Pictures less than half as high as the model's {figures['model']['height']} pixels"),
    ):
        if _concern(figures, name)[0]:
            yield Finding("look", f"{what}: {_number(figures, name)}.")


def _refused(figures: dict[str, Any]) -> Iterator[Finding]:
    by = figures["refusals_by"]
    poor = [(f["font"], f["refused"] / (f["refused"] + f["made"])) for f in by["fonts"] if _is_poor(f)]
    if poor:
        worst = ", ".join(f"{font} ({percent(share)})" for font, share in sorted(poor, key=lambda p: -p[1])[:5])
        yield Finding("look", f"Fonts whose lines were refused more often than drawn: {count(len(poor))}: {worst}.")
    never = [c["character"] for c in by["characters"] if not c["in_labels"]]
    if never:
        shown = ", ".join(quoted(c) for c in never[:10])
        yield Finding("look", f"Characters that were refused and are in no label: {count(len(never))}: {shown}.")


def _is_poor(font: dict[str, Any]) -> bool:
    return font["made"] is not None and font["refused"] > font["made"] and font["refused"] + font["made"] >= ENOUGH


def _amount(figures: dict[str, Any]) -> Iterator[Finding]:
    if figures["count"] < FEW_LINES:
        yield Finding(
            "look",
            f"Few samples: {count(figures['count'])}. Fine-tuning wants {count(FEW_LINES)} lines, training from "
            "nothing far more. Add synthetic lines.",
        )
