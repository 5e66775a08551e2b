"""Suspect labels as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError
from ..files import whole_file, write_json
from ..prep.page import page, picture, pictures, section, table
from ..prep.text import count, percent, safe
from .audit import Audit, Suspect

NOTHING = "nothing"
TURNED = 40


def write_audit(found: Audit, path: Path, data: str, model: str) -> None:
    """Write the page to `path` (named .html) and the figures beside it (.json). data, model: their names."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: an audit is a page: a name that ends in .html is expected")
    write_json(path.with_suffix(".json"), {"data": data, "model": model, **found.to_json()})
    with whole_file(path) as file:
        file.write(audit_page(found, data, model))


def audit_page(found: Audit, data: str, model: str) -> str:
    """The page as HTML."""
    title = f"Labels of {Path(data).name} that are probably wrong"
    shown = "".join(
        f"<h3>{safe(heading)}: {count(len(part))}</h3>{pictures(_shown(s) for s in part)}"
        for heading, part in _kinds(found.suspects).items()
        if part
    )
    rows = [
        ("read as labelled", found.agreed),
        ("read as labelled once turned around", found.turned),
        ("read otherwise", found.lines - found.agreed - found.turned),
    ]
    rows += [(f"not judged: {reason.replace('_', ' ')}", number) for reason, number in found.unjudged.items()]
    text = (
        f"The model {model} read {count(found.lines)} lines of {data}, {percent(found.agreed / max(1, found.lines))} "
        "of them as they are labelled. Ranked by how many times more probable it finds its reading than the label, "
        "as far as it is sure of the reading. Look at the first ones: where the model is wrong the label is hard, and "
        "where it is right the label is an error."
    )
    body = [
        f"<h1>{safe(title)}</h1>",
        f"<p>{safe(text)}</p>",
        table(("", "#lines"), rows),
        section("suspects", "Suspect labels, the most suspect first", shown or '<p class="none">None.</p>'),
    ]
    if found.upside_down:
        around = pictures(_shown(s) for s in found.upside_down[:TURNED])
        note = f'<p class="soft">{count(found.turned)}; their labels are right. The surest readings are shown.</p>'
        body.append(section("turned", "Pictures that stand upside down", note, around))
    return page(title, body)


def _kinds(suspects: list[Suspect]) -> dict[str, list[Suspect]]:
    """A label of one's own line is off by a character or two; one of another line is off altogether."""
    far = [s for s in suspects if 2 * s.edits > max(len(s.label), len(s.text))]
    near = [s for s in suspects if 2 * s.edits <= max(len(s.label), len(s.text))]
    return {"Another text altogether": far, "A few characters differ": near}


def _shown(suspect: Suspect) -> str:
    return picture(
        suspect.thumb,
        suspect.label,
        f"read: {suspect.text or NOTHING}",
        f"confidence {suspect.confidence:.2f}, e^{suspect.odds:.0f} times as probable" if suspect.odds < 1e9 else "",
        f"line {suspect.number}: {suspect.origin}",
    )
