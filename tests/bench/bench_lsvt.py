"""LSVT from its downloads to crops in one command, on a set of the same shape made here: is every text accounted for?

    python tests/bench/bench_lsvt.py [--photos 300] [--folder DIR]

Two archives of photos and the labels, with LSVT's shares of unreadable, vertical and curved texts and with every
trap of its labels. Each text is a patch of a colour of its own, and the label names the colour: so a crop that shows
another text, or another part of the photo, is found.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from ocrdata.datasets.images import decode
from ocrdata.prep.crop import crop_totals
from ocrdata.prep.store import Pack

WIDTH, HEIGHT, CELL = 1280, 720, (160, 120)
# What the 382,606 texts of the real labels are, as counted by others: 36 % unreadable, 21 % vertical, 1 % curved.
KINDS = {
    "line": 40,
    "vertical": 13,
    "single": 4,
    "curved": 2,
    "### flagged": 34,
    "### not flagged": 1,
    "illegible": 1,
    "partly_unreadable": 2,
    "real hash": 0.5,
    "empty": 0.5,
    "crossing_polygon": 0.7,
    "too_few_points": 0.5,
    "degenerate_polygon": 0.3,
    "outside_photo": 0.5,
}
IGNORED = {
    "### flagged": "###",
    "### not flagged": "###",
    "illegible": "illegible",
    "partly_unreadable": "partly_unreadable",
    "empty": "empty",
}
REFUSED = ("crossing_polygon", "too_few_points", "degenerate_polygon", "outside_photo")
Corners = list[list[float]]


def corners(kind: str, x: float, y: float) -> Corners:
    """The annotated polygon of a text in the cell at (x, y)."""
    if kind == "curved":
        upper = [[x + 10 + 20 * i, y + 40 + (i - 3) ** 2 * 3] for i in range(7)]
        return [*upper, *([a, b + 30] for a, b in reversed(upper))]
    if kind == "vertical":
        return [[x + 60, y + 5], [x + 95, y + 8], [x + 92, y + 112], [x + 57, y + 109]]
    if kind == "single":
        return [[x + 60, y + 20], [x + 90, y + 20], [x + 90, y + 80], [x + 60, y + 80]]
    quad = [[x + 8, y + 30], [x + 150, y + 38], [x + 148, y + 80], [x + 6, y + 72]]
    if kind == "crossing_polygon":
        return [quad[0], quad[2], quad[1], quad[3]]
    if kind == "too_few_points":
        return [quad[0], quad[1], quad[1], quad[0]]
    if kind == "degenerate_polygon":
        return [[x, y], [x + 50, y], [x + 100, y], [x + 20, y]]
    if kind == "outside_photo":
        return [[a + WIDTH, b] for a, b in quad]
    return quad


def text_of(kind: str, colour: tuple[int, int, int]) -> str:
    """A label that names its colour, where one can be learnt."""
    code = "".join(chr(0x4E00 + c) for c in colour)
    return {
        "### flagged": "###",
        "### not flagged": "###",
        "partly_unreadable": f"{code}#",
        "real hash": "*0#",
        "empty": "",
        "single": "店",
    }.get(kind, code)


def make(folder: Path, photos: int, seed: int) -> Counter[str]:
    """Write the downloads; how many texts of each kind there are. One photo is damaged, one is missing."""
    drawn, made = random.Random(seed), Counter[str]()
    labels: dict[str, list[dict[str, object]]] = {}
    stack = ExitStack()
    paths = [folder / f"train_full_images_{i}.tar.gz" for i in (0, 1)]
    archives = [stack.enter_context(tarfile.open(path, "w:gz", compresslevel=1)) for path in paths]  # noqa: SIM115
    for number in range(photos):
        name = f"gt_{number}"
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        labels[name] = []
        cells = [(x, y) for x in range(0, WIDTH, CELL[0]) for y in range(0, HEIGHT, CELL[1])]
        for x, y in drawn.sample(cells, drawn.randint(3, 22)):
            (kind,) = drawn.choices(list(KINDS), list(KINDS.values()))
            colour = tuple(drawn.randrange(20, 236) for _ in range(3))
            points = corners(kind, x, y)
            cv2.fillPoly(image, [np.int32(np.round(points))], colour)
            flag = kind in ("### flagged", "illegible")
            labels[name].append({"transcription": text_of(kind, colour), "points": points, "illegibility": flag})
            if number != 1:
                by_label = kind in IGNORED or kind in REFUSED[:3]  # whatever the photo shows
                made["damaged" if number == 2 and not by_label else kind] += 1
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        if number != 1:
            info = tarfile.TarInfo(f"train_full_images_{number % 2}/{name}.jpg")
            info.size = len(data) // (2 if number == 2 else 1)
            archives[number % 2].addfile(info, io.BytesIO(data))
    stack.close()
    (folder / "train_full_labels.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
    return made


def command(*words: str | Path) -> str:
    """Run `ocrdata`; what it printed."""
    done = subprocess.run([sys.executable, "-m", "ocrdata", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def wrong_colours(pack: Path) -> int:
    """How many crops do not show what their label names."""
    wrong = 0
    for sample in Pack(pack):
        if len(sample.label) != 3 or not all(0x4E00 <= ord(c) < 0x4F00 for c in sample.label):
            continue
        image = decode(sample.image)
        height, width = image.shape[:2]
        middle = image[height * 2 // 5 : height * 3 // 5 + 1, width * 2 // 5 : width * 3 // 5 + 1].reshape(-1, 3)
        wrong += np.abs(middle.mean(0) - [ord(c) - 0x4E00 for c in sample.label]).max() > 12
    return wrong


def samples(pack: Path) -> dict[str, tuple[str, str]]:
    """Label and hash of the picture, by origin."""
    return {s.origin: (s.label, hashlib.sha256(s.image).hexdigest()) for s in Pack(pack)}


def check(name: str, found: object, expected: object) -> bool:
    """Say whether two values agree."""
    print(
        f"{'ok  ' if found == expected else 'BAD '} {name}: {found}{'' if found == expected else f', made {expected}'}"
    )
    return found == expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name) / "downloads"
        folder.mkdir()
        made = make(folder, arguments.photos, arguments.seed)
        print(f"made {arguments.photos} photos, {made.total()} texts on those that are there")
        start = time.perf_counter()
        shown = command("crop", folder, "-o", Path(name) / "crops", "--workers", 1)
        seconds = time.perf_counter() - start
        print(shown)
        manifest = json.loads((Path(name) / "crops" / "manifest.json").read_text(encoding="utf-8"))
        totals = crop_totals([manifest])
        good = [k for k in KINDS if k not in IGNORED and k not in REFUSED]
        ignored = Counter(dict.fromkeys(IGNORED.values(), 0))
        for kind, reason in IGNORED.items():
            ignored[reason] += made[kind]
        refused = {reason: made[reason] for reason in REFUSED if made[reason]}
        results = [
            check("cropped", totals.cropped, sum(made[k] for k in good)),
            check("ignored", dict(sorted(totals.ignored.items())), dict(sorted(ignored.items()))),
            check("curved", totals.notes.get("curved", 0), made["curved"]),
            check("vertical, turned", totals.notes.get("vertical_rotated", 0), made["vertical"]),
            check("unreadable photos", totals.unreadable_photos, {"truncated_image": 1}),
            check("crops whose label names another colour", wrong_colours(Path(name) / "crops"), 0),
        ]
        found = {k: v for k, v in totals.refused.items() if k in REFUSED}
        results.append(check("refused", dict(sorted(found.items())), dict(sorted(refused.items()))))
        results.append(check("missing photos", totals.refused["missing_photo"], 1))
        command("fetch", "lsvt", "--from", folder, "-o", Path(name) / "lsvt")
        command("crop", Path(name) / "lsvt", "-o", Path(name) / "again", "--workers", 2)
        # In another order: archives are read as their files lie, folders by number.
        same = samples(Path(name) / "again") == samples(Path(name) / "crops")
        results.append(check("the same crops by `fetch` and two processes", same, True))
        command("corpus", Path(name) / "lsvt", "-o", Path(name) / "lsvt.txt")
        texts = len((Path(name) / "lsvt.txt").read_text(encoding="utf-8").splitlines())
        print(f"corpus of {texts} texts; {totals.cropped / seconds:.0f} crops a second, the command's start included")
        sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
