"""Refusals in a report: how many, why, which fonts and characters, and what they looked like."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from ..files import whole_file
from .page import page, picture, pictures, table
from .store import Tally, tally_of
from .text import code_point, count, name_of, percent, safe, visible

ROWS = 100


def refusal_figures(refused: Tally, seen: Counter[str]) -> dict[str, Any]:
    """Fonts and characters by number of refusals, as JSON values. seen: how often each character is in labels.

    "made" counts the samples that a font drew, None where the pack does not say; "uncounted" the refusals whose
    font and character were too rare to be kept.
    """
    fonts = [
        {"font": name, "refused": sum(reasons.values()), "made": _made(refused, name), "reasons": reasons}
        for name, reasons in refused.blame.fonts()
    ]
    characters = [
        {"character": sign, "refused": sum(reasons.values()), "in_labels": seen[sign], "reasons": reasons}
        for sign, reasons in refused.blame.characters()
    ]
    return {"fonts": fonts, "characters": characters, "uncounted": refused.blame.rest.total()}


def _made(refused: Tally, font: str) -> int | None:
    return refused.fonts[font] if refused.fonts else None


def refusal_part(figures: dict[str, Any], examples: list[dict[str, str]]) -> str:
    """The section of the page as HTML. figures: what `Stats.to_json` gives; examples: a tally's."""
    if not figures["refusals"]:
        unknown = "" if figures["made"] else " known; this pack has no manifest"
        return f'<p class="none">None{unknown}.</p>'
    parts = [table(("reason", "#times"), figures["refusals"].items()), _blame(figures["refusals_by"])]
    for reason in figures["refusals"]:
        shown = (e for e in examples if e["reason"] == reason)
        parts.append(f"<h3>{safe(reason)}</h3>")
        parts.append(pictures(picture(bytes.fromhex(e["thumb"]), e["text"], e["detail"], e["origin"]) for e in shown))
    return "".join(parts)


def _blame(by: dict[str, Any]) -> str:
    parts = []
    if by["fonts"]:
        parts.append("<h3>By font</h3>" + _fonts(by["fonts"][:ROWS]))
    if by["characters"]:
        heads = ("sign", "code", "name", "#refused", "#in labels", "reasons")
        rows = [
            (visible(c["character"]), *_about(c["character"]), c["refused"], c["in_labels"], _reasons(c["reasons"]))
            for c in by["characters"][:ROWS]
        ]
        parts.append("<h3>By character</h3>" + table(heads, rows))
    longest = max(len(by["fonts"]), len(by["characters"]))
    notes = [f"{ROWS} of each are shown; the JSON file has them all."] if longest > ROWS else []
    if by["uncounted"]:
        notes.append(f"{count(by['uncounted'])} refusals, of rarer pairs of font and character, are in neither table.")
    return "".join(parts) + (f'<p class="soft">{safe(" ".join(notes))}</p>' if notes else "")


def _fonts(fonts: list[dict[str, Any]]) -> str:
    known = fonts[0]["made"] is not None
    heads = ("font", "#refused", *(("#samples made", "#share refused") if known else ()), "reasons")
    rows = []
    for font in fonts:
        made = (font["made"], percent(font["refused"] / (font["refused"] + font["made"]))) if known else ()
        rows.append((font["font"], font["refused"], *made, _reasons(font["reasons"])))
    return table(heads, rows)


def _about(character: str) -> tuple[str, str]:
    return (code_point(character), name_of(character)) if len(character) == 1 else ("", "")


def _reasons(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count(n)}" for reason, n in reasons.items())


def made_scenes(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder of finished scenes; None for anything else."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("kind") == "scenes" else None


def write_refused(manifest: dict[str, Any], path: Path) -> None:
    """Write a page about what was refused while scenes were made. Folders are made."""
    refused = tally_of(manifest)
    figures = {
        "refusals": dict(refused.refusals.most_common()),
        "made": True,
        "refusals_by": refusal_figures(refused, Counter()),
    }
    title = f"{count(refused.count)} scenes, and what was left out of them"
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(page(title, [f"<h1>{safe(title)}</h1>", refusal_part(figures, refused.examples)]))
