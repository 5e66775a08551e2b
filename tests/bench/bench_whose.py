"""Whose lines teach a network to read real crops? Ours, text_renderer's and TRDG's, of the same texts and as many.

    ocrdata engines install text_renderer && ocrdata engines install trdg
    python tests/bench/bench_whose.py -o FOLDER [--preset alnum] [-n 10000] [--steps 4000]

The same network, budget and augmentation, trained on lines of one recipe's texts and fonts, drawn by each program:
- alike: with the other programs' effects set as like those of the recipe as they have them, on papers of its colours;
- own way: as these programs are used without thinking of the target: their ordinary effects on photos.
Scored on the upright cable labels of ../shared/data. Half of these photos were looked at while our recipe was made, so
the half that was kept back stands by itself. Intervals are bootstrapped; the last column is ours less theirs, on the
same crops. What is made stays in FOLDER, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from real_crops import DATA, Crop, alnum, digits

from ocrdata.config import load
from ocrdata.datagen.recipe import Recipe, load_recipe
from ocrdata.datasets.images import write_image
from ocrdata.files import write_json
from ocrdata.prep.store import Pack
from ocrdata.train.config import TrainConfig
from ocrdata.train.evaluate import read_lines
from ocrdata.train.reader import Reader

SETS = {"digits": digits, "alnum": alnum}
RESAMPLES = 4000
PAPERS, PAPER = 64, (480, 640)
Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Way:
    """One program with its options. photos: real photos lie behind its lines, not papers."""

    name: str
    engine: str = ""
    options: dict[str, Any] | None = None
    photos: bool = False


TEXT_RENDERER: dict[str, Any] = {
    "white": 0,
    "char_spacing": [0, 0.45],
    "alpha": [180, 255],
    "perspective": {"x": 20, "y": 20, "z": 5},
    "padding": {"width": [0, 0.3], "height": [0, 0.5]},
    "tone": {"probability": 1, "brightness": 0.1, "contrast": 0.2},
    "blur": {"probability": 0.75, "kernel": [3, 5]},
    "motion": {"probability": 0.3, "kernel": [3, 7]},
    "noise": {"probability": 0.7, "sigma": [1, 6]},
}
TRDG: dict[str, Any] = {
    "noise": 0,
    "white": 0,
    "colours": ["#000000", "#404040"],
    "skew": 5,
    "blur": 1.5,
    # Ranges, as if it were run many times: from lines of one spacing and one frame, as its command line draws them, a
    # network learns to read TRDG's lines and hardly any label, for these are spaced and cut out each in its own way.
    "character_spacing": [0, 14],
    "margins": [[0, 5], [0, 12], [0, 5], [0, 12]],
}
WAYS = (
    Way("ours"),
    Way("text_renderer, alike", "text_renderer", TEXT_RENDERER),
    Way("TRDG, alike", "trdg", TRDG),
    Way("text_renderer, own way", "text_renderer", {"perspective": {"x": 20, "y": 20, "z": 1.5}}, photos=True),
    Way("TRDG, own way", "trdg", {"skew": 3, "blur": 1}, photos=True),
)


def papers(recipe: Recipe, folder: Path) -> Path:
    """Pictures in the colours of the recipe's plain paper, each from one shade to another."""
    plain = recipe.backgrounds.plain
    assert plain.palette is not None
    colours = [[int(c[i : i + 2], 16) for i in (5, 3, 1)] for c in plain.palette.colours]
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(PAPERS):
        colour = np.array(colours[random.integers(len(colours))], np.float32)
        shades = np.linspace(*random.uniform(0.75, 1.08, 2), PAPER[number % 2])
        picture = np.empty((*PAPER, 3), np.float32)
        picture[:] = (shades if number % 2 else shades[:, None])[..., None] * colour
        picture += random.normal(0, random.uniform(0, 4), picture.shape)
        write_image(folder / f"{number}.png", np.clip(picture, 0, 255).astype(np.uint8))
    return folder


def run(*command: object) -> float:
    """Run a command as a user types it; returns seconds."""
    began = time.perf_counter()
    print("ocrdata", *command, file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "ocrdata", *map(str, command)], check=True, stdout=sys.stderr)
    return time.perf_counter() - began


