"""The folder of a run: what was trained on what with what, its log, its curve, its events."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import paddle
import yaml

from ..errors import MissingPackage, UserError
from ..files import whole_file, write_json
from .checkpoint import LAST, About
from .config import RunConfig
from .curve import draw_curve
from .export import versions
from .log import Log, Row

LOG, CONFIG, RECORD, CURVE = "log.csv", "config.yml", "run.json", "curve.png"
EVENTS, VISUALDL = "events", "visualdl"
DRAW_EVERY = 60.0  # seconds at least between two pictures of the curve


def open_folder(out: Path, resume: bool) -> bool:
    """Whether the folder holds a run to take up. Makes it where there is none.

    Raises UserError for a folder with other things, and for a run without `resume`.
    """
    if not (out / LAST).is_file():
        ours = {LOG, CONFIG, RECORD, CURVE, EVENTS, VISUALDL}  # of a run that was stopped before it saved
        if out.exists() and (not out.is_dir() or any(p.name not in ours for p in out.glob("[!.]*"))):
            raise UserError(f"{out} is not empty and holds no training run; choose another folder")
        out.mkdir(parents=True, exist_ok=True)
        return False
    if not resume:
        raise UserError(f"{out} holds a training run: add --resume to go on, or choose another folder")
    return True


class RunFolder:
    """Writes a run's files but its checkpoints. start: steps done before; scored: names of the scores."""

    def __init__(self, out: Path, config: RunConfig, about: About, facts: Mapping[str, Any], scored: list[str]) -> None:
        self._out, self._drawn = out, time.monotonic()
        self._log = Log(out / LOG, about.step, scored)
        with whole_file(out / CONFIG) as file:
            yaml.safe_dump(config.model_dump(mode="json"), file, allow_unicode=True, sort_keys=False)
        write_json(out / RECORD, {**record(about), **facts})
        self._events = _open_events(out, config, about.step)

    def write(self, row: Row) -> None:
        """One more row for the log, the events, and now and then the curve."""
        self._log.write(row)
        for name, value in {**row.__dict__, **row.scores}.items():
            if isinstance(value, int | float) and name not in ("step", "seconds", "scores"):
                for events in self._events:
                    events.add_scalar(name, value, row.step)
        if time.monotonic() - self._drawn > DRAW_EVERY:
            self.draw()

    def draw(self) -> None:
        """Draw the curve anew."""
        draw_curve(self._out / LOG, self._out / CURVE)
        self._drawn = time.monotonic()

    def close(self) -> None:
        """Draw, and close the events."""
        self.draw()
        for events in self._events:
            events.close()


def record(about: About) -> dict[str, Any]:
    """What a run is made of, for people: versions, machine, data with their digests, characters."""
    return {
        "versions": {**versions(), "python": platform.python_version()},
        "machine": {"system": platform.platform(), "device": paddle.get_device()},
        "data": about.data,
        "characters": about.characters,
        "resumed_at": about.step,
    }


def _open_events(out: Path, config: RunConfig, step: int) -> list[Any]:
    """Writers of events that the configuration asks for, each with add_scalar and close. Raises MissingPackage."""
    writers: list[Any] = []
    if config.tensorboard:
        _require("tensorboardX", "tensorboard")
        from tensorboardX import SummaryWriter

        writers.append(SummaryWriter(str(out / EVENTS), purge_step=step))
    if config.visualdl:
        _require("visualdl", "visualdl")
        from visualdl import LogWriter

        # It cannot take back what a run wrote before it was stopped: each start has a file of its own.
        writers.append(LogWriter(logdir=str(out / VISUALDL), file_name=f"vdlrecords.{step:09d}.log"))
    return writers


def _require(package: str, key: str) -> None:
    if find_spec(package) is None:
        raise MissingPackage(package, key, f"{key}: true")
