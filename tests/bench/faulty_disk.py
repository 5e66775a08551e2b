"""A folder seen through FUSE, whose reads fail now and then with an input/output error, as those of a dying disk do.

    python tests/bench/faulty_disk.py FOLDER MOUNT CONTROL

CONTROL is a file with the share of reads that fail; 0 is a sound disk. Needs mfusepy, libfuse and root.
"""

from __future__ import annotations

import errno
import os
import random
import sys
from pathlib import Path
from typing import Any

import mfusepy as fuse


class Faulty(fuse.Operations):
    """Read only; every read asks the control file first."""

    use_ns = True

    def __init__(self, root: str, control: Path) -> None:
        self._root, self._control = root, control
        self._chance = random.Random(1)

    def _real(self, path: str) -> str:
        return self._root + path

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Sound: what fails are reads."""
        try:
            found = os.lstat(self._real(path))
        except OSError as error:
            raise fuse.FuseOSError(error.errno or errno.EIO) from error
        names = ("st_mode", "st_size", "st_uid", "st_gid", "st_nlink", "st_mtime_ns")
        return {name.removesuffix("_ns"): getattr(found, name) for name in names}

    def readdir(self, path: str, fh: int) -> list[str]:
        """Sound."""
        return [".", "..", *os.listdir(self._real(path))]  # noqa: PTH208

    def open(self, path: str, flags: int) -> int:
        """Sound."""
        return os.open(self._real(path), os.O_RDONLY)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Fails as often as the control file says."""
        if self._chance.random() < float(self._control.read_text(encoding="utf-8") or 0):
            raise fuse.FuseOSError(errno.EIO)
        return os.pread(fh, size, offset)

    def release(self, path: str, fh: int) -> None:
        """Close."""
        os.close(fh)


if __name__ == "__main__":
    fuse.FUSE(Faulty(sys.argv[1], Path(sys.argv[3])), sys.argv[2], foreground=True, nothreads=True, ro=True)
