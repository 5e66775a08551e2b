"""The presets english and chinese on real lines: trained on synthetic lines alone.

    python tests/bench/bench_lines.py english -o FOLDER               # render, train, export, score
    python tests/bench/bench_lines.py chinese -o FOLDER --set start=ENGLISH/bundle
    python tests/bench/bench_lines.py english -o FOLDER --bundle BUNDLE  # score only

The photos lie in ../shared/data beside the repository: receipts (sroie, whose labels are in capitals whatever is
printed), words of photos (icdar2015_words), screenshots of a game (zh_screens) and two street signs (lsvt_sample).
Receipts and screenshots are split by photo: one half was looked at while the recipes were made, the other was scored
alone. The texts of ../shared/data/corpora, none of which come from these photos, are added to the Chinese recipe.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import yaml
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from ocrdata.config import config_path
from ocrdata.datasets.records import Refusal
from ocrdata.fonts.discover import FontChoice, find_fonts
from ocrdata.train.evaluate import Line, Read, open_lines, read_lines
from ocrdata.train.metrics import score
from ocrdata.train.reader import Reader

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CORPORA = {  # file: unit, shortest, longest, weight
    "zh_fortune_chinese": ("char", 3, 18, 40),
    "zh_xiehouyu": ("line", 3, 18, 14),
    "zh_places_township": ("line", 2, 14, 1),
    "zh_addresses": ("line", 3, 20, 2),
    "zh_fortune_tang300": ("line", 3, 16, 2),
    "zh_fortune_song100": ("line", 3, 16, 1),
}
FONTS = ("Noto Sans CJK SC", "WenQuanYi*", "PingFang SC", "Microsoft YaHei", "DejaVu Sans")  # of the picture
Rule = Callable[[str], str]
RULES: dict[str, dict[str, Rule]] = {
    "english": {"without case": str.lower, "without case and spaces": lambda text: "".join(text.lower().split())},
    "chinese": {"exact": str, "without spaces": lambda text: "".join(text.split())},
}


def ocrdata(*arguments: str | Path) -> None:
    """A command that a user types."""
    subprocess.run([sys.executable, "-m", "ocrdata", *map(str, arguments)], check=True)


def make(preset: str, folder: Path, changes: list[str]) -> Path:
    """From nothing to a bundle; a bundle that is there is taken as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    config = chinese(folder) if preset == "chinese" else f"preset:{preset}"
    began = time.perf_counter()
    ocrdata("train", config, "-o", folder, *(part for change in changes for part in ("--set", change)))
    print(f"from nothing to a bundle: {time.perf_counter() - began:.0f} s")
    return folder / "bundle"


def chinese(folder: Path) -> str:
    """The Chinese preset with running text and the dictionary that everybody has, to which a space is added."""
    keys = (DATA / "dicts" / "ppocr_keys_v1.txt").read_text(encoding="utf-8").rstrip("\n")
    dictionary = (folder / "chinese.txt").resolve()
    dictionary.write_text(f"{keys}\n \n", encoding="utf-8", newline="\n")
    source = config_path("preset:chinese")
    config = yaml.safe_load(source.read_text(encoding="utf-8").replace("chinese.txt", str(dictionary)))
    config["synth"]["ink"]["pairs"] = str(source.parent / config["synth"]["ink"]["pairs"])
    for name, (unit, shortest, longest, weight) in CORPORA.items():
        file = str(DATA / "corpora" / f"{name}.txt")
        text = {"kind": "file", "path": file, "unit": unit, "length": [shortest, longest], "weight": weight}
        config["synth"]["texts"].append(text)
    path = folder / "chinese.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True, width=120), encoding="utf-8", newline="\n")
    return str(path)


