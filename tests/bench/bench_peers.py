"""How fast the built-in engine is beside other renderers, on one core, at effects as like as they have them.

    python tests/bench/bench_peers.py [--rounds 5] [--text-renderer-python PATH] [--trdg-python PATH]
                                      [--synthtiger-python PATH --synthtiger-source FOLDER]

CPU microseconds per image, medians of rounds that take turns. The built-in engine does everything, from drawing texts
to a synced LMDB with JPEGs, its glyphs warm after 120,000 lines (a pack is made of millions); the others render only,
into memory. All get the same lines, faces (one per file) and photos of 800 x 600, and draw in several ways: `plain`
(no effects; beside the built-in engine without effects), `typical` (its effects as far as they have them) and `shipped`
(as their authors set them up); time_peer.py says what each of them leaves out or does besides.

text_renderer and TRDG are those that `ocrdata engines install` made unless an interpreter is named; SynthTIGER is
measured where an interpreter is named (pip install synthtiger "numpy<2" "pillow<10") and draws by the template of its
repository where a clone is named, else only in a way of our own, `lean`.

Photos and corpora come from ../shared/data beside the repository where that folder exists; else they are made here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from bench_synth import DATA, make, recipe
from fontTools.ttLib import TTFont

from ocrdata.datagen.engines.install import list_engines
from ocrdata.datagen.recipe import Recipe
from ocrdata.datagen.synth import SHARD, Engine, prepare
from ocrdata.datasets.images import read_image, write_image

BARS = {"text_renderer": 30, "trdg": 40, "synthtiger": 400}  # times faster, on Chinese lines
IMAGES = {"text_renderer": 100, "trdg": 100, "synthtiger": 10}  # in a round: about a second
OWN = SHARD  # lines in a round: retries and the store cost what they cost in a pack
WARM_UP = {"chinese": 120_000, "english": 20_000}
FACES = 8
PLAIN = {  # what `typical` is without its effects
    **{"geometry": {}, "tone": {}, "layout": {}},
    **{name: {"probability": 0} for name in ("outline", "shadow", "blur", "noise")},
}
PHOTO = (800, 600)


@dataclass
class Peer:
    """Another renderer's process. ways: to draw; answers: by way."""

    name: str
    process: subprocess.Popen[str]
    ways: list[str]
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def round(self, images: int) -> None:
        """Let it make so many images in each way and keep the answers."""
        for way in self.ways:
            self.answers.setdefault(way, []).append(json.loads(self.ask(f"{way} {images}")))

    def ask(self, request: str) -> str:
        """Its answer to a line."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline() or sys.exit(f"{self.name} died; run it by hand: {self.process.args}")

    def micros(self, way: str) -> float:
        """CPU microseconds per image, median of the rounds; the first warms its caches up."""
        return median(1e6 * a["seconds"] / a["images"] for a in self.answers[way][1:])


def start(name: str, python: str, setup: dict[str, Any]) -> Peer | None:
    """The peer, ready to draw, or None with a line that says why not."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    command = [python, str(Path(__file__).with_name("time_peer.py"))]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env={**os.environ, **one},
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({**setup, "name": name}) + "\n")
    process.stdin.flush()
    if not (ways := process.stdout.readline()):
        print(f"{name}: {python} cannot draw with it; see: echo '{{...}}' | {' '.join(command)}")
        return None
    return Peer(name, process, json.loads(ways))


def interpreters(options: argparse.Namespace) -> dict[str, str]:
    """The interpreter of each peer that can be measured; the others are named."""
    found = {row.name: row.python for row in list_engines() if row.installed}
    named = {"text_renderer": options.text_renderer_python, "trdg": options.trdg_python}
    named["synthtiger"] = options.synthtiger_python
    found |= {name: path for name, path in named.items() if path}
    for name in options.only:
        if name not in found:
            how = "name --synthtiger-python" if name == "synthtiger" else f"ocrdata engines install {name}"
            print(f"{name}: not measured, not installed ({how})")
    return {name: path for name, path in found.items() if name in options.only}


