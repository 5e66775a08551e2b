"""Two packs side by side: how far apart they are in each property, and what would bring them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import UserError
from .advice import advice
from .distance import kolmogorov, kolmogorov_chance, variation, variation_chance
from .histogram import Histogram
from .judge import Verdict, judge
from .properties import THINGS, TITLES, Things, values
from .stats import Stats
from .text import percent, quoted

KOLMOGOROV = "Kolmogorov-Smirnov"
VARIATION = "total variation"
SHOWN = 4
LEAST = 0.005
WORTH = 0.1
"""Distances below are not worth a change, however certain they are."""


class Side(NamedTuple):
    """One pack of a comparison, with the name that sentences use."""

    name: str
    stats: Stats


@dataclass(frozen=True)
class Difference:
    """One property. distance: 0 alike, 1 nothing in common; chance: what equal packs stay below, 99 times in 100.

    a, b: the distributions: of numbers what `Histogram.to_json` gives, of things {"values", "counts"}.
    text: what differs; todo: what to change, "" where nothing was found.
    """

    name: str
    title: str
    unit: str
    method: str
    distance: float
    chance: float
    a: dict[str, Any]
    b: dict[str, Any]
    text: str
    todo: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether chance alone hardly explains the distance."""
        return self.distance > self.chance


