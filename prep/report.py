"""The statistics of a pack as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import whole_file, write_json
from .charts import bars
from .measured import Example
from .page import page, picture, pictures, section, table
from .refused import refusal_part
from .stats import Stats
from .text import code_point, count, name_of, percent, safe, size, visible

ROWS = 200
CHIPS = 1500
LEVELS = {"bad": "Hurts training:", "look": "Take a look:", "good": "Good:"}
CHARTS = {
    "label_length": "Label length, characters",
    "scaled_width": "Width after scaling to the model's height, pixels",
    "aspect_ratio": "Aspect ratio, width to height",
    "picture_height": "Height of the pictures, pixels",
    "brightness": "Brightness, mean grey 0–255",
    "contrast": "Contrast, deviation of grey",
    "sharpness": "Sharpness, strength of the Laplacian",
    "ink_contrast": "Contrast of ink and paper, levels of lightness",
    "paper_lightness": "Lightness of the paper, 0–255",
    "ink_lightness": "Lightness of the ink, 0–255",
    "paper_chroma": "Colourfulness of the paper, 0 is grey",
    "ink_chroma": "Colourfulness of the ink, 0 is grey",
    "ink_share": "Share of the picture that is ink, %",
    "stroke": "Thickness of strokes, % of the height",
    "margin_left": "Room at the left, % of the height",
    "margin_right": "Room at the right, % of the height",
    "margin_top": "Room at the top, % of the height",
    "margin_bottom": "Room at the bottom, % of the height",
    "advance": "Width of a character, % of the height; Han and the like count as two",
    "slope": "Slope of the line, degrees, falling above 0",
    "noise": "Noise, levels of grey",
    "blocks": "Blocks of JPEG, % stronger steps at its grid",
}


def write_report(stats: Stats, path: Path) -> None:
    """Write the page to `path` (named .html) and the figures beside it (.json); folders are made."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: a report is a page: a name that ends in .html is expected")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path.with_suffix(".json"), stats.to_json())
    with whole_file(path) as file:
        file.write(report(stats))


def report(stats: Stats) -> str:
    """The page as HTML; every number on it stands in `stats.to_json()`."""
    figures = stats.to_json()
    parts = {
        "summary": ("Summary", _summary(figures)),
        "model": ("Fit to the model", _model(figures)),
        "concerns": ("Samples to look at", _concerns(stats, figures)),
        "characters": ("Characters", _characters(figures)),
        "labels": ("Labels", _labels(figures)),
        "pictures": ("Pictures", _charts(figures, ("picture_height", "brightness", "contrast", "sharpness"))),
        "details": ("Ink and paper", _details(figures["details"])),
        "duplicates": ("Duplicates", _duplicates(stats, figures)),
        "refusals": ("Refusals", refusal_part(figures, stats.refused.examples)),
        "samples": ("Samples", pictures(_shown(e, stats) for e in stats.measured.gallery)),
        "origin": ("Origin and licences", _origin(figures)),
    }
    title = f"What {stats.pack.resolve().name} holds"
    links = "".join(f'<a href="#{anchor}">{safe(heading)}</a>' for anchor, (heading, _) in parts.items())
    body = [f"<h1>{safe(title)}</h1>", f"<nav>{links}</nav>"]
    return page(title, body + [section(anchor, heading, content) for anchor, (heading, content) in parts.items()])


