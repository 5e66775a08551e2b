"""Can a simple program tell two sets of pictures apart? The classifier two-sample test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .details import FEATURES, Details

SEEN = tuple(f for f in FEATURES if f not in ("label_length", "picture_height", "blocks"))
"""What is left of a picture at the model's height; labels, files' sizes and their coding are none of it."""
FEWEST = 50
MOST = 2000
FOLDS = 5
PENALTY = 1.0
STEPS = 25
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """auc: 0.5 where nothing can be told apart, 1 where everything can; clues: features that the judge uses most.

    auc is None where one side has fewer than FEWEST pictures. clues: (feature, share of the judgement 0..1).
    """

    auc: float | None
    pictures: tuple[int, int]
    clues: tuple[tuple[str, float], ...] = ()

    @property
    def distance(self) -> float | None:
        """0 where the pictures cannot be told apart, 1 where all can be."""
        return None if self.auc is None else max(0.0, 2 * self.auc - 1)


def judge(a: Details, b: Details) -> Verdict:
    """Logistic regression on ranks of SEEN features, their squares and gaps; AUC over FOLDS held-out parts."""
    rows = [_some(a), _some(b)]
    number = len(rows[0]), len(rows[1])
    if min(number) < FEWEST:
        return Verdict(None, number)
    table, groups = _inputs(np.concatenate(rows))
    is_b = np.repeat([0.0, 1.0], number)
    order = np.random.default_rng(0).permutation(len(table))
    scores = []
    for fold in range(FOLDS):
        held = np.zeros(len(table), bool)
        held[order[fold::FOLDS]] = True
        weights = _fit(table[~held], is_b[~held])
        scores.append(_auc(table[held] @ weights, is_b[held] > 0))
    weights = _fit(table, is_b)
    spread = np.array([(table[:, g] @ weights[g]).std() for g in groups])
    shares = spread / max(float(spread.sum()), 1e-12)
    ranked = sorted(zip(SEEN, shares.tolist(), strict=True), key=lambda fs: -fs[1])
    return Verdict(float(np.mean(scores)), number, tuple((name, round(share, 4)) for name, share in ranked))


def _some(details: Details) -> Matrix:
    """At most MOST rows of SEEN features, evenly spread; NaN where a feature could not be measured.

    Equal rows are one picture again: in two folds they would teach the judge by heart.
    """
    places = [FEATURES.index(name) for name in SEEN]
    rows = list(dict.fromkeys(details.rows))
    rows = rows[:: -(-len(rows) // MOST) or 1]
    return np.array([[row[p] for p in places] for row in rows], np.float64).reshape(-1, len(places))


def _inputs(rows: Matrix) -> tuple[Matrix, list[list[int]]]:
    """Columns for the regression, the last a constant, and the columns of each feature.

    Ranks make it independent of scales and outliers; the square shows that one side varies less.
    """
    columns: list[Matrix] = []
    groups: list[list[int]] = []
    for feature in rows.T:
        known = ~np.isnan(feature)
        rank = np.zeros(len(feature))
        if known.any():
            values, place = np.unique(feature[known], return_inverse=True)
            share = (np.cumsum(np.bincount(place)) - 0.5 * np.bincount(place)) / known.sum()
            rank[known] = (share[place] - 0.5) * (len(values) > 1)
        made = [rank, np.where(known, rank * rank - 1 / 12, 0)] + ([] if known.all() else [known - known.mean()])
        groups.append(list(range(len(columns), len(columns) + len(made))))
        columns += made
    return np.stack([*columns, np.ones(len(rows))], 1), groups


def _fit(table: Matrix, is_b: Matrix) -> Matrix:
    """Weights of a ridge logistic regression, both sides worth the same, by Newton's method."""
    weights = np.zeros(table.shape[1])
    worth = np.where(is_b > 0, 0.5 / max(1, (is_b > 0).sum()), 0.5 / max(1, (is_b <= 0).sum())) * len(table)
    penalty = np.full(table.shape[1], PENALTY)
    penalty[-1] = 1e-6
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (worth * (is_b - chance)) - penalty * weights
        curve = (table * (worth * chance * (1 - chance))[:, None]).T @ table + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights += step
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights


def _auc(scores: Matrix, is_b: NDArray[np.bool_]) -> float:
    """How often a picture of b has the higher score than one of a; equal scores count half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - 0.5 * (counts - 1))[place]
    b, a = int(is_b.sum()), int((~is_b).sum())
    return float((rank[is_b].sum() - b * (b + 1) / 2) / (a * b)) if a and b else 0.5
