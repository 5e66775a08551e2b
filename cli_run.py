"""How the long commands run: options that say who makes the shards, and where they go."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from .errors import UserError
from .progress import progress
from .tables import line, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .prep.jobs import How, Planned

Executor = Annotated[
    Literal["local", "ray", "slurm"],
    typer.Option(help="Who works: this machine; a Ray cluster; a Slurm array of --size tasks, handed in."),
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster: HOST:PORT or auto; by default a new one here.")]
Workers = Annotated[int, typer.Option(help="Processes; 0 is one per core. The bytes do not depend on it.", min=0)]
Rank = Annotated[int, typer.Option(help="Which part of the work is this run's, from 0; others do the rest.", min=0)]
Size = Annotated[int, typer.Option(help="How many parts there are.", min=1)]
StoreUrl = Annotated[
    str | None,
    typer.Option("--store", help="Object store (s3://, gs://) for the result; OUT then holds unfinished shards alone."),
]
OPTIONS: dict[str, tuple[Any, Any]] = {
    "workers": (Workers, 0),
    "executor": (Executor, "local"),
    "address": (Address, None),
    "rank": (Rank, 0),
    "size": (Size, 1),
    "store": (StoreUrl, None),
}


@dataclass(frozen=True)
class Run:
    """Runs the jobs of a command. array: tasks of a Slurm array to hand in, instead of working here; 0 for none."""

    how: How
    array: int = 0

    def __call__(self, title: str, parts: Mapping[str, Planned]) -> dict[str, dict[str, Any]]:
        """The manifests of the jobs, by part. Leaves the command where others have to finish them."""
        from .prep.jobs import COMMAND, claim, run_shards

        places = {name: self.how.place(part.out, name if len(parts) > 1 else "") for name, part in parts.items()}
        command = {"command": repeatable(sys.argv[1:]), "folder": str(Path.cwd())}
        for name, part in parts.items():
            claim(places[name], part.job.identity())
            places[name].write(COMMAND, command)
        if self.array:
            self._hand_in(next(iter(parts.values())).out, command["command"])
        manifests = {}
        with progress(title, sum(self._items(p) for p in parts.values())) as done:
            for name, part in parts.items():
                manifests[name] = run_shards(part.job, part.source, places[name], self.how, done)
        finished = {name: manifest for name, manifest in manifests.items() if manifest is not None}
        if len(finished) < len(parts):
            line(f"part {self.how.rank} of {self.how.size} is done; the result is whole when the others are, too")
            raise typer.Exit
        return finished

    def _items(self, part: Planned) -> int:
        """About how many items this run makes."""
        shards = max(1, len(part.job.shards))
        return part.items * len(range(self.how.rank, shards, self.how.size)) // shards

    def where(self, *outs: Path) -> None:
        """Say where the results lie."""
        if self.how.store:
            line(f"→ {self.how.store}")
        else:
            where(*outs)

    def _hand_in(self, out: Path, command: Any) -> None:
        """Write the batch file beside the job and give it to Slurm."""
        from .files import whole_file
        from .prep.executors.slurm import Array, batch_file, submit

        path = out.absolute() / "slurm" / "job.sbatch"
        array = Array(self.array, cpus=self.how.workers or 1, logs=path.parent)
        with whole_file(path) as file:
            file.write(batch_file(command, array))
        line(f"Slurm job {submit(path)}: {self.array} tasks; `ocrdata jobs {self.how.store or out}` follows it")
        where(path)
        raise typer.Exit


LONG: list[str] = []  # the names of all long commands


def long_command(command: Callable[..., None]) -> Callable[..., None]:
    """A command with a parameter `run: Run`, which becomes the options that say who works."""
    LONG.append(command.__name__)

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in OPTIONS}
        command(**given, run=_run(**chosen))

    hints = get_type_hints(command, include_extras=True)
    own = [p.replace(annotation=hints[n]) for n, p in inspect.signature(command).parameters.items() if n != "run"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in OPTIONS.items()
    ]
    wrapped.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in [*own, *more]}
    return wrapped


def _run(workers: int, executor: str, address: str | None, rank: int, size: int, store: str | None) -> Run:
    from .prep.executors.on_ray import require_ray
    from .prep.executors.slurm import own_part
    from .prep.jobs import How

    part = own_part() if executor == "slurm" else None
    if executor == "ray":
        require_ray()  # at once, not after an hour of reading labels
        return Run(How("ray", workers, address, rank, size, store))
    if executor == "slurm" and rank:
        raise UserError("Slurm gives every task its rank: --rank is for runs without it")
    if executor == "slurm" and part is None:
        return Run(How("local", workers, address, 0, 1, store), array=size)
    return Run(How("local", workers, address, *(part or (rank, size)), store=store))


def repeatable(arguments: Sequence[str]) -> list[str]:
    """A command line without what says who works."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name = argument.partition("=")[0].removeprefix("--")
        if not argument.startswith("--") or name not in OPTIONS or name == "store":
            kept.append(argument)
        elif "=" not in argument:
            next(rest, None)
    return kept
