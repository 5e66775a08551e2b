"""The scores of found texts against the official evaluation of ICDAR2015, on its own ground truth.

    python tests/bench/bench_det_metric.py --official FOLDER [--deteval FILE]

Found texts are changed copies of the ground truth in ../shared/data/icdar2015 beside the repository, the same at every
run. FOLDER holds the script of the Robust Reading Competition, script.py and rrc_evaluation_funcs.py, as many public
repositories have it (MhLiao/DB: assets/ic15_eval); it is read as Python 3 and needs `pip install Polygon3` and Python
3.12 or later, on which that package does not crash. FILE: deteval.py of the same repository
(concern/icdar2015_eval/detection).
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
import types
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.datasets.records import Photo
from ocrdata.train.det.deteval import AreaScore, area_score
from ocrdata.train.det.metrics import DetScore, match

TRUTH = Path(__file__).resolve().parents[3] / "shared" / "data" / "icdar2015" / "Challenge4_Test_Task1_GT"
PYTHON_3 = (
    (".iteritems()", ".items()"),
    ("from StringIO import StringIO", "from io import StringIO"),
    ("except Exception, e", "except Exception as e"),
)
PRINT = re.compile(r"^(\s*)print (.+)$", re.MULTILINE)
Points = NDArray[np.floating[Any]]
Random = np.random.Generator
Change = Callable[["Truth", Random], list[Points]]


@dataclass(frozen=True)
class Truth:
    """The texts of one photo."""

    polygons: list[Points]
    ignored: list[bool]


def read_truth() -> dict[str, Truth]:
    """All 500 photos by number, read as `ocrdata eval` reads them; the pictures themselves are not needed."""
    with tempfile.TemporaryDirectory() as folder:
        for path in TRUTH.glob("gt_img_*.txt"):
            (Path(folder) / f"{path.stem.removeprefix('gt_')}.jpg").touch()
        found = {}
        for photo in open_labels(*find_labels(TRUTH, None, "icdar2015", (Path(folder),))):
            assert isinstance(photo, Photo), photo
            texts = [(r.polygon, r.ignore is not None) for r in photo.regions if r.polygon is not None]
            number = Path(photo.name).stem.removeprefix("img_")
            found[number] = Truth([_four(p) for p, _ in texts], [i for _, i in texts])
    return found


def _four(polygon: Points) -> Points:
    """Of two corners in one place our reader keeps one."""
    return polygon if len(polygon) == 4 else np.concatenate([polygon, polygon[-1:]])


def moved(truth: Truth, random: Random) -> list[Points]:
    """Every text shifted by up to half a height."""
    return [p + random.uniform(-0.5, 0.5, 2) * np.ptp(p, axis=0).min() for p in truth.polygons]


def scaled(truth: Truth, random: Random) -> list[Points]:
    """Every text smaller or larger."""
    return [p.mean(0) + (p - p.mean(0)) * random.uniform(0.55, 1.5, 2) for p in truth.polygons]


def jittered(truth: Truth, random: Random) -> list[Points]:
    """Every corner for itself; of flat texts the edges may cross."""
    return [p + random.normal(0, 0.25, p.shape) * np.ptp(p, axis=0).min() for p in truth.polygons]


def missed(truth: Truth, random: Random) -> list[Points]:
    """Two thirds of the texts, as they are."""
    return [p for p in truth.polygons if random.random() < 0.67]


def twice(truth: Truth, random: Random) -> list[Points]:
    """Some texts two or three times."""
    return [q for p in truth.polygons for q in [p, *(p + random.normal(0, 2, 2) for _ in range(random.integers(3)))]]


def parts(truth: Truth, random: Random) -> list[Points]:
    """Texts cut in two or three from left to right."""
    found = []
    for p in truth.polygons:
        cuts = np.sort([0.0, *random.uniform(0.1, 0.9, random.integers(3)), 1.0])
        top, bottom = [[p[a] + (p[b] - p[a]) * c for c in cuts] for a, b in ((0, 1), (3, 2))]
        found += [np.array([top[i], top[i + 1], bottom[i + 1], bottom[i]]) for i in range(len(cuts) - 1)]
    return found


def joined(truth: Truth, random: Random) -> list[Points]:
    """Neighbours in the list as one rectangle."""
    found: list[Points] = []
    for p in truth.polygons:
        if found and random.random() < 0.4:
            p = np.asarray(cv2.boxPoints(cv2.minAreaRect(np.concatenate([found.pop(), p]).astype(np.float32))))
        found.append(p)
    return found


def ignored(truth: Truth, random: Random) -> list[Points]:
    """Half of the texts, and boxes in and around those that do not count."""
    found = [p for p in truth.polygons if random.random() < 0.5]
    for p, ignore in zip(truth.polygons, truth.ignored, strict=True):
        for _ in range(3 * ignore):
            centre = random.uniform(p.min(0), p.max(0))
            found.append(_box(centre, random.uniform(0.2, 1.3, 2) * np.ptp(p, axis=0)))
    return found


def anywhere(truth: Truth, random: Random) -> list[Points]:
    """The texts, and boxes anywhere on the photo and over its edges."""
    boxes = [_box(random.uniform([0, 0], [1280, 720]), random.uniform(4, 200, 2)) for _ in range(random.integers(12))]
    return [*truth.polygons, *boxes]


def crossed(truth: Truth, random: Random) -> list[Points]:
    """Corners in the wrong order, and texts without area."""
    orders = ([0, 1, 3, 2], [0, 2, 1, 3], [0, 1, 2, 3], [0, 1, 1, 0])
    return [p[orders[random.integers(4)]] for p in truth.polygons]


def everything(truth: Truth, random: Random) -> list[Points]:
    """Each of the others' texts now and then, in any order."""
    found = [p for change in CHANGES[:-1] for p in change(truth, random) if random.random() < 0.25]
    return [found[i] for i in random.permutation(len(found))]


