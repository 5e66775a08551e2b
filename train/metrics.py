"""How good readings are: share of lines without a fault, and 1 - normalised edit distance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import UserError


def edit_distance(a: str, b: str) -> int:
    """Fewest insertions, deletions and replacements that turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def similarity(read: str, label: str) -> float:
    """1 - edit distance / length of the longer text; 1.0 for two empty texts."""
    longest = max(len(read), len(label))
    return 1 - edit_distance(read, label) / longest if longest else 1.0


@dataclass(frozen=True)
class Score:
    """Sums over lines; scores add up.

    accuracy: share of lines read without a fault. similarity: mean of 1 - normalised edit distance.
    """

    lines: int = 0
    right: int = 0
    likeness: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(self.lines + other.lines, self.right + other.right, self.likeness + other.likeness)

    @property
    def accuracy(self) -> float:
        """Share of lines read without a fault; 0.0 without lines."""
        return self.right / self.lines if self.lines else 0.0

    @property
    def similarity(self) -> float:
        """Mean of 1 - normalised edit distance; 0.0 without lines."""
        return self.likeness / self.lines if self.lines else 0.0


def score(pairs: Iterable[tuple[str, str]]) -> Score:
    """The score of (reading, label) pairs."""
    total = Score()
    for read, label in pairs:
        total += Score(1, int(read == label), similarity(read, label))
    return total


@dataclass(frozen=True)
class Policy:
    """What counts as the same text. form: what is compared of a reading and of a label."""

    name: str
    meaning: str
    form: Callable[[str], str]


OTHER_THAN_36 = re.compile("[^0-9a-z]")

POLICIES = {
    policy.name: policy
    for policy in (
        Policy("exact", "every character counts, with its case", lambda text: text),
        Policy("ignore_case", "upper and lower case are the same", str.lower),
        Policy("ignore_space", "spaces are left out of readings and labels", lambda text: "".join(text.split())),
        Policy(
            "alnum",
            "letters and digits of any script are compared, without case",
            lambda text: "".join(c for c in text.lower() if c.isalnum()),
        ),
        Policy(
            "english36",
            "0-9 and a-z in lower case are compared; all other characters are left out of readings and labels",
            lambda text: OTHER_THAN_36.sub("", text.lower()),
        ),
    )
}


def find_policy(name: str) -> Policy:
    """The policy of that name. Raises UserError with the names that there are."""
    if name not in POLICIES:
        raise UserError(f"there is no comparison policy '{name}'; there are: {', '.join(POLICIES)}")
    return POLICIES[name]
