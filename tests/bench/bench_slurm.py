"""A job on a Slurm cluster of two nodes on this machine, one of which is killed half-way: the local run's digest?

    python tests/bench/bench_slurm.py [-n 200000] [--recipe preset:english_words] [--shard-size 5000] [--tasks 4]

Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge; makes its own configuration and key in a
temporary folder, listens on 127.0.0.1 alone, and ends all its daemons. Exits with 1 where the digests differ.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

NODES = ("n1", "n2")
CONF = """
ClusterName=bench
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmctldPidFile={folder}/ctld.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MessageTimeout=10
SchedulerParameters=sched_interval=2,batch_sched_delay=1
JobRequeue=1
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def node_line(number: int, name: str) -> str:
    """A node of one processor; all nodes are this machine, with a port each."""
    return f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={16820 + number} CPUs=1 State=UNKNOWN"


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Munge, a controller and two nodes; the value is the nodes' daemons by name."""
    for name in ("munge", "state", *(f"spool-{node}" for node in NODES)):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge" / "key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    nodes = "\n".join(node_line(i, name) for i, name in enumerate(NODES))
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(folder=folder, nodes=nodes), encoding="utf-8")
    os.environ["SLURM_CONF"] = str(conf)
    paths = [f"--{o}={folder}/munge/{n}" for o, n in (("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"),
                                                      ("log-file", "log"), ("seed-file", "seed"))]  # fmt: skip
    commands = {"munge": ["munged", "--foreground", "--force", *paths], "controller": ["slurmctld", "-D", "-i"]}
    commands |= {node: ["slurmd", "-D", "-N", node] for node in NODES}
    running = {}
    try:
        for name, command in commands.items():
            with (folder / f"{name}.out").open("wb") as log:
                running[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            time.sleep(1)
        yield running
    finally:
        for process in reversed(running.values()):
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a daemon with everything that it started, whatever session that is in now."""
    with_children = []
    if process.poll() is None:
        with_children = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in with_children:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def kill_node(daemon: subprocess.Popen[bytes], node: str) -> int:
    """Kill a node's daemon, then what watches over its tasks, then the tasks: nothing can tell of their end."""
    tasks = [p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("SLURMD_NODENAME") == node]
    parents = {parent for task in tasks for parent in task.parents() if parent.name().startswith("slurmstepd")}
    end(daemon)
    for one in [*parents, *tasks]:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    return len(parents) + len(tasks)


def shards(out: Path) -> int:
    """How many shards are whole."""
    return len(list(out.glob("shard-*.json")))


def ask(*command: str) -> str:
    """What a command of Slurm says."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def run(options: argparse.Namespace, folder: Path) -> bool:
    """The local run, then the cluster's; whether their digests are equal."""
    synth = ["synth", options.recipe, "-n", str(options.n), "--shard-size", str(options.shard_size)]
    program = [sys.executable, "-m", "ocrdata"]
    begun, local = time.monotonic(), options.digest
    if not local:
        subprocess.run([*program, *synth, "-o", str(folder / "local")], check=True, capture_output=True)
        local = digest(folder / "local", "local")
        print(f"local: {time.monotonic() - begun:.0f} s, 2 processes", flush=True)
    out, total = folder / "slurm", -(-options.n // options.shard_size)
    (folder / "cluster").mkdir()
    with cluster(folder / "cluster") as running:
        print(ask("sinfo", "-N", "-l"), flush=True)
        begun = time.monotonic()
        ran = subprocess.run([*program, *synth, "-o", str(out), "--executor", "slurm", "--size", str(options.tasks)],
                             capture_output=True, text=True, check=False)  # fmt: skip
        print(ran.stdout + ran.stderr, flush=True)
        while shards(out) < total // 3 and time.monotonic() - begun < options.limit:
            time.sleep(0.5)
        print(ask("squeue", "-o", "%i %T %N"))
        killed = kill_node(running["n2"], "n2")
        print(f"n2 killed with {killed} processes at {shards(out)} of {total} shards", flush=True)
        told = ""
        while not (out / "manifest.json").exists() and time.monotonic() - begun < options.limit:
            time.sleep(2)
            now = ask("sinfo", "-h", "-N", "-o", "%N %T").replace("\n", ", ")
            if now != told:
                print(f"{time.monotonic() - begun:4.0f} s: {now}; {shards(out)} shards", flush=True)
                told = now
        print(f"slurm: {time.monotonic() - begun:.0f} s")
        print(ask("squeue", "-o", "%i %T %N %r"))
        if not (out / "manifest.json").exists():
            for log in [*(folder / "cluster").glob("*.log"), *(out / "slurm").glob("*.log")]:
                print(f"== {log}", log.read_text(encoding="utf-8", errors="replace")[-1500:])
            return False
        time.sleep(2)
        for log in sorted((out / "slurm").glob("*.log")):
            print(f"{log.name}: {log.read_text(encoding='utf-8', errors='replace').strip().splitlines()[-1:]}")
        return digest(out, "slurm") == local


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
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--limit", type=float, default=1800, help="Seconds to wait.")
    parser.add_argument("--digest", help="Of the same job, made locally before; without it, it is made now.")
    options = parser.parse_args()
    if os.geteuid() or not all(map(shutil.which, ("slurmctld", "slurmd", "sbatch", "munged"))):
        sys.exit("skipped: needs root, and apt-get install slurmctld slurmd slurm-client munge")
    with tempfile.TemporaryDirectory(prefix="bench-slurm-") as folder:
        same = run(options, Path(folder))
    print("equal" if same else "DIFFERENT")
    sys.exit(not same)


if __name__ == "__main__":
    main()
