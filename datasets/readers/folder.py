"""Ground truth of one file for each photo: which file belongs to which photo, whatever the files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError
from ..places import Place, in_order, is_picture, natural_key
from ..records import Photo, Refusal, Region
from .labels import Labels

Parse = Callable[[Labels, Path], Iterable[Region | Refusal]]


@dataclass(frozen=True)
class FolderReader:
    """Reads a folder of label files, each by `parse`.

    what: the folder, for messages. prefix: what a label file's name has before its photo's, where any has it.
    """

    parse: Parse
    what: str
    suffixes: tuple[str, ...] = (".txt",)
    prefix: str = "gt_"

    def __call__(self, labels: Labels) -> Iterator[Photo | Refusal]:
        """Photos in numeric order. An empty file is a photo without text.

        Raises UserError for a folder without label files, a malformed line (when strict) or a missing folder.
        """
        files = self.files(labels.path)
        photos = labels.photos()
        places = {stem: _photo_of(stem, photos, files) for stem in files}
        names = {stem: name for stem, (name, _) in places.items()}
        found = {stem: place for stem, (_, place) in places.items() if place is not None}
        for stem in in_order(files, found):
            yield from labels.photo(found.get(stem), names[stem], self.parse(labels, files[stem]))
        yield from unlabelled_in(photos, names.values())

    def files(self, folder: Path) -> dict[str, Path]:
        """Label files by the stem of their photo, in numeric order."""
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; {self.what}")
        found = [p for p in folder.iterdir() if p.suffix.lower() in self.suffixes and not p.name.startswith(".")]
        named = [p for p in found if p.name.startswith(self.prefix)] if self.prefix else []
        if not found:
            raise UserError(f"{folder}: holds no {' or '.join(self.suffixes)} file; {self.what}")
        stems = {p.stem.removeprefix(self.prefix): p for p in named or found}
        return {stem: stems[stem] for stem in sorted(stems, key=natural_key)}


def _photo_of(stem: str, photos: dict[str, Place], files: dict[str, Path]) -> tuple[str, Place | None]:
    """Name and place of the photo of `gt_STEM.txt`.

    Some label files are called as the whole picture (`a.jpg.txt`), some have more zeros than it (`0001001.txt`);
    but a photo with labels of its own name is not given to another label file.
    """
    short = stem.rpartition(".")[0] if is_picture(stem) else stem
    for name in (stem, short, stem.lstrip("0") if stem.isdigit() else stem):
        if name in photos and (name == stem or name not in files):
            return name, photos[name]
    return short, None


def unlabelled_in(photos: dict[str, Place], names: Iterable[str]) -> Iterator[Refusal]:
    """A refusal for every photo that no label speaks of."""
    for name in sorted(photos.keys() - set(names), key=natural_key):
        yield Refusal("missing_labels", Path(str(photos[name])).name, "no label speaks of this photo")
