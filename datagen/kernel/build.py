"""Building and loading the kernel: with the system's C compiler, once for each source and instruction set."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import cv2

SOURCE = Path(__file__).with_name("kernel.c")
FLAGS = ("-O3", "-std=c99", "-ffp-contract=off", "-fPIC", "-shared")
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
    """Where built kernels are kept for this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    return Path(base) / "ocrdata" / "kernel"


@lru_cache(maxsize=1)
def load() -> ctypes.CDLL | None:
    """The kernel for this processor; None without a compiler, or where the environment turns it off."""
    wanted = os.environ.get(OFF, "")
    levels = [level for level in available() if wanted in ("", level)]
    return next((found for level in levels if (found := load_level(level)) is not None), None)


def load_level(level: str, folder: Path | None = None) -> ctypes.CDLL | None:
    """The kernel for one instruction set, built if need be; None where it cannot be built or loaded."""
    path = _path(level, folder or cache_folder())
    found = _open(path)
    if found is None and _build(level, path):
        found = _open(path)
    return found


def _path(level: str, folder: Path) -> Path:
    flags = " ".join((*FLAGS, *LEVELS[level][0], sys.platform, os.uname().machine if hasattr(os, "uname") else ""))
    digest = hashlib.sha256(SOURCE.read_bytes() + flags.encode()).hexdigest()[:16]
    return folder / f"{level}-{digest}.so"


def _open(path: Path) -> ctypes.CDLL | None:
    """The library with its function declared; None where the file is missing or broken."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != _digest(path).read_text(encoding="ascii"):
            return None  # loading a part of a library would kill the process
        library = ctypes.CDLL(str(path))
        library.ocrdata_line.argtypes = [ctypes.c_void_p] * 7
    except (OSError, AttributeError):
        return None
    return library


def _digest(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _build(level: str, path: Path) -> bool:
    """Compile to `path`, which appears whole or not at all."""
    program = compiler()
    if program is None:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            built = Path(scratch) / path.name
            command = [program, *FLAGS, *LEVELS[level][0], str(SOURCE), "-o", str(built)]
            done = subprocess.run(command, capture_output=True, timeout=COMPILE_SECONDS, check=False)
            if done.returncode == 0:
                digest = _digest(built)
                digest.write_text(hashlib.sha256(built.read_bytes()).hexdigest(), encoding="ascii")
                built.replace(path)
                digest.replace(_digest(path))
    except (OSError, subprocess.TimeoutExpired):
        return False
    return path.is_file()
