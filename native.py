"""Small libraries in C: built with the system's compiler on first use, once for each source and instruction set.

Nobody needs them: each has a path in Python or in another library beside it, for where there is no compiler.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2

# From the best to the least, with OpenCV's numbers of what the processor needs (it does not export their names);
# the baseline is what the compiler takes by itself.
LEVELS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "avx512": (
        ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mprefer-vector-width=512"),
        (256,),
    ),
    "avx2": (("-mavx2",), (11,)),
    "baseline": ((), ()),
}
OFF = "OCRDATA_KERNEL"  # of the environment: `off`, or the name of a level
COMPILE_SECONDS = 120


def available() -> list[str]:
    """The levels that this processor has, the best first."""
    return [name for name, (_, needed) in LEVELS.items() if all(map(cv2.checkHardwareSupport, needed))]


def compiler() -> str | None:
    """The C compiler: `$CC`, else cc, gcc or clang; None where there is none."""
    names = (os.environ.get("CC", ""), "cc", "gcc", "clang")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def cache_folder() -> Path:
    """Where built libraries are kept for this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    return Path(base) / "ocrdata" / "kernel"


@dataclass(frozen=True)
class Native:
    """A library of one C file. functions: their names and how many pointers and whole numbers each takes."""

    source: Path
    flags: tuple[str, ...]
    functions: dict[str, tuple[int, int]]

    def load(self) -> ctypes.CDLL | None:
        """The library for this processor; None without a compiler, or where the environment turns it off."""
        wanted = os.environ.get(OFF, "")
        levels = [level for level in available() if wanted in ("", level)]
        return next((found for level in levels if (found := self.load_level(level)) is not None), None)

    def load_level(self, level: str, folder: Path | None = None) -> ctypes.CDLL | None:
        """The library for one instruction set, built if need be; None where it cannot be built or loaded."""
        path = self._path(level, folder or cache_folder())
        found = self._open(path)
        if found is None and self._build(level, path):
            found = self._open(path)
        return found

    def _path(self, level: str, folder: Path) -> Path:
        machine = os.uname().machine if hasattr(os, "uname") else ""
        flags = " ".join((*self.flags, *LEVELS[level][0], sys.platform, machine))
        digest = hashlib.sha256(self.source.read_bytes() + flags.encode()).hexdigest()[:16]
        return folder / f"{level}-{digest}.so"

    def _open(self, path: Path) -> ctypes.CDLL | None:
        """The library with its functions declared; None where the file is missing or broken."""
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() != _digest(path).read_text(encoding="ascii"):
                return None  # loading a part of a library would kill the process
            library = ctypes.CDLL(str(path))
            for name, (pointers, numbers) in self.functions.items():
                function = getattr(library, name)
                function.argtypes = [ctypes.c_void_p] * pointers + [ctypes.c_int] * numbers
        except (OSError, AttributeError):
            return None
        return library

    def _build(self, level: str, path: Path) -> bool:
        """Compile to `path`, which appears whole or not at all."""
        program = compiler()
        if program is None:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
                built = Path(scratch) / path.name
                command = [program, *self.flags, *LEVELS[level][0], str(self.source), "-o", str(built)]
                done = subprocess.run(command, capture_output=True, timeout=COMPILE_SECONDS, check=False)
                if done.returncode == 0:
                    digest = _digest(built)
                    digest.write_text(hashlib.sha256(built.read_bytes()).hexdigest(), encoding="ascii")
                    built.replace(path)
                    digest.replace(_digest(path))
        except (OSError, subprocess.TimeoutExpired):
            return False
        return path.is_file()


def _digest(path: Path) -> Path:
    return path.with_suffix(".sha256")
