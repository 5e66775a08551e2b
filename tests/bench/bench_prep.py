"""How long `crop` and `pack` take on one core, against decoding and encoding the same pictures with OpenCV alone.

    python tests/bench/bench_prep.py [--repeat 3]

Real photos are used where ../shared/data lies beside the repository; photos made here otherwise.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Photo, Region
from ocrdata.prep.crop import crop_photos
from ocrdata.prep.pack import plan_lines
from ocrdata.prep.store import Pack
from ocrdata.prep.verify import verify

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]
LIMIT = 2.0


def made_photos(folder: Path, count: int = 200, lines: int = 12) -> list[Photo]:
    """Photos of 1280x720 with slanted lines of text-like size."""
    rng = np.random.default_rng(1)
    photos = []
    for i in range(count):
        image = cv2.resize(rng.integers(0, 256, (72, 128, 3), np.uint8), (1280, 720), interpolation=cv2.INTER_CUBIC)
        path = folder / f"photo_{i}.jpg"
        cv2.imwrite(str(path), image, QUALITY)
        regions = []
        for x, y in zip(rng.integers(20, 900, lines), rng.integers(40, 600, lines), strict=True):
            width, height, slant = rng.integers(60, 300), rng.integers(16, 50), rng.integers(-10, 10)
            quad = [(x, y), (x + width, y + slant), (x + width, y + slant + height), (x, y + height)]
            regions.append(Region(np.array(quad, np.float32), "a line"))
        photos.append(Photo(path, path.stem, tuple(regions), "made"))
    return photos


def photo_sets(folder: Path) -> dict[str, list[Photo]]:
    """Photos with regions by name."""
    sets = {"made, 1280x720, 12 lines": made_photos(folder)}
    icdar, wire = DATA / "icdar2015", DATA / "wire_tags"
    if icdar.is_dir():
        gt = icdar / "ch4_training_localization_transcription_gt"
        labels = Labels(gt, (icdar / "ch4_training_images",), "ICDAR2015")
        found = [p for p in open_labels("icdar2015", labels) if isinstance(p, Photo)]
        sets["ICDAR2015, 1280x720, 2 words"] = found * 100
    if wire.is_dir():
        found = [p for p in open_labels("paddle", Labels(wire / "Label.txt")) if isinstance(p, Photo)]
        sets["cable labels, small, 1 line"] = found
    return sets


def crop_floor(photos: list[Photo], crops: Pack) -> float:
    """Seconds to decode every photo and to encode every crop."""
    images = [cv2.imdecode(np.frombuffer(s.image, np.uint8), cv2.IMREAD_COLOR) for s in crops]

    def floor() -> None:
        kept = None  # as any program would: giving 3 MB back to the system at once costs more than keeping them
        for photo in photos:
            kept = cv2.imdecode(np.frombuffer(photo.path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        del kept
        for image in images:
            cv2.imencode(".jpg", image, QUALITY)

    start = time.perf_counter()
    floor()
    return time.perf_counter() - start


def pack_floor(paths: list[Path]) -> float:
    """Seconds to decode and encode every picture."""

    def floor() -> None:
        for path in paths:
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
            cv2.imencode(".jpg", image, QUALITY)

    start = time.perf_counter()
    floor()
    return time.perf_counter() - start


def report(name: str, count: int, ours: list[float], floors: list[float]) -> bool:
    """Print one row of the best of all repetitions; whether it keeps the limit."""
    ratio = min(ours) / min(floors)
    rate = count / min(ours)
    print(f"{name:42} {count:6,} samples {rate:9,.0f}/s  floor {min(floors):6.2f} s  ratio {ratio:5.2f}")
    return ratio <= LIMIT


def measure(name: str, photos: list[Photo], folder: Path, repeat: int) -> bool:
    """Prints the rows of one set of photos; whether both keep the limit."""
    ours, floors = [], []
    for i in range(repeat):
        start = time.perf_counter()
        crop_photos(photos, folder / f"crop-{i}", workers=1)
        ours.append(time.perf_counter() - start)
        floors.append(crop_floor(photos, Pack(folder / f"crop-{i}")))
    crops = Pack(folder / "crop-0")
    good = report(f"crop: {name}", len(crops), ours, floors)
    lines = write_lines(folder / "lines", crops)
    ours, floors, checks = [], [], []
    for i in range(repeat):
        start = time.perf_counter()
        plan_lines(lines, folder / f"pack-{i}").run(1)
        ours.append(time.perf_counter() - start)
        floors.append(pack_floor([photo.path for photo in lines]))
        start = time.perf_counter()
        verify(folder / f"pack-{i}", 1)
        checks.append(time.perf_counter() - start)
    good &= report(f"pack: {name}", len(lines), ours, floors)
    report(f"verify: {name}", len(lines), checks, floors)
    return good


def main() -> int:
    """Prints the table; 1 where a ratio is above the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    cv2.setNumThreads(1)
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        for i, (name, photos) in enumerate(photo_sets(Path(temporary)).items()):
            folder = Path(temporary) / str(i)
            folder.mkdir()
            good &= measure(name, photos, folder, repeat)
    print(f"limit: {LIMIT} times decoding and encoding with OpenCV; {'kept' if good else 'NOT KEPT'}")
    return 0 if good else 1


def write_lines(folder: Path, crops: Pack) -> list[Photo]:
    """Each crop as a file of its own."""
    folder.mkdir()
    lines = []
    for i, sample in enumerate(crops):
        path = folder / f"{i}.jpg"
        path.write_bytes(sample.image)
        lines.append(Photo(path, path.name, (Region(None, sample.label),), "made"))
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
