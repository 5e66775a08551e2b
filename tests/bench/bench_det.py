"""Finding text on real photos: a small detector trained on synthetic scenes alone, then finetuned, set by set.

    python tests/bench/bench_det.py -o FOLDER [--rec NAME=BUNDLE ...] [--cls BUNDLE] [--only wire_tags ...]

Each real set in ../shared/data is split by photo: the detector is finetuned on one half and scored on the other, before
and after (ICDAR2015's protocol, IoU above 0.5). Every stage is a command that a user would type, and is skipped where
its outcome lies in FOLDER; a training that was stopped goes on. Of each training the checkpoint that finds most on a
tenth of the first half (a fifth of the few street photos) is taken; the other half is never trained on or chosen by.
With --rec (NAME=BUNDLE) whole photos are read, too: a text counts where it is found and read rightly, case ignored.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from real_crops import NUMBER

from ocrdata.config import load
from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Photo
from ocrdata.train.det.config import DetConfig

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SCENES = {"scenes": (2000, 3.0), "documents": (1500, 2.0), "tags": (2000, 1.5)}  # how many, and their ratio


def network(**post: float) -> dict[str, Any]:
    """The preset's network with other numbers for cutting texts out of its maps."""
    values = load("preset:det_tiny_db", "train", DetConfig).network.model_dump(mode="json", exclude_unset=True)
    return dict(values | {"post": values["post"] | post})


@dataclass(frozen=True)
class RealSet:
    """A set of real photos. format, labels, images: where they lie; changes: of the configuration for finetuning."""

    format: str
    labels: str
    images: str
    changes: dict[str, Any]
    steps: int

    def photos(self) -> list[Photo]:
        """All, in the order of their numbers."""
        found = open_labels(self.format, Labels(DATA / self.labels, (DATA / self.images,)))
        photos = [photo for photo in found if isinstance(photo, Photo)]
        return sorted(photos, key=lambda photo: [int(n) for n in re.findall(r"\d+", Path(photo.name).stem)])


SETS = {
    "icdar2015_restored": RealSet(
        "icdar2015",
        "icdar2015_restored/gt",
        "icdar2015_restored/images",
        {
            "largest": 1280,
            "crop": 384,
            "holdout": 0.2,
            "input": {"side": 1280, "limit": "longest"},
            "network": network(unclip=1.2),
            "augment": {
                "flip": 0.5,
                "rotation": 10,
                "scale": [0.4, 1.5],
                "cut": 0.8,
                "blur": 1.5,
                "noise": 8,
                "paste": 4,
            },
        },
        2000,
    ),
    "sroie": RealSet(
        "sroie",
        "sroie/box",
        "sroie/img",
        {
            "largest": 1280,
            "input": {"side": 1280, "limit": "longest"},
            "augment": {"flip": 0.5, "rotation": 3, "scale": [0.7, 1.3], "cut": 0.8, "blur": 0.7, "noise": 5},
        },
        500,
    ),
    "wire_tags": RealSet(
        "paddle",
        "wire_tags/Label.txt",
        "wire_tags",
        {
            "crop": 160,
            "batch_size": 16,
            "input": {"side": 160, "limit": "longest"},
            "network": network(unclip=1.8),
            "augment": {"flip": 0.5, "rotation": 20, "smallest": 0.6, "blur": 1, "noise": 8},
        },
        1000,
    ),
}


def run(*command: object) -> None:
    """Run a command as a user types it."""
    print("ocrdata", *command, file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "ocrdata", *map(str, command)], check=True, stdout=sys.stderr)


def is_first(name: str, place: int, photo: Photo) -> bool:
    """Whether a photo is of the half to train on: cable labels by the number of the larger photo they are from."""
    if name != "wire_tags":
        return place % 2 == 0
    number = NUMBER.search(photo.name)
    assert number, photo.name
    return int(number[1]) % 2 == 1


def halves(name: str, out: Path) -> tuple[Path, Path]:
    """Label files of the half to train on and of the half to score."""
    paths = (out / "halves" / f"{name}_train.txt", out / "halves" / f"{name}_score.txt")
    if all(path.is_file() for path in paths):
        return paths
    rows: tuple[list[str], list[str]] = ([], [])
    for place, photo in enumerate(SETS[name].photos()):
        texts = [
            {"transcription": "###" if region.ignore else region.text, "points": region.polygon.tolist()}
            for region in photo.regions
            if region.polygon is not None
        ]
        first = is_first(name, place, photo)
        rows[0 if first else 1].append(f"{photo.path}\t{json.dumps(texts, ensure_ascii=False)}\n")
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, those in zip(paths, rows, strict=True):
        path.write_text("".join(those), encoding="utf-8", newline="\n")
    return paths


