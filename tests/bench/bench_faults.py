"""synth, crop, pack, fetch and train under random faults; after them, is everything there, once, byte for byte?

    python tests/bench/bench_faults.py [--scale 1.0] [--only synth,train] [--seed 1]

Kills (of all processes, of the parent, of one worker), SIGTERM, a disk that is full, a disk that fails to read (FUSE),
a lost Ray node, a server that cuts, lies about ranges or is slow. Faults hit at random moments; up to four hit one
result, each while the run after the last one is going on. Then it is finished and compared with an unbroken one:
every file, byte for byte. Full disks need root on Linux, read errors mfusepy as well, lost nodes ray; what is missing
is said. Exits with 1 where anything is lost, doubled or different, or a traceback was shown.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import bench_ray
import psutil
import yaml
from faulty_server import KINDS, FaultyServer, serving

from ocrdata.prep.store import Pack

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-m", "ocrdata"]
AT_A_TIME = 4  # faults that hit one result
PATIENCE = 600.0
CLOCKED = {"log.csv", "run.json", "curve.png"}  # they tell of seconds, and of when a run was taken up
TRAIN = {
    "network": {"name": "tiny", "channels": [8, 16, 16, 24], "context": 32, "reach": 3},
    "charset": "0123456789", "width": 96, "batch_size": 16, "optimizer": {"lr": 0.01, "warmup": 5}, "cache_mb": 8,
    "holdout": 0.1, "steps": 60, "eval_every": 20, "save_every": 5, "seed": 3,
}  # fmt: skip


@dataclass
class Row:
    """What came of one kind of fault to one command."""

    faults: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0
    tracebacks: int = 0

    def look(self, told: str) -> None:
        """Count a traceback, and show it. Paddle shows one of C++ where a signal ends a process, which is no error."""
        if re.search("^Traceback", told, re.MULTILINE):
            self.tracebacks += 1
            print(told[-3000:], flush=True)


@dataclass
class Command:
    """A command under test. line: its arguments but the last, which is OUT; more: those of a run that goes on.

    parts: what a result is made of, which may be lost or doubled; reading: the share of its time in which it reads
    its input; whole: the unbroken result; seconds: what it took.
    """

    name: str
    line: list[str]
    parts: Callable[[Path], Counter[str]]
    more: list[str] = field(default_factory=list)
    reading: float = 0.6
    whole: Path = Path()
    seconds: float = 0.0

    def start(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """Begin, or go on."""
        again = self.more if (out / "last.npz").exists() else []
        return subprocess.Popen(
            [*PROGRAM, *self.line, str(out), *again, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def finish(self, out: Path, row: Row, *options: str) -> None:
        """Run to the end; twice more where a fault has its echo."""
        for _ in range(3):
            running = self.start(out, *options)
            told, _ = running.communicate(timeout=PATIENCE)
            row.look(told)
            if running.returncode == 0:
                break
        else:
            print(f"{self.name} does not end: {told[-2000:]}", flush=True)
        compare(self, out, row)


def compare(command: Command, out: Path, row: Row) -> None:
    """Count what is lost, doubled or different."""
    there, here = command.parts(command.whole), command.parts(out)
    row.lost += (there - here).total()
    row.doubled += (here - there).total()
    before, after = files(command.whole), files(out)
    differ = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    row.different += len(differ)
    if differ:
        print(f"{command.name}: {len(differ)} files differ, first {differ[:5]}", flush=True)


def files(folder: Path) -> dict[str, str]:
    """Every file by its path, but those that tell the time."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.name not in CLOCKED)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def samples(out: Path) -> Counter[str]:
    """The samples of a pack."""
    if not list(out.rglob("data.mdb")):
        return Counter()
    found = Pack(out)
    return Counter(f"{s.origin}\0{s.label}\0{hash(s.image)}" for s in map(found.__getitem__, range(len(found))))


def steps(out: Path) -> Counter[str]:
    """The rows of a training's log."""
    if not (out / "log.csv").exists():
        return Counter()
    with (out / "log.csv").open(encoding="utf-8", newline="") as file:
        return Counter(row["step"] for row in csv.DictReader(file))


def fetched(out: Path) -> Counter[str]:
    """The files of a dataset."""
    return Counter(list(files(out)))


def chains(command: Command, folder: Path, number: int, row: Row) -> Iterator[Path]:
    """Folders for results, `AT_A_TIME` faults each; every one is finished and compared when its faults are over."""
    for _ in range(3 * number):  # each has one fault at least, but for those that come too late
        if row.faults >= number:
            break
        out = Path(tempfile.mkdtemp(dir=folder)) / "out"
        yield out
        command.finish(out, row)
        shutil.rmtree(out.parent)


