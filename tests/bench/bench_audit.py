"""Does `audit` find wrong labels: some labels of real crops are exchanged, and the ranking is scored.

    python tests/bench/bench_audit.py BUNDLE          # a bundle of preset:digits

The crops are the digits-only cable labels of ../shared/data beside the repository; the bundle never saw them. About a
third of them stand upside down, which is why both all of them and the upright ones are scored.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from real_crops import digits

from ocrdata.train.audit import audit
from ocrdata.train.evaluate import Line
from ocrdata.train.reader import Reader


def planted(lines: list[Line], share: float, seed: int) -> tuple[list[Line], set[int]]:
    """The lines, labels of a share of them exchanged with one that differs; and the numbers of these, from 1."""
    rng = np.random.default_rng(seed)
    changed: dict[int, Line] = {}
    while len(changed) < max(2, round(share * len(lines) / 2) * 2):
        a, b = (int(i) for i in rng.choice(len(lines), 2, replace=False))
        if a not in changed and b not in changed and lines[a].label != lines[b].label:
            changed[a] = replace(lines[a], label=lines[b].label)
            changed[b] = replace(lines[b], label=lines[a].label)
    return [changed.get(i, line) for i, line in enumerate(lines)], {i + 1 for i in changed}


def scores(reader: Reader, lines: list[Line], share: float, seed: int) -> tuple[float, float, float, float]:
    """Precision among as many suspects as were planted (there it equals recall), recall among twice and four times as
    many, average precision."""
    given, wrong = planted(lines, share, seed)
    ranked = [s.number in wrong for s in audit(reader, given, len(given)).suspects]
    hits = np.array([*ranked, *[False] * (len(given) - len(ranked))])
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    k = len(wrong)
    return hits[:k].sum() / k, hits[: 2 * k].sum() / k, hits[: 4 * k].sum() / k, float((precision * hits).sum() / k)


def main() -> None:
    """Prints the mean over some random exchanges."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--share", type=float, default=0.02, help="of the labels that are exchanged")
    parser.add_argument("--runs", type=int, default=10)
    given = parser.parse_args()
    reader = Reader(given.bundle, threads=1)
    crops = list(digits())
    for name, chosen in (("upright", [c for c in crops if c.stands == "upright"]), ("all", crops)):
        lines = [c.line for c in chosen]
        found = np.array([scores(reader, lines, given.share, seed) for seed in range(given.runs)])
        k = max(2, round(given.share * len(lines) / 2) * 2)
        first, twice, four, average = found.mean(0)
        print(
            f"{name}: {len(lines)} lines, {k} wrong labels, {given.runs} runs: among the first {k} suspects "
            f"precision = recall = {first:.3f}; recall among {2 * k}: {twice:.3f}, among {4 * k}: {four:.3f}; "
            f"average precision {average:.3f}"
        )


if __name__ == "__main__":
    main()