def scenes(out: Path) -> list[dict[str, Any]]:
    """Render the synthetic scenes; returns them as sources of training."""
    sources = []
    for name, (count, ratio) in SCENES.items():
        place = out / "scenes" / name
        if not (place / "manifest.json").is_file():
            photos = ("--set", f"backgrounds.photos.folder={DATA / 'backgrounds'}") if name == "scenes" else ()
            run("synth", f"preset:{name}", "--task", "det", "-n", count, "-o", place, *photos)
        sources.append({"path": str(place), "ratio": ratio})
    return sources


def trained(place: Path, changes: dict[str, Any]) -> Path:
    """Train the preset with changes, export; returns the bundle. The seconds are in minutes.json."""
    if (place / "bundle" / "bundle.yml").is_file():
        return place / "bundle"
    values = load("preset:det_tiny_db", "train", DetConfig).model_dump(mode="json", exclude_unset=True) | changes
    place.mkdir(parents=True, exist_ok=True)
    config = place / "train.yml"
    config.write_text(yaml.safe_dump({"train": values}, sort_keys=False), encoding="utf-8")
    began = time.perf_counter()
    resume = ["--resume"] if (place / "run" / "last.npz").is_file() else []
    run("train", config, "-o", place / "run", *resume)
    spent = place / "minutes.json"
    spent.write_text(json.dumps({"minutes": (time.perf_counter() - began) / 60, "resumed": bool(resume)}))
    run("export", place / "run", "-o", place / "bundle")
    return place / "bundle"


def finetuned(name: str, out: Path) -> Path:
    """The base, trained further on the first half of a set; returns the bundle."""
    steps = SETS[name].steps
    changes = {
        "start": str(out / "base" / "run"),
        "data": str(halves(name, out)[0]),
        "steps": steps,
        "eval_every": max(1, steps // 4),
        "holdout": 0.1,
        "cache_mb": 1024,
        "optimizer": {"name": "adamw", "lr": 0.001, "schedule": "cosine", "warmup": 50, "clip_norm": 5, "ema": 0.99},
    }
    return trained(out / name, changes | SETS[name].changes)


def report(bundle: Path, labels: Path, place: Path, *options: object) -> dict[str, Any]:
    """What `eval` says of a bundle."""
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        run("eval", bundle, labels, "-o", place, *options)
    (found,) = json.loads(place.read_text(encoding="utf-8")).values()
    return dict(found)


def minutes(place: Path) -> str:
    """How long a training took, from its file."""
    spent = json.loads((place / "minutes.json").read_text())
    return f"{spent['minutes']:.0f} min" + (" (the last part of it)" if spent["resumed"] else "")


def row(name: str, stage: str, found: dict[str, Any], note: str = "") -> None:
    """Print a line of the table."""
    figures = "  ".join(f"{found[key]:.4f}" for key in ("precision", "recall", "hmean"))
    print(f"{name:20} {stage:28} {found['photos']:6} {found['texts']:6}   {figures}  {note}", flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--rec", nargs="+", default=[], metavar="NAME=BUNDLE", help="recognisers for whole photos")
    parser.add_argument("--cls", type=Path, help="tells which lines stand upside down, for whole photos")
    parser.add_argument("--steps", type=int, default=6000, help="on scenes")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    base = out / "base" / "bundle"
    if not base.is_dir():
        base = trained(out / "base", {"data": scenes(out), "steps": arguments.steps, "holdout": 0.01, "cache_mb": 2500})
    print(f"{'set':20} {'detector':28} photos  texts   precision recall hmean", flush=True)
    for name in arguments.only:
        score = halves(name, out)[1]
        reports = out / "reports" / name
        row(name, "scenes alone", report(base, score, reports / "before.json"), minutes(out / "base"))
        after = finetuned(name, out)
        row(name, "finetuned on the other half", report(after, score, reports / "after.json"), minutes(out / name))
        for given in arguments.rec:
            label, _, bundle = given.partition("=")
            place = reports / f"read_{label}{'_turned' if arguments.cls else ''}.json"
            turner = ["--cls", arguments.cls] if arguments.cls else []
            found = report(after, score, place, "--rec", bundle, *turner, "--policy", "ignore_case")
            row(name, f"found, and read by {label}", found | found["read"])


if __name__ == "__main__":
    main()
