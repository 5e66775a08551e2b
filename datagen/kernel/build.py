"""The kernel as a library that is loaded once."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path

from ...native import OFF, Native, available, cache_folder, compiler

__all__ = ["KERNEL", "OFF", "available", "cache_folder", "compiler", "load", "load_level"]

KERNEL = Native(
    Path(__file__).with_name("kernel.c"),
    ("-O3", "-std=c99", "-ffp-contract=off", "-fPIC", "-shared"),
    {"ocrdata_line": (7, 0)},
)
load_level = KERNEL.load_level


@lru_cache(maxsize=1)
def load() -> ctypes.CDLL | None:
    """The kernel for this processor; None without a compiler, or where the environment turns it off."""
    return KERNEL.load()
