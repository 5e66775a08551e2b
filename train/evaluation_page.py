"""An evaluation as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..datasets.images import encode_jpeg
from ..errors import UserError
from ..files import whole_file, write_json
from ..prep.page import page, picture, pictures, section, table
from ..prep.text import percent, safe, visible
from .evaluate import Evaluation
from .tally import Mistake

CHARACTERS = 100
NOTHING = "nothing"


def write_evaluation(evaluation: Evaluation, path: Path, title: str = "How well it reads") -> None:
    """Write the page to `path` (named .html) and the figures beside it (.json); folders are made."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: an evaluation is a page: a name that ends in .html is expected")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path.with_suffix(".json"), evaluation.report)
    with whole_file(path) as file:
        file.write(evaluation_page(evaluation, title))


def evaluation_page(evaluation: Evaluation, title: str) -> str:
    """The page as HTML; every number on it stands in the report."""
    report = evaluation.report
    pooled = report["pooled"]
    parts = {
        "scores": ("Scores", _scores(report)),
        "worst": ("Worst lines", _shown(evaluation.worst)),
        "sure": ("Wrong and sure of it: first check the labels here", _shown(evaluation.sure)),
        "lengths": ("By length of the label", _lengths(pooled["by_length"])),
        "confused": ("What is taken for what", _confused(pooled["confused"])),
        "characters": ("Characters, hardest first", _characters(pooled["characters"])),
    }
    links = "".join(f'<a href="#{anchor}">{safe(heading)}</a>' for anchor, (heading, _) in parts.items())
    body = [f"<h1>{safe(title)}</h1>", f"<nav>{links}</nav>"]
    return page(title, body + [section(anchor, heading, content) for anchor, (heading, content) in parts.items()])


def _scores(report: dict[str, Any]) -> str:
    rows = [_score_row(name, part) for name, part in report["sets"].items() if len(report["sets"]) > 1]
    rows.append(_score_row("all lines", report["pooled"]))
    if len(report["sets"]) > 1:
        rows.append(_score_row("mean of the sets", report["macro"]))
    heads = ("set", "#lines", "#right", "#line accuracy", "95 % interval", "#1 - NED", "95 % interval", "remarks")
    note = (
        f"Compared: {report['policy']['name']} ({report['policy']['meaning']}). "
        "1 - NED is the mean of 1 - normalised edit distance. Intervals: bootstrap over "
        + (f"{groups:,} groups of lines." if (groups := report["pooled"]["groups"]) else "the lines.")
    )
    return f'<p class="soft">{safe(note)}</p>' + _protocol(report) + table(heads, rows)


def _protocol(report: dict[str, Any]) -> str:
    """What keeps a benchmark from comparing with published figures, where there is something."""
    protocol = report.get("protocol", {})
    complaints = [f"{name} is missing" for name in protocol.get("missing", [])]
    for name, lines in protocol.get("other_size", {}).items():
        complaints.append(f"{name} holds {lines['here']:,} lines, and {lines['published']:,} were published")
    if not complaints:
        return ""
    text = f"Figures over all lines do not compare with published ones: {'; '.join(complaints)}."
    return f'<ul class="findings"><li class="look">{safe(text)}</li></ul>'


def _score_row(name: str, part: dict[str, Any]) -> list[object]:
    spans = [" to ".join(percent(edge) for edge in part["interval_95"][k]) for k in ("accuracy", "similarity")]
    unknown = {"labels with unknown characters": part["not_in_dict"]} if part.get("not_in_dict") else {}
    found = {**part.get("refused", {}), **part.get("unreadable", {}), **unknown}
    remarks = ", ".join(f"{reason}: {n}" for reason, n in found.items())
    counts = [part.get("lines", ""), part.get("right", "")]
    return [name, *counts, percent(part["accuracy"]), spans[0], f"{part['similarity']:.4f}", spans[1], remarks]


def _shown(mistakes: Iterable[Mistake]) -> str:
    figures = [
        picture(
            encode_jpeg(mistake.picture, 90),
            mistake.read.label,
            f"read: {mistake.read.text or NOTHING}",
            f"confidence {mistake.read.confidence:.2f}, 1 - NED {mistake.similarity:.2f}",
            mistake.read.origin,
        )
        for mistake in mistakes
    ]
    return pictures(figures) if figures else '<p class="none">none</p>'


def _lengths(by_length: dict[str, Any]) -> str:
    rows = [(int(n), s["lines"], percent(s["accuracy"]), f"{s['similarity']:.4f}") for n, s in by_length.items()]
    return table(("#characters", "#lines", "#line accuracy", "#1 - NED"), rows)


def _confused(confused: list[dict[str, Any]]) -> str:
    if not confused:
        return '<p class="none">nothing</p>'
    rows = [(visible(r["label"]) or NOTHING, visible(r["read"]) or NOTHING, r["count"]) for r in confused]
    return table(("in the label", "read", "#times"), rows)


def _characters(characters: list[dict[str, Any]]) -> str:
    rows = [
        (r["character"], r["count"], r["right"], _share(r["recall"]), r["read"], _share(r["precision"]))
        for r in characters[:CHARACTERS]
    ]
    more = len(characters) - CHARACTERS
    note = f'<p class="soft">{more} more stand in the JSON file.</p>' if more > 0 else ""
    return table(("character", "#in labels", "#read rightly", "#recall", "#read", "#precision"), rows) + note


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)
