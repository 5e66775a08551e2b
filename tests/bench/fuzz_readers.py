"""Every reader of foreign files with many damaged ones: nothing but the declared errors, no hang, little memory.

    python tests/bench/fuzz_readers.py [--count 100000] [--seed 1] [NAME …]

Seeds are the golden miniatures of the tests; a case is a function of (seed, reader, number), so what is found is
repeated by `--only NUMBER NAME`. Each reader runs in a process of its own, so that a crash is found, too.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

import lmdb
import numpy as np
import scipy.io

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import official

from ocrdata.datasets.archives import extract
from ocrdata.datasets.catalogue.entry import find_entry
from ocrdata.datasets.dataset import find_labels, open_labels, read_dataset
from ocrdata.datasets.images import BadImage, decode
from ocrdata.datasets.members import close_archives, members
from ocrdata.datasets.readers import READERS
from ocrdata.datasets.readers.folder import FolderReader
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError
from ocrdata.prep.pack import PackConfig, plan_repack

HANG = 20  # seconds
MEMORY = 512  # MB
TOKENS = [
    *(b",", b"\t", b'"', b"'", b"####", b"###", b"\\", b"{", b"}", b"[", b"[[[[", b"]", b":", b"<", b"&amp;", b"&#0;"),
    *(b"NaN", b"Infinity", b"-1", b"1e999", b"99999999999999999999", b"0", b"null", b"true", b'""', b"\\ud800"),
    *(b"\0", b"\r\n", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", "\u2028".encode(), "０١".encode(), b"../", b"/", b"C:\\"),
    *(b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"<!ENTITY", b"x:", b"u'"),
]
Case = Callable[[bytes, Path], None]


def mutated(data: bytes, others: list[bytes], random: random.Random) -> bytes:
    """Some bytes flipped, cut, doubled, moved, replaced by tokens of the formats or parts of another seed."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 9))):
        at = random.randrange(len(made) + 1)
        length = min(random.choice((1, 1, 2, 4, 8, 40, 300)), len(made) - at)
        kind = random.randrange(7)
        if kind == 0 and length:
            made[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            del made[at : at + length]
        elif kind == 2:
            made[at:at] = made[at : at + length] * random.choice((1, 2, 50))
        elif kind == 3:
            made[at : at + random.choice((0, length))] = random.choice(TOKENS)
        elif kind == 4:
            made[at : at + length] = random.randbytes(length)
        elif kind == 5:
            other = random.choice(others)
            start = random.randrange(len(other) + 1)
            made[at : at + length] = other[start : start + 60]
        elif random.randrange(4) == 0:
            del made[at:]
    return bytes(made)


def by_reader(format: str, name: str) -> Case:
    """Labels as the file `name`, alone in their folder: strict, whole ground truth, or with all photos missing."""
    reader = READERS[format]

    def case(data: bytes, folder: Path) -> None:
        (folder / name).write_bytes(data)
        path = folder if isinstance(reader, FolderReader) else folder / name
        strict = len(data) % 2 == 0
        for item in open_labels(format, Labels(path, strict=strict, keep_missing=strict)):
            assert item is not None

    return case


def guessed(name: str) -> Case:
    """A label file whose format must be found out."""

    def case(data: bytes, folder: Path) -> None:
        (folder / name).write_bytes(data)
        format, labels = find_labels(folder / name)
        for _ in open_labels(format, labels):
            pass

    return case


def names_as_labels(data: bytes, folder: Path) -> None:
    """CCPD: the photos' names are the labels."""
    (folder / "list.txt").write_bytes(data)
    for _ in open_labels("ccpd", Labels(folder / "list.txt", keep_missing=True)):
        pass


def picture(data: bytes, folder: Path) -> None:
    """A picture."""
    decode(data)


def archive(data: bytes, folder: Path) -> None:
    """An archive, in place and unpacked."""
    path, unpacked = folder / "archive.bin", folder / "unpacked"
    path.write_bytes(data)
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        for member in members(path):
            with suppress(OSError):  # what a damaged member raises
                member.read_bytes()
    finally:
        close_archives()
        extract(path, unpacked)


def lmdb_file(data: bytes, folder: Path) -> None:
    """An LMDB, packed anew."""
    (folder / "lmdb").mkdir(exist_ok=True)
    (folder / "lmdb" / "data.mdb").write_bytes(data)
    plan = plan_repack(folder / "lmdb", folder / "pack", PackConfig())
    for _ in plan.source.items(0, min(plan.items, 1000)):
        pass


def catalogue(data: bytes, folder: Path) -> None:
    """A dataset's YAML file."""
    (folder / "mine.yml").write_bytes(data)
    find_entry(str(folder / "mine.yml"))


def fetched(data: bytes, folder: Path) -> None:
    """A fetched dataset's description."""
    (folder / "dataset.json").write_bytes(data)
    read_dataset(folder)


def seeds() -> dict[str, tuple[Case, list[bytes]]]:
    """By name: how a case is run, and the sound files that it is made from."""
    with tempfile.TemporaryDirectory() as name:
        at = Path(name)
        for make in official.DATASETS.values():
            make(at)
        files = {p.name: p.read_bytes() for p in at.iterdir()}
        inside = [_inside(at / n) for n in files if n.endswith((".zip", ".gz"))]
    labels = {n: d for n, d in files.items() if n.endswith((".json", ".txt"))}
    archives = {n: d for n, d in files.items() if n not in labels}
    for found in inside:
        labels.update({n: d for n, d in found.items() if n.endswith((".txt", ".xml", ".json", ".mat"))})
    return {**_formats(labels), **_others(labels, archives)}


def _formats(labels: dict[str, bytes]) -> dict[str, tuple[Case, list[bytes]]]:
    def of(*ends: str) -> list[bytes]:
        found = [d for n, d in labels.items() if n.endswith(ends)]
        assert found, ends
        return found

    plain = [_plain(p) for p in of("gt.mat", "testdata.mat")]
    named = {
        "icdar2013": ("gt_1.txt", of("gt_100.txt", "gt_img_1.txt")),
        "icdar2015": ("gt_img_1.txt", of("gt_img_1.txt")),
        "mlt": ("tr_img_1.txt", of("tr_img_00001.txt", "gt_img_2.txt")),
        "rctw": ("image_1.txt", of("image_0.txt", "image_1.txt")),
        "mtwi": ("a.jpg.txt", of("item_pic.jpg.txt", "gif.jpg.txt")),
        "sroie": ("X1.txt", of("X51005200938.txt")),
        "totaltext": ("poly_gt_img1.txt", of("poly_gt_img11.txt", "poly_gt_img1.txt")),
        "ctw1500": ("0001.xml", of("0001.xml")),
        "ctw1500 lines": ("0001.txt", of("0001001.txt")),
        "rects": ("r_1.json", of("train_ReCTS_000001.json")),
        "lsvt": ("l.json", of("train_full_labels.json")),
        "lsvt-weak": ("l.json", of("train_weak_labels.json")),
        "art": ("l.json", of("train_labels.json")),
        "art-words": ("l.json", of("train_task2_labels.json")),
        "coco-text": ("c.json", of("cocotext.v2.json")),
        "textocr": ("t.json", of("TextOCR_0.1_train.json")),
        "mmocr": ("m.json", [_mmocr()]),
        "mmocr-words": ("m.json", of("textrecog_test.json")),
        "svt": ("t.xml", of("train.xml")),
        "icdar2015-words": ("gt.txt", of("Challenge2_Test_Task3_GT.txt", "Challenge4_Test_Task3_GT.txt")),
        "words": ("gt.txt", of("svtp.zip/gt.txt")),
        "cute80": ("gt.txt", of("test_label.txt")),
        "street-view-words": ("gt.txt", ["120 48 img_1.jpg\t店\n48 48 img_2.jpg\ta b\n".encode()]),
        "mjsynth": ("a.txt", of("annotation_train.txt")),
        "paddle": ("Label.txt", [_paddle()]),
        "paddle-rec": ("rec_gt.txt", ['a.jpg\t他说,"好"\n["b.jpg", "c.jpg"]\tx y\n'.encode()]),
        "synthtext": ("gt.mat", [*of("gt.mat"), *plain]),
        "iiit5k": ("t.mat", [*of("testdata.mat"), *plain]),
    }
    return {format: (by_reader(format.split()[0], name), found) for format, (name, found) in named.items()}


def _others(labels: dict[str, bytes], archives: dict[str, bytes]) -> dict[str, tuple[Case, list[bytes]]]:
    return {
        "ccpd": (names_as_labels, [f"ccpd_base/{official.PLATE}\n".encode() * 2]),
        "any text": (guessed("labels.txt"), [d for n, d in labels.items() if n.endswith(".txt")]),
        "any json": (guessed("labels.json"), [d for n, d in labels.items() if n.endswith(".json")]),
        "picture": (picture, _pictures()),
        "zip": (archive, [d for n, d in archives.items() if n.endswith(".zip") and len(d) < 20_000]),
        "tar": (archive, [*_tars(), *(d for n, d in archives.items() if n.endswith((".gz", ".xz")))]),
        "lmdb": (lmdb_file, [_lmdb()]),
        "fetched": (fetched, [json.dumps({"name": "a", "licence": "b", "splits": {"train": {}}}).encode()]),
        "catalogue": (catalogue, [p.read_bytes() for p in _catalogue()]),
    }


def _inside(path: Path) -> dict[str, bytes]:
    return {f"{path.name}/{m.name}": m.read_bytes() for m in members(path)} if "001" not in path.name else {}


def _plain(data: bytes) -> bytes:
    """The same variables without compression: damage there reaches the reader, not the check sum."""
    stream = io.BytesIO()
    found = scipy.io.loadmat(io.BytesIO(data))
    scipy.io.savemat(stream, {k: v for k, v in found.items() if not k.startswith("__")}, do_compression=False)
    return stream.getvalue()


def _mmocr() -> bytes:
    polygon = [c for p in official.QUAD for c in p]
    instances = [
        {"polygon": polygon, "bbox": polygon[:4], "ignore": False, "text": "a"},
        {"bbox": polygon[:4], "ignore": True},
    ]
    return json.dumps({"metainfo": {}, "data_list": [{"img_path": "a.jpg", "instances": instances}]}).encode()


def _paddle() -> bytes:
    objects = [{"transcription": 'say "a"', "points": official.QUAD}, {"transcription": "*", "points": official.CURVED}]
    return f"img/a.jpg\t{json.dumps(objects)}\nimg/b.jpg\t[]\n".encode()


def _pictures() -> list[bytes]:
    alpha = np.zeros((30, 40, 4), np.uint8)
    alpha[5:20, 5:30] = 255
    endings = (".jpg", ".png", ".webp", ".bmp", ".tiff", ".gif")
    import cv2

    clear = [cv2.imencode(ending, alpha)[1].tobytes() for ending in (".png", ".webp")]
    return [*(official.picture(e, 60, 30) for e in endings), *clear, official.GIF_IN_JPG]


def _tars() -> list[bytes]:
    made = []
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as opened:
            for name in ("a.jpg", f"{'deep/' * 40}é.jpg"):
                info = tarfile.TarInfo(name)
                info.size = 600
                opened.addfile(info, io.BytesIO(bytes(600)))
        made.append(stream.getvalue())
    return made


def _lmdb() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        with lmdb.open(name, map_size=1 << 22) as environment, environment.begin(write=True) as writing:
            for i in range(1, 24):
                writing.put(b"image-%09d" % i, official.JPEG * (3 if i % 5 == 0 else 1))
                writing.put(b"label-%09d" % i, json.dumps({"text": f"word {i}"}).encode())
            writing.put(b"num-samples", b"23")
        return (Path(name) / "data.mdb").read_bytes()


def _catalogue() -> list[Path]:
    folder = Path(__file__).resolve().parents[2] / "datasets" / "catalogue"
    return [folder / f"{name}.yml" for name in ("icdar2015", "synthtext", "rctw")]


def _with_right_sum(data: bytes, random: random.Random) -> bytes:
    """A tar whose first header has the right check sum again, so that what it says is believed."""
    if len(data) < 512 or data[257:262] != b"ustar" or random.randrange(2):
        return data
    head = bytearray(data[:512])
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + data[512:]


def _hung(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


def fuzz(name: str, count: int, seed: int, only: int | None) -> dict[str, object]:
    """Run the cases of one reader; what happened how often, and the first cases that should not happen."""
    case, sound = seeds()[name]
    outcomes: Counter[str] = Counter()
    failures: list[dict[str, object]] = []
    warnings.simplefilter("error", RuntimeWarning)  # numbers that overflow
    signal.signal(signal.SIGALRM, _hung)
    slowest = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for number in range(count) if only is None else [only]:
            drawn = random.Random(f"{seed}/{name}/{number}")
            data = mutated(drawn.choice(sound), sound, drawn)
            data = _with_right_sum(data, drawn) if name == "tar" else data
            signal.alarm(HANG)
            start = time.perf_counter()
            try:
                case(data, Path(folder))
                outcomes["read"] += 1
            except (UserError, BadImage) as error:
                outcomes[type(error).__name__] += 1
            except BaseException as error:  # noqa: BLE001 - that is what is sought
                outcomes["FAILED"] += 1
                if len(failures) < 5:
                    failures.append({"number": number, "what": "".join(traceback.format_exception(error)[-4:])})
            signal.alarm(0)
            slowest = max(slowest, time.perf_counter() - start)
            if number % 1000 == 0:
                print(number, file=sys.stderr, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"outcomes": outcomes, "failures": failures, "slowest": slowest, "before": before, "peak": peak}


def run(name: str, arguments: argparse.Namespace) -> bool:
    """One reader in a process of its own; whether all went well."""
    command = [
        sys.executable,
        __file__,
        "--child",
        "--count",
        str(arguments.count),
        "--seed",
        str(arguments.seed),
        name,
    ]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{name:18} CRASHED with {done.returncode}: …{done.stderr[-600:]}", flush=True)
        return False
    found = json.loads(done.stdout)
    good = not found["failures"] and found["peak"] <= MEMORY
    told = ", ".join(f"{v:,} {k}" for k, v in sorted(found["outcomes"].items()))
    print(
        f"{name:18} {told}; slowest {found['slowest']:.2f} s; memory {found['peak']:.0f} MB; "
        f"{time.perf_counter() - start:.0f} s{'' if good else '   FAILED'}",
        flush=True,
    )
    for failure in found["failures"]:
        print(f"  --seed {arguments.seed} --only {failure['number']} {name}\n{failure['what']}")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    if arguments.child or arguments.only is not None:
        print(json.dumps(fuzz(arguments.names[0], arguments.count, arguments.seed, arguments.only)))
        return
    names = arguments.names or list(seeds())
    print(f"{arguments.count:,} damaged files for each of {len(names)} readers, seed {arguments.seed}", flush=True)
    results = [run(name, arguments) for name in names]  # all of them, whatever the first gives
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
