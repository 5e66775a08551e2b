"""A job on a Ray cluster of two nodes on this machine, one of which is killed half-way: the local run's digest?

    python tests/bench/bench_ray.py [-n 200000] [--recipe preset:english_words] [--shard-size 5000]

Two `ray start` with a processor each, on 127.0.0.1; the second is killed with all its processes when a third of the
shards are there. Exits with 1 where the digests differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PORT = 6399
ADDRESS = f"127.0.0.1:{PORT}"
MEMORY = str(200 << 20)
PROGRAM = [sys.executable, "-m", "ocrdata"]


def start_node(folder: Path, head: bool) -> subprocess.Popen[bytes]:
    """A node of one processor; its process ends when the node does."""
    role = ["--head", f"--port={PORT}", "--include-dashboard=false"] if head else [f"--address={ADDRESS}"]
    ray = str(Path(sys.executable).with_name("ray"))
    command = [
        ray,
        "start",
        "--block",
        "--node-ip-address=127.0.0.1",
        "--num-cpus=1",
        f"--object-store-memory={MEMORY}",
    ]
    with (folder / f"{'head' if head else 'second'}.out").open("wb") as log:
        return subprocess.Popen([*command, *role], stdout=log, stderr=log, start_new_session=True)


def kill(process: subprocess.Popen[bytes]) -> int:
    """Kill a node with all its processes; how many they were."""
    if process.poll() is not None:
        return 0
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    return len(family)


@contextmanager
def cluster(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The head and a second node."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "RAY_health_check_period_ms": "1000",
                   "RAY_health_check_timeout_ms": "3000", "RAY_DISABLE_IMPORT_WARNING": "1"}  # fmt: skip
    nodes = []
    try:
        for head in (True, False):
            nodes.append(start_node(folder, head))
            time.sleep(8)
        yield nodes
    finally:
        for node in reversed(nodes):
            kill(node)


def shards(out: Path) -> int:
    """How many shards are whole."""
    return len(list(out.glob("shard-*.json")))


def run(options: argparse.Namespace, folder: Path) -> bool:
    """The local run, then the cluster's; whether their digests are equal."""
    synth = ["synth", options.recipe, "-n", str(options.n), "--shard-size", str(options.shard_size)]
    begun, local = time.monotonic(), options.digest
    if not local:
        subprocess.run([*PROGRAM, *synth, "-o", str(folder / "local")], check=True, capture_output=True)
        local = digest(folder / "local", "local")
        print(f"local: {time.monotonic() - begun:.0f} s, 2 processes", flush=True)
    out, total = folder / "ray", -(-options.n // options.shard_size)
    with cluster(folder) as nodes:
        begun = time.monotonic()
        command = [*PROGRAM, *synth, "-o", str(out), "--executor", "ray", "--address", ADDRESS]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while shards(out) < max(1, total // 3) and running.poll() is None:
            time.sleep(0.2)
        print(subprocess.run([*PROGRAM, "jobs", str(out)], capture_output=True, text=True, check=False).stdout)
        at_work = [p.name for p in out.glob(".tmp/*/shard-*")]
        killed = kill(nodes[1])
        print(
            f"a node killed, {killed} processes, at {shards(out)} of {total} shards; in the works: {at_work}",
            flush=True,
        )
        told, _ = running.communicate(timeout=options.limit)
        print(told)
    print(f"ray: {time.monotonic() - begun:.0f} s, exit code {running.returncode}")
    return running.returncode == 0 and digest(out, "ray") == local


def digest(out: Path, name: str) -> str:
    """The digest of all samples."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    print(f"{name}: {manifest['count']:,} samples, digest {manifest['digest']}", flush=True)
    return str(manifest["digest"])


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=200_000)
    parser.add_argument("--recipe", default="preset:english_words")
    parser.add_argument("--shard-size", type=int, default=5000)
    parser.add_argument("--limit", type=float, default=1800, help="Seconds to wait.")
    parser.add_argument("--digest", help="Of the same job, made locally before; without it, it is made now.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ray-") as folder:
        same = run(options, Path(folder))
    print("equal" if same else "DIFFERENT")
    sys.exit(not same)


if __name__ == "__main__":
    main()