CHANGES: tuple[Change, ...] = (
    moved,
    scaled,
    jittered,
    missed,
    twice,
    parts,
    joined,
    ignored,
    anywhere,
    crossed,
    everything,
)


def _box(centre: Points, size: Points) -> Points:
    return centre + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2


def submitted(points: Points) -> Points | None:
    """In whole pixels and clockwise, as the official evaluation wants it; None for what it takes in no order."""
    whole = np.rint(points).astype(np.float32)
    for quad in (whole, whole[::-1]):
        following = np.roll(quad, -1, 0)
        if ((following[:, 0] - quad[:, 0]) * (following[:, 1] + quad[:, 1])).sum() <= 0:
            return np.ascontiguousarray(quad)
    return None


def ours(truth: dict[str, Truth], found: dict[str, list[Points]]) -> DetScore:
    """The scores of `ocrdata eval`."""
    return DetScore.of(match(truth[n].polygons, truth[n].ignored, found[n]) for n in truth)


def ours_by_areas(truth: dict[str, Truth], found: dict[str, list[Points]]) -> AreaScore:
    """DetEval's scores of `ocrdata eval`."""
    return sum((area_score(truth[n].polygons, truth[n].ignored, found[n]) for n in truth), AreaScore())


def as_python_3(path: Path) -> types.ModuleType:
    """A script of Python 2, which these are, as a module."""
    text = path.read_text(encoding="utf-8")
    for old, new in PYTHON_3:
        text = text.replace(old, new)
    module = types.ModuleType(path.stem)
    sys.modules[path.stem] = module
    exec(compile(PRINT.sub(r"\1print(\2)", text), str(path), "exec"), module.__dict__)
    return module


class Official:
    """The script of the competition."""

    def __init__(self, folder: Path) -> None:
        as_python_3(folder / "rrc_evaluation_funcs.py")
        self.script = as_python_3(folder / "script.py")
        files = {path.name: path.read_bytes() for path in sorted(TRUTH.glob("gt_img_*.txt"))}
        self.truth = _zipped(files)

    def __call__(self, found: dict[str, list[Points]]) -> dict[str, float]:
        files = {f"res_img_{n}.txt": _lines(polygons).encode() for n, polygons in found.items()}
        given = self.script.evaluate_method(self.truth, _zipped(files), self.script.default_evaluation_params())
        scores: dict[str, float] = given["method"]
        return scores


def _lines(polygons: Sequence[Points]) -> str:
    return "".join(",".join(str(int(v)) for v in p.reshape(-1)) + "\n" for p in polygons)


def _zipped(files: dict[str, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made


class Areas:
    """DetEval as a script."""

    def __init__(self, path: Path) -> None:
        self.evaluator: Any = as_python_3(path).DetectionDetEvalEvaluator()

    def __call__(self, truth: dict[str, Truth], found: dict[str, list[Points]]) -> dict[str, float]:
        rows = []
        for n, one in truth.items():
            texts = zip(one.polygons, one.ignored, strict=True)
            true = [{"points": p.tolist(), "ignore": ignore} for p, ignore in texts]
            rows.append(self.evaluator.evaluate_image(true, [{"points": p.tolist()} for p in found[n]]))
        scores: dict[str, float] = self.evaluator.combine_results(rows)
        return scores


NAMES = ("precision", "recall", "hmean")


def compared(label: str, mine: DetScore | AreaScore, theirs: dict[str, float] | None) -> bool:
    """Print a row; whether four decimals agree."""
    figures = [getattr(mine, name) for name in NAMES]
    row = [f"{label:28}", *(f"{v:.4f}" for v in figures)]
    same = True
    if theirs is not None:
        same = all(f"{a:.4f}" == f"{theirs[n]:.4f}" for a, n in zip(figures, NAMES, strict=True))
        row += ["  |", *(f"{theirs[name]:.4f}" for name in NAMES), "  same" if same else "  DIFFERS"]
    print(" ".join(row))
    return same


def main() -> int:
    """Print a table; 1 where a figure differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--official", type=Path, help="folder of script.py and rrc_evaluation_funcs.py")
    parser.add_argument("--deteval", type=Path, help="deteval.py")
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    truth = read_truth()
    official = Official(given.official) if given.official else None
    areas = Areas(given.deteval) if given.deteval else None
    texts, skipped = sum(len(t.polygons) for t in truth.values()), sum(sum(t.ignored) for t in truth.values())
    print(f"{len(truth)} photos, {texts:,} texts, {skipped:,} of them ignored")
    heads = " ".join(f"{n[:6]:6}" for n in NAMES)
    print(f"{'found: the texts, changed':28} {heads}   | {heads}\n{'':28} ours{'':19} official")
    differing = 0
    for change in CHANGES:
        for seed in range(given.seeds):
            random = np.random.default_rng(seed)
            made = {n: [submitted(p) for p in change(one, random)] for n, one in truth.items()}
            found = {n: [p for p in polygons if p is not None] for n, polygons in made.items()}
            label = f"{change.__name__}, seed {seed}"
            differing += not compared(label, ours(truth, found), official(found) if official else None)
            valid = {n: [p for p in polygons if shapely.Polygon(p).is_valid] for n, polygons in found.items()}
            theirs = areas(truth, valid) if areas else None
            differing += not compared("  DetEval", ours_by_areas(truth, valid), theirs)
    print(f"{differing} rows differ" if official or areas else "nothing to compare with: --official, --deteval")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