def _summary(figures: dict[str, Any]) -> str:
    lines = "".join(
        f'<li class="{f["level"]}"><b>{LEVELS[f["level"]]}</b>{safe(f["text"])}</li>' for f in figures["findings"]
    )
    dictionary = figures["dictionary"]
    tiles = {
        "samples": count(figures["count"]),
        "refused": count(sum(figures["refusals"].values())),
        "different characters": count(figures["characters"]["distinct"]),
        "outside the dictionary": count(len(dictionary["outside"])) if dictionary else "no dictionary given",
        "different labels": count(figures["labels"]["distinct"]),
        "repeated pictures": count(figures["duplicate_pictures"]["surplus"]),
        "unreadable": count(sum(figures["decoded"]["unreadable"].values())),
        "picture data": size(figures["image_bytes"]),
    }
    boxes = "".join(f"<div><strong>{safe(value)}</strong>{safe(name)}</div>" for name, value in tiles.items())
    return (
        f'<p>{safe(figures["summary"])}</p><ul class="findings">{lines}</ul><div class="tiles">{boxes}</div>'
        f'<p class="soft">Pack: {safe(figures["pack"])}. All figures are in the JSON file beside this page.</p>'
    )


def _model(figures: dict[str, Any]) -> str:
    model, advice, squeezed = figures["model"], figures["recommended"], figures["squeezed"]
    text = (
        f"For an input of {model['height']} × {model['width']} pixels {count(squeezed['count'])} pictures "
        f"({percent(squeezed['share'])}) are wider and would be squeezed. Recommended: a width of "
        f"<strong>{advice['width']}</strong> (at most 20 % squeezed: {percent(advice['squeezed_at_that_width'])}) "
        f"and a max_text_length of <strong>{advice['max_text_length']}</strong> ({count(advice['labels_longer'])} "
        "labels are longer)."
    )
    marks = {
        "scaled_width": {f"model {model['width']}": model["width"]},
        "label_length": {f"advised {advice['max_text_length']}": advice["max_text_length"]},
    }
    return f"<p>{text}</p>" + _charts(figures, ("scaled_width", "label_length", "aspect_ratio"), marks)


def _charts(figures: dict[str, Any], names: Iterable[str], marks: dict[str, dict[str, float]] | None = None) -> str:
    parts = []
    for name in names:
        histogram = figures["histograms"][name]
        middle, low, high, most = (f"{histogram[k]:.6g}" for k in ("p50", "p5", "p95", "max"))
        caption = f"median {middle}, 5–95 %: {low} to {high}, largest {most}"
        chart = bars(histogram, CHARTS[name], (marks or {}).get(name))
        parts.append(f"<figure><h3>{safe(CHARTS[name])}</h3>{chart}<figcaption>{safe(caption)}</figcaption></figure>")
    return f'<div class="charts">{"".join(parts)}</div>'


def _details(details: dict[str, Any]) -> str:
    dark = details["dark_on_light"]
    if dark is None:
        return '<p class="none">In no picture could ink and paper be told apart.</p>'
    text = (
        f"Measured at the model's height on {count(details['pictures'])} pictures; in {count(details['unclear_ink'])} "
        f"of them ink and paper could not be told apart. The ink is darker than the paper in {percent(dark)}."
    )
    return f"<p>{safe(text)}</p>" + _charts(details, details["histograms"])


def _shown(example: Example, stats: Stats) -> str:
    return picture(example.thumb, example.label, example.detail, example.origin or f"sample {example.index}")


def _concerns(stats: Stats, figures: dict[str, Any]) -> str:
    parts = []
    for name, entry in figures["concerns"].items():
        share = percent(entry["count"] / max(1, entry["of"]))
        parts.append(f"<h3>{safe(name.replace('_', ' '))}: {count(entry['count'])} ({share})</h3>")
        parts.append(f'<p class="soft">{safe(entry["meaning"])}.</p>')
        parts.append(pictures(_shown(e, stats) for e in stats.measured.examples.get(name, [])))
    return "".join(parts) or '<p class="none">None.</p>'


def _character_table(counts: Iterable[tuple[str, int]]) -> str:
    rows = [(visible(c), code_point(c), name_of(c), n) for c, n in counts]
    return table(("sign", "code", "name", "#times"), rows)