def halves(name: str, folder: Path) -> dict[str, Path]:
    """The line crops of a set in two packs, cut by photo."""
    pack = folder / "real" / name
    if not (pack / "train" / "manifest.json").is_file():
        if name == "sroie":
            labels = folder / "real" / "sroie_labels"
            labels.mkdir(parents=True, exist_ok=True)
            for path in sorted((DATA / name / "box").glob("*.csv")):
                shutil.copy(path, labels / f"gt_{path.stem}.txt")
            ocrdata(
                "crop", labels, "--format", "icdar2015", "--images", DATA / name / "img", "-o", pack, "--val", "0.5"
            )
        else:
            ocrdata("crop", DATA / name, "-o", pack, "--val", "0.5")
    return {"looked at": pack / "train", "kept back": pack / "val"}


def sets(preset: str, folder: Path) -> Iterator[tuple[str, str, list[Line]]]:
    """(set, half, lines) of all that a preset is scored on."""
    if preset == "english":
        places = {("sroie", half): path for half, path in halves("sroie", folder).items()}
        places["icdar2015_words", "all"] = DATA / "icdar2015_words" / "gt.txt"
    else:
        places = {("zh_screens", half): path for half, path in halves("zh_screens", folder).items()}
        places |= {("lsvt_sample", "all"): halves("lsvt_sample", folder)["looked at"].parent}
    for (name, half), path in places.items():
        yield name, half, [line for line in open_lines(path) if not isinstance(line, Refusal)]


def sheet(wrong: list[tuple[Line, Read]], path: Path) -> None:
    """A picture of wrongly read lines, each over its label and over what was read."""
    face = find_fonts([FontChoice(name=name, optional=True) for name in FONTS], Path()).faces[0]
    font = ImageFont.truetype(str(face.path), 13, index=face.number)
    wide, high, across = 400, 66, 4
    page = Image.new("RGB", (wide * across, high * -(-len(wrong) // across)), "white")
    draw = ImageDraw.Draw(page)
    for i, (line, read) in enumerate(wrong):
        x, y = i % across * wide, i // across * high
        scale = min(30 / line.image.shape[0], (wide - 6) / line.image.shape[1])
        small = cv2.resize(line.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        page.paste(Image.fromarray(np.ascontiguousarray(small[:, :, ::-1])), (x, y))
        draw.text((x, y + 32), read.label, "black", font)
        draw.text((x, y + 47), read.text, "red", font)
    page.save(path)


def main() -> None:
    """Prints line accuracy by set and half; writes the wrong reads of the half that was looked at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("preset", choices=RULES)
    parser.add_argument("-o", "--out", type=Path, help="folder of everything; by default the preset's name")
    parser.add_argument("--set", dest="changes", action="append", default=[], help="change the preset: KEY=VALUE")
    parser.add_argument("--bundle", type=Path)
    arguments = parser.parse_args()
    folder = arguments.out or Path(arguments.preset)
    reader = Reader(arguments.bundle or make(arguments.preset, folder, arguments.changes))
    rules = RULES[arguments.preset]
    table = Table(title=f"{arguments.preset}: lines read right")
    for column in ("set", "half", "lines", *rules, "1 - edit distance"):
        table.add_column(column, justify="left" if column in ("set", "half") else "right")
    wrong: list[tuple[Line, Read]] = []
    for name, half, lines in sets(arguments.preset, folder):
        reads = list(read_lines(reader, lines))
        scores = [score((rule(r.text), rule(r.label)) for r in reads) for rule in rules.values()]
        row = (name, half, f"{len(reads):,}", *(f"{s.right:,}  {s.accuracy:.2%}" for s in scores))
        table.add_row(*row, f"{scores[0].similarity:.4f}")
        rule = next(iter(rules.values()))
        if half != "kept back":
            pairs = zip(lines, reads, strict=True)
            wrong += [(line, read) for line, read in pairs if rule(read.text) != rule(read.label)]
    Console(width=120).print(table)
    if wrong:
        sheet(wrong[:400], folder / "wrong.png")
        print(folder / "wrong.png")


if __name__ == "__main__":
    main()
