"""Texts of any input of `ocrdata corpus`: packs as well as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..corpora.texts import UNREADABLE, Form, Text, read_texts
from .store import Pack


def read_inputs(paths: Sequence[Path], form: Form = "auto") -> Iterator[Text]:
    """The texts of packs (folders) and files, in the order given. form: of the files, as `read_texts` takes it.

    Raises UserError for a folder without an LMDB, and as `read_texts` does.
    """
    for path in paths:
        if path.is_dir():
            pack = Pack(path)
            try:
                for number, label in enumerate(pack.labels(), 1):
                    yield Text(label, str(path), number, label in UNREADABLE)
            finally:
                pack.close()
        else:
            yield from read_texts(path, form)
