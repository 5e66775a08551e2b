"""Archives of 100,000 files, read where they lie: memory and speed, against tarfile, zipfile and OpenCV.

    python tests/bench/bench_archives.py [--files 100000] [--shape MJSynth] [--folder DIR]

The archives are made here: one is shaped as MJSynth (a tar.gz of word pictures, a list of their names), one as
SynthText (a zip of photos and gt.mat). `read` is label reader and decoding, against the plain library and the
same decoding; `pack` and `crop` are the whole jobs in one process. Seconds are of processor time; memory is that of
the process, sampled.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import scipy.io

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.images import decode
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Photo
from ocrdata.prep.crop import crop_photos
from ocrdata.prep.pack import PackConfig, plan_pack

INSIDE = "mnt/ramdisk/max/90kDICT32px"
POOL = 300
WORDS = 8


def pictures(width: int, height: int) -> list[bytes]:
    """Some different pictures with the size in bytes of real ones."""
    rng = np.random.default_rng(1)
    made = []
    for _ in range(POOL):
        image = cv2.resize(rng.integers(0, 256, (height // 6, width // 6, 3), np.uint8), (width, height))
        for x in range(8, width - 20, 14):
            cv2.putText(image, "ABEGKRS"[x % 7], (x, height - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2)
        made.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes())
    return made


def make_mjsynth(path: Path, files: int) -> None:
    """A tar.gz with `annotation.txt` behind the pictures, as far from them as can be."""
    pool = pictures(100, 32)
    names = [f"{i // 1000}/{i % 7}/{i}_word{i % 977}_{i % 88172}.jpg" for i in range(files)]
    listed = "".join(f"./{n} {n.rpartition('_')[2][:-4]}\n" for n in names).encode()
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for i, name in enumerate(names):
            _add(archive, f"{INSIDE}/{name}", pool[i % POOL])
        _add(archive, f"{INSIDE}/annotation.txt", listed)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))
    archive.members = []  # or making the archive takes a gigabyte


def make_synthtext(path: Path, files: int) -> None:
    """A zip of photos with eight words each, and gt.mat."""
    pool = pictures(300, 225)
    names = np.empty((1, files), object)
    boxes, texts = np.empty((1, files), object), np.empty((1, files), object)
    rng = np.random.default_rng(2)
    word = np.array([[0, 60, 60, 0], [0, 0, 18, 18]], np.float32)
    for i in range(files):
        names[0, i] = f"{i % 200}/photo_{i}_0.jpg"
        boxes[0, i] = word[:, :, None] + rng.integers(0, 200, (2, 1, WORDS)).astype(np.float32)
        texts[0, i] = np.array(["one two\nthree", "four five ", "six seven eight"])
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"wordBB": boxes, "imnames": names, "txt": texts}, do_compression=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(files):
            archive.writestr(f"SynthText/{names[0, i]}", pool[i % POOL])
        archive.writestr("SynthText/gt.mat", stream.getvalue())


def by_tarfile(path: Path) -> Iterator[bytes]:
    """What anybody would write, in constant memory."""
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            archive.members = []
            if member.name.endswith(".jpg"):
                file = archive.extractfile(member)
                assert file is not None
                yield file.read()


def by_zipfile(path: Path) -> Iterator[bytes]:
    """What anybody would write."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".jpg"):
                yield archive.read(name)


def by_reader(format: str, labels: Path) -> Iterator[bytes]:
    """Photos with labels."""
    archive = next(p for p in labels.parents if p.is_file())
    for photo in open_labels(format, Labels(labels, (archive,))):
        if isinstance(photo, Photo):
            yield photo.path.read_bytes()


def decoded(data: Iterator[bytes]) -> int:
    """How many decode."""
    return sum(decode(d).size > 0 for d in data)


MJSYNTH, SYNTHTEXT = "mjsynth.tar.gz", "SynthText.zip"
SHAPES = {"MJSynth": (MJSYNTH, make_mjsynth), "SynthText": (SYNTHTEXT, make_synthtext)}


def tasks(folder: Path) -> dict[str, Callable[[], int]]:
    """What is measured, by name; each returns how many pictures it did."""
    mjsynth, synthtext = folder / MJSYNTH / INSIDE / "annotation.txt", folder / SYNTHTEXT / "SynthText" / "gt.mat"
    out = folder / "out"

    def crop() -> int:
        photos = open_labels("synthtext", Labels(synthtext, (folder / SYNTHTEXT,)))
        return int(crop_photos(photos, out / "crops", workers=1)["all"]["config"]["input"]["photos"])

    return {
        "MJSynth: tarfile, decode": lambda: decoded(by_tarfile(folder / MJSYNTH)),
        "MJSynth: read": lambda: decoded(by_reader("mjsynth", mjsynth)),
        "MJSynth: pack": lambda: int(plan_pack(mjsynth, out / "words", PackConfig()).run(1)["count"]),
        "SynthText: zipfile, decode": lambda: decoded(by_zipfile(folder / SYNTHTEXT)),
        "SynthText: read": lambda: decoded(by_reader("synthtext", synthtext)),
        "SynthText: crop, 8 words each": crop,
    }


def child(name: str, folder: Path) -> None:
    """Do one task; print what it took as JSON."""
    cv2.setNumThreads(1)
    start = time.process_time()
    done = tasks(folder)[name]()
    print(json.dumps({"done": done, "seconds": time.process_time() - start}))


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run a task in a process of its own; its results and its memory: after a tenth of the time, and at most."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--task", name, "--folder", str(folder)], stdout=subprocess.PIPE
    )
    samples: list[float] = []

    def watch() -> None:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                samples.append(watched.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                return
            time.sleep(0.1)

    thread = threading.Thread(target=watch)
    thread.start()
    output, _ = process.communicate()
    thread.join()
    if process.returncode:
        sys.exit(process.returncode)
    early = max(samples[: max(1, len(samples) // 10)])
    return {**json.loads(output), "early": early, "peak": max(samples)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--shape", choices=SHAPES, help="One of the two alone.")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        child(arguments.task, arguments.folder)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        for shape, (file, make) in SHAPES.items():
            if arguments.shape in (None, shape):
                make(folder / file, arguments.files)
                print(
                    f"{file}: {arguments.files:,} pictures, {(folder / file).stat().st_size / 1e6:,.0f} MB", flush=True
                )
        base = 0.0
        for task in (t for t in tasks(folder) if arguments.shape is None or t.startswith(f"{arguments.shape}:")):
            found = measure(task, folder)
            rate = found["done"] / found["seconds"]
            base = rate if "decode" in task else base
            speed = f"{found['done']:>7,.0f} pictures  {rate:>7,.0f} a CPU second  {rate / base:5.2f} of the library"
            memory = f"memory {found['early']:.0f} MB after a tenth, {found['peak']:.0f} MB at most"
            print(f"{task:30} {speed}  {memory}", flush=True)


if __name__ == "__main__":
    main()
