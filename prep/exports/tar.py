"""WebDataset: a tar for each shard, the parts of a sample one after the other under one key."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

from ...datasets.records import Sample
from ..photo_shards import picture_suffix
from ..store import SampleDigest, Tally
from ..text import encodable

TAR = ".tar"


class TarWriter:
    """KEY.jpg (or another picture), KEY.txt with the label, and KEY.json where there is an origin or polygons.

    Nothing of the clock or the user goes into the file, so the same samples give the same bytes.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.tally = Tally()
        self._digest = SampleDigest()
        self._file = path.open("wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.USTAR_FORMAT)

    def put(self, sample: Sample) -> None:
        """Append a sample."""
        self.tally.accept(sample)
        label = sample.label.encode()
        self._digest.add(sample.image, label, sample.polygons.encode())
        # A dot would end the key; the shard's name makes it one of its own in the whole set.
        key = f"{self.path.stem}-{self.tally.count:09d}"
        self._add(key + picture_suffix(sample.image), sample.image)
        self._add(f"{key}.txt", label)
        more = {"origin": encodable(sample.origin), "polygons": sample.polygons}
        if any(more.values()):
            self._add(f"{key}.json", json.dumps(more, ensure_ascii=False).encode())

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._tar.addfile(member, io.BytesIO(data))

    def finish(self) -> str:
        """Flush all to disk. Returns the sha256 over all samples in order."""
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Remove everything."""
        self._file.close()
        self.path.unlink(missing_ok=True)