def _characters(figures: dict[str, Any]) -> str:
    counts = list(figures["characters"]["counts"].items())
    parts = [f"<p>{count(len(counts))} different characters, {count(figures['characters']['total'])} in all.</p>"]
    if figures["dictionary"]:
        parts.append(_dictionary(figures["dictionary"]))
    parts.append(f'<div class="columns"><div><h3>Most frequent</h3>{_character_table(counts[:ROWS])}</div>')
    parts.append(f"<div><h3>Rarest</h3>{_character_table(counts[: -ROWS - 1 : -1])}</div></div>")
    if len(counts) > ROWS:
        parts.append(f'<p class="soft">{ROWS} of each are shown; the JSON file has them all.</p>')
    return "".join(parts)


def _dictionary(dictionary: dict[str, Any]) -> str:
    parts = []
    outside, missing, rare = dictionary["outside"], dictionary["missing"], dictionary["rare"]
    parts.append(f"<h3>Outside the dictionary: {count(len(outside))}</h3>")
    parts.append(_character_table(list(outside.items())[:ROWS]) if outside else '<p class="none">None.</p>')
    if " " in outside:
        parts.append('<p class="soft">The space is missing: give the dictionary a line that holds one space.</p>')
    parts.append(f"<h3>In the dictionary, never seen: {count(len(missing))} of {count(dictionary['size'])}</h3>")
    parts.append(_chips(missing))
    parts.append(f"<h3>Seen fewer than {dictionary['rare_below']} times: {count(len(rare))}</h3>")
    parts.append(_character_table(list(rare.items())[:ROWS]) if rare else '<p class="none">None.</p>')
    return "".join(parts)


def _chips(characters: str) -> str:
    if not characters:
        return '<p class="none">None.</p>'
    more = f" … and {count(len(characters) - CHIPS)} more" if len(characters) > CHIPS else ""
    shown = " ".join(f"<bdi>{safe(c)}</bdi>" for c in characters[:CHIPS])
    return f'<div class="chips">{shown}{more}</div>'


def _labels(figures: dict[str, Any]) -> str:
    labels = figures["labels"]
    text = (
        f"<p>{count(labels['distinct'])} different labels; {count(labels['groups'])} of them appear more than once, on "
        f"{count(labels['in_groups'])} pictures.</p>"
    )
    rows = [(visible(g["samples"][0]["label"]), g["size"]) for g in labels["largest"]]
    return text + (f"<h3>Most frequent</h3>{table(('label', '#times'), rows)}" if rows else "")


def _duplicates(stats: Stats, figures: dict[str, Any]) -> str:
    parts = []
    for kind, key, what in (
        ("contradictions", "contradictions", "The same picture with different labels"),
        ("pictures", "duplicate_pictures", "The same picture again"),
    ):
        entry = figures[key]
        parts.append(f"<h3>{what}: {count(entry['groups'])} pictures, {count(entry['in_groups'])} samples</h3>")
        for group, examples in zip(entry["largest"], stats.twin_examples[kind], strict=True):
            parts.append(f'<p class="soft">{count(group["size"])} times:</p>')
            parts.append(pictures(_shown(e, stats) for e in examples))
    return "".join(parts)


def _origin(figures: dict[str, Any]) -> str:
    made = figures["made"]
    if not made:
        return '<p class="none">This pack has no manifest: nobody recorded how it was made.</p>'
    parts = []
    ledger = made.get("ledger") or []
    if ledger:
        heads = list(dict.fromkeys(key for row in ledger for key in row))
        parts.append("<h3>Licences</h3>" + table(heads, ([row.get(h, "") for h in heads] for row in ledger)))
    if figures["notes"]:
        parts.append("<h3>Notes</h3>" + table(("note", "#times"), figures["notes"].items()))
    rest = json.dumps({k: v for k, v in made.items() if k != "ledger"}, ensure_ascii=False, indent=1)
    parts.append("<h3>How it was made</h3><pre>" + _listing(rest) + "</pre>")
    return "".join(parts)


def _listing(text: str) -> str:
    lines = [(line, line.lstrip(" ")) for line in text.split("\n")]
    return "\n".join(" " * (len(line) - len(bare)) + safe(bare) for line, bare in lines)