def make_photos(folder: Path) -> None:
    """Photos of one size; made ones where there are none."""
    for number, path in enumerate(sorted((DATA / "backgrounds").glob("*.jpg"))[:16]):
        write_image(folder / f"{number}.jpg", cv2.resize(read_image(path), PHOTO, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
    generator = np.random.default_rng(1)
    for number in range(0 if any(folder.glob("*.jpg")) else 16):
        coarse = generator.integers(60, 230, (6, 8, 3)).astype(np.uint8)
        write_image(folder / f"{number}.jpg", cv2.resize(coarse, PHOTO, interpolation=cv2.INTER_CUBIC))  # type: ignore[arg-type]


def make_fonts(engine: Engine, texts: list[str], folder: Path) -> None:
    """Faces as files of their own, with the list of their characters that SynthTIGER reads."""
    wanted = set("".join(texts))
    for number, ref in enumerate(engine.faces.refs[:FACES]):
        with TTFont(ref.path, fontNumber=ref.number, lazy=True, recalcBBoxes=False) as font:
            ending = "otf" if "CFF " in font else "ttf"
            known = wanted & {chr(c) for c in font.getBestCmap()}
            font.save(folder / f"{number}.{ending}")
        (folder / f"{number}.txt").write_text("".join(sorted(known)), encoding="utf-8")


def own_round(engine: Engine, first: int, folder: Path) -> float:
    """CPU microseconds per image of the built-in engine: from drawing the text to the synced LMDB."""
    return 1e6 * make(engine, first, OWN, folder) / OWN


def engines(kind: str, folder: Path) -> dict[str, Engine]:
    """The built-in engine with its effects and without, all backgrounds photos."""
    base = recipe(kind, folder).model_dump(mode="json", exclude_unset=True)
    behind = {
        "photos": {"folder": str(folder / "photos")},
        **{k: {"weight": 0} for k in ("plain", "gradient", "texture")},
    }
    ways = {"typical": {"backgrounds": behind}, "plain": {"backgrounds": behind, **PLAIN}}
    return {way: prepare(Recipe.model_validate({**base, **more})).engine for way, more in ways.items()}


def measure(kind: str, rounds: int, found: dict[str, str], folder: Path, source: str | None) -> dict[str, float]:
    """Print the table of one kind of line; returns how many times faster the built-in engine is at typical effects."""
    fonts = folder / f"fonts_{kind}"
    fonts.mkdir()
    own = engines(kind, folder)
    texts = (folder / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    make_fonts(own["typical"], texts, fonts)
    known = set.intersection(*(set(p.read_text(encoding="utf-8")) for p in fonts.glob("*.txt")))
    texts = [t for t in texts if set(t) <= known]
    setup = {"texts": texts, "fonts": str(fonts), "photos": str(folder / "photos"), "synthtiger_source": source}
    peers = [p for name, python in found.items() if (p := start(name, python, setup))]
    times: dict[str, list[float]] = {way: [] for way in own}
    for first in range(0, WARM_UP[kind], OWN):
        for engine in own.values():
            own_round(engine, first, folder)
    for number in range(rounds + 1):
        for way, engine in own.items():
            times[way].append(own_round(engine, WARM_UP[kind] + number * OWN, folder))
        for peer in peers:
            peer.round(IMAGES[peer.name])
    return table(kind, {way: median(some[1:]) for way, some in times.items()}, peers)


def table(kind: str, mine: dict[str, float], peers: list[Peer]) -> dict[str, float]:
    """Print what was measured; `plain` beside our plain lines, everything else beside our typical ones."""
    print(f"\n{kind}: CPU us per image")
    for way, micros in mine.items():
        print(f"  {'ocrdata, all of it':20} {way:8} {micros:9.0f}")
    ratios = {}
    for peer in peers:
        for way in peer.ways:
            ratio = peer.micros(way) / mine.get(way, mine["typical"])
            last = peer.answers[way][-1]
            size = f"{last['width']:.0f} x {last['height']:.0f} px"
            print(f"  {peer.name:20} {way:8} {peer.micros(way):9.0f}   {ratio:6.0f} times   {size}")
            if way == "typical" or "typical" not in peer.ways:
                ratios[peer.name] = ratio
        peer.process.kill()
        peer.process.wait()
    return ratios


def bind() -> None:
    """Keep this process and its children on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    else:
        print("this system cannot bind processes to a core; figures are CPU time all the same", file=sys.stderr)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=list(BARS), nargs="+", default=list(BARS), help="peers to measure")
    parser.add_argument("--kinds", choices=list(WARM_UP), nargs="+", default=list(WARM_UP), help="lines to draw")
    for name in BARS:
        parser.add_argument(f"--{name.replace('_', '-')}-python", metavar="PATH")
    parser.add_argument("--synthtiger-source", metavar="FOLDER", help="a clone of its repository")
    options = parser.parse_args()
    bind()
    cv2.setNumThreads(1)
    found = interpreters(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        make_photos(folder / "photos")
        ratios = {
            kind: measure(kind, options.rounds, found, folder, options.synthtiger_source) for kind in options.kinds
        }
    print()
    for peer, ratio in ratios.get("chinese", {}).items():
        verdict = "yes" if ratio >= BARS[peer] else "NO"
        print(f"at least {BARS[peer]} times {peer} on Chinese lines: {verdict} ({ratio:.0f})")


if __name__ == "__main__":
    main()
