"""`ocrdata stats`: what a pack holds, and what of it would hurt training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..corpora.charset import Charset
from ..datasets.images import BadImage, decode
from ..errors import UserError
from .findings import describe, findings
from .look import thumbnail
from .measured import ABOUT_LABELS, CONCERNS, EXAMPLES, STRIDE, Example, Measured, Measurer
from .ranges import over_ranges
from .refused import refusal_figures
from .store import Pack, Tally, tally_of
from .twins import Groups

GALLERY = 40
RARE = 200
"""Below this many examples a character is learnt badly: the rule that the makers of PP-OCR publish."""
WIDTH_SHARE = 0.8
LENGTH_SHARE = 0.999
DETAILED = 2000
"""About so many pictures are measured in detail, evenly spread: enough for any distribution, whatever the pack."""
ABOUT_PACK = ("kind", "config", "versions", "ledger", "digest")


@dataclass
class Stats:
    """The figures of one pack. `measured` adds up over shards; the rest is what only the whole pack knows."""

    pack: Path
    charset: Charset | None
    rare: int
    every: int
    measured: Measured
    manifest: dict[str, Any] | None
    refused: Tally
    twins: dict[str, Groups] = field(default_factory=dict)
    twin_examples: dict[str, list[list[Example]]] = field(default_factory=dict)

    def recommended(self) -> dict[str, Any]:
        """The model width that leaves 80 % of the pictures unsqueezed, and the label length that loses none in 999."""
        m = self.measured
        width = max(32, -(-int(m.scaled_width.quantile(WIDTH_SHARE)) // 32) * 32)
        length = max(1, int(m.label_length.quantile(LENGTH_SHARE)))
        return {
            "width": width,
            "squeezed_at_that_width": round(m.scaled_width.share_above(width), 6),
            "max_text_length": length,
            "labels_longer": round(m.label_length.share_above(length) * m.count),
        }

    def dictionary(self) -> dict[str, Any] | None:
        """The pack's characters against the dictionary; None without one."""
        if self.charset is None:
            return None
        seen = self.measured.characters
        counts = {c: seen.get(c, 0) for c in self.charset.characters}
        return {
            "size": len(self.charset),
            "missing": "".join(c for c, n in counts.items() if n == 0),
            "rare_below": self.rare,
            "rare": dict(sorted(((c, n) for c, n in counts.items() if 0 < n < self.rare), key=lambda cn: cn[1])),
            "outside": {c: n for c, n in _ranked(seen) if c not in self.charset},
            "labels_with_outside": self.measured.concerns["outside_dictionary"],
        }

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON values; pictures are left out."""
        m = self.measured
        figures = {
            "pack": str(self.pack),
            "made": {k: self.manifest[k] for k in ABOUT_PACK if k in self.manifest} if self.manifest else None,
            "count": m.count,
            "image_bytes": m.image_bytes,
            "decoded": {"pictures": m.decoded, "every": self.every, "unreadable": dict(m.unreadable)},
            "refusals": dict(self.refused.refusals.most_common()),
            "refusals_by": refusal_figures(self.refused, m.characters),
            "refusal_examples": [{k: v for k, v in e.items() if k != "thumb"} for e in self.refused.examples],
            "notes": dict(self.refused.notes.most_common()),
            "model": {"height": m.height, "width": m.width, "stride": STRIDE},
            "squeezed": {"count": m.concerns["squeezed"], "share": round(m.scaled_width.share_above(m.width), 6)},
            "recommended": self.recommended(),
            "concerns": self._concerns(),
            "characters": {"distinct": len(m.characters), "total": m.characters.total(), "counts": self._counts()},
            "dictionary": self.dictionary(),
            "labels": self._twins("labels"),
            "duplicate_pictures": self._twins("pictures"),
            "contradictions": self._twins("contradictions"),
            "histograms": {name: getattr(m, name).to_json() for name in HISTOGRAMS},
            "details": self._details(),
        }
        return {**figures, "summary": describe(figures), "findings": [asdict(f) for f in findings(figures)]}

    def _details(self) -> dict[str, Any]:
        details = self.measured.details
        dark = details.dark_share
        return {
            "pictures": len(details.rows),
            "unclear_ink": details.unclear,
            "dark_on_light": None if dark is None else round(dark, 6),
            "histograms": {name: details.histogram(name, step).to_json() for name, step in DETAILS.items()},
        }

    def _counts(self) -> dict[str, int]:
        return dict(_ranked(self.measured.characters))

    def _concerns(self) -> dict[str, Any]:
        m, looked = self.measured, self.measured.decoded + self.measured.unreadable.total()
        return {
            name: {
                "count": count,
                "of": m.count if name in ABOUT_LABELS else looked,
                "meaning": CONCERNS.get(name, "the picture cannot be read"),
                "examples": [_example(e) for e in m.examples.get(name, [])],
            }
            for name, count in m.concerns.most_common()
        }

    def _twins(self, kind: str) -> dict[str, Any]:
        groups = self.twins[kind]
        shown = zip(groups.sizes.tolist(), self.twin_examples[kind], strict=False)
        return {
            "distinct": groups.distinct,
            "groups": len(groups.sizes),
            "in_groups": int(groups.sizes.sum()),
            "surplus": groups.surplus,
            "largest": [{"size": size, "samples": [_example(e) for e in examples]} for size, examples in shown],
        }


HISTOGRAMS = (
    "label_length",
    "picture_height",
    "aspect_ratio",
    "scaled_width",
    "brightness",
    "contrast",
    "sharpness",
)
DETAILS = {
    "ink_contrast": 1.0,
    "paper_lightness": 1.0,
    "ink_lightness": 1.0,
    "paper_chroma": 1.0,
    "ink_chroma": 1.0,
    "ink_share": 1.0,
    "stroke": 0.5,
    "margin_left": 3.125,
    "margin_right": 3.125,
    "margin_top": 3.125,
    "margin_bottom": 3.125,
    "advance": 2.0,
    "slope": 0.25,
    "noise": 0.25,
    "blocks": 1.0,
}
"""Names of what is measured in detail, each with the step of its histogram: a pixel of 32, a level of a median."""


def stats(
    pack: Path,
    charset: Charset | None = None,
    height: int = 32,
    width: int = 320,
    sample: int | None = None,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
    rare: int = RARE,
) -> Stats:
    """Measure every sample of a pack for a model input of height x width pixels.

    sample: decode about that many pictures, evenly spread, instead of all; everything else is of all samples.
    workers: processes; 0 is one per core. Figures do not depend on it.
    Raises UserError for what is no pack, an empty one, or impossible sizes.
    """
    for name, value in {
        "height": height,
        "width": width,
        "sample": 1 if sample is None else sample,
        "rare": rare,
    }.items():
        if value < 1:
            raise UserError(f"{name} is {value}: at least 1 is expected")
    manifest = _manifest(pack)
    opened = Pack(pack)
    if not len(opened):
        raise UserError(f"{pack}: the pack holds no sample")
    every = max(1, len(opened) // sample) if sample else 1
    shown = frozenset(i * len(opened) // GALLERY // every * every for i in range(GALLERY))
    detailed = every * max(1, len(opened) // every // DETAILED)
    measurer = Measurer(opened, charset, height, width, every, shown, detailed)
    measured = Measured(height, width)
    try:
        for part in over_ranges(measurer, len(opened), workers, progress):
            measured += part
        found = Stats(pack, charset, rare, every, measured, manifest, _refused(pack, manifest))
        _find_twins(found, opened)
    finally:
        opened.close()
    return found


def _find_twins(found: Stats, pack: Pack) -> None:
    prints = found.measured.prints
    found.twins = {
        "pictures": prints.picture_groups(EXAMPLES),
        "labels": prints.label_groups(4 * EXAMPLES),
        "contradictions": prints.contradictions(EXAMPLES),
    }
    for kind, groups in found.twins.items():
        members = [group[:1] if kind == "labels" else group for group in groups.members]
        found.twin_examples[kind] = [[_show(pack, i) for i in group] for group in members]


def _show(pack: Pack, index: int) -> Example:
    sample = pack[index]
    try:
        thumb = thumbnail(decode(sample.image))
    except BadImage:
        thumb = None
    return Example(index, sample.label, sample.origin, "", thumb)


def _manifest(pack: Path) -> dict[str, Any] | None:
    """The manifest of a finished pack; None for a foreign LMDB or a single shard."""
    path = pack / "manifest.json"
    if not path.is_file():
        if (pack / "job.json").is_file():
            raise UserError(f"{pack}: this pack is not finished (no manifest.json): run its command again")
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        tally_of(manifest)
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a manifest of a pack: {error}") from error
    return manifest


def _refused(pack: Path, manifest: dict[str, Any] | None) -> Tally:
    marker = pack.with_name(f"{pack.name}.json")
    if manifest is None and marker.is_file():  # a single shard of a pack: its marker knows
        manifest = _marker(marker)
    return tally_of(manifest) if manifest else Tally()


def _marker(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        tally_of(value)
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        return None  # some other JSON that happens to lie beside a foreign LMDB
    return dict(value)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Most frequent first, among equals by code point."""
    return sorted(counts.items(), key=lambda cn: (-cn[1], cn[0]))


def _example(example: Example) -> dict[str, Any]:
    return {"index": example.index, "label": example.label, "origin": example.origin, "detail": example.detail}
