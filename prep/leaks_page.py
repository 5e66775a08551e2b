"""What leaks as one page that opens anywhere, offline, and as JSON beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..corpora.leaks import Leaks
from ..errors import UserError
from ..files import whole_file, write_json
from .leaks import Found
from .page import page, picture, pictures, section, table
from .text import percent, quoted, safe


def write_leaks(train: Path, found: Sequence[Found], corpora: dict[str, Leaks], path: Path) -> None:
    """Write the page to `path` (named .html) and the figures beside it (.json). corpora: by name, what they hold of
    the texts of the other sets."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: a report is a page: a name that ends in .html is expected")
    figures = {
        "train": str(train),
        "sets": [one.to_json() for one in found],
        "corpora": {name: texts.to_json() for name, texts in corpora.items()},
    }
    write_json(path.with_suffix(".json"), figures)
    with whole_file(path) as file:
        file.write(leaks_page(train, found, corpora))


def leaks_page(train: Path, found: Sequence[Found], corpora: dict[str, Leaks]) -> str:
    """The page as HTML."""
    title = f"What {train.resolve().name} shares with the sets that judge it"
    body = [f"<h1>{safe(title)}</h1>", _summary(found)]
    body += [section(f"set{n}", str(one.path), _pairs(one)) for n, one in enumerate(found)]
    texts = "".join(f"<h3>{safe(name)}</h3><p>{safe(leak)}.</p>" for name, leak in corpora.items())
    texts += "".join(f"<h3>labels of {safe(train)}, {safe(one.path)}</h3><p>{safe(one.texts)}.</p>" for one in found)
    return page(title, [*body, section("texts", "Texts", texts)])


def _summary(found: Sequence[Found]) -> str:
    rows = []
    for one in found:
        figures = one.to_json()
        exact, near = figures["exact"], figures["near"]
        counts = (exact["train"], exact["other"], near["train"], near["other"])
        rows.append((str(one.path), one.count, *counts, percent(figures["share"]), percent(one.texts.share)))
    heads = (
        "set",
        "#pictures",
        "#equal: in training",
        "#in the set",
        "#nearly equal: in training",
        "#in the set",
        "#of the set's pictures",
        "#of its texts",
    )
    note = (
        "Equal: the same bytes. Nearly equal: the same but for compression, scale, light or a narrow margin; found by "
        "128 bits of each picture, then compared point by point. A text leaks where a label of more than two "
        "characters stands in the training set word for word."
    )
    return f'<p class="soft">{safe(note)}</p>' + table(heads, rows)


def _pairs(one: Found) -> str:
    if not one.examples:
        return '<p class="none">No picture of it is in the training set.</p>'
    figures = []
    for kind, ours, theirs in one.examples:
        odd = "" if ours.label == theirs.label else "the labels differ"
        figures.append(picture(ours.thumb, ours.label, f"{kind}, in training", odd, ours.origin))
        figures.append(picture(theirs.thumb, theirs.label, "in the set", theirs.origin))
    differ = sum(a.label != b.label for _, a, b in one.examples)
    text = f"{len(one.examples)} pairs are shown, those with different labels first ({differ})."
    if one.otherwise:
        text += f" {one.otherwise} more had similar bits and turned out to be different pictures."
    grid = "".join(pictures(figures[i : i + 2]) for i in range(0, len(figures), 2))
    return f'<p class="soft">{safe(text)}</p><div class="columns">{grid}</div>'


def found_sentence(one: Found) -> str:
    """The finding about a set in a sentence."""
    exact, near = one.to_json()["exact"], one.to_json()["near"]
    example = next((f", for example {quoted(b.label)}" for _, _, b in one.examples if b.label), "")
    return (
        f"{one.path}: {exact['other']} of {one.count} pictures stand in the training set too, {near['other']} nearly"
        f"{example}; {one.texts}"
    )
