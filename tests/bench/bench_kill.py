"""Samples made at one go against samples made by processes that are killed at random moments: equal digests?

    python tests/bench/bench_kill.py [-n 1000000] [--kills 20] [--recipe preset:chinese_lines] [--workers 2]

Prints where each run was killed, the digests, and the largest resident memory of a worker in each tenth of the
unbroken run. Exits with 1 where the digests differ.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

POLL_SECONDS = 0.25


def start(options: argparse.Namespace, out: Path) -> subprocess.Popen[bytes]:
    """Begin, or go on with, the job."""
    command = [sys.executable, "-m", "ocrdata", "synth", options.recipe, "-n", str(options.n), "-o", str(out)]
    command += ["--workers", str(options.workers)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def resident(process: psutil.Process) -> int:
    """MiB of the largest process of the job."""
    largest = 0
    for one in (process, *process.children(recursive=True)):
        try:
            largest = max(largest, one.memory_info().rss >> 20)
        except psutil.NoSuchProcess:
            continue  # it ended while we looked
    return largest


def shards(out: Path) -> int:
    """How many shards are whole."""
    return len(list(out.glob("shard-*.json")))


def unbroken(options: argparse.Namespace, out: Path) -> str:
    """One run to the end; prints memory by tenths of its shards."""
    running = start(options, out)
    process = psutil.Process(running.pid)
    total = -(-options.n // 10_000)
    largest: dict[int, int] = {}
    begun = time.monotonic()
    while running.poll() is None:
        tenth = min(10 * shards(out) // total, 9)
        largest[tenth] = max(largest.get(tenth, 0), resident(process))
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - begun
    print(f"unbroken: {options.n:,} samples in {seconds:.0f} s, {options.n / seconds:,.0f} a second")
    print("largest resident memory by tenths, MiB:", *(largest[t] for t in sorted(largest)))
    return digest(out)


def broken(options: argparse.Namespace, out: Path, seconds: float) -> str:
    """Runs that are killed with all their workers at random moments, then one to the end."""
    moments = random.Random(1)
    for kill in range(1, options.kills + 1):
        running = start(options, out)
        time.sleep(moments.uniform(0.5, 2) * seconds / options.kills)
        done = running.poll()
        if done is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        print(
            f"kill {kill:2}: {shards(out)} shards whole" + ("" if done is None else " (it was done before)"), flush=True
        )
    start(options, out).wait()
    return digest(out)


def digest(out: Path) -> str:
    """The digest of all samples."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    print(f"{manifest['count']:,} samples, digest {manifest['digest']}", flush=True)
    return str(manifest["digest"])


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--recipe", default="preset:chinese_lines")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        whole = unbroken(options, Path(folder) / "unbroken")
        pieces = broken(options, Path(folder) / "broken", time.monotonic() - begun)
    print("equal" if whole == pieces else "DIFFERENT")
    sys.exit(whole != pieces)


if __name__ == "__main__":
    main()