def interrupt(number: int, kinds: tuple[str, ...]) -> Callable[[Command, Path, int, Row, random.Random], None]:
    """Faults that are signals. kinds: whom they reach: all processes, the parent, or a worker."""

    def faults(command: Command, folder: Path, wanted: int, row: Row, chance: random.Random) -> None:
        for out in chains(command, folder, wanted, row):
            for _ in range(min(AT_A_TIME, wanted - row.faults)):
                running = command.start(out)
                time.sleep(chance.uniform(0.3, 1.0) * command.seconds)
                if running.poll() is None:
                    _send(running, number, chance.choice(kinds))
                    row.faults += 1
                told, _ = running.communicate(timeout=PATIENCE)
                row.look(told)
                if running.returncode == 0:
                    break  # it was done before: another result

    return faults


def _workers(running: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(running.pid).children():
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def _send(running: subprocess.Popen[str], number: int, kind: str) -> None:
    workers = _workers(running)
    if kind == "all":
        os.killpg(running.pid, number)
    elif kind == "worker" and workers:
        with suppress(psutil.NoSuchProcess):
            workers[-1].send_signal(number)
    else:
        running.send_signal(number)


def full_disk(command: Command, folder: Path, wanted: int, row: Row, chance: random.Random) -> None:
    """OUT on a file system that is too small, at first."""
    needed = sum(p.stat().st_size for p in command.whole.rglob("*") if p.is_file())
    for _ in range(wanted):
        mount = Path(tempfile.mkdtemp(dir=folder))
        size = int(needed * chance.uniform(0.1, 0.9)) // 4096 * 4096 + 4096
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)], check=True)
        try:
            running = command.start(mount / "out")
            told, _ = running.communicate(timeout=PATIENCE)
            row.look(told)
            row.faults += "disk is full" in told
            if running.returncode == 0:
                print(f"{command.name}: {size} bytes were enough", flush=True)
            subprocess.run(["mount", "-o", f"remount,size={8 * needed + (64 << 20)}", str(mount)], check=True)
            command.finish(mount / "out", row)
        finally:
            subprocess.run(["umount", "-l", str(mount)], check=True)


@contextmanager
def faulty_disk(folder: Path, mount: Path) -> Iterator[Path]:
    """`folder` seen at `mount`; the value is the file that says what share of the reads fails."""
    mount.mkdir(parents=True)
    control = mount.with_name("control")
    control.write_text("0", encoding="utf-8")
    disk = subprocess.Popen([sys.executable, str(HERE / "faulty_disk.py"), str(folder), str(mount), str(control)])
    while not mount.is_mount():
        time.sleep(0.1)
    try:
        yield control
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)
        disk.wait()


def read_errors(control: Path) -> Callable[[Command, Path, int, Row, random.Random], None]:
    """Faults of the disk on which the input lies."""

    def faults(command: Command, folder: Path, wanted: int, row: Row, chance: random.Random) -> None:
        for out in chains(command, folder, wanted, row):
            for _ in range(min(AT_A_TIME, wanted - row.faults)):
                running = command.start(out)
                time.sleep(chance.uniform(0.0, command.reading) * command.seconds)
                control.write_text(str(chance.choice((0.1, 0.5, 1.0))), encoding="utf-8")
                told, _ = running.communicate(timeout=PATIENCE)
                control.write_text("0", encoding="utf-8")
                row.look(told)
                if running.returncode == 0:
                    break
                row.faults += 1

    return faults


def lost_node(command: Command, folder: Path, wanted: int, row: Row, chance: random.Random) -> None:
    """A Ray cluster of two nodes, of which the second is killed and replaced."""
    ray = ["--workers", "0", "--executor", "ray", "--address", bench_ray.ADDRESS]
    with bench_ray.cluster(folder) as nodes:
        for _ in range(wanted):
            out = Path(tempfile.mkdtemp(dir=folder)) / "out"
            running = command.start(out, *ray)
            while bench_ray.shards(out) < chance.choice((1, 2, 3)) and running.poll() is None:
                time.sleep(0.05)
            row.faults += bool(bench_ray.kill(nodes[1])) and running.poll() is None
            told, _ = running.communicate(timeout=PATIENCE)
            row.look(told)
            nodes[1] = bench_ray.start_node(folder, head=False)
            command.finish(out, row, *ray)
            time.sleep(5)


