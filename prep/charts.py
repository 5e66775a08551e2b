"""Bar charts as inline SVG. Colours come from the page's style sheet, so they follow light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import count, percent, safe

WIDTH, HEIGHT = 360, 150
LEFT, BOTTOM, TOP = 6, 22, 16
BARS = 36
TAIL = 0.995


def bars(histogram: dict[str, Any], title: str, marks: dict[str, float] | None = None) -> str:
    """The distribution that `Histogram.to_json` gives, as an SVG. The last bar holds the tail, the largest 0.5 %.

    marks: names and values of vertical lines.
    """
    counts = {float(k): n for k, n in histogram["counts"].items()}
    if not counts:
        return '<p class="none">no values</p>'
    step = histogram["step"]
    low, size, groups = _grouped(counts, step, max((marks or {}).values(), default=0))
    most, total = max(groups), sum(groups)
    tail = max(counts) > low + size * len(groups) - step / 2
    slot = (WIDTH - 2 * LEFT) / len(groups)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{safe(title)}">']
    for i, number in enumerate(groups):
        height = (HEIGHT - BOTTOM - TOP) * number / most
        more = " and more" if tail and i == len(groups) - 1 else ""
        span = f"{_short(low + i * size)}{_up_to(low, i, size, step)}{more}"
        parts.append(
            f'<rect class="bar" x="{LEFT + i * slot + slot * 0.08:.1f}" y="{HEIGHT - BOTTOM - height:.1f}" '
            f'width="{slot * 0.84:.1f}" height="{height:.1f}">'
            f"<title>{span}: {count(round(number))} ({percent(number / total)})</title></rect>"
        )
    for name, value in (marks or {}).items():
        # A limit belongs to what it still allows: the line stands behind its value.
        x = min(max(LEFT + (value + step - low) / size * slot, LEFT), WIDTH - LEFT)
        anchor = "start" if x < WIDTH / 2 else "end"
        parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 3}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="mark" x="{x:.1f}" y="{TOP - 5}" text-anchor="{anchor}">{safe(name)}</text>')
    parts.append(_axis(low, size, len(groups), tail))
    return "".join([*parts, "</svg>"])


def overlaid(a: dict[str, Any], b: dict[str, Any], title: str) -> str:
    """Two distributions as `Histogram.to_json` gives them, in shares of each, one drawn over the other, as an SVG."""
    shares = [{float(k): n / h["values"] for k, n in h["counts"].items()} for h in (a, b)]
    both = {k: shares[0].get(k, 0) + shares[1].get(k, 0) for k in {*shares[0], *shares[1]}}
    step = a["step"]
    low, size, groups = _grouped(both, step, 0)
    tail = max(both) > low + size * len(groups) - step / 2
    heights = [_filled(part, low, step, size, len(groups)) for part in shares]
    most, slot = max(map(max, heights)), (WIDTH - 2 * LEFT) / len(groups)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{safe(title)}">']
    for i, pair in enumerate(zip(*heights, strict=True)):
        for kind, share in zip(("bar", "bar other"), pair, strict=True):
            height = (HEIGHT - BOTTOM - TOP) * share / most
            if share:
                parts.append(
                    f'<rect class="{kind}" x="{LEFT + i * slot:.1f}" y="{HEIGHT - BOTTOM - height:.1f}" '
                    f'width="{slot:.1f}" height="{height:.1f}"/>'
                )
        more = " and more" if tail and i == len(groups) - 1 else ""
        span = f"{_short(low + i * size)}{_up_to(low, i, size, step)}{more}"
        parts.append(
            f'<rect class="over" x="{LEFT + i * slot:.1f}" y="{TOP}" width="{slot:.1f}" '
            f'height="{HEIGHT - BOTTOM - TOP}"><title>{span}: {percent(pair[0])} and {percent(pair[1])}</title></rect>'
        )
    return "".join([*parts, _axis(low, size, len(groups), tail), "</svg>"])


def _grouped(counts: Mapping[float, float], step: float, mark: float) -> tuple[float, float, list[float]]:
    """Lowest value, values per bar, and the bars; `mark` is a value that must be on the chart."""
    total, seen, high = sum(counts.values()), 0.0, 0.0
    low = min(counts)
    for value in sorted(counts):
        seen += counts[value]
        high = value
        if seen >= TAIL * total:
            break
    low, high = (min(low, mark), max(high, mark)) if mark else (low, high)
    steps = round((high - low) / step) + 1
    per_bar = max(1, -(-steps // BARS))
    size = per_bar * step
    return low, size, _filled(counts, low, step, size, -(-steps // per_bar))


def _filled(counts: Mapping[float, float], low: float, step: float, size: float, bars: int) -> list[float]:
    """The bars; the last holds everything above."""
    groups, per_bar = [0.0] * bars, round(size / step)
    for value, number in counts.items():
        groups[min(round((value - low) / step) // per_bar, bars - 1)] += number
    return groups


def _up_to(low: float, index: int, size: float, step: float) -> str:
    last = low + (index + 1) * size - step
    return "" if size <= step * 1.001 else f" to {_short(last)}"


def _axis(low: float, size: float, bars: int, tail: bool) -> str:
    y, slot = HEIGHT - BOTTOM, (WIDTH - 2 * LEFT) / bars
    parts = [f'<line class="axis" x1="{LEFT}" x2="{WIDTH - LEFT}" y1="{y}" y2="{y}"/>']
    for i in sorted({0, bars // 4, bars // 2, 3 * bars // 4, bars - 1}):
        x = LEFT + (i + 0.5) * slot
        anchor = "start" if x < 20 else "end" if x > WIDTH - 20 else "middle"
        value = _short(low + i * size) + ("+" if tail and i == bars - 1 else "")
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="{anchor}">{value}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
