"""A Slurm array whose tasks make the shards of a job: the batch file, and handing it in."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import Trouble, UserError


@dataclass(frozen=True)
class Array:
    """How a command is spread over the tasks of an array.

    tasks: how many; cpus: of each, one process for each; logs: folder of their output. Empty: as the cluster has it.
    """

    tasks: int
    cpus: int = 1
    logs: Path = Path()
    time: str = ""
    memory: str = ""
    partition: str = ""
    account: str = ""


def batch_file(command: Sequence[str], array: Array) -> str:
    """The text of a file for `sbatch`. command: of ocrdata, its name left out.

    Without Slurm, `bash FILE R` makes part R.
    """
    wanted = {"time": array.time, "mem": array.memory, "partition": array.partition, "account": array.account}
    options = [f"--{name}={value}" for name, value in wanted.items() if value]
    last = array.tasks - 1
    rank = f'"${{SLURM_ARRAY_TASK_ID:-${{1:?which part: 0 to {last}}}}}"'
    line = shlex.join([sys.executable, "-m", "ocrdata", *command])
    head = [
        f"--job-name=ocrdata-{command[0]}",
        f"--array=0-{last}",
        f"--cpus-per-task={array.cpus}",
        "--requeue",
        "--open-mode=append",
        f"--output={array.logs.absolute()}/%A-%a.log",
        *options,
    ]
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"#SBATCH {option}" for option in head),
            "set -eu",
            f"cd {shlex.quote(str(Path.cwd()))}",
            "# A task that is started anew goes on where it was. Without Slurm: bash FILE R.",
            f"exec {line} --rank {rank} --size {array.tasks} --workers {array.cpus}",
            "",
        ]
    )


def submit(path: Path) -> str:
    """Hand a batch file in; returns the job's number. Raises UserError without Slurm, Trouble where it is refused."""
    if shutil.which("sbatch") is None:
        raise UserError(
            f"there is no Slurm on this machine (no command 'sbatch'); hand in {path} where there is, "
            f"or run `bash {path} R` for each part R"
        )
    ran = subprocess.run(["sbatch", "--parsable", str(path)], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Trouble(f"sbatch refuses {path}: {' '.join(ran.stderr.split())}")
    return ran.stdout.strip().partition(";")[0]


def own_part() -> tuple[int, int] | None:
    """(rank, size) of this process in the Slurm array whose task it is, or None.

    Raises UserError for an array with gaps, whose tasks do not know how many they were meant to be.
    """
    if "SLURM_ARRAY_TASK_ID" not in os.environ:
        return None
    number, least, most, count = (int(os.environ[f"SLURM_ARRAY_TASK_{name}"]) for name in ("ID", "MIN", "MAX", "COUNT"))
    if most - least + 1 != count:
        raise UserError(f"the array has {count} tasks between {least} and {most}: name --rank and --size instead")
    return number - least, count