def lines_of(way: Way, arguments: argparse.Namespace) -> Path:
    """The pack that a program draws."""
    preset, pack = f"preset:{arguments.preset}", arguments.out / slug(way) / "lines"
    if (pack / "manifest.json").is_file():
        return pack
    command: list[object] = ["synth", preset, "-n", arguments.n, "-o", pack]
    if way.engine:
        folder = DATA / "backgrounds" if way.photos else papers(load_recipe(preset), arguments.out / "papers")
        options = arguments.out / f"{slug(way)}.yml"
        options.write_text(yaml.safe_dump({way.engine: way.options}), encoding="utf-8")
        command += ["--engine", way.engine, "--engine-options", options, "--set", f"backgrounds.photos.folder={folder}"]
    seconds = run(*command)
    print(f"{way.name}: {arguments.n / seconds:.0f} lines/s", file=sys.stderr, flush=True)
    return pack


def slug(way: Way) -> str:
    """The name of a folder."""
    return way.name.replace(", ", "-").replace(" ", "-").lower()


def bundle_of(way: Way, arguments: argparse.Namespace) -> Path:
    """Draw, train, export."""
    place = arguments.out / slug(way)
    if not (place / "bundle" / "bundle.yml").is_file():
        pack = lines_of(way, arguments)
        wanted = [f"steps={arguments.steps}", f"seed={arguments.seed}", *arguments.changes]
        changes = [part for change in wanted for part in ("--set", change)]
        resume = ["--resume"] if (place / "run" / "last.npz").is_file() else []
        run("train", f"preset:{arguments.preset}", "--data", pack, "-o", place / "run", *changes, *resume)
        run("export", place / "run", "-o", place / "bundle")
    return place / "bundle"


def read_crops(bundle: Path, crops: list[Crop]) -> Right:
    """Which crops are read without a fault."""
    reads = read_lines(Reader(bundle), [crop.line for crop in crops])
    return np.array([read.text == read.label for read in reads])


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of the resampled mean, in percent."""
    random = np.random.default_rng(0)
    means = values[random.integers(len(values), size=(RESAMPLES, len(values)))].mean(1)
    low, high = np.quantile(100 * means, (0.025, 0.975))
    return float(low), float(high)


def show(found: dict[str, Right], shares: dict[str, float], back: Right) -> None:
    """The table."""
    head = (
        f"{'lines of':24} {'same texts':>10} {'all':>6} {'95 %':>13} {'kept back':>10} {'95 %':>13}   ours less theirs"
    )
    print(f"{len(back)} upright crops, {back.sum()} of them kept back\n{head}")
    ours = found[WAYS[0].name]
    for name, right in found.items():
        cells = []
        for those in (right, right[back]):
            low, high = interval(those.astype(np.float64))
            cells.append(f"{100 * those.mean():6.1f} {low:6.1f}-{high:.1f}")
        low, high = interval(ours.astype(np.float64) - right)
        less = f"{100 * (ours.mean() - right.mean()):+.1f} ({low:+.1f} to {high:+.1f})" if right is not ours else ""
        print(f"{name:24} {shares[name]:10.0%} {cells[0]:>20} {cells[1]:>24}   {less}")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--preset", choices=SETS, default="digits")
    parser.add_argument("-n", type=int, default=10_000, help="lines of each program")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    parser.add_argument("--set", dest="changes", action="append", default=[], help="of the training: KEY=VALUE")
    parser.add_argument("--alike", action="store_true", help="leave out what is drawn in the programs' own way")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    load(f"preset:{arguments.preset}", "train", TrainConfig)
    crops = [crop for crop in SETS[arguments.preset]() if crop.stands == "upright"]
    found, shares = {}, {}
    texts: list[str] = []
    for way in (way for way in WAYS if not (arguments.alike and way.photos)):
        bundle = bundle_of(way, arguments)
        labels = list(Pack(lines_of(way, arguments)).labels())
        texts = texts or labels
        shares[way.name] = float(np.mean([a == b for a, b in zip(texts, labels, strict=True)]))
        found[way.name] = read_crops(bundle, crops)
        print(f"{way.name}: {found[way.name].mean():.1%} of {len(crops)}", file=sys.stderr, flush=True)
    write_json(arguments.out / "right.json", {name: right.tolist() for name, right in found.items()})
    show(found, shares, np.array([not crop.seen for crop in crops]))
    print(f"{arguments.n} lines of each, {arguments.steps} steps {' '.join(arguments.changes)}, seed {arguments.seed}")


if __name__ == "__main__":
    main()
