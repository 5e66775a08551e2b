"""Which characters are taken for which, told by the cheapest way to turn a label into its reading."""

from __future__ import annotations

from collections import Counter
from typing import Any

NOTHING = ""


def align(label: str, read: str) -> list[tuple[str, str]]:
    """Pairs (character of the label, character read); "" where one was missed or invented.

    Of equally cheap ways the one with replacements is taken, from the end of the texts on.
    """
    costs = [list(range(len(read) + 1))]
    for i, wanted in enumerate(label, 1):
        row = [i]
        for j, found in enumerate(read, 1):
            row.append(min(costs[-1][j - 1] + (wanted != found), costs[-1][j] + 1, row[-1] + 1))
        costs.append(row)
    pairs = []
    i, j = len(label), len(read)
    while i or j:
        here = costs[i][j]
        if i and j and here == costs[i - 1][j - 1] + (label[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((label[i], read[j]))
        elif i and here == costs[i - 1][j] + 1:
            i -= 1
            pairs.append((label[i], NOTHING))
        else:
            j -= 1
            pairs.append((NOTHING, read[j]))
    return pairs[::-1]


class Confusions:
    """Counts of (character of the label, character read) over many lines."""

    def __init__(self) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()

    def add(self, label: str, read: str) -> None:
        """Count a line."""
        # Most lines are right, and for them nothing needs to be aligned.
        self.pairs.update(zip(label, label, strict=True) if label == read else align(label, read))

    def characters(self) -> list[dict[str, Any]]:
        """For each character of labels and readings: count, right, recall, read, precision; hardest first.

        count: in labels; read: in readings. recall, precision: None where there is nothing to divide by.
        """
        count, read, right = Counter[str](), Counter[str](), Counter[str]()
        for (wanted, found), number in self.pairs.items():
            count[wanted] += number
            read[found] += number
            right[wanted] += number if wanted == found else 0
        rows = [
            {
                "character": c,
                "count": count[c],
                "right": right[c],
                "recall": right[c] / count[c] if count[c] else None,
                "read": read[c],
                "precision": right[c] / read[c] if read[c] else None,
            }
            for c in sorted({*count, *read} - {NOTHING})
        ]
        return sorted(rows, key=lambda r: (right[r["character"]] - max(r["count"], r["read"]), r["character"]))

    def confused(self, most: int = 50) -> list[dict[str, Any]]:
        """The most frequent mistakes: label, read ("" for a missed or an invented character), count."""
        wrong = [(n, wanted, found) for (wanted, found), n in self.pairs.items() if wanted != found]
        wrong.sort(key=lambda row: (-row[0], row[1], row[2]))
        return [{"label": wanted, "read": found, "count": n} for n, wanted, found in wrong[:most]]
