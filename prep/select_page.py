"""What was left out of a pack, and why, as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.images import BadImage, decode
from ..files import whole_file, write_json
from .charts import bars
from .choice import KEPT, REASONS, Choice, Trust
from .histogram import Histogram
from .look import thumbnail
from .page import page, picture, pictures, section, table
from .rules import SelectConfig
from .store import Pack
from .text import code_point, count, name_of, percent, safe, visible

GALLERY = 40
ROWS = 100


def write_selection(
    manifest: dict[str, Any], choice: Choice, trust: Trust, config: SelectConfig, pack: Path, path: Path
) -> dict[str, Any]:
    """Write the page to `path` and the figures beside it; the figures are returned. pack: what was written."""
    opened = Pack(pack)
    seen: Counter[str] = Counter()
    for label in opened.labels():
        seen.update(set(label))
    figures = _figures(manifest, choice, config, seen)
    body = [
        f"<h1>{safe(f'What was chosen for {pack.resolve().name}')}</h1>",
        f"<p>{safe(_sentence(figures))}</p>",
        table(
            ("left out because", "#samples", "#of all"),
            [(r.replace("_", " "), n, percent(n / figures["samples"])) for r, n in figures["reasons"].items()],
        ),
        section("out", "Left out", _examples(manifest, figures["reasons"])),
        section("kept", "Kept", _gallery(opened)),
    ]
    if trust:
        body.append(section("models", "What the models trust", _models(trust, config)))
    if config.quota is not None:
        body.append(section("quota", "Characters below the quota", _below(figures, config.quota)))
    opened.close()
    write_json(path.with_suffix(".json"), figures)
    with whole_file(path) as file:
        file.write(page(f"What was chosen for {pack.resolve().name}", body))
    return figures


def _figures(manifest: dict[str, Any], choice: Choice, config: SelectConfig, seen: Counter[str]) -> dict[str, Any]:
    codes, numbers = np.unique(choice.codes, return_counts=True)
    reasons = {REASONS[code]: number for code, number in zip(codes.tolist(), numbers.tolist(), strict=True)}
    kept = reasons.pop(REASONS[KEPT], 0)
    below = {c: n for c, n in seen.items() if config.quota is not None and n < config.quota}
    return {
        "samples": len(choice.codes),
        "kept": kept,
        "written": manifest["count"],
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        "not_judged_by": choice.unjudged,
        "rules": manifest["config"]["rules"],
        "models": manifest["config"]["models"],
        "characters": len(seen),
        "below_quota": dict(sorted(below.items(), key=lambda item: item[1])),
    }


def _sentence(figures: dict[str, Any]) -> str:
    share = percent(figures["kept"] / figures["samples"])
    text = f"{count(figures['kept'])} of {count(figures['samples'])} samples were kept ({share})"
    if figures["written"] != figures["kept"]:
        text += f", and {count(figures['written'])} written: weights repeat some"
    for model, number in figures["not_judged_by"].items():
        if number:
            text += f"; the {model} model could not judge {count(number)}, which it did not keep out"
    return text + "."


def _examples(manifest: dict[str, Any], reasons: dict[str, int]) -> str:
    parts = []
    for reason, number in reasons.items():
        parts.append(f"<h3>{safe(reason.replace('_', ' '))}: {count(number)}</h3>")
        shown = (e for e in manifest["examples"] if e["reason"] == reason)
        parts.append(pictures(picture(bytes.fromhex(e["thumb"]), e["text"], e["detail"], e["origin"]) for e in shown))
    return "".join(parts) or '<p class="none">Nothing.</p>'


def _gallery(pack: Pack) -> str:
    indices = sorted({i * len(pack) // GALLERY for i in range(GALLERY)}) if len(pack) else []
    figures = []
    for index in indices:
        sample = pack[index]
        try:
            thumb: bytes | None = thumbnail(decode(sample.image))
        except BadImage:
            thumb = None
        figures.append(picture(thumb, sample.label, sample.origin))
    return pictures(figures) if figures else '<p class="none">Nothing is left.</p>'


def _models(trust: Trust, config: SelectConfig) -> str:
    parts = []
    for model, values in trust.items():
        histogram = Histogram(0.02)
        histogram.add(values[~np.isnan(values)].tolist())
        limit = config.trivial if model == "weak" else config.impossible
        heading = f"How much the {model} model trusts the labels, 0 to 1"
        chart = bars(histogram.to_json(), heading, None if limit is None else {f"limit {limit:g}": limit})
        parts.append(f"<figure><h3>{safe(heading)}</h3>{chart}</figure>")
    return f'<div class="charts">{"".join(parts)}</div>'


def _below(figures: dict[str, Any], quota: int) -> str:
    below = figures["below_quota"]
    if not below:
        return f'<p class="none">Each of {count(figures["characters"])} stands in at least {count(quota)} samples.</p>'
    rows = [(visible(c), code_point(c), name_of(c), n) for c, n in list(below.items())[:ROWS]]
    note = (
        f"{count(len(below))} of {count(figures['characters'])} characters stand in fewer than {count(quota)} samples"
    )
    return f'<p class="soft">{safe(note)}; the pack has no more of them.</p>' + table(
        ("sign", "code", "name", "#samples"), rows
    )
