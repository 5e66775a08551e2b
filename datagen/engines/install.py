"""Environments of engines: made in one go, verified by a picture, and only then given their name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import Trouble, UserError
from ...files import write_json
from .catalogue import ENGINES, Known, known_engine
from .options import OPTIONS
from .worker import Declined, Request, Worker

HOME = "OCRDATA_ENGINES"  # a folder for environments other than the user's data folder
RECORD = "engine.json"  # written last: an environment without it is not finished
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


@dataclass(frozen=True)
class EngineRow:
    """One line of the list of engines. python and the rest are empty where it is not installed."""

    name: str
    installed: bool
    python: str
    version: str
    source: str
    repository: str


def engines_folder() -> Path:
    """Where environments are: $OCRDATA_ENGINES, else `ocrdata/engines` in the user's data folder."""
    if named := os.environ.get(HOME):
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return data / "ocrdata" / "engines"


def _record(name: str) -> dict[str, Any] | None:
    path = engines_folder() / name / RECORD
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def list_engines() -> list[EngineRow]:
    """All engines that can be driven, installed or not."""
    rows = []
    for known in ENGINES.values():
        record = _record(known.name) or {}
        python = str(_python_of(engines_folder() / known.name)) if record else ""
        version, source = record.get("version", ""), record.get("source", "")
        rows.append(EngineRow(known.name, bool(record), python, version, source, known.repository))
    return rows


def interpreter(name: str) -> Path:
    """The interpreter of an installed engine. Raises UserError where it is not installed."""
    python = _python_of(engines_folder() / known_engine(name).name)
    if _record(name) is None or not python.exists():
        raise UserError(
            f"the engine '{name}' is not installed in {engines_folder()}: run `ocrdata engines install {name}`, "
            f"or name an interpreter that has it (--engine-python PATH)"
        )
    return python


def _python_of(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"


def install(
    name: str,
    source: str | None = None,
    progress: Callable[[str], None] = lambda step: None,
    python: Path | None = None,
) -> Path:
    """Make the environment of an engine, or replace it; returns its interpreter.

    source: a local clone, an archive, or anything that pip installs; by default the public repository at a fixed
    commit. python: the interpreter to build on, by default this one. progress: called with each step's name.
    Raises UserError for a wrong Python, a missing git or source; Trouble where pip or the engine fails.
    """
    known = known_engine(name)
    base = python or Path(sys.executable)
    _check_python(base, known)
    wanted = _wanted(source or known.source)
    folder = engines_folder() / name
    fresh = folder.with_name(f".{name}.new")
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _build(base, fresh, known, wanted, progress)
        progress("drawing a line")
        versions = _verify(_python_of(fresh), known)
        packages = _run([str(_python_of(fresh)), *PIP, "freeze"], "pip cannot list the packages").split("\n")
        record = {
            "engine": name,
            "version": _version_of(_python_of(fresh), known),
            "source": source or known.source,
            "versions": versions,
            "packages": [p for p in packages if p],
        }
        write_json(fresh / RECORD, record)
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return _python_of(folder)


def _check_python(base: Path, known: Known) -> None:
    ask = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        said = subprocess.run([str(base), "-c", ask], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{base} is not a Python that can be run ({error})") from error
    words = said.stdout.split()
    if said.returncode or len(words) != 2:
        raise UserError(f"{base} is not a Python that can be run ({said.stderr.strip()[-200:]})")
    version = int(words[0]), int(words[1])
    first, last = known.pythons
    if not first <= version <= last:
        raise UserError(
            f"{known.name} and what it needs run on Python {_dotted(first)} to {_dotted(last)}; {base} is "
            f"{_dotted(version)}: name another interpreter to build on"
        )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _wanted(source: str) -> str:
    """The source in pip's words. Raises UserError where git or a local path is missing."""
    if source.startswith("git+"):
        if shutil.which("git") is None:
            raise UserError(f"git is not installed, and {source} is fetched with it: install git, or name an archive")
        return source
    if "://" in source:
        return f"git+{source}" if source.endswith(".git") else source
    path = Path(source).expanduser()
    if not path.exists():
        raise UserError(f"{source}: no such folder or archive")
    return str(path.resolve())


def _build(base: Path, fresh: Path, known: Known, wanted: str, progress: Callable[[str], None]) -> None:
    progress("making an environment")
    _run([str(base), "-m", "venv", str(fresh)], "an environment cannot be made (the module venv may be missing)")
    python = str(_python_of(fresh))
    progress(f"installing {known.name} from {wanted}")
    local = Path(wanted)
    if local.is_dir():  # a build would leave files in the user's folder
        wanted = str(fresh / "source")
        shutil.copytree(local, wanted, symlinks=True, ignore=shutil.ignore_patterns(".git", "build", "*.egg-info"))
    _run([python, *PIP, "install", "--no-deps", wanted], f"pip cannot install {known.name} from {wanted}")
    shutil.rmtree(fresh / "source", ignore_errors=True)
    progress(f"installing what {known.name} needs")
    _run([python, *PIP, "install", *known.requirements], f"pip cannot install what {known.name} needs")


def _verify(python: Path, known: Known) -> dict[str, str]:
    """Draw a line; returns what the engine says of its versions. Raises Trouble."""
    from matplotlib import get_data_path  # only for the font that it brings along

    font = str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    options = OPTIONS[known.name]().model_dump(mode="json")
    setup = {"options": options, "height": 32, "photos": []}
    worker = Worker([str(python), str(known.script)], setup)
    try:
        versions: dict[str, str] = worker.hello["versions"]
        drawn = worker.render([Request("verified", font, 0, 1, "white", False)])[0]
    except UserError as error:
        raise Trouble(f"{known.name} was installed but does not work: {error}") from error
    finally:
        worker.close()
    if isinstance(drawn, Declined):
        raise Trouble(f"{known.name} was installed but draws nothing: {drawn.reason}, {drawn.detail}")
    return versions


def _version_of(python: Path, known: Known) -> str:
    ask = f"from importlib.metadata import version; print(version({known.name!r}))"
    return _run([str(python), "-c", ask], f"{known.name} has no version").strip()


def _swap(fresh: Path, folder: Path) -> None:
    """Give the new environment its name; the old one goes only when the new one is whole."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _run(command: Sequence[str], failure: str) -> str:
    """stdout of a command. Raises Trouble with its last words."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment["GIT_TERMINAL_PROMPT"] = "0"  # a repository that asks for a password is an error, not a wait
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", env=environment)
    if done.returncode:
        raise Trouble(f"{failure}: {_cause(done.stderr or done.stdout)}")
    return done.stdout


def _cause(words: str) -> str:
    """What went wrong, out of the words of git, pip and builds."""
    lines = [line.strip(" │╰─>×") for line in words.splitlines()]
    said = [line for line in lines if line and not line.startswith(("note:", "error: subprocess", "WARNING:"))]
    for sign in ("fatal:", "error:"):
        if found := [line for line in said if line.lower().startswith(sign)]:
            said = found
            break
    return " | ".join(said[-3:])[:500] or "it said nothing"