@dataclass(frozen=True)
class Comparison:
    """Differences, largest first, those that chance explains last; `made` is "a" or "b" where one is synthetic."""

    a: Side
    b: Side
    made: str | None
    differences: list[Difference]
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values."""
        clues = [{"property": name, "share": share} for name, share in self.verdict.clues]
        auc, distance = self.verdict.auc, self.verdict.distance
        return {
            "a": _about(self.a),
            "b": _about(self.b),
            "synthetic": self.made,
            "told_apart": {
                "auc": None if auc is None else round(auc, 4),
                "distance": None if distance is None else round(distance, 4),
                "pictures": list(self.verdict.pictures),
                "clues": clues,
            },
            "summary": summary(self),
            "differences": [_figures(d) for d in self.differences],
        }


def _about(side: Side) -> dict[str, Any]:
    measured, manifest = side.stats.measured, side.stats.manifest or {}
    return {
        "name": side.name,
        "pack": str(side.stats.pack),
        "count": measured.count,
        "detailed": len(measured.details.rows),
        "unclear_ink": measured.details.unclear,
        "kind": manifest.get("kind"),
        "digest": manifest.get("digest"),
    }


def _figures(difference: Difference) -> dict[str, Any]:
    values = {k: getattr(difference, k) for k in ("name", "title", "unit", "method")}
    numbers = {k: round(getattr(difference, k), 4) for k in ("distance", "chance")}
    rest = {k: getattr(difference, k) for k in ("text", "todo", "a", "b")}
    return {**values, **numbers, "certain": difference.is_certain, **rest}


def compare(a: Stats, b: Stats) -> Comparison:
    """Compare two packs, usually a real and a synthetic one; advice is for the synthetic, else for `b`.

    Raises UserError where they were measured for different models.
    """
    models = [(s.measured.height, s.measured.width) for s in (a, b)]
    if models[0] != models[1]:
        first, second = (f"{h} x {w}" for h, w in models)
        raise UserError(f"{a.pack} was measured for {first} and {b.pack} for {second}: measure both for one model")
    sides = _named(a, b)
    synthetic = [(s.manifest or {}).get("kind") == "synth" for s in (a, b)]
    made = None if synthetic[0] == synthetic[1] else "ab"[synthetic.index(True)]
    found = [*_numbers(sides, made), *_things(sides, made)]
    found.sort(key=lambda d: (not d.is_certain, -d.distance, d.name))
    return Comparison(*sides, made, found, judge(a.measured.details, b.measured.details))


def _named(a: Stats, b: Stats) -> tuple[Side, Side]:
    names = [s.pack.resolve().name for s in (a, b)]
    if names[0] == names[1]:
        names = [f"{s.pack.resolve().parent.name}/{name}" for s, name in zip((a, b), names, strict=True)]
    if names[0] == names[1]:
        names = ["the first pack", "the second pack"]
    return Side(names[0], a), Side(names[1], b)


def _numbers(sides: tuple[Side, Side], made: str | None) -> Iterator[Difference]:
    for name, (title, unit) in TITLES.items():
        a, b = (values(side.stats, name) for side in sides)
        if not a.total or not b.total:
            continue
        real, synthetic = (b, a) if made == "a" else (a, b)
        how, todo = advice(name, real, synthetic)
        other, one = (sides[1], sides[0]) if made == "a" else (sides[0], sides[1])
        text = f"{title} is {how} in {one.name}: {_span(synthetic)}, against {_span(real)} in {other.name}"
        chance = kolmogorov_chance(a.total, b.total)
        distance = kolmogorov(a, b)
        todo = todo if made and distance > max(chance, WORTH) else ""
        yield Difference(name, title, unit, KOLMOGOROV, distance, chance, a.to_json(), b.to_json(), text, todo)


def _span(values: Histogram) -> str:
    low, middle, high = (f"{values.quantile(q):.4g}" for q in (0.05, 0.5, 0.95))
    return f"median {middle}, 5–95 %: {low} to {high}"


def _things(sides: tuple[Side, Side], made: str | None) -> Iterator[Difference]:
    for thing in THINGS:
        a, b = (thing.count(side.stats) for side in sides)
        if not a.total() or not b.total():
            continue
        distance, chance = variation(a, b), variation_chance(a, b)
        text = _shares(thing, sides, (a, b), made)
        todo = thing.todo if made and distance > max(chance, WORTH) else ""
        yield Difference(thing.name, thing.title, "", VARIATION, distance, chance, _table(a), _table(b), text, todo)


def _table(counts: Counter[str]) -> dict[str, Any]:
    return {"values": counts.total(), "counts": dict(sorted(counts.items(), key=lambda kn: (-kn[1], kn[0])))}


def _shares(
    thing: Things, sides: tuple[Side, Side], counts: tuple[Counter[str], Counter[str]], made: str | None
) -> str:
    """What the real pack has more of, and what the other has more of."""
    order = (1, 0) if made == "a" else (0, 1)
    real, other = (counts[i] for i in order)
    gaps = {k: real[k] / real.total() - other[k] / other.total() for k in {*real, *other}}
    parts = []
    for sign, more, less in ((1, *order), (-1, *order[::-1])):
        most = sorted(gaps, key=lambda k: (-sign * gaps[k], k))[:SHOWN]
        shown = [_share(k, counts[more], counts[less], thing) for k in most if sign * gaps[k] > LEAST]
        if shown:
            parts.append(f"more in {sides[more].name} than in {sides[less].name}: {', '.join(shown)}")
    return f"{thing.title}: " + ("; ".join(parts) or "no value stands out")


def _share(key: str, more: Counter[str], less: Counter[str], thing: Things) -> str:
    shown = quoted(key) if thing.name == "characters" else key
    return f"{shown} {percent(more[key] / more.total())} against {percent(less[key] / less.total())}"


def summary(comparison: Comparison) -> str:
    """One paragraph for people."""
    auc = comparison.verdict.auc
    sure = [d for d in comparison.differences if d.is_certain]
    first = (
        f"They differ most in {', '.join(f'{d.title} ({d.distance:.2f})' for d in sure[:3])}."
        if sure
        else "No property differs by more than chance explains."
    )
    if auc is None:
        few = min(comparison.verdict.pictures)
        return f"{first} With only {few} different pictures on one side, no judge can be trained to tell them apart."
    level = "hardly" if auc < 0.6 else "sometimes" if auc < 0.75 else "mostly" if auc < 0.95 else "nearly always"
    return (
        f"{first} Shown one picture of each at the model's height, a simple judge (logistic regression on the figures "
        f"below) is right in {percent(round(auc, 3))} of all cases: they can {level} be told apart; 50 % would be "
        "guessing."
    )