def server(kind: str, site: FaultyServer) -> Callable[[Command, Path, int, Row, random.Random], None]:
    """Faults of the server from which a dataset comes."""

    def faults(command: Command, folder: Path, wanted: int, row: Row, chance: random.Random) -> None:
        for _ in range(wanted):
            if row.faults >= wanted:
                break
            out = Path(tempfile.mkdtemp(dir=folder)) / "out"
            site.kind, site.faults, before = kind, chance.randint(1, 4), site.spoilt
            told, _ = command.start(out).communicate(timeout=PATIENCE)
            row.look(told)
            row.faults += site.spoilt - before
            site.kind = ""
            command.finish(out, row)

    return faults


def prepare(folder: Path, url: str, chance: random.Random) -> tuple[dict[str, Command], Path]:
    """The commands with their inputs, made by the program itself; and the folder that all inputs lie in."""
    real, seen = folder / "inputs", folder / "disk" / "inputs"
    run("synth", "preset:english_words", "-n", "4000", "--shard-size", "1000", "-o", str(real / "words"))
    run("synth", "preset:scenes", "--task", "det", "-n", "40", "-o", str(real / "scenes"))
    run("synth", "preset:meters", "-n", "600", "--shard-size", "200", "-o", str(real / "digits"), "--set",
        'charset="0123456789"', "--set", 'texts=[{kind: pattern, pattern: "{digit:4-7}"}]')  # fmt: skip
    run("convert", str(real / "words"), "--to", "paddleocr", "-o", str(real / "lines"))
    shards = sorted((real / "scenes").glob("shard-*"))
    lines = (real / "scenes" / "Label.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    copies = real / "photos"
    copies.mkdir()
    with (copies / "Label.txt").open("w", encoding="utf-8", newline="\n") as file:
        for copy in range(8):
            for line in lines:
                picture, tab, rest = line.partition("\t")
                name = f"{copy}-{picture.replace('/', '-')}"
                (copies / name).hardlink_to(real / "scenes" / picture)
                file.write(f"{name}{tab}{rest}")
    assert shards
    texts = real / "texts.txt"
    texts.write_text(
        "".join(f"{s.label}\n" for s in map(Pack(real / "words").__getitem__, range(4000))), encoding="utf-8"
    )
    (real / "train.yml").write_text(yaml.safe_dump(TRAIN), encoding="utf-8")
    synth = ["synth", "preset:english_words", "-n", "4000", "--shard-size", "250", "--texts", str(seen / "texts.txt"),
             "--workers", "2", "-o"]  # fmt: skip
    entry = _dataset(folder / "site", copies, lines, chance)
    return {
        "synth": Command("synth", synth, samples, reading=0.1),
        "crop": Command("crop", ["crop", str(seen / "photos"), "--workers", "2", "-o"], samples),
        "pack": Command("pack", ["pack", str(seen / "lines"), "--shard-size", "250", "--workers", "2", "-o"], samples),
        "fetch": Command("fetch", ["fetch", str(entry), "--from", url, "-o"], fetched),
        "train": Command(
            "train", ["train", str(real / "train.yml"), "--data", str(seen / "digits"), "-o"], steps, ["--resume"]
        ),
    }, real


def _dataset(site: Path, photos: Path, lines: list[str], chance: random.Random) -> Path:
    """A dataset of two archives, one with a published hash and one without."""
    names = sorted(p for p in photos.glob("*.jpg"))[:60]
    with zipfile.ZipFile(site / "photos.zip", "w") as archive:
        for path in names:
            archive.write(path, path.name)
    with zipfile.ZipFile(site / "labels.zip", "w") as archive:
        wanted = {p.name for p in names}
        rows = (photos / "Label.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        archive.writestr("Label.txt", "".join(row for row in rows if row.partition("\t")[0] in wanted))
        archive.writestr("noise.bin", chance.randbytes(500_000))
    sha = hashlib.sha256((site / "photos.zip").read_bytes()).hexdigest()
    entry = {
        "name": "mini", "title": "Mini", "homepage": "https://example.org", "licence": "CC0",
        "files": [{"name": "photos.zip", "extract": "photos", "sha256": sha},
                  {"name": "labels.zip", "extract": "labels"}],
        "splits": {"train": {"format": "paddle", "labels": "labels/Label.txt", "images": ["photos"]}},
    }  # fmt: skip
    path = site.parent / "mini.yml"
    path.write_text(yaml.safe_dump(entry), encoding="utf-8")
    return path


def run(*arguments: str) -> None:
    """A command that is not under test."""
    ran = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{arguments}: {ran.stdout}{ran.stderr}")


def plan(control: Path | None, site: FaultyServer, scale: float) -> list[tuple[str, str, int, Callable[..., None]]]:
    """(command, fault, how many, what does them)."""
    kill, end = interrupt(signal.SIGKILL, ("all", "parent", "worker")), interrupt(signal.SIGTERM, ("all", "parent"))
    rows = [(name, "SIGKILL", 10, kill) for name in ("synth", "crop", "pack")]
    rows += [(name, "SIGKILL", 6, interrupt(signal.SIGKILL, ("all",))) for name in ("fetch", "train")]
    rows += [(name, "SIGTERM", 5, end) for name in ("synth", "crop", "pack", "fetch", "train")]
    if sys.platform == "linux" and not os.geteuid():
        rows += [(name, "disk full", 3, full_disk) for name in ("synth", "crop", "pack", "fetch", "train")]
    else:
        print("disk full: skipped, mounting needs root on Linux")
    if control is not None:
        rows += [(name, "read errors", 4, read_errors(control)) for name in ("synth", "crop", "pack", "train")]
    rows += [("fetch", f"server {kind}", 6, server(kind, site)) for kind in KINDS]
    if importlib.util.find_spec("ray"):
        rows += [("synth", "lost Ray node", 2, lost_node)]
    else:
        print("lost Ray node: skipped, ray is not installed")
    return [(name, kind, max(1, round(number * scale)), does) for name, kind, number, does in rows]


def unbroken(command: Command, folder: Path) -> None:
    """The result without faults, and the time that it takes."""
    command.whole = folder / f"whole-{command.name}"
    begun = time.monotonic()
    running = command.start(command.whole)
    told, _ = running.communicate(timeout=PATIENCE)
    if running.returncode:
        sys.exit(f"{command.name}: {told}")
    command.seconds = time.monotonic() - begun
    print(f"unbroken {command.name}: {command.seconds:.1f} s", flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="Of the numbers of faults.")
    parser.add_argument("--only", default="", help="Commands, with commas.")
    parser.add_argument("--faults", default="", help="Kinds, with commas: SIGKILL,disk full.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["PYTHONHASHSEED"] = "0"
    with tempfile.TemporaryDirectory(prefix="bench-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "site").mkdir()
        with serving(folder / "site", options.seed) as site:
            table = try_all(options, folder, site)
    report(table)


def try_all(options: argparse.Namespace, folder: Path, site: FaultyServer) -> dict[tuple[str, str], Row]:
    """Every fault to every command."""
    chance = random.Random(options.seed)
    table: dict[tuple[str, str], Row] = {}
    commands, real = prepare(folder, site.url, chance)
    begun = time.monotonic()
    with _inputs(real, folder) as control:
        for command, kind, number, does in plan(control, site, options.scale):
            if options.only and command not in options.only.split(","):
                continue
            if options.faults and kind not in options.faults.split(","):
                continue
            if not commands[command].seconds:
                unbroken(commands[command], folder)
            row = table[command, kind] = Row()
            does(commands[command], folder, number, row, chance)
            print(f"{time.monotonic() - begun:5.0f} s {command:6} {kind:25} {row}", flush=True)
    return table


@contextmanager
def _inputs(real: Path, folder: Path) -> Iterator[Path | None]:
    """The inputs on a disk that can fail, or on an honest one."""
    if importlib.util.find_spec("mfusepy") and Path("/dev/fuse").exists() and not os.geteuid():
        with faulty_disk(real.parent, folder / "disk") as control:
            yield control
    else:
        print("read errors: skipped, they need root, FUSE and mfusepy")
        (folder / "disk").symlink_to(real.parent)
        yield None


def report(table: dict[tuple[str, str], Row]) -> None:
    """The table; exits with 1 where something went wrong."""
    print(f"{'command':8}{'fault':28}{'number':>8}{'lost':>6}{'doubled':>9}{'files that differ':>19}{'tracebacks':>12}")
    for (command, kind), r in table.items():
        print(f"{command:8}{kind:28}{r.faults:8}{r.lost:6}{r.doubled:9}{r.different:19}{r.tracebacks:12}")
    bad = sum(r.lost + r.doubled + r.different + r.tracebacks for r in table.values())
    print(json.dumps({"faults": sum(r.faults for r in table.values()), "bad": bad}))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
