"""Commands about jobs: how far one is, what failed, files that start it on a cluster."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .cli_run import LONG, repeatable
from .errors import UserError
from .tables import counts, line, out, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .prep.status import Status


class JobCommands(TyperGroup):
    """`ocrdata jobs DIR` is short for `ocrdata jobs show DIR`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A first word that is no command is a folder."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


jobs = typer.Typer(
    cls=JobCommands,
    no_args_is_help=True,
    help="How far a job is (`ocrdata jobs DIR`), what failed, and files that start one on a cluster.",
)
Command = Annotated[list[str], typer.Argument(help="After --, a command of ocrdata: synth CONFIG -n 1000000 -o OUT")]
Tasks = Annotated[int, typer.Option(help="Into how many parts the work is cut.", min=1)]
Cpus = Annotated[int, typer.Option(help="Processes of each part.", min=1)]
Job = Annotated[str, typer.Argument(metavar="DIR", help="The folder of a job, or its URL in an object store.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(jobs, name="jobs")


@jobs.command()
def show(
    where_: Job,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until the job is finished.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.2)] = 5.0,
) -> None:
    """Progress, rate, remaining time and failures. Exit code 1 where shards have failed."""
    from rich.live import Live

    from .prep.status import open_place, status

    place = open_place(where_)
    found = status(place)
    if watch:
        with Live(_sentence(found), console=out, auto_refresh=False) as live:
            while not found.finished:
                time.sleep(every)
                found = status(place)
                live.update(_sentence(found), refresh=True)
    else:
        line(_sentence(found))
    table("at work", ((text,) for text in found.working), ("shard",))
    table("failed", ((f.shard, f.host, f.error) for f in found.failed), ("shard", "machine", "why"))
    if found.failed:
        line(f"`ocrdata jobs rerun {where_}` makes them anew")
        raise typer.Exit(1)


def _sentence(found: Status) -> str:
    text = (
        f"{found.kind}: {found.shards_done:,} of {found.shards:,} shards, {found.units_done:,} of {found.units:,} "
        f"({found.units_done / max(found.units, 1):.1%}), {found.rate:,.0f}/s"
    )
    if found.finished:
        return f"{text}; finished"
    left = "unknown" if found.remaining is None else f"{_clock(found.remaining)} to go"
    return f"{text}, {left}; the newest shard is {_clock(found.newest)} old; {len(found.failed)} failed"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


@jobs.command(context_settings={"ignore_unknown_options": True})
def rerun(
    where_: Job,
    options: Annotated[list[str] | None, typer.Argument(help="Who works: --workers, --executor, --address …")] = None,
) -> None:
    """Make what is missing of a job, failed shards among it: the command that began it, once more."""
    from .prep.jobs import COMMAND
    from .prep.status import open_place

    recorded = open_place(where_).read(COMMAND)
    if recorded is None:
        raise UserError(f"{where_}: no command is recorded; the job is finished, or a program began it")
    command = [*recorded["command"], *(options or [])]
    line(f"ocrdata {shlex.join(command)}")
    code = subprocess.run([sys.executable, "-m", "ocrdata", *command], cwd=recorded["folder"], check=False).returncode
    raise typer.Exit(code)


@jobs.command()
def slurm(
    command: Command,
    tasks: Tasks = 8,
    cpus: Cpus = 1,
    limit: Annotated[str, typer.Option("--time", help="For each task: 12:00:00.")] = "",
    memory: Annotated[str, typer.Option(help="Of each task: 8G.")] = "",
    partition: Annotated[str, typer.Option(help="Of the cluster.")] = "",
    account: Annotated[str, typer.Option(help="To be charged.")] = "",
    logs: Annotated[Path, typer.Option(help="Folder of the tasks' output.")] = Path("logs"),
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("job.sbatch"),
) -> None:
    """Write a batch file for Slurm: an array whose tasks make the shards of a command. Hand it in with sbatch."""
    from .files import whole_file
    from .prep.executors.slurm import Array, batch_file

    command = _long(command)
    array = Array(tasks, cpus, logs, limit, memory, partition, account)
    logs.mkdir(parents=True, exist_ok=True)
    with whole_file(out_file) as file:
        file.write(batch_file(command, array))
    line(f"sbatch {out_file}, or without Slurm, for R from 0 to {tasks - 1}: bash {out_file} R")
    where(out_file)


