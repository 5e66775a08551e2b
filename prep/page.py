"""Pieces of a self-contained HTML page: nothing is loaded from anywhere, everything foreign is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from .text import safe

STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #5b6570; --ground: #ffffff; --panel: #f3f5f7;
  --line: #d8dde3; --blue: #2563b8;
  --orange: #d9700a; --bad: #b3261e; --look: #8a5a00; --good: #1c7a3c; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --soft: #9aa5b1; --ground: #14171a; --panel: #1e2328;
  --line: #343b43; --blue: #6ea8ff; --orange: #ffab5e; --bad: #ff8a80; --look: #f2b84b; --good: #6fd08c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 16px; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0.3em 0; } h2 { font-size: 1.2rem; margin: 2em 0 0.5em; padding-top: 0.5em;
  border-top: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.2em 0 0.3em; }
nav a { margin-right: 0.9em; white-space: nowrap; } a { color: var(--blue); }
p.soft, .soft, figcaption { color: var(--soft); font-size: 0.87rem; } p.none { color: var(--soft); }
ul.findings { list-style: none; padding: 0; } ul.findings li { padding: 0.45em 0.8em; margin: 0.4em 0;
  background: var(--panel); border-left: 4px solid var(--line); border-radius: 3px; }
li.bad { border-color: var(--bad) !important; } li.look { border-color: var(--look) !important; }
li.good { border-color: var(--good) !important; }
li b { margin-right: 0.4em; } li.bad b { color: var(--bad); } li.look b { color: var(--look); }
li.good b { color: var(--good); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(105px, 1fr)); gap: 10px; }
.tiles div { background: var(--panel); border-radius: 6px; padding: 8px 12px; }
.tiles strong { display: block; font-size: 1.25rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 16px; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 11px; }
.bar { fill: var(--blue); } .bar:hover { opacity: 0.7; } .axis { stroke: var(--line); }
.other { fill: var(--orange); fill-opacity: 0.6; } .over { fill: transparent; }
.key { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; background: var(--blue);
  margin-right: 0.3em; } .key.second { background: var(--orange); }
.rank { display: grid; grid-template-columns: minmax(9em, 15em) 1fr 3.2em; gap: 2px 12px; align-items: center; }
.rank a { text-decoration: none; } .rank .length { height: 0.8em; background: var(--panel); border-radius: 3px; }
.rank .length div { height: 100%; background: var(--blue); border-radius: 3px; min-width: 1px; }
.rank .number { text-align: right; font-variant-numeric: tabular-nums; }
.shades { display: flex; height: 30px; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
line.mark { stroke: var(--bad); stroke-dasharray: 4 3; } svg text.mark { fill: var(--bad); }
.scroll { overflow-x: auto; max-height: 26rem; overflow-y: auto; border: 1px solid var(--line); border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; } th, td { padding: 3px 10px; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
th { white-space: nowrap; } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; } thead th { position: sticky; top: 0;
  background: var(--panel); }
.pictures { display: flex; flex-wrap: wrap; gap: 10px; } .pictures figure { background: var(--panel); padding: 6px;
  border-radius: 4px; max-width: 100%; } .pictures img { display: block; height: 40px; width: auto; max-width: 100%;
  object-fit: contain; image-rendering: auto; } .pictures figcaption { max-width: 22em; }
figcaption strong { color: var(--text); font-size: 0.95rem; }
.blank { height: 40px; display: grid; place-items: center; color: var(--soft); font-size: 0.8rem; padding: 0 8px; }
.chips { line-height: 1.9; font-size: 1.05rem; letter-spacing: 0.25em; max-height: 16rem; overflow-y: auto;
  background: var(--panel); padding: 6px 10px; border-radius: 4px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; }
pre { background: var(--panel); padding: 10px;
  overflow: auto; max-height: 24rem; font-size: 0.8rem; border-radius: 4px; }
"""


def page(title: str, body: Iterable[str]) -> str:
    """A whole document. title: plain text; body: HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # The page may hold foreign texts: even if one slipped through, nothing of it could run or load.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{safe(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def section(anchor: str, heading: str, *content: str) -> str:
    """A part of the page with a heading that the list of contents can point to."""
    return f'<section id="{anchor}">\n<h2>{safe(heading)}</h2>\n' + "\n".join(c for c in content if c) + "\n</section>"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Heads that start with `#` are of numbers, aligned to the right. Cells are plain values."""
    number = [head.startswith("#") for head in heads]
    classes = [' class="n"' if n else "" for n in number]
    top = "".join(f"<th{c}>{safe(head.removeprefix('#'))}</th>" for c, head in zip(classes, heads, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{_cell(v)}</td>" for c, v in zip(classes, row, strict=True)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    # bdi keeps right-to-left text from reordering what stands beside it.
    return f"{value:,}" if isinstance(value, int) else f"<bdi>{safe(value)}</bdi>"


def picture(thumb: bytes | None, label: str, *notes: str) -> str:
    """A thumbnail (JPEG, PNG or WebP bytes) with its label and small notes below."""
    if thumb:
        image = f'<img src="data:{_kind(thumb)};base64,{base64.b64encode(thumb).decode()}" alt="{safe(label)}">'
    else:
        image = '<div class="blank">no picture</div>'
    lines = "".join(f'<br><span class="soft"><bdi>{safe(n)}</bdi></span>' for n in notes if n)
    return f"<figure>{image}<figcaption><bdi><strong>{safe(label)}</strong></bdi>{lines}</figcaption></figure>"


def pictures(figures: Iterable[str]) -> str:
    """A row of pictures that wraps."""
    return f'<div class="pictures">{"".join(figures)}</div>'


def _kind(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"
