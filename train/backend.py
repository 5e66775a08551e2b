"""Paddle as an optional package: found or refused in one place, and told which matrix kernels to use."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import signal
import threading
import warnings
from pathlib import Path
from types import ModuleType

from ..errors import MissingPackage

AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
AVX2 = {"avx2", "fma"}


def require_paddle(purpose: str = "training") -> ModuleType:
    """The module `paddle`. Raises MissingPackage with the install line where there is none."""
    if importlib.util.find_spec("paddle") is None:
        raise MissingPackage("paddlepaddle", "train", purpose)
    choose_kernels()
    os.environ.setdefault("GLOG_minloglevel", "2")  # errors only: exporting warns of what does not matter
    warnings.filterwarnings("ignore", "When training, we now always track global mean")  # once for each batch norm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # for example that there is no ccache, which only compilers need
        module = importlib.import_module("paddle")
    _take_back_sigterm()
    return module


def _take_back_sigterm() -> None:
    """Let SIGTERM reach Python's handler again: Paddle's own prints a trace and ends without cleaning up."""
    own = signal.getsignal(signal.SIGTERM)
    if own is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, own)


def choose_kernels() -> None:
    """Let the matrix library inside Paddle use the vector instructions that an AMD processor has.

    That library (MKL-ML of 2019) seems to take its oldest code on processors that are not Intel's; this variable
    names the code path instead: 5 is AVX2, 7 is AVX-512. It is read at the first matrix product, so it can be set here.
    On one Zen 5 core, images/s of training four convolutions and CTC (32x160): 346 as it comes, 641 with 5, 812
    with 7; one matrix product 34, 95 and 180 GFLOP/s. A value that the user has set stays.
    """
    vendor, flags = _processor()
    if vendor == "AuthenticAMD":
        if flags >= AVX512:
            os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "7")
        elif flags >= AVX2:
            os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")


def _processor() -> tuple[str, set[str]]:
    """Vendor and instruction sets of an x86-64 processor; elsewhere ("", nothing)."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        fields: dict[str, str] = {}
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
        return fields.get("vendor_id", ""), set(fields.get("flags", "").split())
    if platform.system() == "Windows" and "AuthenticAMD" in platform.processor():
        return "AuthenticAMD", set(AVX2)  # since 2015; what lies beyond, Windows does not say
    return "", set()