@jobs.command()
def kubernetes(
    command: Command,
    image: Annotated[str, typer.Option(help="A container image that has ocrdata.")],
    tasks: Tasks = 8,
    cpus: Cpus = 1,
    memory: Annotated[str, typer.Option(help="Of each pod.")] = "2Gi",
    at_once: Annotated[int, typer.Option(help="Pods that run together; 0 is all.", min=0)] = 0,
    claim: Annotated[list[str], typer.Option(help="A persistent volume claim and where it is: NAME:/PATH.")] = [],  # noqa: B006
    secret: Annotated[list[str], typer.Option(help="A secret whose keys become environment variables.")] = [],  # noqa: B006
    out_file: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("job.yaml"),
) -> None:
    """Write an indexed Job for Kubernetes whose pods make the shards of a command. Start it with kubectl apply."""
    from .files import whole_file
    from .prep.executors.kubernetes import Pods, manifest

    command = _long(command)
    pods = Pods(tasks, image, cpus, memory, at_once, tuple(claim), tuple(secret))
    with whole_file(out_file) as file:
        file.write(manifest(command, pods))
    line(f"kubectl apply -f {out_file}")
    where(out_file)


@jobs.command()
def download(
    url: Annotated[str, typer.Argument(help="A finished job in an object store.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
) -> None:
    """Bring a finished pack from an object store to a folder; a second run goes on."""
    from .prep.bucket import bring
    from .progress import progress

    with progress("download", None) as done:
        manifest = bring(url, out_dir, done)
    counts("brought", {"samples": manifest["count"], "shards": len(manifest["shards"])})
    where(out_dir)


def _long(command: list[str]) -> list[str]:
    """The command without what says who works. Raises UserError where its work is not cut into shards."""
    if command[0] not in LONG:
        raise UserError(f"'{command[0]}' does not make shards: {', '.join(sorted(LONG))} do")
    return repeatable(command)


@jobs.command()
def launch(
    command: Annotated[list[str], typer.Argument(help="After --, the training: train CONFIG -o OUT --data PACK …")],
    hosts: Annotated[
        list[str], typer.Option("--host", help="A machine, by name or address; the first one leads.")
    ] = [],  # noqa: B006
    processes: Annotated[int, typer.Option(help="Of each machine: as many as it has graphics cards.", min=1)] = 1,
    port: Annotated[int, typer.Option(help="Of the first machine.", min=1024, max=65535)] = 6170,
    logs: Annotated[Path, typer.Option(help="Folder of what the processes print.")] = Path("logs"),
    slurm_file: Annotated[
        Path | None, typer.Option("--slurm", help="Write a batch file for Slurm instead, which finds --machines.")
    ] = None,
    number: Annotated[int, typer.Option("--machines", help="With --slurm: how many.", min=1)] = 2,
) -> None:
    """Print the line that starts a training on each of several machines, after looking at ports, configuration, data.

    OUT and the data must be seen by all under the same path. Before the first step the processes compare
    configuration, data and versions.
    """
    from .files import whole_file
    from .train.launch import Machines, batch_file, check_command, check_machines, launch_lines

    machines = Machines(tuple(hosts), processes, port)
    if bool(hosts) == (slurm_file is not None):
        raise UserError("name the machines with --host, or let Slurm find them with --slurm FILE")
    if slurm_file is not None:
        line(check_command(command))
        logs.mkdir(parents=True, exist_ok=True)
        with whole_file(slurm_file) as file:
            file.write(batch_file(number, machines, command, logs))
        where(slurm_file)
        return
    lines = launch_lines(machines, command, logs)
    for sentence in check_machines(machines):
        line(f"fine: {sentence}")
    line(check_command(command))
    for host, text in lines:
        line(f"on {host}:\n{text}")
