"""The protocol that papers on English words report: ten sets of real words, 36 characters, lower case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import UserError
from ..prep.store import lmdb_folders
from .evaluate import Evaluation, Scoring, evaluate_sets
from .lines import open_lines
from .reader import LineReader

# Folder names as the published archives have them, and how many words each set has.
SETS = {
    "IIIT5k_3000": 3000,
    "SVT": 647,
    "IC03_860": 860,
    "IC03_867": 867,
    "IC13_857": 857,
    "IC13_1015": 1015,
    "IC15_1811": 1811,
    "IC15_2077": 2077,
    "SVTP": 645,
    "CUTE80": 288,
}
ALIASES = {"iiit5k": "IIIT5k_3000"}
POLICY = "english36"


def find_sets(folder: Path) -> dict[str, Path]:
    """The LMDBs, or packs, of the ten sets at or below `folder`, by name. Raises UserError for none, for one twice."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; the one that holds the LMDBs of the ten sets is expected")
    names = {name.lower(): name for name in SETS} | ALIASES
    found: dict[str, Path] = {}
    for place in dict.fromkeys(_without_shard(lmdb) for lmdb in lmdb_folders(folder)):
        name = names.get(place.name.lower())
        if name in found:
            raise UserError(f"{folder}: {name} is there twice: {found[name]} and {place}")
        if name:
            found[name] = place
    if not found:
        raise UserError(f"{folder}: none of the ten sets is there; folders of LMDBs are expected: {', '.join(SETS)}")
    return {name: found[name] for name in SETS if name in found}


def _without_shard(lmdb: Path) -> Path:
    """The folder of the set: of a pack, whose LMDBs are its shards, the pack's."""
    return lmdb.parent if lmdb.name.startswith("shard-") else lmdb


def benchmark(
    reader: LineReader,
    folder: Path,
    worst: int = 20,
    seed: int = 0,
    progress: Callable[[int], None] = lambda lines: None,
) -> Evaluation:
    """Score a reader on those of the ten sets that lie in `folder`.

    The report is that of `evaluate_sets`, and `protocol`: name, missing (sets that are not there) and other_size
    (sets with another number of words than published, with both numbers). `pooled` is the figure of most papers:
    right words over all words; it compares only where nothing is missing. Raises UserError.
    """
    found = find_sets(folder)
    scoring = Scoring(policy=POLICY, worst=worst, seed=seed)
    evaluation = evaluate_sets(reader, {name: open_lines(path) for name, path in found.items()}, scoring, progress)
    lines = {name: part["lines"] for name, part in evaluation.report["sets"].items()}
    evaluation.report["protocol"] = {
        "name": "ten sets of English words, 36 characters, lower case",
        "missing": [name for name in SETS if name not in found],
        "other_size": {n: {"here": lines[n], "published": SETS[n]} for n in found if lines[n] != SETS[n]},
    }
    return evaluation
