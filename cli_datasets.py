"""`ocrdata datasets`: what the catalogue knows, and what of it is here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .tables import counts, line, table, where

if TYPE_CHECKING:
    from .datasets.present import Presence

NAME = typer.Argument(help="One dataset, or a YAML file of your own: show all that is known of it.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(datasets)


def datasets(
    name: Annotated[str | None, NAME] = None,
    data: Annotated[Path, typer.Option(help="Where datasets are fetched to: DATA/NAME.")] = Path("data"),
    formats: Annotated[bool, typer.Option("--formats", help="List the label formats instead.")] = False,
) -> None:
    """List the datasets that `fetch` knows: licence, size, what is here already.

    A dataset of your own is a YAML file like those shown with NAME: `ocrdata fetch my.yml`.
    """
    from .datasets.present import all_presences, presence
    from .datasets.readers import SCENES, WORDS

    if formats:
        table("photos with text regions, for `crop`", [(f,) for f in SCENES], ("format",))
        table("pictures of one text each, for `pack`", [(f,) for f in WORDS], ("format",))
        return
    if name is None:
        rows = [(p.entry.name, p.entry.title, p.entry.licence, p.entry.size, p.summary) for p in all_presences(data)]
        table(f"{len(rows)} datasets", rows, ("name", "what", "licence", "download", f"in {data}"))
        return
    _show(presence(name, data))


def _show(found: Presence) -> None:
    entry = found.entry
    line(f"{entry.name}: {entry.title}")
    line(f"homepage: {entry.homepage}")
    line(f"licence:  {entry.licence}")
    line(f"download: {entry.size}")
    line(f"cite:     {entry.citation.strip() or 'not stated'}")
    if entry.login:
        line(f"login:    {entry.login.strip()}")
    rows = [
        (
            f.name,
            f"sha256 {f.sha256}" if f.sha256 else f"md5 {f.md5}" if f.md5 else "recorded at the first fetch",
            f"{f.extract}/" if f.extract else "as it is",
            "\n".join((*f.urls, *f.mirrors)) or "by hand",
        )
        for f in entry.files
    ]
    table("files", rows, ("name", "checked by", "becomes", "from"))
    splits = [
        (name, s.format, s.labels, "\n".join(s.images), "here" if name in found.splits else "")
        for name, s in entry.splits.items()
    ]
    table("splits", splits, ("name", "format", "labels", "photos", ""))
    if found.splits or found.files or found.waiting:
        counts(
            "here", {"files in place": found.files, "of": len(entry.files), "waiting or partly there": found.waiting}
        )
        where(found.folder)
