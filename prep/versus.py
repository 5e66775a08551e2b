"""A comparison of two packs as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import whole_file, write_json
from .charts import overlaid
from .compare import KOLMOGOROV, Comparison, Difference, Side, summary
from .page import page, picture, pictures, section, table
from .text import count, percent, safe

CHANGES = 8
PICTURES = 18
ROWS = 10
METHODS = (
    "Distances run from 0 (alike) to 1 (nothing in common). Of numbers it is the Kolmogorov-Smirnov distance: the "
    "largest difference between the shares of pictures at or below any value. Of characters, kinds and colours it is "
    "the total variation distance: the share of one pack that would have to change to have the other's frequencies; "
    "colours are counted on a coarse grid. Ink, paper, margins, strokes, slope and noise are measured at the model's "
    "height on a sample of the pictures."
)


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write the page to `path` (named .html) and the figures beside it (.json); folders are made."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: a comparison is a page: a name that ends in .html is expected")
    write_json(path.with_suffix(".json"), comparison.to_json())
    with whole_file(path) as file:
        file.write(comparison_page(comparison))


def comparison_page(comparison: Comparison) -> str:
    """The page as HTML; every number on it stands in `comparison.to_json()`."""
    sure = [d for d in comparison.differences if d.is_certain]
    rest = [d for d in comparison.differences if not d.is_certain]
    parts = {
        "summary": ("Summary", _summary(comparison)),
        "ranking": ("What differs most", _ranking(comparison)),
        "samples": ("Samples of both", _samples(comparison)),
        "differences": ("Each difference", _all(comparison, sure)),
        "alike": ("No more different than chance makes them", _all(comparison, rest)),
        "judge": ("What gives the pictures away", _judge(comparison)),
    }
    title = f"{comparison.a.name} against {comparison.b.name}"
    links = "".join(f'<a href="#{anchor}">{safe(heading)}</a>' for anchor, (heading, _) in parts.items())
    body = [f"<h1>{safe(title)}</h1>", f"<nav>{links}</nav>"]
    return page(title, body + [section(anchor, heading, content) for anchor, (heading, content) in parts.items()])


def _keys(comparison: Comparison) -> str:
    names = [("", comparison.a), (" second", comparison.b)]
    return " &nbsp; ".join(f'<span class="key{extra}"></span>{safe(side.name)}' for extra, side in names)


def _summary(comparison: Comparison) -> str:
    items = [
        f'<li class="look"><b>{_rich(_first_up(d.todo))}.</b>{safe(_first_up(d.text))}.</li>'
        for d in comparison.differences
        if d.todo
    ][:CHANGES]
    made = comparison.a if comparison.made == "a" else comparison.b
    changes = f"<h3>What to change in the recipe of {safe(made.name)}, most urgent first</h3>" if items else ""
    tiles = "".join(_tile(side, extra) for side, extra in ((comparison.a, ""), (comparison.b, " second")))
    return (
        f'<p>{safe(summary(comparison))}</p><div class="tiles">{tiles}</div>{changes}'
        f'<ul class="findings">{"".join(items)}</ul>'
    )


def _tile(side: Side, extra: str) -> str:
    measured, manifest = side.stats.measured, side.stats.manifest or {}
    kind = manifest.get("kind", "no manifest")
    return (
        f'<div><strong><span class="key{extra}"></span>{safe(side.name)}</strong>{count(measured.count)} samples, '
        f"{safe(kind)}; {count(len(measured.details.rows))} measured in detail, of which "
        f"{count(measured.details.unclear)} without clear ink</div>"
    )


def _ranking(comparison: Comparison) -> str:
    rows = []
    for difference in comparison.differences:
        name = f'<a href="#{difference.name}">{safe(difference.title)}</a>'
        faint = "" if difference.is_certain else ' style="opacity:0.35"'
        width = f"{100 * difference.distance:.1f}"
        rows.append(
            f'<div>{name}</div><div class="length"{faint}><div style="width:{width}%"></div></div>'
            f'<div class="number"{faint}>{difference.distance:.2f}</div>'
        )
    note = "Faint: equal packs of these sizes would differ as much once in a hundred times."
    return f'<div class="rank">{"".join(rows)}</div><p class="soft">{safe(note)} {safe(METHODS)}</p>'


def _samples(comparison: Comparison) -> str:
    columns = []
    for side, extra in ((comparison.a, ""), (comparison.b, " second")):
        shown = (picture(e.thumb, e.label) for e in side.stats.measured.gallery[:PICTURES])
        columns.append(f'<div><h3><span class="key{extra}"></span>{safe(side.name)}</h3>{pictures(shown)}</div>')
    return f'<div class="columns">{"".join(columns)}</div>'


def _all(comparison: Comparison, differences: Iterable[Difference]) -> str:
    shown = "".join(_difference(comparison, d) for d in differences)
    return f'<p>{_keys(comparison)}</p><div class="charts">{shown}</div>' if shown else '<p class="none">None.</p>'


def _difference(comparison: Comparison, difference: Difference) -> str:
    if difference.method == KOLMOGOROV:
        chart = overlaid(difference.a, difference.b, difference.title)
    elif difference.name.endswith("_shades"):
        chart = _shades(comparison.a, difference.a) + _shades(comparison.b, difference.b)
    else:
        chart = _shares(comparison, difference)
    unit = f" ({difference.unit})" if difference.unit else ""
    heading = f"{_first_up(difference.title)}{unit}: {difference.distance:.2f}"
    todo = f"<br><strong>{_rich(_first_up(difference.todo))}.</strong>" if difference.todo else ""
    return (
        f'<figure id="{difference.name}"><h3>{safe(heading)}</h3>{chart}'
        f"<figcaption>{safe(_first_up(difference.text))}.{todo}</figcaption></figure>"
    )


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rich(text: str) -> str:
    """HTML of a text of ours in which `keys` stand between backticks."""
    return "".join(
        f"<code>{safe(part)}</code>" if i % 2 else html.escape(part) for i, part in enumerate(text.split("`"))
    )


def _shades(side: Side, counts: dict[str, Any]) -> str:
    """Colours as wide as they are frequent."""
    boxes = "".join(
        f'<div style="flex:{n};background:{safe(colour)}" title="{safe(colour)} {percent(n / counts["values"])}"></div>'
        for colour, n in counts["counts"].items()
    )
    return f'<p class="soft">{safe(side.name)}</p><div class="shades">{boxes}</div>'


def _shares(comparison: Comparison, difference: Difference) -> str:
    """The values whose shares differ most."""
    a, b = ({k: n / t["values"] for k, n in t["counts"].items()} for t in (difference.a, difference.b))
    ranked = sorted({*a, *b}, key=lambda k: (-abs(a.get(k, 0) - b.get(k, 0)), k))
    rows = [(k, percent(a.get(k, 0)), percent(b.get(k, 0))) for k in ranked[:ROWS]]
    return table(("", f"#{comparison.a.name}", f"#{comparison.b.name}"), rows)


def _judge(comparison: Comparison) -> str:
    verdict = comparison.verdict
    if verdict.auc is None:
        return f'<p class="none">{safe(summary(comparison))}</p>'
    titles = {d.name: d.title for d in comparison.differences}
    rows = [(titles.get(name, name), percent(share)) for name, share in verdict.clues]
    text = (
        f"A logistic regression on these figures, trained on four fifths of {count(verdict.pictures[0])} and "
        f"{count(verdict.pictures[1])} different pictures and asked about the last fifth, five times. Area under the "
        f"ROC curve: {verdict.auc:.3f}; 0.5 is guessing, 1 is never wrong. The table says how much of its judgement "
        "hangs on each property; properties that say the same share it."
    )
    return f"<p>{safe(text)}</p>" + table(("property", "#share of the judgement"), rows)
