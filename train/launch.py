"""Training on several machines: the exact lines that start it, and what can be checked before."""

from __future__ import annotations

import errno
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError


@dataclass(frozen=True)
class Machines:
    """Who trains together. hosts: names or addresses, the first one leads; processes: of each; port: of the first."""

    hosts: tuple[str, ...]
    processes: int = 1
    port: int = 6170


def launch_lines(machines: Machines, command: Sequence[str], logs: Path) -> list[tuple[str, str]]:
    """(host, line to run there). command: `train` with its arguments; logs: folder of what each process prints."""
    if len(set(machines.hosts)) < len(machines.hosts):
        raise UserError(f"a host is named twice in {', '.join(machines.hosts)}: give it more processes instead")
    return [(host, shlex.join(_line(machines, command, logs, str(r), host))) for r, host in enumerate(machines.hosts)]


def _line(machines: Machines, command: Sequence[str], logs: Path, rank: str, host: str) -> list[str]:
    options = {
        "master": f"{machines.hosts[0]}:{machines.port}",
        "nnodes": str(len(machines.hosts)),
        "rank": rank,
        "host": host,
        "nproc_per_node": str(machines.processes),
        "log_dir": str(logs.absolute() / f"machine-{rank}"),
    }
    if len(machines.hosts) == 1:
        for name in ("master", "nnodes", "rank", "host"):
            options.pop(name)
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "paddle.distributed.launch", *given, _program(), *command]


def batch_file(number: int, machines: Machines, command: Sequence[str], logs: Path) -> str:
    """The text of a file for Slurm's `sbatch` that trains on `number` machines, whichever they will be.

    machines: how many processes of each, and the port; its hosts do not count. A run that Slurm starts anew goes on.
    """
    again = [] if "--resume" in command else ["--resume"]
    wanted = Machines(("$FIRST", *("$OTHER" for _ in range(number - 1))), machines.processes, machines.port)
    words = _line(wanted, [*command, *again], logs, "$SLURM_NODEID", "$SLURMD_NODENAME")
    line = " ".join(f'"{word}"' if "$" in word else shlex.quote(word) for word in words)
    options = [
        "--job-name=ocrdata-train",
        f"--nodes={number}",
        "--ntasks-per-node=1",
        "--requeue",
        "--open-mode=append",
        f"--output={logs.absolute()}/%j.log",
    ]
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"#SBATCH {option}" for option in options),
            "set -eu",
            f"cd {shlex.quote(str(Path.cwd()))}",
            'export FIRST="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"',
            f"exec srun --kill-on-bad-exit=1 bash -c {shlex.quote(f'exec {line}')}",
            "",
        ]
    )


def _program() -> str:
    """The launcher starts what does not end in .py as a program of its own."""
    beside = Path(sys.executable).with_name("ocrdata")
    found = str(beside) if beside.is_file() else shutil.which("ocrdata")
    if found is None:
        raise UserError("the program 'ocrdata' is not on the path of this environment: install the package")
    return found


def check_machines(machines: Machines) -> list[str]:
    """What was looked at, in sentences. Raises UserError for a host without address, or a port that is taken."""
    said = []
    for host in machines.hosts:
        try:
            address = socket.gethostbyname(host)
        except OSError as error:
            raise UserError(f"the host '{host}' has no address here: {error.strerror or error}") from error
        said.append(f"{host} is {address}")
    if len(machines.hosts) > 1:
        said.append(_check_port(machines.hosts[0], machines.port))
    return said


def _check_port(host: str, port: int) -> str:
    try:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"port {port}: {host} is another machine, run this there to check"
        raise UserError(
            f"port {port} of {host} cannot be used: {error.strerror}; choose another with --port"
        ) from error
    return f"port {port} of {host} is free"


def check_command(command: Sequence[str]) -> str:
    """Open configuration and data as the training will, here; what was found. Raises UserError where that fails."""
    if not command or command[0] != "train":
        raise UserError(
            f"'{' '.join(command[:1])}' is not a training: ocrdata jobs launch --host A --host B -- train …"
        )
    dry = [sys.executable, "-m", "ocrdata", *command, "--dry-run"]
    ran = subprocess.run(dry, capture_output=True, text=True, encoding="utf-8", check=False)
    if ran.returncode:
        raise UserError(f"the training would not start: {ran.stderr.strip().removeprefix('error: ')}")
    return ran.stdout.strip()
